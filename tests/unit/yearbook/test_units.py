"""Units as printed are measured, and factors are exact."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook import units


@pytest.mark.parametrize(
    "source, target, factor",
    [
        ("亿元", "万元", 10_000),
        ("万亿元", "亿元", 10_000),
        ("元", "亿元", 1e-8),
        ("千美元", "万美元", 0.1),
        ("亿美元", "千美元", 100_000),
        ("万件", "件", 10_000),
        ("亿件", "万件", 10_000),
        ("亿人", "万人", 10_000),
        ("万户", "户", 10_000),
        ("万公里", "公里", 10_000),
        ("公里", "米", 1000),
        ("千米", "公里", 1),
        ("平方公里", "公顷", 100),
        ("万公顷", "公顷", 10_000),
        ("万个", "个", 10_000),
        ("家", "个", 1),
        ("万处", "处", 10_000),
        ("%", "‰", 10),
        ("%", "比例", 0.01),
        ("元/100美元", "元/美元", 0.01),
        ("元/百美元", "元/100美元", 1),
        ("元/人", "元", 1),
        ("人民币元", "元", 1),
        ("亿元人民币", "亿元", 1),
        ("（亿元）", "亿元", 1),
        ("单位：万 人", "万人", 1),
        ("％", "%", 1),
        ("100 million yuan", "亿元", 1),
        ("10 000 persons", "万人", 1),
        ("US$ million", "万美元", 100),
        ("上年=100", "上年＝100", 1),
    ],
)
def test_factor(source: str, target: str, factor: float):
    assert units.factor(source, target) == factor
    assert units.exact_factor(source, target) == 1 / units.exact_factor(target, source)


@pytest.mark.parametrize(
    "source, target",
    [
        ("亿元", "人"),
        ("万元", "万美元"),
        ("公里", "公顷"),
        ("元/美元", "元"),
        ("个", "件"),
        ("亿元", "没有的单位"),
        ("户", "人"),
    ],
)
def test_what_measures_something_else_is_not_convertible_and_both_are_named(source: str, target: str):
    assert units.factor(source, target) is None
    with pytest.raises(StudyFault) as caught:
        units.convert(1.0, source, target)
    assert caught.value.faults[0].message == "unit_not_convertible"
    assert source in str(caught.value) and target in str(caught.value)


@pytest.mark.parametrize("text", ["经营单位所在地", "当年价", "上年", "本级", "abc"])
def test_other_bracketed_text_is_no_unit(text: str):
    assert not units.known(text)


def test_conversion_is_exact_to_the_decimals_printed():
    assert units.convert(0.07, "万件", "件") == 700.0
    assert 0.07 * 10_000 != 700.0
    assert units.convert(0.46, "万公里", "公里") == 4600.0
    converted = units.convert(pd.Series([0.7, math.nan], index=["a", "b"], name="x"), "千美元", "万美元")
    pd.testing.assert_series_equal(converted, pd.Series([0.07, math.nan], index=["a", "b"], name="x"))
    np.testing.assert_array_equal(units.convert(np.array([[1.1, 2.0]]), "亿元", "万元"), [[11000.0, 20000.0]])


@given(st.decimals(0, 10**9, places=3), st.sampled_from(["万元", "亿元", "元", "百万元", "千元"]))
def test_there_and_back_is_the_same_decimal(value, unit: str):
    number = float(value)
    there = units.convert(number, unit, "亿元")
    exact = Fraction(value) * units.exact_factor(unit, "亿元")
    assert there == float(exact)
    assert units.convert(there, "亿元", unit) == pytest.approx(number, rel=1e-15)
