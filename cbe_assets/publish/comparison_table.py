"""Printed beside computed as a table: a group per printed table or column, a line per number."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pandas as pd

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import Cell, Grid, Line
from cbe_assets.publish.material import Material
from cbe_assets.publish.notes import closing
from cbe_assets.publish.wording import joined, same, words
from cbe_assets.statistics.comparison import overall
from cbe_assets.study import Study, Text
from cbe_assets.yearbook.gazetteer import Gazetteer

Row = dict[str, Any]
Labels = Mapping[str, Text]
SOURCE = "audit/comparison"
HEADS = (
    "compared_item", "compared_printed", "compared_computed", "compared_difference", "compared_in_errors",
    "compared_sign", "compared_stars",
)  # fmt: skip
DESCRIBED = ("mean", "sd", "min", "max")


def comparison_table(material: Material) -> Grid:
    """The grid of an exhibit of kind `comparison`; the verdict is its first line, and its first note."""
    frame = material.inputs[SOURCE]
    found = overall(frame, simulated=material.context.simulated)
    verdict = Text(zh=found["zh"], en=found["en"])
    lines = comparison_lines(frame, labels(material.study, material.context.gazetteer))
    first: Line = (Cell(0, verdict, "remark", columns=len(HEADS), align="left"),)
    notes = (verdict, words("compared_legend"), *material.exhibit.notes, *closing(material))
    return Grid(material.name, material.title(), comparison_heads(), (first, *lines), notes)


def comparison_heads() -> tuple[Line, ...]:
    """One line of heads."""
    first, *rest = HEADS
    cells = [Cell(column, words(key), "head") for column, key in enumerate(rest, start=1)]
    return ((Cell(0, words(first), "head", align="left"), *cells),)


def labels(study: Study, places: Gazetteer) -> dict[str, Text]:
    """Term -> how a reader calls it: indicators by title, provinces by name; variables keep their short names."""
    known = {name: item.title for name, item in study.indicators.items()}
    known |= {item.name: Text(zh=item.name, en=item.name_en) for item in places.provinces}
    return known | {name: same(name) for name in study.variables} | {"_cons": words("_cons")}


def comparison_lines(frame: pd.DataFrame, names: Labels) -> tuple[Line, ...]:
    """Groups in the order of the comparison.

    Args:
        frame: statistics.comparison.compare's rows.
        names: term -> its label.
    """
    lines: list[Line] = []
    for _, part in groupby(frame.to_dict("records"), key=lambda row: (row["place_en"], row["specification"])):
        members = list(part)
        place = Text(zh=members[0]["place_zh"], en=members[0]["place_en"])
        lines.append((Cell(0, place, "group", columns=len(HEADS), align="left"),))
        lines += [_line(row, names) for row in members]
    return tuple(lines)


def _line(row: Row, names: Labels) -> Line:
    places = _decimals(row)
    kind = "coefficient" if row["statistic"] in ("coefficient", "slope") else "statistic"
    printed = same(f"{row['printed_text'].replace('-', numbers.MINUS)}{_stars(row['printed_stars'])}")
    computed = same(numbers.starred(float(row["computed"]), _stars(row["computed_stars"]), places))
    source = f"model/{row['specification']}" if row["specification"] else SOURCE
    cells = [Cell(0, _item(row, names), align="left")]
    cells.append(Cell(1, printed, kind, float(row["printed"]), source="study/published", term=row["term"]))
    cells.append(Cell(2, computed, kind, float(row["computed"]), source=source, term=row["term"]))
    for column, (key, decimals) in enumerate((("difference", places), ("difference_in_std_errors", 2)), start=3):
        value = float(row[key])
        cells.append(Cell(column, same(numbers.signed(value, decimals)), "statistic", value, source=SOURCE))
    for column, key in enumerate(("same_sign", "same_stars"), start=5):
        cells.append(Cell(column, _yes_or_no(row[key]), term=key))
    return tuple(cells)


def _item(row: Row, names: Labels) -> Text:
    """The term; statistics under a column and rows of descriptives say which number of it."""
    term = names.get(row["term"], same(row["term"]))
    if row["statistic"] in ("coefficient", "slope", "weight"):
        return term
    named = words({"n": "sample_size"}.get(row["statistic"], row["statistic"]))
    return joined([term, named], ": ") if row["term"] else named


def _decimals(row: Row) -> int:
    """As many as are printed; descriptives, which drop trailing zeros, three."""
    return 3 if row["statistic"] in DESCRIBED else len(row["printed_text"].partition(".")[2])


def _stars(stored: Any) -> str:
    """The stars; none where stars make no sense, which is stored as missing."""
    return stored if isinstance(stored, str) else ""


def _yes_or_no(value: Any) -> Text:
    if value is None or value != value or value is pd.NA:
        return same(numbers.MISSING)
    return words("has_effects" if value else "has_no_effects")
