"""What the headings of a block say of each column (year, place, indicator, unit), and what stands beside the key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.blocks import Block
from cbe_assets.yearbook.gazetteer import Province, key
from cbe_assets.yearbook.grid import Grid, Panel
from cbe_assets.yearbook.headlines import Heading, is_continuation
from cbe_assets.yearbook.observations import Collection

Beside = Literal["ignore", "year", "indicator", "unit", "city", "remark"]
_YEAR_HEADS = {"年份", "年度", "时间", "年", "year", "years"}
_UNIT_HEADS = {"单位", "计量单位", "unit", "units"}
_CITY_HEADS = {"城市", "市", "地级市", "地市", "县", "区县", "县市", "city", "county"}
_NUMBER_HEADS = {"序号", "编号", "no", "no.", "行次", "代码", "行政区划代码", "地区代码", "code"}
_INDICATOR_HEADS = {"", "指标", "指标名称", "项目", "项目名称", "indicator", "item", "类别"}
_KEY_HEADS = {"地区", "省份", "省市", "省", "省区市", "region", "province", "area"}
_STUB_HEADS = _YEAR_HEADS | _UNIT_HEADS | _CITY_HEADS | _NUMBER_HEADS | (_INDICATOR_HEADS - {""}) | _KEY_HEADS
_YEAR_FIRST = re.compile(r"((?:19|20)\d\d)年(?!末|底)(.+)", re.DOTALL)
_YEAR_END_FIRST = re.compile(r"((?:19|20)\d\d)(年[末底].+)", re.DOTALL)
_BRACKETED = re.compile(r"[（(]\s*([^()（）]+?)\s*[)）]")
_GROUPS = {"其中", "其中：", "其中:", "#其中", "of which"}
_WHOLE = {"总量", "绝对数", "绝对值", "数值", "指标值", "数量", "value", "level"}
_BASIS = re.compile(r"经营单位所在地|境内目的地(?:[和、及]货源地)?|收发货人所在地")
_DERIVED = re.compile(r"(?:比|较|为|占|增|同比|环比|位次|排名|指数|发展速度|合计|总计|小计)")


@dataclass
class Column:
    """What the headings over one data column state.

    Args:
        year: its year.
        year_cell: address of the heading that says so.
        place: its province or nation.
        skip: why the column is left out, None when it is read.
        parts: indicator headings from the upper to the lower.
        unit: its unit.
        printed: the place as printed.
    """

    year: int | None = None
    year_cell: str = ""
    place: Province | None = None
    skip: str | None = None
    parts: list[str] = field(default_factory=list)
    unit: str | None = None
    printed: str = ""

    @property
    def stated(self) -> bool:
        """Whether any heading stands over the column."""
        return bool(self.year or self.place or self.parts or self.skip)


def beside_key(grid: Grid, panel: Panel, block: Block, headers: Sequence[int]) -> dict[int, Beside]:
    """Role of each column without figures: row numbers, codes, English names, years, indicators, units, remarks."""
    roles: dict[int, Beside] = dict.fromkeys(panel.aliases, "ignore")
    roles[panel.key] = "ignore"
    for column in range(panel.first, panel.last):
        if column in roles:
            continue
        heads = {key(cells.text_of(grid.label(row, column))) for row in headers}
        heads.discard("")
        role = _role(grid, panel, block, column, heads)
        if role:
            roles[column] = role
    return roles


def _role(grid: Grid, panel: Panel, block: Block, column: int, heads: set[str]) -> Beside | None:
    body = [cells.text_of(grid.label(row, column)) for row in block.body]
    texts = [text for text in body if text]
    numeric = [text for text in texts if cells.is_number(text)]
    if not texts:
        return None
    if panel.kind == "place" and heads & _YEAR_HEADS and all(cells.year(text) for text in texts):
        return "year"
    if heads & _UNIT_HEADS and not numeric:
        return "unit"
    if heads & _CITY_HEADS and not numeric:
        return "city"
    if heads & _NUMBER_HEADS or (column < panel.key and len(numeric) == len(texts)):
        return "ignore"
    if numeric or any(text in cells.MISSING for text in texts) or _heads_figures(heads):
        return None
    return "indicator" if column < panel.key + 2 and heads <= _INDICATOR_HEADS else "remark"


def _heads_figures(heads: set[str]) -> bool:
    """Whether a heading says year or unit, so that text under it is a fault and not a remark."""
    return any(cells.year(head) is not None or cells.label(head).unit or _YEAR_FIRST.match(head) for head in heads)


def _wide(grid: Grid, panel: Panel, row: int, column: int) -> bool:
    """Whether the one text of a row is a title: merged over the key column, or standing at or left of it."""
    first, last = grid.span(row, column)
    if first <= panel.key:
        return last > panel.key or key(grid.text(row, first)) not in _STUB_HEADS
    return False


def state(grid: Grid, panel: Panel, block: Block, into: Collection) -> tuple[Heading, list[int]]:
    """What the rows above a block state, and which of them head its columns."""
    heading = Heading()
    if grid.sheet.name and "城市" in grid.sheet.name:
        heading.database = grid.sheet.name
    headers: list[int] = []
    for row in block.head:
        left = [column for column in grid.filled(row) if not _take_aside(grid, row, column, heading)]
        if not left:
            continue
        inside = [column for column in left if panel.first <= column < panel.last]
        text = grid.text(row, left[0])
        if len(left) == 1 and not headers and heading.head_line(text, into.gazetteer):
            continue
        if len(left) == 1 and (unit := _bracketed_unit(text)):
            heading.unit = unit
        elif len(left) == 1 and (
            _wide(grid, panel, row, left[0]) or _is_loose_title(grid, block, row, left[0], headers)
        ):
            _take_title(text, heading, into, panel.first == 0)
        elif inside:
            headers.append(row)
    return heading, headers


def _take_aside(grid: Grid, row: int, column: int, heading: Heading) -> bool:
    """Take 单位：亿元 or 续表, which stand beside a title or in a row of their own."""
    text = grid.text(row, column)
    if is_continuation(text):
        heading.continued = True
        return True
    unit = cells.unit_line(text)
    if unit:
        heading.unit = unit
    return bool(unit)


def _bracketed_unit(text: str) -> str | None:
    found = _BRACKETED.fullmatch(text)
    return cells.label(f"x({found.group(1)})").unit if found else None


def _is_loose_title(grid: Grid, block: Block, row: int, column: int, headers: Sequence[int]) -> bool:
    """One unmerged text before any header row, with a further row under it, is a centred title."""
    if headers or grid.merged(row, column) or row == block.head[-1]:
        return False
    return cells.year(grid.rows[row][column]) is None


def _take_title(text: str, heading: Heading, into: Collection, own: bool) -> None:
    if (year := cells.year(text.strip("()（）"))) is not None:
        heading.year = year
    elif text[:1] in "(（" and text[-1:] in ")）" and not cells.years_within(text):
        into.notes.append(text) if own else None
    else:
        if own:
            into.titles.append(cells.one_line(text))
        heading.take_title(_chinese_lines(text), into.gazetteer)


def columns(
    grid: Grid, panel: Panel, block: Block, headers: Sequence[int], roles: dict[int, Beside], into: Collection
) -> dict[int, Column]:
    """The data columns of a block and what their headings state; a column under two years is a fault."""
    found: dict[int, Column] = {}
    for column in range(panel.first, panel.last):
        if column in roles:
            continue
        facts = Column()
        for level, row in enumerate(headers):
            cell = _heading_cell(grid, panel, headers, level, column, roles)
            if not cells.is_blank(cell):
                _take_heading(cell, grid.sheet.cell(row, column), grid.sheet.name, facts, panel, into)
        has_cell = any(not grid.blank(row, column) for row in block.body)
        if has_cell or (facts.stated and any(not grid.blank(row, column) for row in headers)):
            found[column] = facts
    return found


def _heading_cell(
    grid: Grid, panel: Panel, headers: Sequence[int], level: int, column: int, roles: dict[int, Beside]
) -> cells.Cell:
    """The heading over a column at one level; an unmerged group heading reaches over the blank cells to its right."""
    row = headers[level]
    cell = grid.label(row, column)
    below = headers[level + 1 :]
    if not cells.is_blank(cell) or not any(not grid.blank(other, column) for other in below):
        return cell
    for left in range(column - 1, panel.first - 1, -1):
        if left in roles:
            return cell
        if not grid.blank(row, left):
            grouped = any(not grid.blank(other, left) for other in below)
            return grid.rows[row][left] if grouped and not grid.merged(row, left) else cell
    return cell


def _take_heading(
    cell: cells.Cell, address: str, sheet: str | None, facts: Column, panel: Panel, into: Collection
) -> None:
    year = cells.year(cell)
    text = cells.text_of(cell)
    if year is not None:
        _set_year(year, address, sheet, facts, into)
        return
    if cells.is_part_of_year(text):
        into.fault_once("not_annual", sheet=sheet, cell=address, found=text)
        facts.skip = "skipped_not_annual"
        return
    place = into.gazetteer.find(text) if panel.across else None
    if place:
        facts.place, facts.printed = place.province, text
        facts.skip = None if place.province else f"skipped_{place.kind}"
        return
    if cells.unit_line(text) or is_continuation(text) or text in _GROUPS:
        return
    unit = _bracketed_unit(text) or (_bracketed_unit(f"({text})") if facts.parts else None)
    if unit:
        facts.unit = unit
        return
    _take_indicator(text, address, sheet, facts, into)


def _set_year(year: int, address: str, sheet: str | None, facts: Column, into: Collection) -> None:
    if facts.year not in (None, year):
        into.fault_once(
            "heading_two_years", sheet=sheet, cell=address, found=year, expected=facts.year, other=facts.year_cell
        )
    facts.year, facts.year_cell = year, address


def _take_indicator(text: str, address: str, sheet: str | None, facts: Column, into: Collection) -> None:
    label = cells.label(_chinese_lines(text))
    name = label.name
    found = _YEAR_FIRST.fullmatch(name) or _YEAR_END_FIRST.fullmatch(name)
    if found:
        _set_year(int(found.group(1)), address, sheet, facts, into)
        name = found.group(2)
    facts.unit = label.unit or facts.unit
    if not name or name in facts.parts:
        return
    chinese = [part for part in facts.parts if cells.is_chinese(part)]
    if chinese and not cells.is_chinese(name):
        return
    if cells.is_chinese(name):
        facts.parts = chinese
    facts.parts.append(name)


def _chinese_lines(text: str) -> str:
    """A bilingual heading's Chinese lines, with the unit if only an English line has it; else the text itself."""
    lines = text.splitlines()
    chinese = "".join(line for line in lines if cells.is_chinese(line))
    if not chinese or len(lines) == 1:
        return text
    unit = next((unit for line in lines if (unit := cells.label(f"x{line}").unit)), None)
    return chinese if cells.label(chinese).unit or not unit else f"{chinese} ({unit})"


def indicator(facts: Column, heading: Heading, row_label: str | None, stated: str | None) -> str | None:
    """The indicator of a cell: headings of column and row, else 指标：, else what the user says, else the title."""
    parts = [*facts.parts, *([row_label] if row_label else [])]
    general = heading.indicator or stated or heading.title
    if len(parts) == 1 and general and parts[0].lower() in _WHOLE:
        return general
    if len(parts) == 1 and general and _DERIVED.match(parts[0]):
        return f"{general} {parts[0]}"
    # The same trade by two bases is two indicators, also where only the title says by which.
    basis = _BASIS.search(heading.title or "")
    if parts and basis and not _BASIS.search(" ".join(parts)):
        return f"{' '.join(parts)}({basis.group()})"
    return " ".join(parts) or general
