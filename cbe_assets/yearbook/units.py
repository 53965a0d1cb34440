"""What a printed unit means, and the exact factor between two of them.

A unit is a number times a base (万美元 = 10,000 美元; 元/100美元 = 1/100 元 per 美元).  Which unit a table should
have is data (study/tables.yaml); whether a magnitude is believable is judged elsewhere.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import overload

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault

_MULTIPLES = {
    "": 1, "十": 10, "百": 100, "千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7,
    "亿": 10**8, "十亿": 10**9, "百亿": 10**10, "千亿": 10**11, "万亿": 10**12,
}  # fmt: skip

# base -> (dimension, size in that dimension).  个, 家, 处 are the same thing: establishments counted.
_BASES: dict[str, tuple[str, Fraction]] = {
    name: (dimension, Fraction(size))
    for dimension, names in {
        "元": {"元": 1, "人民币元": 1, "元人民币": 1, "人民币": 1, "角": "1/10"},
        "美元": {"美元": 1},
        "欧元": {"欧元": 1},
        "日元": {"日元": 1},
        "港元": {"港元": 1, "港币": 1},
        "个": {"个": 1, "家": 1, "处": 1},
        "人": {"人": 1},
        "户": {"户": 1},
        "件": {"件": 1},
        "米": {"米": 1, "公里": 1000, "千米": 1000, "里": 500, "km": 1000},
        "平方米": {
            "平方米": 1, "公顷": 10**4, "平方公里": 10**6, "平方千米": 10**6, "亩": "2000/3", "km²": 10**6,
        },
        "克": {"克": 1, "千克": 1000, "公斤": 1000, "吨": 10**6},
        "吨标准煤": {"吨标准煤": 1},
        "千瓦时": {"千瓦时": 1, "千瓦小时": 1, "度": 1},
        "千瓦": {"千瓦": 1, "瓦": "1/1000"},
        "立方米": {"立方米": 1},
        "比例": {"%": "1/100", "‰": "1/1000", "比例": 1, "比率": 1, "倍": 1},
    }.items()
    for name, size in names.items()
}  # fmt: skip
# Counted things that are nothing else: each its own dimension.
_CLASSIFIERS = """
    台 辆 艘 架 套 条 座 所 部 张 次 人次 项 册 种 幢 间 株 头 只 份 人公里 吨公里 床 门 路端 芯公里 皮长公里
    端口 标准箱 吨海里 年 天 小时 岁 毫米 百分点 千伏安 兆瓦 场 起 宗
"""
_BASES.update({name: (name, Fraction(1)) for name in _CLASSIFIERS.split() if name not in _BASES})

_ENGLISH = {
    english: base
    for base, names in {
        "元": "yuan rmb cny rmbyuan yuanrmb",
        "美元": "usd usdollar usdollars us$ $",
        "人": "person persons",
        "户": "household households",
        "件": "piece pieces",
        "个": "unit units",
        "公里": "km kilometer kilometers kilometre kilometres",
        "公顷": "ha hectare hectares",
        "平方公里": "sq.km",
        "%": "percent",
        "吨": "ton tons tonnes",
    }.items()
    for english in names.split()
}
_ENGLISH_MULTIPLES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ENGLISH_NUMBER = re.compile(r"\d[\d,]*|" + "|".join(_ENGLISH_MULTIPLES))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS = re.compile(r"[\s\u200b\ufeff]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

Measure = tuple[Fraction, tuple[str, str]]


def normalise(unit: str) -> str:
    """`unit` without blanks, enclosing brackets and the word 单位, in half-width characters."""
    text = _BLANKS.sub("", unit).translate(_FULL_WIDTH).replace("％", "%").replace("／", "/").replace("﹪", "%")
    text = text.removeprefix("计量").removeprefix("单位").lstrip(":")
    while len(text) > 1 and text[0] in "([【〔" and text[-1] in ")]】〕":
        text = text[1:-1]
    return text


@cache
def measure(unit: str) -> Measure | None:
    """Size and (dimension, per dimension) of a printed unit, None when it is not a unit known here.

    An amount of money per head is printed 元 or 元/人: both have the dimension 元.
    """
    text = normalise(unit)
    above, slash, below = text.partition("/")
    numerator = _simple(above)
    if numerator is None or not slash:
        return (numerator[0], (numerator[1], "")) if numerator else None
    denominator = _simple(below.removeprefix("每"))
    if denominator is None:
        return None
    size = numerator[0] / denominator[0]
    per = "" if denominator == (1, "人") and numerator[1] in ("元", "美元") else denominator[1]
    return size, (numerator[1], per)


def known(unit: str) -> bool:
    """Whether `unit` is a unit this module can measure (by its printed form, blanks and brackets ignored)."""
    return measure(unit) is not None


def factor(from_unit: str, to_unit: str) -> float | None:
    """What a value in `from_unit` is multiplied by to be in `to_unit`; None when they do not measure the same.

    Computed as an exact fraction; only the result is rounded.  Units unknown here convert to themselves only.
    """
    exact = exact_factor(from_unit, to_unit)
    return None if exact is None else float(exact)


def exact_factor(from_unit: str, to_unit: str) -> Fraction | None:
    """`factor`, not rounded."""
    if normalise(from_unit) == normalise(to_unit):
        return Fraction(1)
    source, target = measure(from_unit), measure(to_unit)
    if source is None or target is None or source[1] != target[1]:
        return None
    return source[0] / target[0]


@overload
def convert(values: float, from_unit: str, to_unit: str) -> float: ...
@overload
def convert(values: pd.Series, from_unit: str, to_unit: str) -> pd.Series: ...
@overload
def convert(values: np.ndarray, from_unit: str, to_unit: str) -> np.ndarray: ...
def convert(values, from_unit, to_unit):
    """`values` (a number, array or Series) from one unit to the other, exact to the decimals printed.

    0.07 万件 is 700 件, not 700.0000000000001: each value is taken as the shortest decimal that it prints as,
    multiplied exactly, and rounded once.  NaN stays NaN.

    Raises:
        StudyFault: `unit_not_convertible`, naming both units.
    """
    exact = exact_factor(from_unit, to_unit)
    if exact is None:
        raise StudyFault([fault("unit_not_convertible", found=from_unit, expected=to_unit)])
    if isinstance(values, pd.Series):
        return pd.Series(_times(values.to_numpy(dtype=float), exact), index=values.index, name=values.name)
    if isinstance(values, np.ndarray):
        return _times(values.astype(float), exact)
    return float(_times(np.array([values], dtype=float), exact)[0])


def _times(values: np.ndarray, exact: Fraction) -> np.ndarray:
    if exact == 1:
        return values.copy()
    flat = [
        float(Fraction(Decimal(repr(value))) * exact) if math.isfinite(value) else value
        for value in values.ravel().tolist()
    ]
    return np.array(flat, dtype=float).reshape(values.shape)


def _simple(text: str) -> tuple[Fraction, str] | None:
    """Size and dimension of a unit without a slash: [number][multiple]base, or the English of it."""
    number = _NUMBER.match(text)
    rest = text[number.end() :] if number else text
    count = Fraction(number.group()) if number else Fraction(1)
    for length in range(len(rest), 0, -1):
        base = _BASES.get(rest[-length:])
        multiple = _MULTIPLES.get(rest[:-length])
        if base and multiple:
            return count * multiple * base[1], base[0]
    if rest.endswith("人民币") and len(rest) > 3:
        return _simple(text.removesuffix("人民币"))
    return _english(text)


def _english(text: str) -> tuple[Fraction, str] | None:
    lower = text.lower()
    base = _BASES.get(_ENGLISH.get(_ENGLISH_NUMBER.sub("", lower), ""))
    if base is None:
        return None
    count = base[1]
    for number in _ENGLISH_NUMBER.findall(lower):
        count *= _ENGLISH_MULTIPLES.get(number) or int(number.replace(",", ""))
    return count, base[0]
