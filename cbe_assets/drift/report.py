"""All that moved between two snapshots, in one object and as one long table."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from cbe_assets.drift.attribution import Attribution
from cbe_assets.statistics.result import plain
from cbe_assets.study import Text

COLUMNS = (
    "part", "change", "subject", "term", "province", "year", "old", "new", "old_mark", "new_mark", "text_zh", "text_en",
)  # fmt: skip
"""Columns of `frame`.  `part`: summary, file, definition, cell, weight, rank, coefficient or attribution; `subject`:
the table, indicator, specification or file; marks are editions of cells, stars of coefficients, versions of code."""
COURSE_COLUMNS = ("number", "snapshot", "specification", "term", "estimate", "low", "high")
PARTS = ("revised", "coverage", "specification_change", "code")


@dataclass(frozen=True)
class Side:
    """One of the two states: number of the refresh and its snapshot; the panel's provinces and years."""

    number: int
    snapshot: str
    provinces: int
    years: tuple[int, int]

    @property
    def short(self) -> str:
        return self.snapshot[:8]


@dataclass(frozen=True)
class Drift:
    """What moved.

    Attributes:
        old: the state before; None for the first snapshot, and then nothing below is known.
        new: the state after.
        simulated: any of the data is.
        provinces, years: of the new tables, in their order; the axes of the map of changed cells.
        files: table, file, edition and change (new, changed, gone) of files read.
        definitions: what and change of study files, SQL files; code and libraries with old and new version.
        cells: `cells.CELL_COLUMNS`.
        weights, ranks: `results.WEIGHT_COLUMNS`, `results.RANK_COLUMNS`.
        weighted, ranked: how many indicators and province-years both states have.
        coefficients: `results.COEFFICIENT_COLUMNS`.
        headline: specification and term of the coefficients whose change is attributed.
        attribution: of those that could be.
        unattributed: why the others could not; empty if all could.
        course: `COURSE_COLUMNS`: the headline coefficients at every refresh up to the new one.
    """

    old: Side | None
    new: Side
    simulated: bool
    provinces: list[str]
    years: list[int]
    files: pd.DataFrame
    definitions: pd.DataFrame
    cells: pd.DataFrame
    weights: pd.DataFrame
    ranks: pd.DataFrame
    weighted: int
    ranked: int
    coefficients: pd.DataFrame
    headline: list[tuple[str, str]]
    course: pd.DataFrame
    attribution: list[Attribution] = field(default_factory=list)
    unattributed: list[Text] = field(default_factory=list)

    @property
    def moved_coefficients(self) -> pd.DataFrame:
        """Those that both states have and that are another, and those that only one has."""
        return self.coefficients[self.coefficients["change"].ne("same")]

    def frame(self, summary: list[Text]) -> pd.DataFrame:
        """Everything that moved as one table with `COLUMNS`, the lines of the summary first."""
        parts = [
            _part("summary", "", summary, text_zh=[line.zh for line in summary], text_en=[line.en for line in summary]),
            _of(self.files, "file", subject="file", new_mark="edition"),
            _of(self.definitions, "definition", subject="what", old_mark="old", new_mark="new"),
            _of(self.cells, "cell", subject="table", province="province", year="year", old="old", new="new",
                old_mark="old_edition", new_mark="new_edition"),
            _of(self.weights, "weight", subject="indicator", old="old", new="new"),
            _of(self.ranks.assign(change="moved"), "rank", province="province", year="year", old="old_rank",
                new="new_rank"),
            _of(self.moved_coefficients, "coefficient", subject="specification", term="term", old="old", new="new",
                old_mark="old_stars", new_mark="new_stars"),
            *(self._attributed(item) for item in self.attribution),
        ]  # fmt: skip
        return pd.concat([part for part in parts if len(part)], ignore_index=True)

    def _attributed(self, item: Attribution) -> pd.DataFrame:
        """A row per part; `new` is what it adds."""
        values = [getattr(item, name) for name in PARTS]
        return _part("attribution", list(PARTS), PARTS, new=values, subject=item.specification, term=item.term)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        listed = {
            name: getattr(self, name).to_dict("records")
            for name in ("files", "definitions", "cells", "weights", "ranks", "coefficients", "course")
        }
        sides = {"old": _side(self.old), "new": _side(self.new)}
        parts = [
            {"specification": item.specification, "term": item.term, "old": item.old, "new": item.new,
             "total": item.total, **{name: getattr(item, name) for name in PARTS}}
            for item in self.attribution
        ]  # fmt: skip
        reasons = [{"zh": text.zh, "en": text.en} for text in self.unattributed]
        return plain({**sides, "simulated": self.simulated, **listed, "attribution": parts, "unattributed": reasons})


def _side(side: Side | None) -> dict[str, object] | None:
    if side is None:
        return None
    return {"number": side.number, "snapshot": side.snapshot, "provinces": side.provinces, "years": list(side.years)}


def _of(frame: pd.DataFrame, part: str, **columns: str) -> pd.DataFrame:
    """Rows of a part, columns of `frame` under the names of `COLUMNS`."""
    change = frame["change"].tolist()
    return _part(part, change, change, **{name: frame[column].tolist() for name, column in columns.items()})


def _part(part: str, change: object, rows: object, **columns: object) -> pd.DataFrame:
    values = {"part": part, "change": change, **columns}
    made = pd.DataFrame({name: values.get(name, _missing(name)) for name in COLUMNS}, index=range(len(rows)))
    kinds = {name: "float64" if _missing(name) != "" else "str" for name in COLUMNS}
    return made.astype(kinds)


def _missing(name: str) -> object:
    return float("nan") if name in ("year", "old", "new") else ""
