"""The whole graph of a study root: every node, checked against each other, upstream first."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from cbe_assets.assets import (
    audit,
    clean,
    drift,
    exhibit,
    history,
    index,
    model,
    model_tests,
    paper,
    raw,
    robustness,
    sql,
    treatment,
)
from cbe_assets.assets.code import recall
from cbe_assets.assets.node import Node
from cbe_assets.declared.battery import unknown_provinces
from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.sources import Sources, scan
from cbe_assets.study import Study

PANEL_OF_REGRESSIONS = "panel/estimation"
PANEL_OF_INDICATORS = "panel/indicators"


CODE_READ = ".code.json"
"""What of the program's code was read, kept beside the tables that it made."""


@dataclass(frozen=True)
class Graph:
    """All assets of a study, upstream first, and the files they start from."""

    study: Study
    found: Sources
    nodes: dict[str, Node]

    @property
    def sources(self) -> list[str]:
        """Keys of the observed files, `source/<table>`."""
        return [f"source/{name}" for name in (*self.study.tables, *self.study.reference_tables)]

    def downstream(self, keys: set[str]) -> set[str]:
        """`keys` and everything made from them."""
        reached = set(keys)
        for key, node in self.nodes.items():
            if reached & set(node.deps):
                reached.add(key)
        return reached


def build(study: Study, found: Sources | None = None) -> Graph:
    """The graph of a study root.

    Raises:
        StudyFault: SQL that cannot be read, inputs nothing makes, two makers of one key, a cycle, a variable or
            indicator whose panel has no such column, a province that no panel has; all of them.
    """
    found = found or scan(study)
    recall(study.warehouse / CODE_READ)
    made = [*raw.nodes(study, found), *clean.nodes(study), *treatment.nodes(study), *sql.nodes(study)]
    made += [*index.nodes(study), *model.nodes(study), *model_tests.nodes(study), *robustness.nodes(study)]
    made += paper.nodes(study)
    made += [audit.editions(study), audit.imputed_share(study), *exhibit.nodes(study)]
    made += [history.node(study, found, made), *drift.nodes(study)]
    exporting = [node.key for node in made if node.layer in ("model", "exhibit") or node.key in paper.KEYS]
    made.append(audit.manifest(study, made, exporting))
    sources = {f"source/{name}" for name in (*study.tables, *study.reference_tables)}
    faults = [*_twice(made), *_unknown(made, sources), *_columns(study), *_provinces(study), *paper.faults(study)]
    if faults:
        raise StudyFault(faults)
    return Graph(study, found, {node.key: node for node in _ordered(made)})


def _twice(made: list[Node]) -> Iterator[Fault]:
    keys = [node.key for node in made]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield fault("key_made_twice", found=key)


def _unknown(made: list[Node], sources: set[str]) -> Iterator[Fault]:
    known = {node.key for node in made} | sources
    for node in made:
        for key in node.deps:
            if key not in known:
                near = ", ".join(difflib.get_close_matches(key, sorted(known), n=3)) or "-"
                yield fault("unknown_input", key=node.key, found=key, expected=near)


def _columns(study: Study) -> Iterator[Fault]:
    """Declared variables and indicators, and the count of filled cells, that the SQL of their panel does not give."""
    samples = [item.sample for item in study.specifications.values() if item.sample]
    counted = [model.FILLED] if any(sample.without_filled for sample in samples) else []
    for key, names, message in (
        (PANEL_OF_REGRESSIONS, [*study.variables, *counted], "variable_without_column"),
        (PANEL_OF_INDICATORS, list(study.indicators), "indicator_without_column"),
    ):
        path = study.root / "sql" / f"{key}.sql"
        if not path.is_file():
            yield fault("file_missing", file=f"sql/{key}.sql")
            continue
        columns = sql.Query.parse(path.read_text(encoding="utf-8"), f"sql/{key}.sql").columns
        for name in names:
            if name not in columns:
                yield fault(message, key=name, expected=", ".join(columns))


def _provinces(study: Study) -> Iterator[Fault]:
    """Provinces named in the battery that the panels do not have."""
    if any(entry.kind == "without_provinces" for entry in study.robustness.values()):
        kept = [item.name for item in raw.gazetteer(study).provinces]
        kept = [name for name in kept if name not in study.settings.excluded_provinces]
        yield from unknown_provinces(study.robustness, kept)


def _ordered(made: list[Node]) -> list[Node]:
    """Upstream first; among equals the order of the study files."""
    waiting, done, ordered = list(made), set(), []
    keys = {node.key for node in made}
    while waiting:
        ready = [node for node in waiting if all(dep in done or dep not in keys for dep in node.deps)]
        if not ready:
            raise StudyFault([fault("graph_cycle", found=", ".join(sorted(node.key for node in waiting)))])
        ordered += ready
        done |= {node.key for node in ready}
        waiting = [node for node in waiting if node.key not in done]
    return ordered
