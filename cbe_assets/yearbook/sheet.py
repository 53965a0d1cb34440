"""The table of any other shape: titles, unit rows, merged headings, years down, several indicators, 续表 (layout H).

A figure is what its column, its row and the lines above say together: a province, a year, an indicator, a unit.  What
none of them says is taken from the user; what two of them say differently is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.blocks import Block, cut
from cbe_assets.yearbook.columns import Beside, Column, beside_key, columns, indicator, state
from cbe_assets.yearbook.containers import Sheet
from cbe_assets.yearbook.gazetteer import Place, Province
from cbe_assets.yearbook.grid import Grid, Panel, panels
from cbe_assets.yearbook.headlines import Heading
from cbe_assets.yearbook.observations import Collection, Observation


@dataclass(frozen=True)
class _Table:
    """One block with what its headings state."""

    grid: Grid
    panel: Panel
    block: Block
    heading: Heading
    roles: dict[int, Beside]
    columns: dict[int, Column]

    @property
    def sheet(self) -> Sheet:
        return self.grid.sheet


@dataclass
class _Row:
    """What a data row says of its figures."""

    place: Province | None = None
    printed: str = ""
    year: int | None = None
    label: str | None = None
    unit: str | None = None


def read_sheet(sheet: Sheet, into: Collection, before: Heading | None = None) -> Heading | None:
    """Read all tables of a sheet.

    Args:
        sheet: the sheet.
        into: takes observations, notes, what is skipped, faults.
        before: what the last table of the sheet before stated; a continued table has it from there.

    Returns:
        What the last table of this sheet states, None where the sheet holds no table.
    """
    grid = Grid(sheet, into.gazetteer)
    last = None
    for panel in panels(grid):
        table: _Table | None = None
        for block in cut(grid, panel, into):
            table = _table(grid, panel, block, table, before, into)
            _read_table(table, into)
            last = table.heading
    return last


def _table(
    grid: Grid, panel: Panel, block: Block, above: _Table | None, before: Heading | None, into: Collection
) -> _Table:
    heading, headers = state(grid, panel, block, into)
    if above is not None:
        if heading.continued or heading.title is None:
            heading.inherit(above.heading)
        if not headers:
            return _Table(grid, panel, block, heading, above.roles, above.columns)
    elif heading.continued:
        heading.inherit(before)
    roles = beside_key(grid, panel, block, headers)
    found = columns(grid, panel, block, headers, roles, into)
    table = _Table(grid, panel, block, heading, roles, found)
    _check_columns(table, into)
    return table


def _check_columns(table: _Table, into: Collection) -> None:
    """Columns that cannot be read: without a heading, without a year among years, or saying the same as another."""
    grid, sheet = table.grid, table.sheet
    with_year = any(facts.year for facts in table.columns.values())
    seen: dict[tuple[object, ...], int] = {}
    for column, facts in list(table.columns.items()):
        first = table.block.body[0]
        address = sheet.cell(first, column)
        figures = sum(not grid.blank(row, column) for row in table.block.body)
        if facts.skip is None and not facts.stated and len(table.columns) > 1:
            if any(cells.is_number(grid.rows[row][column]) for row in table.block.body):
                into.fault("column_without_heading", sheet=sheet.name, cell=address, found=grid.text(first, column))
            del table.columns[column]
            continue
        if facts.skip is None and with_year and facts.year is None and table.panel.kind != "year":
            facts.skip = "skipped_column_without_year"
        if facts.skip:
            into.skip(address, sheet.name, " ".join(facts.parts) or facts.printed, facts.skip, figures)
            del table.columns[column]
            continue
        key = (facts.year, facts.place, *facts.parts, facts.unit)
        other = seen.setdefault(key, column)
        if other != column:
            _same_columns(table, other, column, into)
            del table.columns[column]
    for column, role in table.roles.items():
        if role == "remark":
            row = table.block.body[0]
            into.skip(sheet.cell(row, column), sheet.name, grid.text(row, column), "skipped_remark")


def _same_columns(table: _Table, one: int, other: int, into: Collection) -> None:
    grid, sheet = table.grid, table.sheet
    for row in table.block.body:
        if grid.text(row, one) != grid.text(row, other):
            into.fault(
                "columns_alike", sheet=sheet.name, cell=sheet.cell(row, other), found=grid.text(row, other),
                expected=grid.text(row, one), other=sheet.cell(row, one),
            )  # fmt: skip
            return
    into.skip(sheet.cell(table.block.body[0], other), sheet.name, "", "skipped_repeated", len(table.block.body))


def _read_table(table: _Table, into: Collection) -> None:
    carried: dict[int, str] = {}
    place: tuple[Province, str] | None = None
    for row in table.block.body:
        facts = _row_facts(table, row, carried, place, into)
        if facts is None:
            place = None
            continue
        if facts.place:
            place = (facts.place, facts.printed)
        for column, heading in table.columns.items():
            _read_cell(table, row, column, facts, heading, into)


def _row_facts(
    table: _Table, row: int, carried: dict[int, str], above: tuple[Province, str] | None, into: Collection
) -> _Row | None:
    """What the row says; None for a row that is skipped (a region, a city) with its reason remembered."""
    grid, sheet, panel = table.grid, table.sheet, table.panel
    facts = _Row()
    _take_beside(table, row, facts)
    printed = cells.text_of(grid.label(row, panel.key))
    if panel.kind == "year":
        facts.year = cells.year(grid.rows[row][panel.key])
        return facts
    if panel.kind == "text":
        label = cells.label(printed)
        facts.label = " ".join(part for part in (facts.label, label.name) if part) or None
        facts.unit = facts.unit or label.unit
        return facts
    figures = sum(not grid.blank(row, column) for column in table.columns)
    address = sheet.cell(row, panel.key)
    in_city = any(role == "city" and not grid.blank(row, column) for column, role in table.roles.items())
    if table.heading.of_cities or in_city:
        into.skip(address, sheet.name, printed, "skipped_city", figures)
        return None
    place = into.gazetteer.find(printed) if printed else None
    if place is None:
        facts.place, facts.printed = above if above else (None, "")
        return facts if above else None
    if not into.place(place, address, sheet.name, printed, figures):
        return None
    facts.place, facts.printed = place.province, printed
    return facts


def _take_beside(table: _Table, row: int, facts: _Row) -> None:
    """Year, indicator and unit that stand beside the key column; merged cells reach over their rows."""
    labels: list[str] = []
    for column, role in sorted(table.roles.items()):
        text = cells.text_of(table.grid.label(row, column))
        if role == "year":
            facts.year = cells.year(_filled_above(table, row, column))
        elif role == "unit":
            facts.unit = text or None
        elif role == "indicator" and text:
            label = cells.label(text)
            facts.unit = facts.unit or label.unit
            if label.name not in labels:
                labels.append(label.name)
    facts.label = " ".join(labels) or None


def _filled_above(table: _Table, row: int, column: int) -> cells.Cell:
    """The cell, or the nearest filled one above it in the block: a year printed once for its 31 provinces."""
    grid = table.grid
    for other in range(row, table.block.body[0] - 1, -1):
        cell = grid.label(other, column)
        if not cells.is_blank(cell):
            return cell
    return ""


def _read_cell(table: _Table, row: int, column: int, facts: _Row, heading: Column, into: Collection) -> None:
    grid, sheet = table.grid, table.sheet
    address = sheet.cell(row, column)
    place, printed = _place(table, facts, heading, into)
    year = facts.year or heading.year or table.heading.year or into.stated.year
    if facts.year and heading.year and facts.year != heading.year:
        into.fault(
            "heading_two_years", sheet=sheet.name, cell=address, found=facts.year, expected=heading.year,
            other=heading.year_cell,
        )  # fmt: skip
    if place is None or year is None:
        if place is None:
            into.fault_once("province_not_stated", sheet=sheet.name, cell=address)
        if year is None:
            into.fault_once("year_not_stated", sheet=sheet.name, cell=address, found=" ".join(heading.parts))
        return
    value = into.number(grid.rows[row][column], address, sheet.name, place.name, year)
    name = indicator(heading, table.heading, facts.label, into.stated.indicator)
    unit = heading.unit or facts.unit or table.heading.unit or into.stated.unit
    into.observations.append(
        Observation(name, unit, printed, place.name, year, value, grid.text(row, column), sheet.name, address)
    )


def _place(table: _Table, facts: _Row, heading: Column, into: Collection) -> tuple[Province | None, str]:
    """The place of a figure, and how it is printed: of its row, of its column, of the title, or what the user says."""
    if facts.place:
        return facts.place, facts.printed
    if heading.place:
        return heading.place, heading.printed
    if table.heading.place:
        return table.heading.place, table.heading.place.full_name
    stated: Place | None = into.gazetteer.find(into.stated.province) if into.stated.province else None
    return (stated.province, stated.name) if stated else (None, "")
