"""Which province, nation or aggregate a printed name means.

The provinces themselves are data (data/reference/provinces.csv); here are the ways their names are printed, and the
names of what is not a province: groups of provinces, cities, and rows such as 不分地区.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

NATION = "全国"

Kind = Literal["province", "nation", "region", "city", "other"]

_NATION_NAMES = """
    全国 全国总计 全国合计 全国平均 总计 合计 中国 national nationaltotal nation nationwide china total
    wholecountry
"""
_REGION_NAMES = """
    东部 中部 西部 东北 华北 华东 华中 华南 中南 西南 西北 沿海 内陆 北方 南方 京津冀 长三角 珠三角
    长江三角洲 珠江三角洲 环渤海 长江经济带 黄河流域 粤港澳大湾区 东南沿海 泛珠三角 南部 北部 地方 地方合计
    东部沿海 北部沿海 南部沿海 中西部 东中部 east eastern central middle west western northeast northeastern
    north northchina eastchina southchina centralchina southwest southwestchina northwest northwestchina
    northeastchina southcentralchina coastal inland
"""
_REGION_ENDINGS = "地区 区域 经济区 各省 省份 省市 合计 小计 地区合计 地区小计 region regions area"
_MAIN_CITIES = """
    石家庄 太原 呼和浩特 沈阳 大连 长春 哈尔滨 南京 杭州 宁波 合肥 福州 厦门 南昌 济南 青岛 郑州 武汉 长沙
    广州 深圳 南宁 海口 成都 贵阳 昆明 拉萨 西安 兰州 西宁 银川 乌鲁木齐 苏州 无锡 温州 珠海 汕头 秦皇岛
    烟台 南通 连云港 湛江 北海 三亚 延边 shijiazhuang taiyuan hohhot shenyang dalian changchun harbin
    nanjing hangzhou ningbo hefei fuzhou xiamen nanchang jinan qingdao zhengzhou wuhan changsha guangzhou
    shenzhen nanning haikou chengdu guiyang kunming lhasa xi'an xian lanzhou xining yinchuan urumqi
"""
_OTHER_NAMES = """
    香港 澳门 台湾 香港特别行政区 澳门特别行政区 台湾省 港澳台 不分地区 其他 其他地区 部门 中央 中央单位
    中央部门 新疆生产建设兵团 生产建设兵团 新疆兵团 兵团 hongkong macao macau taiwan others other
    notclassifiedbyregion
"""
_CITY = re.compile(r"[\u4e00-\u9fff]{2,11}(?:市|自治州|州|地区|盟|县|旗|林区|开发区|新区)")
_LATIN = re.compile(r"[a-z][a-z.'-]*")
_AMONG = re.compile(r"^其中:?(?=.)")
_ETHNIC = {"广西": "壮族", "宁夏": "回族", "新疆": "维吾尔"}
_ENGLISH = {
    "内蒙古": ("neimenggu", "neimongol", "im"),
    "广西": ("guangxizhuang", "guangxizhuangautonomous"),
    "西藏": ("xizang",),
    "宁夏": ("ningxiahui",),
    "新疆": ("xinjianguygur", "xinjianguyghur", "xinjianguighur"),
    "陕西": ("shaanxi", "shannxi"),
}
_ENGLISH_ENDINGS = {"市": ("", "municipality", "city"), "省": ("", "province"), "区": ("", "autonomousregion")}

_BLANKS = re.compile(r"[\s\u200b\u200c\u200d\u2060\ufeff]+")
MARK = (
    r"(?:[①-⓿❶-➓㈠-㈩⒈-⒛⑴-⒇¹²³⁰⁴-⁹⁽⁾*＊※†‡§#＃]|[〔\[［【]\s*注?\s*\d{0,2}\s*[〕\]］】]"
    r"|[(（]\s*(?:注\s*\d{0,2}|\d{1,2}|[a-z])\s*[)）]|注\s*[①-⑳\d]{0,2})"
)
"""One footnote mark, as a regular expression: ①, *, ¹, [1], (1), 注1."""
_AFTER_CHINESE = r"(?<=[\u4e00-\u9fff])(?:\d{1,2}[)）]?|[a-z][)）]?)"
_MARKS = re.compile(rf"(?:^\s*(?:[#＃*＊※△▲]\s*)+)|(?:(?:\s*{MARK})+\s*$)|(?:{_AFTER_CHINESE}\s*$)")


def strip_marks(printed: str) -> str:
    """`printed` without the footnote marks before and after it: 北京①, 上海*, 江苏注1, #其中."""
    return _MARKS.sub("", printed).strip()


def key(printed: str) -> str:
    """What two printings of one name have in common: no blanks, no marks, half-width, lower case."""
    text = _BLANKS.sub("", strip_marks(printed)).lower()
    return text if text.isascii() else "".join(_half(char) for char in text)


def _half(char: str) -> str:
    return chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char


@dataclass(frozen=True, slots=True)
class Province:
    """One province-level unit of data/reference/provinces.csv (or the nation, code 100000)."""

    code: int
    name: str
    full_name: str
    name_en: str
    region: str


@dataclass(frozen=True, slots=True)
class Place:
    """What a printed name means.

    Args:
        kind: `province`; `nation`; `region`, a group of provinces; `city`; or `other` (香港, 不分地区, ...).
        name: the short Chinese name for a province or the nation, else the name as printed without blanks.
        province: the province or nation itself, None for other kinds.
    """

    kind: Kind
    name: str
    province: Province | None = None


@dataclass(frozen=True)
class Gazetteer:
    """The 31 provinces and the nation, found by any of their printed names."""

    provinces: tuple[Province, ...]
    nation: Province
    _places: dict[str, Place] = field(default_factory=dict, repr=False, compare=False)
    _codes: dict[int, Province] = field(default_factory=dict, repr=False, compare=False)
    _found: dict[str, Place | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_csv(cls, text: str) -> Gazetteer:
        """From the text of provinces.csv: code, province, full_name, name_en, region; the nation has code 100000."""
        rows = [
            Province(int(row["code"]), row["province"], row["full_name"], row["name_en"], row["region"])
            for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        ]
        nation = next(row for row in rows if row.name == NATION)
        provinces = tuple(sorted((row for row in rows if row.name != NATION), key=lambda row: row.code))
        gazetteer = cls(provinces, nation)
        gazetteer._places.update(_places(provinces, nation))
        gazetteer._codes.update({row.code: row for row in (nation, *provinces)})
        return gazetteer

    def find(self, printed: str) -> Place | None:
        """What `printed` means, or None when it names no place.

        Blanks, footnote marks, widths and an English name beside the Chinese one do not matter.
        """
        try:
            return self._found[printed]
        except KeyError:
            pass
        place = self._look_up(printed)
        if len(self._found) < 10_000:
            self._found[printed] = place
        return place

    def _look_up(self, printed: str) -> Place | None:
        name = _AMONG.sub("", key(printed))
        if not name or len(name) > 40:
            return None
        if place := self._places.get(name):
            return place
        chinese = _LATIN.sub("", name)
        if chinese and chinese != name:
            return self._look_up(chinese)
        return Place("city", name) if _CITY.fullmatch(name) else None

    def by_code(self, code: str | int) -> Province | None:
        """The province of a 6-digit or 12-digit (easyquery) code; 000000000000 and 100000 are the nation."""
        digits = str(code).strip()
        if not digits.isdigit():
            return None
        if not digits.strip("0"):
            return self.nation
        return self._codes.get(int(digits[:6])) if len(digits) in (6, 12) and not digits[6:].strip("0") else None

    def named(self, name: str) -> Province:
        """The province or nation with this short name; KeyError if there is none."""
        return self._names()[name]

    def _names(self) -> dict[str, Province]:
        return {row.name: row for row in (self.nation, *self.provinces)}


def _places(provinces: tuple[Province, ...], nation: Province) -> dict[str, Place]:
    places = {name: Place("nation", nation.name, nation) for name in _NATION_NAMES.split()}
    endings = ("", *_REGION_ENDINGS.split())
    places.update({name + end: Place("region", name) for name in _REGION_NAMES.split() for end in endings})
    places.update({name + end: Place("city", name) for name in _MAIN_CITIES.split() for end in ("", "市")})
    places.update({name: Place("other", name) for name in _OTHER_NAMES.split()})
    for province in provinces:
        place = Place("province", province.name, province)
        places.update({name: place for name in _names_of(province)})
    return places


def _names_of(province: Province) -> Iterator[str]:
    short, full = province.name, province.full_name
    yield from (short, full, key(full))
    if full.endswith("自治区"):
        yield from (short + "自治区", short + "省", short + "区", short + _ETHNIC.get(short, ""))
    english = key(province.name_en)
    for name in (english, *_ENGLISH.get(short, ())):
        yield from (name + ending for ending in _ENGLISH_ENDINGS.get(full[-1], ("",)))
    yield from (f"{english}{_pinyin(short)}autonomousregion",)


def _pinyin(short: str) -> str:
    return {"广西": "zhuang", "宁夏": "hui", "新疆": "uygur"}.get(short, "")
