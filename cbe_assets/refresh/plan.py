"""What is stale, and why: the stored records against files, definitions, suites and code.  Runs nothing.

An asset is stale for a reason of its own (never built, its definition, its suite, its code, a damaged table) or because
the content of an input is not what it was made from.  Whether a stale input will change its readers is known only once
it was made, so a refresh asks again, asset by asset, as it goes down the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cbe_assets.assets.graph import Graph
from cbe_assets.assets.node import Node
from cbe_assets.assets.raw import gazetteer
from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.gate import Origin
from cbe_assets.refresh.reasons import Reason, definition_reasons, file_reasons, input_reasons
from cbe_assets.validation import parameters, read_suite
from cbe_assets.warehouse import Record, Warehouse, digest

Records = Mapping[str, Record | None]
"""Asset key -> record of the stored table."""


@dataclass
class Plan:
    """The state of every asset.

    Attributes:
        stale: key -> why, for assets that can be made now.
        later: made from stale ones, so they run after them, and without a reason of their own only if those change.
        blocked: key -> the missing tables or faulty suites it waits for.
        fresh: everything else.
        faults: what keeps assets blocked: missing files, unreadable suites.
        orphans: stored tables that the study no longer declares.
        database: whether cbe.duckdb holds what is stored: current, absent, outdated or damaged.
    """

    stale: dict[str, list[Reason]]
    later: dict[str, list[Reason]]
    blocked: dict[str, list[str]]
    fresh: list[str]
    faults: list[Fault]
    orphans: list[str]
    database: str = "current"

    @property
    def marked(self) -> set[str]:
        """Keys with a reason of their own, whether they can run now or wait: those that Dagster marks as unsynced."""
        return {*self.stale, *(key for key, why in self.later.items() if why)}

    def as_dict(self) -> dict[str, object]:
        return {
            "stale": {key: _told(why) for key, why in self.stale.items()},
            "later": {key: _told(why) for key, why in self.later.items()},
            "blocked": self.blocked,
            "fresh": self.fresh,
            "faults": [item.as_dict() for item in self.faults],
            "orphans": self.orphans,
            "database": self.database,
        }


def _told(why: list[Reason]) -> list[dict[str, object]]:
    return [{"reason": item.message, **item.facts, "text": item.text()} for item in why]


class Planner:
    """Plans a study; keeps suites, code versions and verified records between plans of one refresh."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.warehouse = Warehouse(graph.study.warehouse)
        self.suites: dict[str, dict] = {}
        self.suite_faults: dict[str, list[Fault]] = {}
        for key in graph.nodes:
            try:
                self.suites[key] = read_suite(graph.study, key)
            except StudyFault as error:
                self.suite_faults[key] = error.faults
        self._verified: dict[str, int] = {}

    @cached_property
    def parts(self) -> dict[str, dict[str, str]]:
        """Key -> part of what defines the asset -> hash."""
        return {key: node.parts(self.suites.get(key)) for key, node in self.graph.nodes.items()}

    @cached_property
    def code_versions(self) -> dict[str, str]:
        """Key -> hash of everything that defines the asset but its inputs."""
        return {key: node.code_version(self.suites.get(key)) for key, node in self.graph.nodes.items()}

    @cached_property
    def source_versions(self) -> dict[str, str | None]:
        """`source/<table>` -> hash of its files, None where there are none."""
        return {key: self.graph.found.version(key.split("/")[1]) for key in self.graph.sources}

    @cached_property
    def suite_values(self) -> dict[str, Any]:
        """What suites may name as a parameter."""
        return parameters(self.graph.study, len(gazetteer(self.graph.study).provinces))

    def records(self, keys: Iterable[str] | None = None) -> dict[str, Record | None]:
        """Records of stored tables as they are now; of all assets if no keys are given."""
        return {key: self.warehouse.record(key) for key in (self.graph.nodes if keys is None else keys)}

    def origin(self, node: Node, records: Records) -> Origin:
        """What an asset would be made from now."""
        inputs = {dep: self.version(dep, records) for dep in node.deps}
        read = {dep: records[dep].columns_version(columns) for dep, columns in node.reads.items() if records[dep]}
        return Origin(self.code_versions[node.key], inputs, self.parts[node.key], self._files(node), read)

    def plan(self, full: bool = False, failed: Iterable[str] = ()) -> Plan:
        """The state of every asset now.

        Args:
            full: count everything as stale.
            failed: assets that failed in this refresh; they and what they make wait.
        """
        records = self.records()
        blocked, faults = self.blocked(set(failed))
        stale: dict[str, list[Reason]] = {}
        later: dict[str, list[Reason]] = {}
        fresh: list[str] = []
        for key, node in self.graph.nodes.items():
            if key in blocked:
                continue
            why = [Reason("full")] if full else self.reasons(node, records)
            if any(dep in later for dep in node.deps):
                later[key] = why
            elif why:
                stale[key] = why
            elif any(dep in stale for dep in node.deps):
                later[key] = []
            else:
                fresh.append(key)
        orphans = [key for key in self.warehouse.stored() if key not in self.graph.nodes]
        stored = {key: record for key, record in records.items() if record}
        return Plan(stale, later, blocked, fresh, faults, orphans, self.warehouse.database_state(stored))

    def blocked(self, failed: set[str]) -> tuple[dict[str, list[str]], list[Fault]]:
        """Assets without a file or a suite, those that failed, and all that is made from them; and what they lack."""
        blocked: dict[str, list[str]] = {}
        faults: list[Fault] = []
        for key, node in self.graph.nodes.items():
            waits: list[str] = []
            if key in self.suite_faults:
                waits.append(key)
                faults += self.suite_faults[key]
            for dep in node.deps:
                if dep.startswith("source/") and self.source_versions[dep] is None:
                    waits.append(dep)
                    faults.append(self._missing(dep.split("/")[1]))
                waits += blocked.get(dep, [dep] if dep in failed else [])
            if waits or key in failed:
                blocked[key] = list(dict.fromkeys(waits or [key]))
        return blocked, faults

    def _missing(self, table: str) -> Fault:
        study = self.graph.study
        if table in study.tables:
            expected = f"{study.settings.yearbooks}/{table}/<edition>.csv"
            return fault("table_without_file", key=table, found=study.tables[table].indicator, expected=expected)
        path = study.reference / study.reference_tables[table].file
        return fault("reference_missing", key=table, file=str(path))

    def reasons(self, node: Node, records: Records) -> list[Reason]:
        """Why an asset is stale, given the records of its inputs; nothing if it is fresh."""
        record = records[node.key]
        if record is None:
            path = self.warehouse.path(node.key)
            why = [Reason("damaged", {"file": path.name})] if path.is_file() else [Reason("never_built")]
        elif not self._intact(record):
            why = [Reason("damaged", {"file": f"{node.key}.parquet"})]
        else:
            why = list(self._changes(node, record, records))
        if why and self.warehouse.failure(node.key).is_file():
            why.append(Reason("failed", {"file": f"failed/{node.key}.json"}))
        return why

    def _changes(self, node: Node, record: Record, records: Records) -> Iterator[Reason]:
        if record.code_version != self.code_versions[node.key]:
            yield from definition_reasons(record, self.parts[node.key])
        sources = [dep for dep in node.deps if dep.startswith("source/")]
        touched = [dep for dep in sources if record.inputs.get(dep) != self.source_versions[dep]]
        touched += [dep for dep in record.inputs if dep.startswith("source/") and dep not in sources]
        if touched:
            yield from file_reasons(record, touched, self._files(node))
        yield from input_reasons(record, node, records)
        lost = [path for path, sha in record.files.items() if not self._same(self.graph.study.exports / path, sha)]
        if lost:
            yield Reason("export_lost", {"files": lost})
        if self.warehouse.rejected(node.key):
            yield Reason("rejected", {"file": f"rejected/{node.key}.json"})

    def _files(self, node: Node) -> dict[str, str]:
        tables = [dep.split("/")[1] for dep in node.deps if dep.startswith("source/")]
        return {name: version for table in tables for name, version in self.graph.found.files(table).items()}

    def version(self, key: str, records: Records) -> str | None:
        """The data version of an input as it is now."""
        if key.startswith("source/"):
            return self.source_versions[key]
        record = records.get(key)
        return record.data_version if record else None

    def _intact(self, record: Record) -> bool:
        path = self.warehouse.path(record.key)
        stamp = path.stat().st_mtime_ns
        if self._verified.get(record.key) == stamp:
            return True
        # Not remembered where it is not: another refresh may have replaced the table after its record was read.
        intact = self.warehouse.intact(record)
        if intact:
            self._verified[record.key] = stamp
        return intact

    @staticmethod
    def _same(path: Path, sha: str) -> bool:
        return path.is_file() and digest(path.read_bytes()) == sha
