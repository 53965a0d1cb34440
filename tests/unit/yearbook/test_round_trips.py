"""A table written in a layout reads back equal: random provinces, years, values, notes, blanks, encodings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbe_assets.yearbook import writing
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import Reading, read

GAZETTEER = Gazetteer.from_csv(
    (Path(__file__).resolve().parents[3] / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8")
)
PROVINCES = [province.name for province in GAZETTEER.provinces]
ROUNDS = settings(max_examples=25, deadline=None, derandomize=True)

# 1950 and 2021 are figures too, not only years; 0.07 and 4503599627370496 show whether decimals survive.
figures = st.one_of(
    st.integers(-10_000, 10_000_000).map(float),
    st.integers(1950, 2050).map(float),
    st.decimals(-1000, 10_000_000, places=4).map(float),
    st.sampled_from([0.0, 0.07, 4503599627370496.0, 129118.6, float("nan")]),
)
years = st.tuples(st.integers(1990, 2024), st.integers(1, 6)).map(lambda span: list(range(span[0], sum(span))))
words = st.text("本表按当年价格计算，,。 0123456789（）“”GB/T", min_size=1, max_size=30)
note = words.map(lambda text: text.strip(" ,")).filter(bool)
notes = st.lists(note, max_size=3)
indicators = st.sampled_from(
    ["地区生产总值", "快递量", "经营单位所在地出口总额", "出口总额(经营单位所在地)", "每百家企业拥有网站数", "增加值"]
)
units = st.sampled_from(["亿元", "万件", "千美元", "%", "个", "元/100美元", "万公里"])


@st.composite
def tables(draw: st.DrawFn, nation: bool = True, least: int = 1) -> pd.DataFrame:
    """Provinces x years with at least one figure."""
    names = draw(st.lists(st.sampled_from(PROVINCES), min_size=least, max_size=31, unique=True))
    names = sorted(names, key=PROVINCES.index)
    if nation and draw(st.booleans()):
        names = ["全国", *names]
    columns = draw(years)
    rows = draw(st.lists(st.lists(figures, min_size=len(columns), max_size=len(columns)), min_size=1, max_size=5))
    table = pd.DataFrame([rows[number % len(rows)] for number in range(len(names))], index=names, columns=columns)
    table.iloc[0, 0] = 1.5
    return table


def expected(table: pd.DataFrame) -> pd.DataFrame:
    """The table without newest years in which there is no value: these are not yet published."""
    last = table.columns[table.notna().any()].max()
    return table.loc[:, table.columns <= last].astype(float)


def pivot(reading: Reading, indicator: str | None = None) -> pd.DataFrame:
    observations = reading.observations
    if indicator is not None:
        observations = observations[observations["indicator"] == indicator]
    table = observations.pivot(index="province", columns="year", values="value")
    order = [name for name in ["全国", *PROVINCES] if name in table.index]
    return table.loc[order].rename_axis(index=None, columns=None)


def assert_same(reading: Reading, table: pd.DataFrame, indicator: str | None = None) -> None:
    pd.testing.assert_frame_equal(pivot(reading, indicator), expected(table), check_exact=True, check_column_type=False)


def without_marks(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines]


@ROUNDS
@given(tables(), indicators, units, notes, st.sampled_from(["gb18030", "utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_layout_a_reads_back_equal(table, indicator, unit, lines, encoding, crlf):
    data = writing.write_classic_csv(
        table, indicator=indicator, unit=unit, gazetteer=GAZETTEER, notes=lines, encoding=encoding,
        newline="\r\n" if crlf else "\n",
    )  # fmt: skip
    reading = read(data, file="a.csv", gazetteer=GAZETTEER)
    assert (reading.layout, reading.encoding) == ("A", encoding)
    assert_same(reading, table)
    assert set(reading.observations["indicator"]) == {indicator}
    assert set(reading.observations["unit"]) == {unit}
    assert reading.notes == without_marks(writing.note_lines(lines))
    assert reading.source_line == writing.SOURCE_LINE


@ROUNDS
@given(tables(), notes)
def test_layout_c_reads_back_equal(table, lines):
    data = writing.write_new_site_csv(table, gazetteer=GAZETTEER, notes=lines)
    reading = read(data, file="c.csv", gazetteer=GAZETTEER)
    assert (reading.layout, reading.encoding) == ("C", "utf-8-sig")
    assert_same(reading, table)
    assert reading.observations["indicator"].isna().all()
    assert reading.observations["unit"].isna().all()
    assert reading.notes == without_marks(writing.note_lines(lines))


@ROUNDS
@given(tables(), indicators, units, st.booleans())
def test_layout_d_reads_back_equal(table, indicator, unit, as_csv):
    second = table * 2
    data = writing.write_json_rows(
        {(indicator, unit): table, ("移动电话用户", "万户"): second}, gazetteer=GAZETTEER, as_csv=as_csv
    )
    reading = read(data, file="d", gazetteer=GAZETTEER)
    assert reading.layout == "D"
    assert_same(reading, table, indicator)
    assert_same(reading, second, "移动电话用户")
    assert set(reading.observations["unit"]) == {unit, "万户"}


@ROUNDS
@given(tables(), indicators)
def test_layout_e_reads_back_equal(table, indicator):
    data = writing.write_old_api_long(table, indicator=indicator, code="A0G0E01", gazetteer=GAZETTEER)
    reading = read(data, file="e.csv", gazetteer=GAZETTEER)
    assert reading.layout == "E"
    assert_same(reading, table)
    assert reading.codes == {indicator: "A0G0E01"}


@ROUNDS
@given(tables(), st.booleans())
def test_layout_f_reads_back_equal(table, with_source):
    source = writing.ENGLISH_SOURCE_LINE if with_source else None
    data = writing.write_english_csv(table, gazetteer=GAZETTEER, source_line=source)
    reading = read(data, file="f.csv", gazetteer=GAZETTEER)
    assert reading.layout == "F"
    assert reading.source_line == source
    assert_same(reading, table)


@ROUNDS
@given(tables(), st.integers(0, 2), st.sampled_from([None, writing.SOURCE_LINE]), st.sampled_from(["gb18030", "utf-8"]))
def test_layout_g_reads_back_equal_and_empty_newest_years_are_not_yet_published(table, empty, source, encoding):
    newest = [table.columns.max() + step for step in range(1, empty + 1)]
    data = writing.write_resaved_csv(
        table, gazetteer=GAZETTEER, empty_years=newest, source_line=source, encoding=encoding
    )
    reading = read(data, file="g.csv", gazetteer=GAZETTEER)
    assert reading.layout == "G"
    assert reading.source_line == source
    assert_same(reading, table)
    unpublished = {int(one.text) for one in reading.skipped if one.reason == "skipped_unpublished"}
    assert unpublished == set(table.columns).union(newest) - set(expected(table).columns)


@ROUNDS
@given(tables(), indicators, units, notes, st.booleans(), st.booleans(), st.sampled_from(["…", "-", "", "—", "..."]))
def test_layout_h_reads_back_equal(table, indicator, unit, lines, down, regions, missing):
    data = writing.write_yearbook_sheet(
        table, title=f"12-3 各地区{indicator}", unit=unit, gazetteer=GAZETTEER, notes=lines, years_down=down,
        regions=regions, marks={"北京": "①", "上海": "*", "新疆": "注1"}, missing=missing,
    )  # fmt: skip
    reading = read(data, file="h.xlsx", gazetteer=GAZETTEER)
    assert (reading.layout, reading.encoding) == ("H", None)
    assert_same(reading, table)
    assert set(reading.observations["indicator"]) <= {indicator, re.sub("^地区", "", indicator)}
    assert set(reading.observations["unit"]) == {unit}
    assert reading.notes == without_marks(writing.note_lines(lines))


@ROUNDS
@given(tables(), st.booleans(), st.booleans())
def test_several_indicators_under_merged_headings_read_back_equal(table, down, unit_row):
    second = table * 2
    both = pd.concat({"地区生产总值": table, "年末常住人口": second}, axis=1)
    data = writing.write_yearbook_sheet(
        both, title="各地区主要指标", unit="亿元" if unit_row else {"地区生产总值": "亿元", "年末常住人口": "万人"},
        gazetteer=GAZETTEER, years_down=down,
    )  # fmt: skip
    if set(table.index) == {"全国"} and down:
        return
    reading = read(data, file="h.xlsx", gazetteer=GAZETTEER)
    assert_same(reading, table, "地区生产总值")
    assert_same(reading, second, "年末常住人口")
    by_indicator = reading.observations.groupby("indicator")["unit"].unique().map(list).to_dict()
    assert by_indicator == {"地区生产总值": ["亿元"], "年末常住人口": ["亿元" if unit_row else "万人"]}


@ROUNDS
@given(years, st.integers(1, 4), st.data())
def test_a_national_series_reads_back_equal_in_a_and_h(columns, count, data):
    names = ["跨境电商出口额", "跨境电商进口额", "货物进出口总额", "跨境电商用户规模"][:count]
    rows = {name: data.draw(st.lists(figures, min_size=len(columns), max_size=len(columns))) for name in names}
    for row in rows.values():
        row[0] = 1.5
    first = pd.DataFrame([rows[names[0]]], index=["全国"], columns=columns)
    classic = writing.write_classic_csv(
        first, indicator=names[0], unit="亿元", gazetteer=GAZETTEER, database="年度数据"
    )
    assert_same(read(classic, file="a.csv", gazetteer=GAZETTEER), first)
    table = pd.concat({name: first * 0 + rows[name] for name in names}, axis=1)
    sheet = writing.write_yearbook_sheet(
        table, title="全国跨境电商主要指标", unit="亿元", gazetteer=GAZETTEER, years_down=True
    )
    reading = read(sheet, file="h.xlsx", gazetteer=GAZETTEER)
    for name in names:
        one = pd.DataFrame([rows[name]], index=["全国"], columns=columns).where(first.notna())
        assert_same(reading, one, name)


def test_a_workbook_has_the_same_bytes_whenever_it_is_written():
    table = pd.DataFrame([[1.5, np.nan]], index=["北京"], columns=[2021, 2022])
    first, second = (
        writing.write_yearbook_sheet(table, title="快递量", unit="万件", gazetteer=GAZETTEER) for _ in range(2)
    )
    assert first == second
    assert b"1980-01-01T00:00:00Z" in first


@pytest.mark.parametrize("value, text", [(1e16, "10000000000000000"), (1e-7, "0.0000001"), (0.1, "0.1"), (3.0, "3")])
def test_numbers_are_printed_without_exponent(value, text):
    assert writing.printed(value) == text
    assert float(text) == value
