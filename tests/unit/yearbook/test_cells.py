"""Numbers, years, units and notes as cells print them."""

import math

import pytest

from cbe_assets.yearbook import cells


@pytest.mark.parametrize(
    "cell, value",
    [
        ("129118.6", 129118.6),
        ("-12.30", -12.3),
        ("1,234,567.8", 1234567.8),
        ("1，234.5", 1234.5),
        ("1 234.5", 1234.5),
        ("１２３．４５", 123.45),
        ("－3.5", -3.5),
        ("−3.5", -3.5),
        ("8396.49\t", 8396.49),
        ("　77.5　", 77.5),
        ("\ufeff5", 5.0),
        ("1234.5①", 1234.5),
        ("1234.5*", 1234.5),
        ("1234.5 [1]", 1234.5),
        ("1234.5(1)", 1234.5),
        ("1234.5注2", 1234.5),
        ("1234.5¹", 1234.5),
        ("*17", 17.0),
        ("1.2E+05", 120000.0),
        (".09", 0.09),
        (35371.28, 35371.28),
        (7, 7.0),
    ],
)
def test_a_number_is_read_exactly_as_printed(cell, value):
    assert cells.number(cell) == value


@pytest.mark.parametrize(
    "cell", ["", " ", "\t", "…", "……", "...", "-", "--", "—", "——", "－", "空", "NA", "nan", "null", " … ", "…①"]
)
def test_a_missing_mark_is_missing(cell):
    assert math.isnan(cells.number(cell))


@pytest.mark.parametrize(
    "cell", ["abc", "约1200", "12,34", "1_000", "inf", "(12.3)", "12.3.4", "2022年", "1e999", "12.3%", "#DIV/0!", True]
)
def test_anything_else_is_not_a_number(cell):
    with pytest.raises(cells.NotANumber):
        cells.number(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2022",
        "2022年",
        "2022 ",
        " 2022年\t",
        "２０２２",
        "２０２２年",
        "2022.0",
        2022,
        2022.0,
        "2022年①",
        "2022*",
        "2022YY",
    ],
)
def test_a_year_is_read_however_it_is_printed(cell):
    assert cells.year(cell) == 2022


@pytest.mark.parametrize(
    "cell", ["", "地区", "202", "20222", "1822", 2022.5, True, None, "2021-2022", "2022年1月", "最近20年"]
)
def test_anything_else_is_not_a_year(cell):
    assert cells.year(cell) is None


@pytest.mark.parametrize("text", ["2024年第三季度", "2023年12月", "2024年1-6月", "2024Q3", "202403MM", "2024年上半年"])
def test_a_part_of_a_year_is_recognised(text):
    assert cells.is_part_of_year(text)
    assert cells.year(text) is None


@pytest.mark.parametrize(
    "text, name, unit",
    [
        ("地区生产总值(亿元)", "地区生产总值", "亿元"),
        ("长途光缆线路长度 (万公里) ", "长途光缆线路长度", "万公里"),
        ("移动电话用户(万户)", "移动电话用户", "万户"),
        ("移动电话用户 (万户)", "移动电话用户", "万户"),
        ("一般公共预算支出（亿元）i", "一般公共预算支出", "亿元"),
        ("城镇人口比重(%)①", "城镇人口比重", "%"),
        ("出口总额(经营单位所在地)", "出口总额(经营单位所在地)", None),
        ("出口总额(境内目的地和货源地)(千美元)", "出口总额(境内目的地和货源地)", "千美元"),
        ("居民消费价格指数(上年=100)", "居民消费价格指数", "上年=100"),
        ("地区生产总值(当年价)", "地区生产总值(当年价)", None),
        ("快递量", "快递量", None),
    ],
)
def test_a_heading_is_taken_apart(text, name, unit):
    assert cells.label(text) == cells.Label(name, unit)


def test_notes_source_lines_and_unit_lines_are_told_apart():
    assert cells.is_note("注：1.全国就业人员") and cells.is_note("注1：x") and cells.is_note("Note: x")
    assert not cells.is_note("注册资本") and not cells.is_note("北京市")
    assert cells.is_source("数据来源：国家统计局") and cells.is_source("Data Sources：National Bureau of Statistics")
    assert cells.unit_line("单位：亿元") == cells.unit_line(" （单位：亿元）") == "亿元"
    assert cells.unit_line("经营单位所在地") is None
