"""Layouts with one value per record: D, answers of the new site's interface as JSON; E, CSV with a year column."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.containers import Sheet
from cbe_assets.yearbook.gazetteer import Place, key
from cbe_assets.yearbook.observations import Collection

_FIELDS = {
    "place": "region_name region province province_name area 地区 地区名称 地区名 省份 省份名称 省 省市 行政区",
    "place_code": "region_code province_code 地区代码 省份代码 行政区划代码 地区编码 reg",
    "year": "year 年份 年度 时间 年 sj",
    "value": "value 数值 值 指标值 数据",
    "indicator": "indicator_name indicator variable 指标 指标名称 指标名 变量",
    "indicator_code": "indicator_code 指标代码 指标编码 zb",
    "unit": "unit 单位 计量单位",
    "has_data": "has_data hasdata",
}
_FIELD_OF = {name: meaning for meaning, names in _FIELDS.items() for name in names.split()}
_NEEDED = frozenset({"year", "value"})
_YEAR_CODE = re.compile(r"((?:19|20)\d\d)(?:YY)?", re.ASCII)


def is_long(sheet: Sheet) -> bool:
    """Whether the first row names a year column, a value column and a place column (layout E)."""
    fields = set(_fields(sheet.rows[0])) if sheet.rows else set()
    return fields >= _NEEDED and bool(fields & {"place", "place_code"})


def holds_json(sheet: Sheet) -> bool:
    """Whether a cell of the first rows holds a JSON answer (layout D as CSV)."""
    return any(_is_json(cell) for row in sheet.rows[:5] for cell in row)


def _is_json(cell: cells.Cell) -> bool:
    if not isinstance(cell, str):
        return False
    start = cell.lstrip()[:400]
    return start.startswith(("{", "[{")) and '"' in start


def _fields(header: Sequence[cells.Cell]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for column, cell in enumerate(header):
        if name := _FIELD_OF.get(key(cell) if isinstance(cell, str) else ""):
            columns.setdefault(name, column)
    return columns


def read_long(sheet: Sheet, into: Collection) -> None:
    """Layout E: one record per row.  `value` is taken (unrounded), not `display_value`; has_data False is missing."""
    fields = _fields(sheet.rows[0])
    width = max(fields.values()) + 1
    blanks = [""] * width
    at = [fields.get(name, width) for name in _FIELDS]
    long = _Long(sheet, into, at, itemgetter(*at))
    for row, record in enumerate(sheet.rows[1:], 1):
        filled = len(record) - record.count("")
        if filled < 2 and (not filled or all(map(cells.is_blank, record)) or into.line(_only(record))):
            continue
        # A field the file has not is read from the blank cell after the last.
        long.take(row, [*record, ""] if len(record) == width else [*record, *blanks][:width] + [""])


def _only(record: Sequence[cells.Cell]) -> str:
    return next(cells.text_of(cell) for cell in record if not cells.is_blank(cell))


@dataclass
class _Long:
    """Walks the records of layout E; what recurs in them (province, indicator) is looked up once.

    Args:
        sheet: the records.
        into: takes the observations.
        at: the column of each of `_FIELDS`, in that order.
        fields: takes these from a record.
    """

    sheet: Sheet
    into: Collection
    at: list[int]
    fields: Callable[[Sequence[cells.Cell]], tuple[cells.Cell, ...]]
    places: dict[tuple[cells.Cell, cells.Cell], tuple[str, str]] = field(default_factory=dict)
    indicators: dict[tuple[cells.Cell, ...], tuple[str | None, str | None]] = field(default_factory=dict)

    def take(self, row: int, record: Sequence[cells.Cell]) -> None:
        """One record becomes one observation, or a fault, or is skipped."""
        name, code, year_cell, figure, indicator, indicator_code, unit, has_data = self.fields(record)
        where = self.places.get((name, code)) or self._place(row, name, code)
        year = cells.year(year_cell) or self._no_year(row, year_cell)
        if where is None or year is None:
            return
        key = (indicator, indicator_code, unit)
        if key not in self.indicators:
            self.indicators[key] = self._indicator(*map(cells.text_of, key))
        # The interface says 0 where it has no data.
        if has_data in ("False", "false", "FALSE", "0", False):
            figure = ""
        address, text = self.sheet.cell(row, self.at[3]), cells.text_of(figure)
        value = float(text) if cells.PLAIN(text) else self.into.number(figure, address, self.sheet.name, where[1], year)
        self.into.observations.append((*self.indicators[key], *where, year, value, text, self.sheet.name, address))

    def _place(self, row: int, name: cells.Cell, code: cells.Cell) -> tuple[str, str] | None:
        printed, digits = cells.text_of(name), cells.text_of(code)
        address = self.sheet.cell(row, self.at[0 if printed else 1])
        place = _place(printed, digits, address, self.sheet.name, self.into)
        if place is None or not self.into.place(place, address, self.sheet.name, printed, 1):
            return None
        self.places[name, code] = (printed or place.name, place.name)
        return self.places[name, code]

    def _no_year(self, row: int, cell: cells.Cell) -> None:
        found = cells.text_of(cell)
        message = "not_annual" if cells.is_part_of_year(found) else "not_a_year"
        self.into.fault(message, sheet=self.sheet.name, cell=self.sheet.cell(row, self.at[2]), found=found)

    def _indicator(self, printed: str, code: str, unit: str) -> tuple[str | None, str | None]:
        label = cells.label(printed)
        name = label.name or self.into.stated.indicator
        if name and code:
            self.into.codes.setdefault(name, code)
        return name, unit or label.unit or self.into.stated.unit


def _place(printed: str, code: str, address: str, sheet: str | None, into: Collection) -> Place | None:
    """The place a name and a code agree on; a fault where they do not, or where neither is known."""
    named = into.gazetteer.find(printed) if printed else None
    coded = into.gazetteer.by_code(code) if code else None
    if named and coded and named.province != coded and named.kind in ("province", "nation"):
        into.fault("place_contradicted", sheet=sheet, cell=address, found=printed, expected=f"{coded.name} ({code})")
        return None
    if named:
        return named
    if coded:
        return Place("nation" if coded == into.gazetteer.nation else "province", coded.name, coded)
    into.fault("place_unknown", sheet=sheet, cell=address, found=printed or code)
    return None


@dataclass(frozen=True)
class _Context:
    """Where a JSON value stands: the place stated around it, and its address."""

    place: str = ""
    code: str = ""
    address: str = ""


def read_json_cells(sheet: Sheet, into: Collection) -> None:
    """Layout D as CSV: a row per province; the header may be broken, the cell that holds JSON is found by itself."""
    for row, record in enumerate(sheet.rows):
        column = next((place for place, cell in enumerate(record) if _is_json(cell)), None)
        if column is None:
            texts = [cells.text_of(cell) for cell in record if not cells.is_blank(cell)]
            if row and texts and not (len(texts) == 1 and into.line(texts[0])):
                into.fault("json_missing", sheet=sheet.name, cell=sheet.cell(row, 0), found=" ".join(texts)[:80])
            continue
        others = [cells.text_of(cell) for place, cell in enumerate(record) if place != column]
        name = next((text for text in others if into.gazetteer.find(text)), "")
        code = next((text for text in others if into.gazetteer.by_code(text)), "")
        address = sheet.cell(row, column)
        try:
            answer = json.loads(record[column])
        except ValueError as error:
            into.fault("json_broken", sheet=sheet.name, cell=address, found=str(error))
            continue
        _walk(answer, _Context(name, code, address), into, fixed_address=True)


def read_json(text: str, into: Collection) -> None:
    """Layout D as JSON: one answer, a list or an object of answers, records, or one answer per line."""
    _read_answers(text, into)
    if not (len(into.observations) or into.skipped or into.faults):
        into.fault("json_missing", found=text.strip()[:60])


def _read_answers(text: str, into: Collection) -> None:
    try:
        _walk(json.loads(text), _Context(), into)
    except RecursionError:
        into.fault("json_broken", found="nested too deeply")
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            answers = [json.loads(line) for line in lines] if len(lines) > 1 else None
        except ValueError:
            answers = None
        if answers is None:
            into.fault("json_broken", found=str(error))
            return
        for number, answer in enumerate(answers, 1):
            _walk(answer, _Context(address=f"L{number}"), into)


def _walk(node: object, context: _Context, into: Collection, *, fixed_address: bool = False) -> None:
    """Find every {"code": "2024YY", "values": [...]} under `node`, remembering the place named around it."""
    if isinstance(node, str) and _is_json(node):
        try:
            node = json.loads(node)
        except ValueError as error:
            into.fault("json_broken", cell=context.address, found=str(error))
            return
    if isinstance(node, dict) and isinstance(node.get("values"), list):
        _json_year(node, context, into, fixed_address)
        return
    if isinstance(node, dict):
        context = _placed(node, context, into)
        children: Iterator[tuple[object, object]] = iter(node.items())
    elif isinstance(node, list):
        children = iter(enumerate(node))
    else:
        return
    for name, child in children:
        if isinstance(child, dict | list | str):
            below = context if fixed_address else replace(context, address=_path(context.address, name))
            if isinstance(name, str) and isinstance(child, dict | list) and into.gazetteer.find(name):
                below = replace(below, place=name)
            _walk(child, below, into, fixed_address=fixed_address)


def _path(address: str, name: object) -> str:
    step = f"[{name}]" if isinstance(name, int) else f".{name}"
    return (address + step).lstrip(".")


def _placed(node: Mapping[str, object], context: _Context, into: Collection) -> _Context:
    for name, value in node.items():
        meaning = _FIELD_OF.get(key(name))
        if meaning == "place" and isinstance(value, str) and into.gazetteer.find(value):
            context = replace(context, place=value)
        elif meaning == "place_code" and into.gazetteer.by_code(str(value)):
            context = replace(context, code=str(value))
    return context


def _json_year(node: Mapping[str, object], context: _Context, into: Collection, fixed_address: bool) -> None:
    code = str(node.get("code") or node.get("name") or "")
    found = _YEAR_CODE.fullmatch(code)
    year = int(found.group(1)) if found else cells.year(code)
    if year is None:
        message = "not_annual" if cells.is_part_of_year(code) else "not_a_year"
        into.fault(message, cell=context.address, found=code)
        return
    for number, value in enumerate(node["values"]):
        address = context.address if fixed_address else f"{context.address}.values[{number}]".lstrip(".")
        if isinstance(value, dict):
            _json_value(value, year, replace(context, address=address), into)
        else:
            into.fault("json_value_missing", cell=address, year=year, found=str(value)[:80], expected="value")


def _json_value(value: Mapping[str, object], year: int, context: _Context, into: Collection) -> None:
    if "value" not in value:
        found = ", ".join(map(str, value))[:80]
        into.fault("json_value_missing", cell=context.address, year=year, found=found, expected="value")
        return
    printed = str(value.get("da_name") or context.place or "").strip()
    place = _json_place(value, printed, context, into)
    if place is None or not into.place(place, context.address, None, printed, 1):
        return
    label = cells.label(str(value.get("i_showname") or value.get("_name") or ""))
    unit = str(value.get("du_name") or "").strip() or label.unit or into.stated.unit
    cell = value["value"] if value["value"] is not None else ""
    number = into.number(cell, context.address, None, place.name, year)
    name = label.name or into.stated.indicator
    names = (name, unit, printed or place.name, place.name)
    into.observations.append((*names, year, number, cells.text_of(cell), None, context.address))


def _json_place(value: Mapping[str, object], printed: str, context: _Context, into: Collection) -> Place | None:
    """The place of a value: its own, that around it, or what the user says; a fault where the first two differ."""
    around = into.gazetteer.find(context.place) if context.place else None
    own = into.gazetteer.find(printed) if printed else None
    if own and around and own != around:
        into.fault("place_contradicted", cell=context.address, found=printed, expected=context.place)
        return None
    code = str(value.get("da") or context.code)
    if not printed and not into.gazetteer.by_code(code):
        if into.stated.province:
            return into.gazetteer.find(into.stated.province)
        into.fault_once("province_not_stated")
        return None
    return _place(printed, code, context.address, None, into)
