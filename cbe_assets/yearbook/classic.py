"""The plain table: a header of years, a row per province, lines above and below (layouts A, B, C, F, G).

Also its one-region variant, a row per indicator.  Everything less regular is read by sheet.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.containers import Sheet
from cbe_assets.yearbook.gazetteer import Province, key
from cbe_assets.yearbook.headlines import Heading
from cbe_assets.yearbook.observations import Collection

_LOOK = 12
"""The header of a plain table is found in this many first rows."""
_PLACE_HEADERS = {
    *("地区", "省份", "省市", "省", "省(区、市)", "省区市", "地区名称", "省份名称"),
    *("region", "regions", "area", "province", "provinces"),
}
_INDICATOR_HEADERS = {"指标", "指标名称", "indicator", "indicators"}


@dataclass(frozen=True)
class Plain:
    """A plain table found in a sheet.

    Args:
        heading: what the lines above it state.
        header: row of the years.
        years: year of each column from 1 on.
        by_indicator: rows are indicators of one region.
        english: the header says Region.
    """

    heading: Heading
    header: int
    years: list[int]
    by_indicator: bool
    english: bool


def find(sheet: Sheet, into: Collection) -> Plain | None:
    """The plain table of a sheet, or None: only keyed lines above, one header of distinct years, one label column."""
    heading = Heading()
    for row, record in enumerate(sheet.rows[:_LOOK]):
        filled = [column for column, cell in enumerate(record) if not cells.is_blank(cell)]
        if not filled:
            continue
        first = cells.text_of(record[0])
        if heading.head_line(_joined(record, sheet.lines is not None), into.gazetteer):
            continue
        name = key(first)
        years = [cells.year(record[column]) for column in range(1, filled[-1] + 1)]
        regular = None not in years and len(set(years)) == len(years)
        if not years or not regular or name not in _PLACE_HEADERS | _INDICATOR_HEADERS | {""}:
            return None
        if _heads_too(sheet, row + 1):
            return None
        return Plain(heading, row, years, name in _INDICATOR_HEADERS, name.isascii())
    return None


def _heads_too(sheet: Sheet, row: int) -> bool:
    """Whether the row under the header holds years as well, and no place, so that it may be the header too."""
    record = sheet.rows[row] if row < len(sheet.rows) else []
    filled = [cell for cell in record[1:] if not cells.is_blank(cell)]
    label = key(cells.text_of(record[0])) if record else ""
    return bool(filled) and label in _PLACE_HEADERS | {""} and all(cells.year(cell) is not None for cell in filled)


def layout(sheet: Sheet, plain: Plain, encoding: str | None) -> str:
    """The letter of LAYOUTS for a plain table; `encoding` is None for a workbook."""
    if plain.heading.keyed and encoding is None:
        return "B"
    if "指标" in plain.heading.keyed:
        return "A"
    if plain.heading.keyed:
        return "A" if encoding == "gb18030" else "C"
    return "F" if plain.english else "G"


def read_plain(sheet: Sheet, plain: Plain, into: Collection) -> bool:
    """Read the plain table; whether no place was printed twice."""
    rows = _body(sheet, plain, into)
    if plain.by_indicator:
        _read_indicators(sheet, plain, rows, into)
        return False
    if plain.heading.of_cities:
        for row in rows:
            record = sheet.rows[row]
            count = sum(not cells.is_blank(cell) for cell in record[1:])
            into.skip(sheet.cell(row, 0), sheet.name, cells.text_of(record[0]), "skipped_city", count)
        return True
    return _read_provinces(sheet, plain, rows, into)


def _body(sheet: Sheet, plain: Plain, into: Collection) -> list[int]:
    """The rows with data below the header; lines below them become notes and source line, or are skipped."""
    rows: list[int] = []
    noted = False
    for row in range(plain.header + 1, len(sheet.rows)):
        record = sheet.rows[row]
        if not record or all(map(cells.is_blank, record)):
            continue
        first = cells.text_of(record[0])
        # An unquoted comma in a note has cut it into cells; a note is one line again.
        if cells.is_note(first) or cells.is_source(first) or (noted and not into.gazetteer.find(first)):
            noted = True
            line = _joined(record, sheet.lines is not None)
            if not into.line(line):
                into.notes.append(line)
        elif first and not plain.by_indicator and not into.gazetteer.find(first) and _alone(record):
            if not into.line(first):
                into.skip(sheet.cell(row, 0), sheet.name, first, "skipped_text")
        else:
            rows.append(row)
    return rows


def _alone(record: Sequence[cells.Cell]) -> bool:
    return all(map(cells.is_blank, record[1:]))


def _joined(record: Sequence[cells.Cell], text_file: bool) -> str:
    texts = [cell if isinstance(cell, str) else cells.text_of(cell) for cell in record]
    while texts and cells.is_blank(texts[-1]):
        texts.pop()
    return ("," if text_file else " ").join(texts).strip(cells.BLANKS)


def _read_provinces(sheet: Sheet, plain: Plain, rows: list[int], into: Collection) -> bool:
    heading, stated = plain.heading, into.stated
    indicator, unit = heading.indicator or stated.indicator, heading.unit or stated.unit
    seen: set[str] = set()
    unique = True
    for row in rows:
        record = sheet.rows[row]
        printed = cells.text_of(record[0])
        place = into.gazetteer.find(printed)
        if place is None:
            message = "row_without_name" if not printed else "place_unknown"
            into.fault(message, sheet=sheet.name, cell=sheet.cell(row, 0), found=printed or cells.text_of(record[1]))
        elif into.place(place, sheet.cell(row, 0), sheet.name, printed, len(record) - 1):
            unique = unique and place.name not in seen
            seen.add(place.name)
            _read_row(sheet, plain, row, indicator, unit, printed, place.name, into)
    return unique


def _read_indicators(sheet: Sheet, plain: Plain, rows: list[int], into: Collection) -> None:
    place = plain.heading.place or _stated_province(into)
    if place is None:
        into.fault("province_not_stated", sheet=sheet.name, cell=sheet.cell(plain.header, 0))
        return
    for row in rows:
        label = cells.label(cells.text_of(sheet.rows[row][0]))
        unit = label.unit or plain.heading.unit or into.stated.unit
        _read_row(sheet, plain, row, label.name or into.stated.indicator, unit, place.full_name, place.name, into)


def _stated_province(into: Collection) -> Province | None:
    place = into.gazetteer.find(into.stated.province) if into.stated.province else None
    return place.province if place else None


def _read_row(
    sheet: Sheet,
    plain: Plain,
    row: int,
    indicator: str | None,
    unit: str | None,
    region: str,
    province: str,
    into: Collection,
) -> None:
    record, years = sheet.rows[row], plain.years
    figures = record[1 : len(years) + 1]
    figures += [""] * (len(years) - len(figures))
    addresses = sheet.cells(row, 1, len(years) + 1)
    texts = [cell.strip(cells.BLANKS) if isinstance(cell, str) else cells.text_of(cell) for cell in figures]
    values = [
        float(text) if cells.PLAIN(text) else into.number(cell, address, sheet.name, province, year)
        for text, cell, address, year in zip(texts, figures, addresses, years, strict=True)
    ]
    into.observations.extend(
        len(years), indicator=indicator, unit=unit, region=region, province=province, year=years, value=values,
        text=texts, sheet=sheet.name, cell=addresses,
    )  # fmt: skip
    for column in range(len(years) + 1, len(record)):
        if not cells.is_blank(record[column]):
            found = cells.text_of(record[column])
            address = sheet.cell(row, column)
            into.fault("cell_without_year", sheet=sheet.name, cell=address, province=province, found=found)
