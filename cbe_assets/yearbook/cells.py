"""What is printed in one cell: numbers, missing marks, years, units in brackets, notes and source lines."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from cbe_assets.yearbook import units
from cbe_assets.yearbook.gazetteer import MARK, strip_marks

Cell = object
"""A string from text files; a string, float, int, bool, date or time from workbooks."""

_MISSING = """
    … …… ... .. ...... ⋯ ⋯⋯ - -- --- — —— – －－ － ― ─ ── / 空 空缺 空值 缺 缺失 暂无
    nan NaN NAN null NULL None NA N/A n/a n.a. #N/A <NA>
"""
MISSING = frozenset(_MISSING.split()) | {""}
"""What stands in a number cell where there is no number.  … is also printed for "less than half of the last digit"."""

PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
"""Whether a text is a number in its plainest form, which needs no reading."""
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:(,|'|\s)\d{3})(?:\1\d{3})*(?:\.\d+)?", re.ASCII)
_NUMBER_MARKS = re.compile(rf"^(?:{MARK}\s*)+|(?:\s*{MARK})+$")
_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(map(ord, "−–—－﹣"), "-")
BLANKS = "".join(map(chr, (9, 10, 11, 12, 13, 32, 0xA0, 0x2002, 0x2003, 0x2009, 0x200B, 0x202F, 0x3000, 0xFEFF)))
_INNER_BLANKS = re.compile(rf"[{BLANKS}]+")

_YEAR = re.compile(r"((?:19|20)\d\d)(?:\.0+)?\s*(?:年度?|YY|Y)?\s*(?:末|底|年末|年底)?", re.ASCII)
_PERIOD = re.compile(
    r"(?:19|20)\d\d\s*(?:年|[-/.]|)\s*(?:第?[一二三四1-4]\s*季度?|Q[1-4]|(?:\d{1,2}\s*[-至~～]\s*)?\d{1,2}\s*月份?|[上下]半年"
    r"|(?:0[1-9]|1[0-2])(?:MM)?|0[1-4]SS|(?-i:[A-D]))",
    re.IGNORECASE,
)
_YEARS_RANGE = re.compile(r"((?:19|20)\d\d)\s*年?\s*[-—–～~至]+\s*((?:19|20)\d\d)?\s*年?")
_NOTE = re.compile(
    r"[(（【\[]?\s*(?:附?注(?:释)?|说明|备注|notes?)\s*(?:[:：.．、]|[\d①-⑳一二三四五]|[)）】\]])", re.IGNORECASE
)
_NOTE_ITEM = re.compile(
    rf"(?:{MARK}|\d{{1,2}}\s*[.．、)）](?!\d)|[a-z][)）]|本表|本资料|(?:19|20)\d\d年(?:起|以前|及以前|以后))"
)
_SOURCE = re.compile(r"(?:数据|资料|本表)?来源\s*[:：]|(?:data\s+)?sources?\s*[:：]", re.IGNORECASE)
_UNIT_LINE = re.compile(r"[(（]?\s*(?:计量)?单\s*位\s*[:：]\s*(.*?)\s*[)）]?\s*$")
_BRACKET = re.compile(r"^(.*?)\s*[（(\[【]\s*([^（()）\[\]【】]+?)\s*[)）\]】]\s*(?:[a-z]{0,2})$", re.DOTALL)
_INDEX_BASE = re.compile(r".{0,8}[=＝]\s*100?0?")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class NotANumber(ValueError):
    """A cell that should hold a number and holds neither a number nor a missing mark."""


@dataclass(frozen=True, slots=True)
class Label:
    """An indicator heading taken apart: its name, and the unit printed in brackets after it."""

    name: str
    unit: str | None


def text_of(cell: Cell) -> str:
    """The cell as printed: numbers of workbooks without the .0 that Excel does not show, blanks at the ends cut."""
    if isinstance(cell, str):
        return cell.strip(BLANKS)
    if isinstance(cell, float):
        text = repr(cell)
        return text[:-2] if text.endswith(".0") else text
    return "" if cell is None else str(cell)


def number(cell: Cell) -> float:
    """The number in a cell, NaN for a missing mark, exactly as printed.

    Raises:
        NotANumber: the cell holds something else (text, a date, a truth value, an infinite number).
    """
    if isinstance(cell, str):
        if PLAIN(cell):
            return float(cell)
        return _printed_number(cell)
    if isinstance(cell, float | int) and not isinstance(cell, bool) and math.isfinite(cell):
        return float(cell)
    raise NotANumber(text_of(cell))


@lru_cache(maxsize=4096)
def _printed_number(cell: str) -> float:
    text = cell.strip(BLANKS)
    if text in MISSING:
        return math.nan
    text = _NUMBER_MARKS.sub("", text).translate(_WIDTHS).strip(BLANKS)
    if text in MISSING:
        return math.nan
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[,'\s]", "", text)
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise NotANumber(cell.strip(BLANKS))
    return float(text)


def is_number(cell: Cell) -> bool:
    """Whether a number (not a missing mark) is printed in the cell."""
    try:
        return not math.isnan(number(cell))
    except NotANumber:
        return False


def is_blank(cell: Cell) -> bool:
    """Whether nothing is printed in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip(BLANKS))


def year(cell: Cell) -> int | None:
    """The year a heading cell says: 2022, 2022年, ２０２２, "2022 ", 2022.0, 2022①; None if it says something else."""
    if isinstance(cell, str):
        return _printed_year(cell)
    if isinstance(cell, float | int) and not isinstance(cell, bool) and 1900 <= cell <= 2100 and cell == int(cell):
        return int(cell)
    return None


@lru_cache(maxsize=4096)
def _printed_year(cell: str) -> int | None:
    text = _INNER_BLANKS.sub("", cell).translate(_WIDTHS)
    found = _YEAR.fullmatch(text) or _YEAR.fullmatch(strip_marks(text))
    return int(found.group(1)) if found else None


def years_within(text: str) -> tuple[int, int] | None:
    """First and last year of a stated period (2013-2022年, 2022年); None where it states none (最近20年)."""
    half = text.translate(_WIDTHS)
    if (found := _YEARS_RANGE.search(half)) and found.group(2):
        return int(found.group(1)), int(found.group(2))
    single = re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", half)
    return (int(single[0]), int(single[0])) if len(single) == 1 else None


def is_part_of_year(text: str) -> bool:
    """Whether a heading is a month, a quarter or a half-year: 2024年第三季度, 2023年12月, 2024Q3, 202403MM."""
    return bool(_PERIOD.fullmatch(_INNER_BLANKS.sub("", text).translate(_WIDTHS)))


def is_note(text: str) -> bool:
    """Whether a line opens the notes: 注：..., 注1..., Note: ..."""
    return bool(_NOTE.match(text.strip(BLANKS)))


def is_note_item(text: str) -> bool:
    """Whether a line under a table is a note without saying 注: ①..., 2...., 本表..."""
    return bool(_NOTE_ITEM.match(text.strip(BLANKS)))


def is_source(text: str) -> bool:
    """Whether a line says where the figures come from: 数据来源：..., 资料来源：..., Data Sources：..."""
    return bool(_SOURCE.match(text.strip(BLANKS)))


def unit_line(text: str) -> str | None:
    """The unit of a line or cell 单位：亿元, None for other text."""
    found = _UNIT_LINE.match(text.strip(BLANKS))
    return found.group(1) if found and found.group(1) else None


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in the text."""
    return bool(_CHINESE.search(text))


def one_line(text: str) -> str:
    """`text` with line breaks and runs of blanks (but not single ones) closed up."""
    return _INNER_BLANKS.sub(" ", text).strip()


@lru_cache(maxsize=4096)
def label(text: str, *, stated: bool = False) -> Label:
    """An indicator heading `NAME (UNIT)` taken apart; footnote marks and a mark letter after the bracket are cut.

    A bracket is a unit when it is one (units.py) or an index base (上年=100); 出口总额(经营单位所在地) stays a name.

    Args:
        text: the heading as printed.
        stated: the line says 指标：NAME(UNIT), so that a bracket that opens like a unit (万..., .../...) is one.
    """
    line = strip_marks(one_line(text))
    found = _BRACKET.match(line)
    if not found:
        return Label(line, None)
    name, inner = strip_marks(found.group(1)), found.group(2)
    likely = units.known(inner) or _INDEX_BASE.fullmatch(inner)
    if likely or (stated and (inner[0] in "百千万亿" or "/" in inner)):
        return Label(name, inner)
    return Label(line, None)
