"""What was read so far: observations, what was skipped and why, notes, faults; and the frame they become.

Here are the rules that hold for every layout: a cell printed twice, newest years without any value, and that all
faults of a file are raised together.  How a layout is found and walked is elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from cbe_assets.faults import Fault, StudyFault, fault, say
from cbe_assets.yearbook import cells
from cbe_assets.yearbook.gazetteer import Gazetteer, Place

COLUMNS = ("indicator", "unit", "region", "province", "year", "value", "text", "sheet", "cell")
MUNICIPALITIES = frozenset({"北京", "天津", "上海", "重庆"})
_TEXT = pd.StringDtype(na_value=np.nan)


class Observation(NamedTuple):
    """One printed cell; see `Reading.observations`."""

    indicator: str | None
    unit: str | None
    region: str
    province: str
    year: int
    value: float
    text: str
    sheet: str | None
    cell: str


class Columns:
    """Observations column by column: 620 tuples a file would keep the garbage collector busy."""

    def __init__(self) -> None:
        self.lists: dict[str, list] = {name: [] for name in COLUMNS}

    def __len__(self) -> int:
        return len(self.lists["year"])

    def __iter__(self) -> Iterator[Observation]:
        return map(Observation._make, zip(*self.lists.values(), strict=True))

    def append(self, one: tuple[object, ...]) -> None:
        """One more observation, its parts in the order of `COLUMNS`."""
        for column, value in zip(self.lists.values(), one, strict=True):
            column.append(value)

    def extend(self, count: int, **columns: object) -> None:
        """`count` more observations; a column is a list of that length, or one text (or None) for all of them."""
        for name, value in columns.items():
            self.lists[name] += value if isinstance(value, list) else [value] * count

    def keep(self, observations: Iterable[Observation]) -> None:
        """Only these from now on."""
        kept = list(observations)
        columns = zip(*kept, strict=True) if kept else [()] * len(COLUMNS)
        self.lists = {name: list(column) for name, column in zip(COLUMNS, columns, strict=True)}

    def frame(self) -> pd.DataFrame:
        """Text columns of dtype str, year int64, value float64."""
        arrays: dict[str, object] = {}
        for name, column in self.lists.items():
            if name == "year":
                arrays[name] = np.array(column, dtype=np.int64)
            elif name == "value":
                arrays[name] = np.array(column, dtype=np.float64)
            else:
                # By way of Arrow: pandas' own inference takes twice as long, for the same array.
                arrays[name] = pd.array(pa.array(column, pa.large_string()), dtype=_TEXT)
        return pd.DataFrame(arrays, copy=False)


@dataclass(frozen=True)
class Skipped:
    """Something of the file that is in no observation.

    Args:
        cell: address of the first cell skipped.
        sheet: its sheet, None in text files.
        text: what is printed there.
        reason: key of messages.yaml, for example `skipped_region`.
        count: how many cells were skipped for this reason here.
    """

    cell: str
    sheet: str | None
    text: str
    reason: str
    count: int = 1

    def say(self, lang: str | None = None) -> str:
        """The reason as a sentence, zh or en."""
        return say(self.reason, lang, found=self.text, count=self.count)


@dataclass(frozen=True)
class Stated:
    """What the user says because the file does not: `read(..., indicator=, unit=, province=, year=)`."""

    indicator: str | None = None
    unit: str | None = None
    province: str | None = None
    year: int | None = None


@dataclass
class Collection:
    """Everything read from one file.

    Args:
        file: its name, for messages.
        gazetteer: the names of provinces.
        stated: what the user says because the file does not.
    """

    file: str
    gazetteer: Gazetteer
    stated: Stated
    observations: Columns = field(default_factory=Columns)
    skipped: list[Skipped] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    source_line: str | None = None

    def fault(self, message: str, **facts: object) -> None:
        """Remember a fault of this file; all are raised together by `finish`."""
        self.faults.append(fault(message, file=self.file, **facts))

    def fault_once(self, message: str, **facts: object) -> None:
        """Remember a fault that holds for the whole file, however often it is met."""
        if not any(one.message == message for one in self.faults):
            self.fault(message, **facts)

    def skip(self, cell: str, sheet: str | None, text: str, reason: str, count: int = 1) -> None:
        """Remember what is left out, and why."""
        self.skipped.append(Skipped(cell, sheet, text, reason, count))

    def line(self, text: str) -> bool:
        """Take a text line as a note or source line if it is one; whether it was."""
        stripped = text.strip(cells.BLANKS)
        if cells.is_source(stripped) and self.source_line in (None, stripped):
            self.source_line = stripped
        elif cells.is_source(stripped) or cells.is_note(stripped) or (self.notes and cells.is_note_item(stripped)):
            self.notes.append(stripped)
        else:
            return False
        return True

    def number(self, cell: cells.Cell, address: str, sheet: str | None, province: str, year: int | None) -> float:
        """The number in a cell; a fault and NaN where it holds neither a number nor a missing mark."""
        try:
            return cells.number(cell)
        except cells.NotANumber as error:
            self.fault("cell_not_a_number", sheet=sheet, cell=address, province=province, year=year, found=str(error))
            return math.nan

    def place(self, place: Place, address: str, sheet: str | None, text: str, count: int) -> bool:
        """Whether a row of `place` holds observations; if it does not, it is skipped with its reason."""
        if place.province is not None:
            return True
        self.skip(address, sheet, text, f"skipped_{place.kind}", count)
        return False

    def finish(self, *, unique: bool = False) -> pd.DataFrame:
        """The frame of observations (columns `COLUMNS`), after the rules that hold for every layout.

        Args:
            unique: the layout could not print a cell twice, so that this need not be looked for.

        Raises:
            StudyFault: all faults of the file.
        """
        if not unique:
            self._merge_repeated()
        if self.observations or not self.skipped:
            self._skip_unpublished()
        if self.faults:
            raise StudyFault(self.faults)
        return self.observations.frame()

    def all_cities(self) -> None:
        """Beijing, Tianjin, Shanghai and Chongqing among nothing but cities are the cities, not the provinces."""
        for seen in dict.fromkeys((one.region, one.sheet) for one in self.observations):
            same = [one for one in self.observations if (one.region, one.sheet) == seen]
            self.skip(same[0].cell, seen[1], seen[0], "skipped_city", len(same))
        self.observations = Columns()

    def _merge_repeated(self) -> None:
        """One observation per indicator, unit, province and year; a second, different value is a fault."""
        lists = self.observations.lists
        keys = zip(lists["indicator"], lists["unit"], lists["province"], lists["year"], strict=True)
        if len(set(keys)) == len(self.observations):
            return
        first: dict[tuple[object, ...], Observation] = {}
        reported: set[tuple[object, ...]] = set()
        for one in self.observations:
            key = (one.indicator, one.unit, one.province, one.year)
            before = first.setdefault(key, one)
            if before is one:
                continue
            if math.isnan(before.value) and not math.isnan(one.value):
                first[key], before, one = one, one, before
            if one.value == before.value or math.isnan(one.value):
                self.skip(one.cell, one.sheet, one.text, "skipped_repeated")
            elif key[:3] not in reported:
                # One fault for two rows, not one for each of their years.
                reported.add(key[:3])
                self.fault(
                    "observation_twice", sheet=one.sheet, cell=one.cell, province=one.province, year=one.year,
                    indicator=one.indicator or "", found=one.text, expected=before.text, other=_address(before),
                )  # fmt: skip
        self.observations.keep(first.values())

    def _skip_unpublished(self) -> None:
        """Newest years in which no place has a value are not yet published: skipped, not missing."""
        values = self.observations.lists["value"]
        if values and not any(value != value for value in values):
            return
        known = {(one.indicator, one.unit, one.year) for one in self.observations if one.value == one.value}
        if not known:
            if not self.faults:
                self.fault("no_number")
            return
        groups: dict[tuple[str | None, str | None], dict[int, list[Observation]]] = {}
        for one in self.observations:
            if (one.indicator, one.unit, one.year) not in known:
                groups.setdefault((one.indicator, one.unit), {}).setdefault(one.year, []).append(one)
        unpublished: set[tuple[str | None, str | None, int]] = set()
        for (indicator, unit), empty in groups.items():
            newest = max((year for name, of, year in known if (name, of) == (indicator, unit)), default=0)
            for year in sorted(empty, reverse=True):
                if year > newest:
                    first = empty[year][0]
                    reason = "skipped_unpublished" if newest else "skipped_no_value"
                    text = f"{indicator} {year}" if len(groups) > 1 and indicator else str(year)
                    self.skip(first.cell, first.sheet, text, reason, len(empty[year]))
                    unpublished.add((indicator, unit, year))
        if unpublished:
            self.observations.keep(
                one for one in self.observations if (one.indicator, one.unit, one.year) not in unpublished
            )


def _address(one: Observation) -> str:
    return f"{one.sheet}!{one.cell}" if one.sheet else one.cell
