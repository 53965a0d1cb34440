"""Layout H: a chapter sheet of a printed yearbook, written as xlsx with merged headings and always the same bytes.

openpyxl writes 16 significant digits; a figure with more does not read back equal.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from cbe_assets.yearbook.gazetteer import NATION, Gazetteer
from cbe_assets.yearbook.writing import SOURCE_LINE, note_lines

_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGIONS = {"east": "东部地区", "central": "中部地区", "west": "西部地区"}


def write_yearbook_sheet(
    values: pd.DataFrame,
    *,
    title: str,
    unit: str | Mapping[str, str] | None,
    gazetteer: Gazetteer,
    notes: Sequence[str] = (),
    source_line: str | None = SOURCE_LINE,
    nation: pd.Series | None = None,
    years_down: bool = False,
    regions: bool = True,
    marks: Mapping[str, str] | None = None,
    missing: str = "…",
    sheet: str = "Sheet1",
) -> bytes:
    """A chapter sheet: title row, unit row at the right, merged headings, blanks in two-character names, regions.

    Args:
        values: provinces x years (one indicator, named by the title), or provinces x (indicator, year) for two-level
            headings.  Only the row 全国: a national table, whose title should say 全国.
        title: first row, merged over the table.
        unit: printed as 单位：unit at the right of row 2; a mapping prints 指标 (unit) in the headings instead.
        gazetteer: orders and groups the provinces.
        notes: texts without 注： and numbers.
        source_line: last line, None for none.
        nation: the national row by column, printed first; instead of a row 全国 in `values`.
        years_down: years in rows, provinces (or, for a national table, indicators) across.
        regions: a row of the sum of each region before its provinces (provinces down only).
        marks: short province name -> footnote mark printed after it.
        missing: what is printed for NaN.
        sheet: name of the sheet.
    """
    book = Workbook()
    page = book.active
    page.title = sheet
    table = _with_nation(values, nation)
    names = _Names(gazetteer, dict(marks or {}))
    width = (_years_down if years_down else _provinces_down)(page, table, names, unit, missing, regions)
    page.cell(1, 1, title).font = Font(bold=True)
    page.cell(1, 1).alignment = Alignment(horizontal="center")
    if width > 1:
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    if isinstance(unit, str):
        page.cell(2, width, f"单位：{unit}").alignment = Alignment(horizontal="right")
    row = page.max_row + 1
    for line in (*note_lines(notes), *([source_line] if source_line else [])):
        page.cell(row, 1, line)
        row += 1
    return _bytes(book)


class _Names:
    """Names as yearbooks print them: two characters are set apart (北  京), three or more are not."""

    def __init__(self, gazetteer: Gazetteer, marks: dict[str, str]):
        self.gazetteer = gazetteer
        self.marks = marks

    def printed(self, name: str) -> str:
        return ("  ".join(name) if len(name) == 2 else name) + self.marks.get(name, "")

    def in_order(self, index: pd.Index) -> list[str]:
        return sorted(index, key=lambda name: self.gazetteer.named(name).code)

    def by_region(self, index: pd.Index) -> list[tuple[str, list[str]]]:
        groups = [(NATION, [NATION])] if NATION in index else []
        for region, label in _REGIONS.items():
            members = [name for name in self.in_order(index) if self.gazetteer.named(name).region == region]
            if members:
                groups.append((label, members))
        return groups


def _with_nation(values: pd.DataFrame, nation: pd.Series | None) -> pd.DataFrame:
    if nation is None:
        return values
    return pd.concat([nation.to_frame(NATION).T.reindex(columns=values.columns), values])


def _columns(table: pd.DataFrame) -> list[tuple[str | None, int]]:
    """(indicator, year) of each column; None where the title names the indicator."""
    if isinstance(table.columns, pd.MultiIndex):
        return [(str(indicator), int(year)) for indicator, year in table.columns]
    return [(None, int(year)) for year in table.columns]


def _heading(indicator: str, unit: str | Mapping[str, str] | None) -> str:
    return f"{indicator} ({unit[indicator]})" if isinstance(unit, Mapping) and unit.get(indicator) else indicator


def _provinces_down(
    page: Worksheet,
    table: pd.DataFrame,
    names: _Names,
    unit: str | Mapping[str, str] | None,
    missing: str,
    regions: bool,
) -> int:
    columns = _columns(table)
    two_level = columns[0][0] is not None
    page.cell(3, 1, "地  区")
    if two_level:
        page.merge_cells(start_row=3, start_column=1, end_row=4, end_column=1)
        _merged_headings(page, [_heading(indicator, unit) for indicator, _ in columns if indicator], 3, 2)
    for column, (_, year) in enumerate(columns, 2):
        page.cell(4 if two_level else 3, column, year if two_level else f"{year}年")
    row = 5 if two_level else 4
    for label, members in names.by_region(table.index):
        if regions and label != NATION:
            page.cell(row, 1, label)
            _numbers(page, row, table.loc[members].sum(min_count=1).tolist(), missing)
            row += 1
        for name in members:
            page.cell(row, 1, names.printed(name))
            _numbers(page, row, table.loc[name].tolist(), missing)
            row += 1
    return len(columns) + 1


def _years_down(
    page: Worksheet,
    table: pd.DataFrame,
    names: _Names,
    unit: str | Mapping[str, str] | None,
    missing: str,
    regions: bool,
) -> int:
    columns = _columns(table)
    years = sorted({year for _, year in columns})
    indicators = list(dict.fromkeys(indicator for indicator, _ in columns))
    places = names.in_order(table.index)
    national = places == [NATION]
    heads = [(indicator, name) for indicator in indicators for name in places]
    page.cell(3, 1, "年  份")
    two_level = indicators[0] is not None and not national
    if two_level:
        page.merge_cells(start_row=3, start_column=1, end_row=4, end_column=1)
        _merged_headings(page, [_heading(indicator, unit) for indicator, _ in heads if indicator], 3, 2)
    for column, (indicator, name) in enumerate(heads, 2):
        label = _heading(indicator, unit) if national and indicator else names.printed(name)
        page.cell(4 if two_level else 3, column, label)
    first = 5 if two_level else 4
    for row, year in enumerate(years, first):
        page.cell(row, 1, year)
        numbers = [table.at[name, year if indicator is None else (indicator, year)] for indicator, name in heads]
        _numbers(page, row, numbers, missing)
    return len(heads) + 1


def _merged_headings(page: Worksheet, labels: Sequence[str], row: int, column: int) -> None:
    start = 0
    for end in range(1, len(labels) + 1):
        if end == len(labels) or labels[end] != labels[start]:
            page.cell(row, column + start, labels[start]).alignment = Alignment(horizontal="center")
            if end - start > 1:
                page.merge_cells(start_row=row, start_column=column + start, end_row=row, end_column=column + end - 1)
            start = end


def _numbers(page: Worksheet, row: int, numbers: Sequence[float], missing: str) -> None:
    for column, number in enumerate(numbers, 2):
        value = float(number)
        page.cell(row, column, missing if value != value else int(value) if value.is_integer() else value)


def _bytes(book: Workbook) -> bytes:
    """The workbook without clock: openpyxl stamps the present time into docProps and every zip entry."""
    saved = io.BytesIO()
    book.save(saved)
    again = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3
            target.writestr(entry, content)
    return again.getvalue()
