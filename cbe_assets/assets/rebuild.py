"""Coefficients rebuilt in memory from tables and definitions that are not the stored ones; writes no table.

The same nodes as the graph's, given their inputs from memory.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cbe_assets.assets import index, model, sql, treatment
from cbe_assets.assets.node import Node
from cbe_assets.faults import FAILED, StudyFault, fault
from cbe_assets.study import Study
from cbe_assets.warehouse import content_version

if TYPE_CHECKING:
    import pandas as pd

Coverage = tuple[tuple[int, int], tuple[str, ...]]
"""First and last year, and the provinces left out."""


def coverage(study: Study) -> Coverage:
    return study.settings.years, tuple(study.settings.excluded_provinces)


@dataclass(frozen=True)
class Definition:
    """What is computed: a study's nodes from the clean tables to the models."""

    study: Study
    nodes: dict[str, Node]

    @classmethod
    def of(cls, texts: Mapping[str, str], covering: Coverage | None = None) -> Definition:
        """From the texts of study and SQL files.

        Args:
            texts: path below a study root -> text.
            covering: years and excluded provinces other than those of study.yaml.

        Raises:
            StudyFault: this version of the program cannot read them.
        """
        with tempfile.TemporaryDirectory(prefix="cbe-") as folder:
            for path, text in texts.items():
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            study = Study.load(folder)
            # No p value is ever looked at here, and the draws behind it would be most of the work.
            changed = {"draws": study.settings.draws.model_copy(update={"wild_bootstrap": 99})}
            if covering:
                years, excluded = covering
                changed |= {"years": years, "excluded_provinces": list(excluded)}
            study.settings = study.settings.model_copy(update=changed)
            made = [*treatment.nodes(study), *sql.nodes(study), *index.nodes(study), *model.nodes(study)]
        return cls(study, {node.key: node for node in made})

    @cached_property
    def versions(self) -> dict[str, str]:
        """Key -> hash of its definition and today's code."""
        return {key: node.code_version(None) for key, node in self.nodes.items()}

    def behind(self, keys: Iterable[str]) -> tuple[set[str], set[str]]:
        """The nodes behind `keys` with themselves, and the tables these start from."""
        nodes, given, waiting = set(), set(), list(keys)
        while waiting:
            key = waiting.pop()
            if key not in self.nodes:
                given.add(key)
            elif key not in nodes:
                nodes.add(key)
                waiting += self.nodes[key].deps
        return nodes, given


class Rebuild:
    """Estimates of states; a state that was met, or stored by the code of today, is not estimated again."""

    def __init__(self, wanted: Mapping[str, list[str]]):
        """Wants specification -> terms."""
        self.wanted = wanted
        self._known: dict[str, dict[tuple[str, str], float]] = {}

    def know(self, definition: Definition, tables: Mapping[str, pd.DataFrame], estimates: Mapping) -> None:
        """Takes the stored estimates of a state for those that today's code would give."""
        self._known[self._state(definition, tables)] = dict(estimates)

    def estimates(self, definition: Definition, tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], float]:
        """(specification, term) -> estimate, of those wanted that the definition has.

        Raises:
            StudyFault: a table is lacking, or a step of the way fails.
        """
        state = self._state(definition, tables)
        if state not in self._known:
            self._known[state] = self._made(definition, tables)
        return self._known[state]

    def _keys(self, definition: Definition) -> list[str]:
        return [f"model/{name}" for name in self.wanted if f"model/{name}" in definition.nodes]

    def _state(self, definition: Definition, tables: Mapping[str, pd.DataFrame]) -> str:
        nodes, given = definition.behind(self._keys(definition))
        parts = [f"{key} {definition.versions[key]}" for key in sorted(nodes)]
        parts += [f"{key} {content_version(tables[key])}" for key in sorted(given) if key in tables]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _made(self, definition: Definition, tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], float]:
        frames = dict(tables)

        def given(key: str) -> pd.DataFrame:
            if key not in frames:
                if key not in definition.nodes:
                    raise StudyFault([fault("not_stored", key=key, code=FAILED)])
                frames[key] = definition.nodes[key].make(given).frame
            return frames[key]

        return {
            key: value
            for name in self._keys(definition)
            for key, value in estimates_of(name.split("/")[1], given(name), self.wanted).items()
        }


def estimates_of(name: str, terms: pd.DataFrame, wanted: Mapping[str, list[str]]) -> dict[tuple[str, str], float]:
    """(specification, term) -> estimate of a table of terms."""
    known = dict(zip(terms["term"], terms["estimate"].astype(float), strict=True))
    return {(name, term): known[term] for term in wanted[name] if term in known}
