"""What `cbe read` prints: lines for people, a dictionary for JSON, CSV; and texts that `cbe ingest` shares."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from cbe_assets.faults import say
from cbe_assets.intake.recognise import named, series_of
from cbe_assets.study import Study
from cbe_assets.yearbook.gazetteer import NATION, Gazetteer
from cbe_assets.yearbook.observations import Skipped
from cbe_assets.yearbook.reading import Reading
from cbe_assets.yearbook.writing import printed

CSV_COLUMNS = ("indicator", "unit", "region", "province", "code", "year", "value", "text", "cell")
_FIRST = 8
_SERIES = 20
_NAMED = 6


def address(sheet: object, cell: str) -> str:
    """`sheet!B5` in a workbook, `L4C3` (line, column) in a text file."""
    return cell if sheet is None or pd.isna(sheet) else f"{sheet}!{cell}"


def years_text(years: Iterable[int]) -> str:
    """Years as spans: 2013-2017, 2019."""
    spans: list[list[int]] = []
    for year in sorted({int(year) for year in years}):
        if spans and year == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], year]
        else:
            spans.append([year, year])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def aligned(rows: Sequence[Sequence[object]], indent: str = "  ", right: Sequence[int] = ()) -> list[str]:
    """Rows as columns on a terminal, where a Chinese character is two wide."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*texts, strict=True)]
    lines = []
    for row in texts:
        padded = [
            " " * (width - _width(cell)) + cell if at in right else cell + " " * (width - _width(cell))
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(padded)).rstrip())
    return lines


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def observation_rows(reading: Reading, gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """Every observation: CSV_COLUMNS, and sheet; what is missing is None."""
    codes = {place.name: place.code for place in (gazetteer.nation, *gazetteer.provinces)}
    rows = []
    for one in reading.observations.to_dict("records"):
        row = {key: None if pd.isna(value) else value for key, value in one.items()}
        row["code"], row["cell"] = codes.get(row["province"]), address(row["sheet"], row["cell"])
        rows.append({key: row[key] for key in (*CSV_COLUMNS, "sheet")})
    return rows


def observations_csv(reading: Reading, gazetteer: Gazetteer) -> bytes:
    """The observations as CSV in UTF-8 without byte order mark; a missing value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in observation_rows(reading, gazetteer):
        row["value"] = None if row["value"] is None else printed(row["value"])
        writer.writerow("" if row[key] is None else row[key] for key in CSV_COLUMNS)
    return text.getvalue().encode()


def reading_dict(reading: Reading, gazetteer: Gazetteer, file: str, study: Study) -> dict[str, Any]:
    """Everything that was read, for JSON."""
    observations = reading.observations
    return {
        "file": file,
        "layout": reading.layout,
        "layout_description": say(f"layout_{reading.layout}"),
        "encoding": reading.encoding,
        "titles": reading.titles,
        "source_line": reading.source_line,
        "notes": reading.notes,
        "series": [
            {"indicator": one.indicator, "unit": one.unit, "code": one.code, "tables": _tables(one.indicator, study)}
            for one in series_of(reading)
        ],
        "counts": {
            "observations": len(observations),
            "missing": int(observations["value"].isna().sum()),
            "regions": int(observations["region"].nunique()),
            "years": sorted({int(year) for year in observations["year"]}),
            "skipped": sum(one.count for one in reading.skipped),
        },
        "skipped": [skipped_dict(one) for one in reading.skipped],
        "observations": observation_rows(reading, gazetteer),
    }


def skipped_dict(one: Skipped) -> dict[str, Any]:
    """What was skipped and why, for JSON."""
    where = {"cell": address(one.sheet, one.cell), "sheet": one.sheet, "text": one.text}
    return where | {"reason": one.reason, "count": one.count, "en": one.say("en"), "zh": one.say("zh")}


def _tables(indicator: str | None, study: Study) -> list[str]:
    return named(indicator, study.tables) if indicator else []


def read_lines(reading: Reading, gazetteer: Gazetteer, file: str, study: Study) -> list[str]:
    """A compact header, the series, the first observations, what was skipped."""
    observations = reading.observations
    missing = int(observations["value"].isna().sum())
    facts = [
        (say("read_layout"), f"{reading.layout}  {say(f'layout_{reading.layout}')}"),
        (say("read_encoding"), reading.encoding or say("read_workbook")),
        *((say("read_title"), title) for title in reading.titles[:3]),
        (say("read_years"), years_text(observations["year"])),
        (say("read_regions"), regions(observations)),
        (say("read_cells"), say("read_cells_text", count=len(observations), missing=missing)),
        *((say("read_note"), note) for note in reading.notes),
        *([(say("read_source"), reading.source_line)] if reading.source_line else []),
    ]
    lines = [file, *aligned(facts), "", *_series_lines(reading, study)]
    rows = observation_rows(reading, gazetteer)
    if rows:
        keys = ("read_indicator", "read_region", "read_province", "read_code", "read_year", "read_value", "read_cell")
        table = [tuple(map(say, keys))]
        table += [
            (cut(row["indicator"] or "-", 24), row["region"], row["province"], row["code"], row["year"],
             row["text"] or "-", row["cell"]) for row in rows[:_FIRST]
        ]  # fmt: skip
        lines += ["", *aligned(table, right=(5,))]
    if len(rows) > _FIRST:
        lines.append("  " + say("read_more", count=len(rows) - _FIRST))
    return [*lines, *skipped_lines(reading)]


def _series_lines(reading: Reading, study: Study) -> list[str]:
    rows = [tuple(map(say, ("read_indicator", "read_unit", "read_table")))]
    series = series_of(reading)
    for one in series[:_SERIES]:
        said = one.indicator or say("read_unsaid")
        rows.append((said, one.unit or say("read_unsaid"), ", ".join(_tables(one.indicator, study)) or "-"))
    more = [f"  ... +{len(series) - _SERIES}"] if len(series) > _SERIES else []
    return aligned(rows) + more


def skipped_lines(reading: Reading) -> list[str]:
    """What was skipped and why, each reason and text once; the first line is empty."""
    if not reading.skipped:
        return ["", say("read_nothing_skipped")]
    groups: dict[str, list[Skipped]] = {}
    for one in reading.skipped:
        groups.setdefault(one.reason, []).append(one)
    lines = ["", say("read_skipped", count=sum(one.count for one in reading.skipped))]
    for reason, held in groups.items():
        texts = list(dict.fromkeys(cut(one.text, 40) for one in held))
        shown = ", ".join(texts[:_NAMED]) + (f" (+{len(texts) - _NAMED})" if len(texts) > _NAMED else "")
        where, count = address(held[0].sheet, held[0].cell), sum(one.count for one in held)
        lines.append(f"  {where}  {say(reason, found=shown, count=count)} ({count})")
    return lines


def regions(observations: pd.DataFrame) -> str:
    """`31 provinces + 全国`, or the names where they are few."""
    names = list(dict.fromkeys(observations["province"]))
    provinces = [name for name in names if name != NATION]
    shown = say("read_provinces", count=len(provinces)) if len(provinces) > 3 else "、".join(provinces)
    return " + ".join(filter(None, (shown, NATION if NATION in names else "")))


def cut(text: str, width: int) -> str:
    """`text`, ending in … where it is longer than `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"
