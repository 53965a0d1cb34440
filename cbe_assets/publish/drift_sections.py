"""What moved, section by section: sentences and small tables of text, before they become HTML or Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cbe_assets.drift.report import PARTS, Drift, Side
from cbe_assets.publish.drift_lines import (
    coefficient_name,
    largest,
    percent,
    place_name,
    places_of,
    relative,
    summary,
    table_name,
)
from cbe_assets.publish.numbers import MISSING, decimal, integer, interval, signed, starred
from cbe_assets.publish.wording import enumerated, joined, same, words
from cbe_assets.study import Study, Text
from cbe_assets.yearbook.gazetteer import Gazetteer

MOST = 2000
"""Rows of one listing; the rest is in the stored table."""
SHOWN = 40
"""Rows of a listing before it is folded."""


@dataclass(frozen=True)
class Listing:
    """A table of texts.

    Attributes:
        heads: of the columns.
        rows: one text per column.
        left: how many columns hold words.
        marked: numbers of rows that stand out.
        folded: shown on demand, under this title.
        cut: rows left out.
    """

    heads: list[Text]
    rows: list[list[Text]]
    left: int = 1
    marked: frozenset[int] = frozenset()
    folded: Text | None = None
    cut: int = 0


@dataclass(frozen=True)
class Section:
    """A part of the page: sentences, a figure by name, listings."""

    title: Text | None
    lines: list[Text] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    figure: str = ""
    notes: list[Text] = field(default_factory=list)


def _heads(*keys: str) -> list[Text]:
    return [words(f"drift_{key}") for key in keys]


def sections(drift: Drift, study: Study, gazetteer: Gazetteer) -> list[Section]:
    """The whole page; for the first snapshot of a study one sentence."""
    lines = summary(drift, study, gazetteer)
    if drift.old is None:
        return [Section(None, lines)]
    facts = {"old_panel": _panel(drift.old), "new_panel": _panel(drift.new)}
    numbers = {"old_number": drift.old.number, "new_number": drift.new.number}
    title = words("drift_from_to", old=drift.old.short, new=drift.new.short, **numbers, **facts)
    return [
        Section(None, [title]),
        Section(words("drift_in_short"), lines),
        _attribution(drift, gazetteer),
        Section(words("drift_course"), figure="drift_course", notes=[words("drift_course_note")]),
        _coefficients(drift, gazetteer),
        _cells(drift, study, gazetteer),
        _weights(drift, study),
        _ranks(drift, gazetteer),
        _files(drift, study),
        _definitions(drift),
    ]


def _panel(side: Side) -> Text:
    return words("drift_panel", provinces=side.provinces, first=side.years[0], last=side.years[1])


def _attribution(drift: Drift, gazetteer: Gazetteer) -> Section:
    heads = _heads("term", "old", "new", "total", *(f"part_{name}" for name in PARTS))
    rows = []
    for item in drift.attribution:
        places = places_of(item.old, item.new)
        values = [decimal(item.old, places), decimal(item.new, places)]
        values += [signed(value, places) for value in (item.total, *(getattr(item, name) for name in PARTS))]
        rows.append([coefficient_name(item.specification, item.term, gazetteer), *map(same, values)])
    notes = [words("drift_attribution_note")]
    if drift.unattributed:
        notes.append(joined([words("drift_unattributed"), *drift.unattributed], Text(zh="：", en=": ")))
    return Section(words("drift_attribution"), listings=[Listing(heads, rows)] if rows else [], notes=notes)


def _coefficients(drift: Drift, gazetteer: Gazetteer) -> Section:
    """Those that are marked or headline, then all, folded."""
    frame = drift.coefficients
    marked = frame["sign"] | frame["significance"] | frame["stars"] | frame["change"].isin(("new", "gone"))
    headline = [key in set(drift.headline) for key in zip(frame["specification"], frame["term"], strict=True)]
    first = frame[marked | pd.Series(headline, index=frame.index, dtype=bool)]
    listings = [
        _coefficient_list(first, gazetteer),
        _coefficient_list(frame, gazetteer, joined([words("drift_coefficients"), f" ({len(frame)})"])),
    ]
    return Section(words("drift_coefficients"), listings=listings)


def _coefficient_list(frame: pd.DataFrame, gazetteer: Gazetteer, folded: Text | None = None) -> Listing:
    heads = _heads("term", "old", "interval", "new", "interval", "total", "marks")
    rows, marked = [], set()
    for number, row in enumerate(frame.itertuples()):
        marks = [words(f"drift_mark_{name}") for name in ("sign", "significance", "stars") if getattr(row, name)]
        marks += [words(f"drift_change_{row.change}")] if row.change in ("new", "gone") else []
        if marks:
            marked.add(number)
        places = places_of(row.old, row.new)
        values = [starred(row.old, row.old_stars, places), _interval(row.old_low, row.old_high, places)]
        values += [starred(row.new, row.new_stars, places), _interval(row.new_low, row.new_high, places)]
        values.append(signed(row.new - row.old, places))
        rows.append([coefficient_name(row.specification, row.term, gazetteer), *map(same, values), enumerated(marks)])
    return Listing(heads, rows, marked=frozenset(marked), folded=folded)


def _interval(low: float, high: float, places: int) -> str:
    return MISSING if pd.isna(low) else interval(low, high, places)


def _cells(drift: Drift, study: Study, gazetteer: Gazetteer) -> Section:
    if drift.cells.empty:
        return Section(words("drift_cells"), [words("drift_nothing")])
    heads = _heads("table", "change_new", "change_revised", "change_gone", "largest", "editions")
    rows = []
    for table, part in drift.cells.groupby("table", sort=False):
        counts = [same(str(int(part["change"].eq(change).sum()))) for change in ("new", "revised", "gone")]
        rows.append([table_name(study, table), *counts, _largest(part, gazetteer), same(_editions(part))])
    every = _cell_list(drift.cells, study, gazetteer)
    return Section(
        words("drift_cells"),
        listings=[Listing(heads, rows), every],
        figure="drift_cells",
        notes=[words("drift_map_note")],
    )


def _largest(cells: pd.DataFrame, gazetteer: Gazetteer) -> Text:
    row = largest(cells)
    if row is None:
        return same(MISSING)
    return joined([place_name(gazetteer, row["province"]), _year(row["year"]), relative(row["old"], row["new"])], " ")


def _year(year: float) -> str:
    return "" if pd.isna(year) else str(int(year))


def _editions(cells: pd.DataFrame) -> str:
    """Editions of the old values and of the new ones."""
    sides = [
        ", ".join(sorted({edition for edition in cells[side] if edition})) for side in ("old_edition", "new_edition")
    ]
    return " → ".join(side or MISSING for side in sides)


def _cell_list(cells: pd.DataFrame, study: Study, gazetteer: Gazetteer) -> Listing:
    """Revised ones first, by the size of the revision; then gone, then new."""
    size = (cells["new"] / cells["old"].where(cells["old"].ne(0)) - 1).abs().fillna(0)
    order = cells["change"].map({"revised": 0, "gone": 1, "new": 2})
    chosen = cells.assign(size=-size, order=order).sort_values(["order", "size"], kind="stable").head(MOST)
    rows = [
        [table_name(study, row.table), place_name(gazetteer, row.province), same(_year(row.year)),
         words(f"drift_change_{row.change}"), same(_value(row.old)), same(_value(row.new)),
         same(relative(row.old, row.new) if row.change == "revised" and not pd.isna(row.new / (row.old or 1)) else ""),
         same(_origin(row))]
        for row in chosen.itertuples()
    ]  # fmt: skip
    heads = _heads("table", "province", "year", "change", "old", "new", "by", "editions")
    folded = joined([words("drift_cells_listed"), f" ({len(cells)})"])
    return Listing(heads, rows, left=2, folded=folded, cut=len(cells) - len(rows))


def _origin(cell: Any) -> str:
    """Editions of the old and the new value, with the method of those that were not observed."""
    sides = ((cell.old_edition, cell.old_method), (cell.new_edition, cell.new_method))
    said = [f"{edition} {'' if method == 'observed' else method}".strip() for edition, method in sides]
    return " → ".join(text for text in said if text)


def _value(value: float) -> str:
    """A printed figure: as many digits as it has."""
    return MISSING if pd.isna(value) else f"{value:.10g}"


def _weights(drift: Drift, study: Study) -> Section:
    rows = [
        [_indicator(study, row.indicator), same(percent(row.old)), same(percent(row.new)),
         same(signed(100 * (row.new - row.old), 2))]
        for row in drift.weights.itertuples()
    ]  # fmt: skip
    return _listed("weights", _heads("indicator", "old", "new", "total"), rows)


def _indicator(study: Study, name: str) -> Text:
    return study.indicators[name].title if name in study.indicators else same(name)


def _ranks(drift: Drift, gazetteer: Gazetteer) -> Section:
    heads = _heads("province", "year", "old_rank", "new_rank", "old_index", "new_index")
    rows = [
        [place_name(gazetteer, row.province), same(_year(row.year)), same(integer(row.old_rank)),
         same(integer(row.new_rank)), same(decimal(row.old_index, 4)), same(decimal(row.new_index, 4))]
        for row in drift.ranks.head(MOST).itertuples()
    ]  # fmt: skip
    return _listed("ranks", heads, rows, cut=len(drift.ranks) - len(rows))


def _files(drift: Drift, study: Study) -> Section:
    rows = [
        [table_name(study, row.table), same(row.file), same(row.edition), words(f"drift_change_{row.change}")]
        for row in drift.files.itertuples()
    ]
    return _listed("inputs", _heads("table", "file", "editions", "change"), rows, left=2)


def _definitions(drift: Drift) -> Section:
    rows = [
        [same(row.what), same(row.old), same(row.new), words(f"drift_change_{row.change}")]
        for row in drift.definitions.itertuples()
    ]
    return _listed("definitions", _heads("definition", "old", "new", "change"), rows)


def _listed(name: str, heads: list[Text], rows: Iterable[list[Text]], left: int = 1, cut: int = 0) -> Section:
    title, rows = words(f"drift_{name}"), list(rows)
    if not rows:
        return Section(title, [words("drift_nothing")])
    folded = joined([title, f" ({len(rows) + cut})"]) if len(rows) > SHOWN else None
    return Section(title, listings=[Listing(heads, rows, left=left, folded=folded, cut=cut)])
