"""What the lines above a table state: 数据库, 指标, 时间, 地区, titles, 单位; and what a title says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.gazetteer import Gazetteer, Province, key

_HEAD = re.compile(r"(数据库|指标|时间|地区|database|indicators?|time|region)\s*[:：]\s*(.*)", re.IGNORECASE | re.S)
_HEAD_KEYS = {"database": "数据库", "indicator": "指标", "indicators": "指标", "time": "时间", "region": "地区"}
_NUMBER = re.compile(
    r"^(?:(?:附?表|table)\s*)?(?:[A-Z一二三四五六七八九十\d]{1,3}(?:\s*[-－—–.．]\s*\d{1,3})+|(?:附?表|table)\s*\d{1,3})"
    r"(?!\d)\s*[:：、.]?\s*",
    re.IGNORECASE,
)
# Without the dotted numbers, which number notes as well.
_TABLE = re.compile(r"(?:附?表|table)\s*\d|[A-Z\d]{1,3}\s*[-－—–]\s*\d{1,3}(?!\d)", re.IGNORECASE)
_CONTINUED = re.compile(
    r"[(（\[]?\s*(?:续\s*表?\s*[一二三四五六七八九十\d]*|continued(?:\s*\d+)?)\s*[)）\]]?", re.IGNORECASE
)
_CONTINUED_END = re.compile(rf"\s*{_CONTINUED.pattern}$", re.IGNORECASE)
_YEARS = r"(?:19|20)\d\d\s*年?\s*(?:[-—–～~至]+\s*(?:(?:19|20)\d\d)?\s*年?)?"
_YEARS_END = re.compile(rf"\s*[(（\[]?\s*{_YEARS}\s*[)）\]]?$")
_YEARS_START = re.compile(rf"^[(（\[]?\s*{_YEARS}(?!末|底)\s*[)）\]]?\s*")
_BY_REGION = re.compile(
    r"^(?:全国)?(?:各|分|按|我国)+(?:省份?|地区|省区市|省市自治区|省、自治区、直辖市|省[（(]区、市[）)])(?:分(?:的)?)?的?(?!生产总值)"
)
# 各地区生产总值 is 各 + 地区生产总值: there 地区 is part of the name.
_EACH = re.compile(r"^(?:各|分|按)(?=地区生产总值)")
_TITLE_UNIT = re.compile(r"\s*[(（]?\s*(?:计量)?单\s*位\s*[:：]\s*([^()（）]+?)\s*[)）]?\s*$")


@dataclass
class Heading:
    """What is stated above a table.

    Args:
        database: 分省年度数据, 主要城市年度数据, ...
        indicator: of the line 指标：; the title's is in `title`.
        unit: of the line 指标：, a unit row, or a title.
        year: where the whole table is of one year.
        place: the province or nation the whole table is of.
        title: the indicator a title names, without table number, 各地区, years and unit.
        keyed: the keys of the head lines met (数据库, 指标, 时间, 地区).
        continued: the table says it is 续表.
    """

    database: str | None = None
    indicator: str | None = None
    unit: str | None = None
    year: int | None = None
    place: Province | None = None
    title: str | None = None
    keyed: set[str] = field(default_factory=set)
    continued: bool = False

    @property
    def of_cities(self) -> bool:
        """Whether the table is of cities, where 北京 is a city."""
        return "城市" in (self.database or "")

    def head_line(self, text: str, gazetteer: Gazetteer) -> bool:
        """Take a line 数据库：, 指标：, 时间： or 地区：; whether it was one."""
        found = _HEAD.match(text.strip(cells.BLANKS))
        if not found:
            return False
        name = _HEAD_KEYS.get(found.group(1).lower(), found.group(1))
        value = found.group(2).strip(cells.BLANKS)
        self.keyed.add(name)
        if name == "数据库":
            self.database = value or None
        elif name == "指标":
            label = cells.label(value, stated=True)
            self.indicator, self.unit = label.name or None, label.unit
        elif name == "时间":
            years = cells.years_within(value)
            self.year = years[0] if years and years[0] == years[1] else None
        elif place := gazetteer.find(value):
            self.place = place.province
        return True

    def take_title(self, text: str, gazetteer: Gazetteer) -> None:
        """Take a title line: 12-3 各地区生产总值（2022年） 单位：亿元."""
        line = cells.strip_marks(cells.one_line(text))
        if unit := _TITLE_UNIT.search(line):
            self.unit = unit.group(1)
            line = line[: unit.start()]
        line = _NUMBER.sub("", line)
        if _CONTINUED_END.search(line):
            self.continued = True
            line = _CONTINUED_END.sub("", line)
        years = cells.years_within(line)
        if years and years[0] == years[1]:
            self.year = years[0]
        self.place = self.place or _place_of(line, gazetteer)
        line = _YEARS_START.sub("", _YEARS_END.sub("", line))
        label = cells.label(_EACH.sub("", _BY_REGION.sub("", line)))
        self.unit = self.unit or label.unit
        self.title = self.title or _YEARS_END.sub("", label.name) or None

    def inherit(self, before: Heading | None) -> None:
        """What a continued table does not repeat, it has from the table before."""
        if before is None:
            return
        for name in ("database", "indicator", "unit", "year", "place", "title"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(before, name))


def is_continuation(text: str) -> bool:
    """Whether a line only says that the table goes on: 续表, 续表1, (continued)."""
    return bool(_CONTINUED.fullmatch(text.strip(cells.BLANKS)))


def is_title(text: str) -> bool:
    """Whether a line opens with a table number (12-3, 表3-9) or says that a table goes on."""
    return bool(_TABLE.match(text.strip(cells.BLANKS))) or is_continuation(text)


def _place_of(title: str, gazetteer: Gazetteer) -> Province | None:
    """The nation or province a title opens with (全国货物进出口总额, 北京市地区生产总值); full names only."""
    text = key(title)
    if text.startswith("全国各") or text.startswith("全国分"):
        return None
    names = {gazetteer.nation.full_name: gazetteer.nation} | {one.full_name: one for one in gazetteer.provinces}
    return next((place for name, place in names.items() if text.startswith(name)), None)
