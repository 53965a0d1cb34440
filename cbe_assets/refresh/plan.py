"""What is stale, and why: the stored records against files, definitions, suites and code.  Runs nothing.

An asset is stale for a reason of its own (never built, its definition, its suite, its code, a damaged table) or because
the content of an input is not what it was made from.  Whether a stale input will change its readers is known only once
it was made, so a refresh plans anew after each run until nothing is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cbe_assets.assets.graph import Graph
from cbe_assets.assets.node import Node
from cbe_assets.faults import Fault, StudyFault, fault, say
from cbe_assets.validation import read_suite
from cbe_assets.warehouse import Record, Warehouse, digest


@dataclass(frozen=True)
class Reason:
    """Why an asset is stale: a key of messages.yaml under `stale_`, and what it is about."""

    message: str
    facts: dict[str, object] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        return say(f"stale_{self.message}", lang, **self.facts)


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
        reasons = {
            key: [{"reason": r.message, **r.facts, "text": r.text()} for r in why] for key, why in self.stale.items()
        }
        return {
            "stale": reasons,
            "later": list(self.later),
            "blocked": self.blocked,
            "fresh": self.fresh,
            "faults": [item.as_dict() for item in self.faults],
            "orphans": self.orphans,
            "database": self.database,
        }


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
        self._verified: dict[str, tuple[int, bool]] = {}

    @cached_property
    def code_versions(self) -> dict[str, str]:
        """Key -> hash of everything that defines the asset but its inputs."""
        return {key: node.code_version(self.suites.get(key)) for key, node in self.graph.nodes.items()}

    @cached_property
    def source_versions(self) -> dict[str, str | None]:
        """`source/<table>` -> hash of its files, None where there are none."""
        return {key: self.graph.found.version(key.split("/")[1]) for key in self.graph.sources}

    def plan(self, full: bool = False, failed: Iterable[str] = ()) -> Plan:
        """The state of every asset now.

        Args:
            full: count everything as stale.
            failed: assets that failed in this refresh; they and what they make wait.
        """
        records = {key: self.warehouse.record(key) for key in self.graph.nodes}
        blocked, faults = self._blocked(set(failed))
        stale: dict[str, list[Reason]] = {}
        later: dict[str, list[Reason]] = {}
        fresh: list[str] = []
        for key, node in self.graph.nodes.items():
            if key in blocked:
                continue
            why = [Reason("full")] if full else self._reasons(node, records)
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

    def _blocked(self, failed: set[str]) -> tuple[dict[str, list[str]], list[Fault]]:
        """Assets without a file or a suite, those that failed, and all that is made from them."""
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

    def _reasons(self, node: Node, records: dict[str, Record | None]) -> list[Reason]:
        record = records[node.key]
        if record is None:
            path = self.warehouse.path(node.key)
            return [Reason("damaged", {"file": path.name})] if path.is_file() else [Reason("never_built")]
        if not self._intact(record):
            return [Reason("damaged", {"file": f"{node.key}.parquet"})]
        why = []
        if record.code_version != self.code_versions[node.key]:
            why.append(Reason("definition_changed"))
        # An input whose table is lost has no version; once it was made again it may well be what it was.
        changed = [
            dep
            for dep in node.deps
            if record.inputs.get(dep) != self.version(dep, records) and (dep.startswith("source/") or records[dep])
        ]
        changed += [dep for dep in record.inputs if dep not in node.deps]
        if changed:
            message = "file_changed" if changed[0].startswith("source/") else "input_changed"
            why.append(Reason(message, {"inputs": ", ".join(changed)}))
        lost = [path for path, sha in record.files.items() if not self._same(self.graph.study.exports / path, sha)]
        if lost:
            why.append(Reason("export_lost", {"files": ", ".join(lost[:5])}))
        if self.warehouse.rejected(node.key):
            why.append(Reason("rejected", {"file": f"rejected/{node.key}.json"}))
        return why

    def version(self, key: str, records: dict[str, Record | None]) -> str | None:
        """The data version of an input as it is now."""
        if key.startswith("source/"):
            return self.source_versions[key]
        record = records.get(key)
        return record.data_version if record else None

    def _intact(self, record: Record) -> bool:
        path = self.warehouse.path(record.key)
        stamp = path.stat().st_mtime_ns
        if self._verified.get(record.key, (None, False))[0] != stamp:
            self._verified[record.key] = (stamp, self.warehouse.intact(record))
        return self._verified[record.key][1]

    @staticmethod
    def _same(path: Path, sha: str) -> bool:
        return path.is_file() and digest(path.read_bytes()) == sha
