"""`read`: the bytes of any official export become observations with the address of each cell.

The layout (a letter of `LAYOUTS`) is recognised from the content.  Which table of the study an indicator is, whether
units convert and whether values are believable is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.yearbook import classic, longform
from cbe_assets.yearbook.containers import Content, Sheet, contents
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.headlines import Heading
from cbe_assets.yearbook.observations import MUNICIPALITIES, Collection, Skipped, Stated
from cbe_assets.yearbook.sheet import read_sheet

__all__ = ["LAYOUTS", "Reading", "Skipped", "read"]

LAYOUTS = {
    "A": "classic CSV of the bureau's site: 数据库, 指标, 时间, then 地区 and years",
    "B": "the same as a workbook",
    "C": "CSV of the new site: without indicator and unit",
    "D": "answers of the new site's interface, as JSON or as a CSV of JSON",
    "E": "CSV with a row per province and year",
    "F": "English CSV: Region and years",
    "G": "only the table, as saved again from Excel",
    "H": "sheet of a yearbook chapter, or a table of any other shape",
}


@dataclass(frozen=True)
class Reading:
    """What a file says.

    Args:
        layout: a letter of `LAYOUTS`.
        encoding: `utf-8`, `utf-8-sig`, `utf-16` or `gb18030`; None for a workbook.
        observations: one row per printed cell, in the order printed: `indicator` and `unit` (as printed, without
            footnote marks; missing where the file does not say), `region` (as printed), `province` (short name, 全国
            for the nation), `year` int64, `value` float64 (NaN where printed as missing), `text` (the cell as
            printed), `sheet` (missing for text files), `cell` (B5; L4C3 is line 4, column 3; a path in plain JSON).
        notes: the note lines, as printed.
        source_line: the line that says where the figures come from, as printed.
        skipped: what is in no observation, and why.
        titles: the title lines above tables.
        codes: indicator -> its code, where the file has one (layout E).
    """

    layout: str
    encoding: str | None
    observations: pd.DataFrame
    notes: list[str]
    source_line: str | None
    skipped: list[Skipped]
    titles: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)


def read(
    data: bytes,
    *,
    file: str,
    gazetteer: Gazetteer,
    indicator: str | None = None,
    unit: str | None = None,
    province: str | None = None,
    year: int | None = None,
) -> Reading:
    """Read an official export: csv, txt, json, xls, xlsx or ods, recognised from its content.

    Args:
        data: the file's bytes.
        file: its name, for messages only.
        gazetteer: the names of provinces.
        indicator: the indicator, where the file states none.
        unit: the unit, where the file states none.
        province: the province (any of its names, or 全国), where the file is of one region and does not say which.
        year: the year, where the file is of one year and does not say which.

    Raises:
        StudyFault: all that is wrong with the file at once: not a table, damaged, encrypted, of unknown encoding; text
            in a number cell; unknown regions; one cell printed twice with two values; a year or province that is
            neither stated nor given; an indicator or unit given that the file states otherwise.
    """
    stated = Stated(indicator, unit, province, year)
    into = Collection(file, gazetteer, stated)
    if province is not None and ((place := gazetteer.find(province)) is None or place.province is None):
        raise StudyFault([fault("place_unknown", file=file, found=province)])
    content = contents(data, file=file)
    layout, unique = _read_content(content, into)
    _check_stated(into)
    if _of_cities(into):
        into.all_cities()
    return Reading(
        layout=layout,
        encoding=content.encoding,
        observations=into.finish(unique=unique),
        notes=into.notes,
        source_line=into.source_line,
        skipped=into.skipped,
        titles=into.titles,
        codes=into.codes,
    )


def _read_content(content: Content, into: Collection) -> tuple[str, bool]:
    """Layout, and whether the layout shows that no cell is printed twice."""
    if not content.sheets:
        longform.read_json(content.text or "", into)
        return "D", False
    if content.text is not None and longform.holds_json(content.sheets[0]):
        longform.read_json_cells(content.sheets[0], into)
        return "D", False
    layouts: list[str] = []
    unique = len(content.sheets) == 1
    before: Heading | None = None
    for sheet in content.sheets:
        layout, once, before = _read_one(sheet, content.encoding, into, before)
        unique = unique and once
        if layout:
            layouts.append(layout)
        else:
            into.skip(sheet.cell(0, 0), sheet.name, "", "skipped_sheet")
    if not layouts and not into.faults:
        into.faults.append(_no_table(content, into))
    return (layouts[0] if len(set(layouts)) == 1 else "H"), unique


def _read_one(
    sheet: Sheet, encoding: str | None, into: Collection, before: Heading | None
) -> tuple[str | None, bool, Heading | None]:
    """Layout (None without a table), whether no cell can be printed twice, and what the table's headings state."""
    if longform.is_long(sheet):
        longform.read_long(sheet, into)
        return "E", False, None
    plain = classic.find(sheet, into)
    if plain:
        unique = classic.read_plain(sheet, plain, into)
        return classic.layout(sheet, plain, encoding), unique, plain.heading
    heading = read_sheet(sheet, into, before)
    return ("H" if heading else None), False, heading


def _no_table(content: Content, into: Collection) -> Fault:
    sheet = content.sheets[0]
    first = next((str(cell).strip() for row in sheet.rows for cell in row if str(cell).strip()), "")
    return fault("no_table", file=into.file, sheet=sheet.name, found=first[:60], encoding=content.encoding or "")


def _of_cities(into: Collection) -> bool:
    """Whether cities stand beside no other provinces than the four that are cities themselves."""
    cities = sum(one.reason == "skipped_city" for one in into.skipped)
    return cities > 2 and {one.province for one in into.observations} <= MUNICIPALITIES


def _check_stated(into: Collection) -> None:
    """What the user says must not contradict what the file says."""
    stated = into.stated
    place = into.gazetteer.find(stated.province) if stated.province else None
    given = {"indicator": stated.indicator, "unit": stated.unit, "year": stated.year}
    given["province"] = place.name if place else None
    for name, value in given.items():
        if value is not None:
            for printed in dict.fromkeys(getattr(one, name) for one in into.observations):
                if printed != value:
                    into.fault("stated_otherwise", key=name, found=printed, expected=value)
