"""Every real export reads with all its numbers; the cells below were taken from the files by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import Reading, read

GDP_NOW = "classic-csv_gdp-revised_2006-2024.csv"
GDP_THEN = "classic-csv_gdp-as-published_1993-2017.csv"
FISCAL_XLS = "classic-xls_fiscal-expenditure_2005-2024.xls"
JSON_ROWS = "newapi-json-rows_telecom.csv"
ONE_REGION = "newsite-csv_one-region-variant.csv"

# file -> layout, encoding, observations, numbers among them, indicator, unit, notes, source line, unpublished years
FACTS = {
    GDP_THEN: ("A", "gb18030", 775, 775, "地区生产总值", "亿元", 1, True, []),
    GDP_NOW: ("A", "gb18030", 589, 589, "地区生产总值", "亿元", 1, True, []),
    "classic-csv_population_2015-2024.csv": ("A", "gb18030", 310, 310, "年末常住人口", "万人", 1, True, []),
    "classic-csv_urban-unit-employment.csv": ("A", "gb18030", 589, 527, "城镇单位就业人员", "万人", 3, True, ["2025"]),
    "classic-xls_sample.xls": ("B", None, 155, 155, "地区生产总值", "亿元", 2, True, []),
    "english-csv_population_2000-2020.csv": ("F", "utf-8", 651, 651, None, None, 0, False, []),
    "newsite-csv_fiscal-expenditure_2011-2025.csv": ("C", "utf-8-sig", 434, 434, None, None, 1, True, ["2025"]),
    "newsite-csv_science-expenditure_2011-2025.csv": (
        "C", "utf-8-sig", 403, 403, None, None, 1, True, ["2025", "2024"],
    ),
    "oldapi-long_express-volume_A0G0E.csv": ("E", "utf-8-sig", 279, 279, "快递量", None, 0, False, []),
    "oldapi-long_trade_A060101.csv": ("E", "utf-8-sig", 279, 279, "经营单位所在地进出口总额", None, 0, False, []),
}  # fmt: skip

# (file, indicator or None) -> {(province, year): (value, cell)}
CELLS = {
    (GDP_NOW, None): {
        ("北京", 2024): (49670.2, "L5C2"),
        ("北京", 2016): (28438.7, "L5C10"),
        ("天津", 2023): (17211.8, None),
        ("甘肃", 2022): (11553.6, None),
        ("新疆", 2006): (2984.5, "L35C20"),
        ("广东", 2022): (132547.1, None),
    },
    (GDP_THEN, None): {
        ("北京", 2017): (28014.94, "L5C2"),
        ("北京", 2016): (25669.13, "L5C3"),
        ("河北", 1993): (1690.84, "L7C26"),
        ("青海", 2010): (1350.43, None),
        ("新疆", 1993): (495.25, "L35C26"),
    },
    ("classic-csv_population_2015-2024.csv", None): {
        ("北京", 2024): (2183, "L5C2"),
        ("天津", 2015): (1439, "L6C11"),
        ("新疆", 2020): (2590, None),
    },
    ("classic-csv_urban-unit-employment.csv", None): {
        ("北京", 2024): (763.6, "L5C3"),
        ("河北", 2008): (501.0, None),
        ("新疆", 2012): (288.8, None),
    },
    ("classic-xls_sample.xls", None): {
        ("北京", 2019): (35371.28, "B5"),
        ("新疆", 2015): (9324.8, "F35"),
        ("青海", 2018): (2748.0, None),
    },
    (FISCAL_XLS, "一般公共预算支出"): {
        ("北京", 2007): (1649.5, "G2"),
        ("山西", 2024): (6312.67, "X5"),
        ("新疆", 2023): (7566.98, "W32"),
    },
    (FISCAL_XLS, "财政支出"): {
        ("北京", 2005): (1058.31, "E33"),
        ("新疆", 2006): (678.47, "F63"),
        ("西藏", 2005): (185.45, "E58"),
    },
    ("english-csv_population_2000-2020.csv", None): {
        ("北京", 2020): (2189, "L2C2"),
        ("内蒙古", 2000): (2372, "L6C22"),
        ("陕西", 2010): (3735, None),
    },
    ("newsite-csv_fiscal-expenditure_2011-2025.csv", None): {
        ("北京", 2024): (8396.49, "L4C3"),
        ("新疆", 2011): (2284.49, "L34C16"),
        ("宁夏", 2020): (1480.36, None),
    },
    ("newsite-csv_science-expenditure_2011-2025.csv", None): {
        ("北京", 2023): (521.91, "L4C4"),
        ("青海", 2011): (3.76, None),
        ("山西", 2022): (61.01, None),
    },
    ("oldapi-long_express-volume_A0G0E.csv", None): {
        ("北京", 2016): (196029.0209, "L2C7"),
        ("新疆", 2024): (45939.9, "L280C7"),
        ("北京", 2019): (228716.4322, "L5C7"),
    },
    ("oldapi-long_trade_A060101.csv", None): {
        ("北京", 2016): (282348960.0, "L2C7"),
        ("新疆", 2019): (23707348.298, None),
        ("新疆", 2024): (61031222.59, "L280C7"),
    },
    (JSON_ROWS, "长途光缆线路长度"): {("北京", 2024): (0.46, "L2C3"), ("海南", 2018): (0.09, None)},
    (JSON_ROWS, "光缆线路长度"): {("北京", 2024): (593995.11, "L2C3")},
    (JSON_ROWS, "移动电话交换机容量"): {("北京", 2024): (9230.0, "L2C3")},
}


def read_export(folder: Path, name: str, gazetteer: Gazetteer, **stated: str) -> Reading:
    return read((folder / name).read_bytes(), file=name, gazetteer=gazetteer, **stated)


@pytest.mark.parametrize("name", FACTS)
def test_the_export_reads_with_all_its_numbers(real_exports: Path, gazetteer: Gazetteer, name: str):
    layout, encoding, count, numbers, indicator, unit, notes, source, unpublished = FACTS[name]
    reading = read_export(real_exports, name, gazetteer)
    observations = reading.observations
    assert (reading.layout, reading.encoding) == (layout, encoding)
    assert (len(observations), int(observations["value"].notna().sum())) == (count, numbers)
    assert observations["province"].nunique() == 31
    assert observations["indicator"].dropna().unique().tolist() == ([indicator] if indicator else [])
    assert observations["unit"].dropna().unique().tolist() == ([unit] if unit else [])
    assert len(reading.notes) == notes
    assert reading.source_line == ("数据来源：国家统计局" if source else None)
    assert [(one.text, one.reason, one.count) for one in reading.skipped] == [
        (year, "skipped_unpublished", 31) for year in unpublished
    ]


@pytest.mark.parametrize("name, indicator", CELLS)
def test_hand_checked_cells(real_exports: Path, gazetteer: Gazetteer, name: str, indicator: str | None):
    observations = read_export(real_exports, name, gazetteer).observations
    if indicator:
        observations = observations[observations["indicator"] == indicator]
    cells = observations.set_index(["province", "year"])
    for place, (value, address) in CELLS[name, indicator].items():
        assert cells.at[place, "value"] == pytest.approx(value, rel=1e-12), place
        if address:
            assert cells.at[place, "cell"] == address, place


@pytest.mark.parametrize("name", [name for name in FACTS if name.endswith(".csv")])
def test_the_sum_is_that_of_the_printed_numbers(real_exports: Path, gazetteer: Gazetteer, name: str):
    data = (real_exports / name).read_bytes()
    text = data.decode("gb18030" if FACTS[name][1] == "gb18030" else "utf-8-sig")
    names = {printed for one in gazetteer.provinces for printed in (one.full_name, one.name_en)}
    records = [[cell.strip() for cell in line.split(",")] for line in text.splitlines()]
    if FACTS[name][0] == "E":
        printed = [record[6] for record in records[1:]]
    else:
        printed = [cell for record in records if record[0] in names for cell in record[1:]]
    expected = sum(Decimal(cell) for cell in printed if cell)
    observations = read_export(real_exports, name, gazetteer).observations
    assert sum(Decimal(cell) for cell in observations["text"] if cell) == expected
    assert observations["value"].sum() == pytest.approx(float(expected), rel=1e-12)


def test_two_editions_of_gdp_differ_as_the_census_revised_them(real_exports: Path, gazetteer: Gazetteer):
    then, now = (
        read_export(real_exports, name, gazetteer).observations.set_index(["province", "year"])["value"]
        for name in (GDP_THEN, GDP_NOW)
    )
    assert (then["北京", 2016], now["北京", 2016]) == (25669.13, 28438.7)
    assert now["广东", 2022] == 132547.1


def test_the_stacked_workbook_gives_two_indicators(real_exports: Path, gazetteer: Gazetteer):
    reading = read_export(real_exports, FISCAL_XLS, gazetteer)
    numbers = reading.observations.dropna(subset=["value"]).groupby("indicator").size().to_dict()
    assert reading.layout == "H"
    assert numbers == {"一般公共预算支出": 31 * 18, "财政支出": 31 * 2}
    assert set(reading.observations["unit"]) == {"亿元"}
    assert {(one.reason, one.count) for one in reading.skipped} == {("skipped_unpublished", 31)}
    assert len(reading.skipped) == 18


def test_json_rows_give_five_indicators_with_their_units(real_exports: Path, gazetteer: Gazetteer):
    reading = read_export(real_exports, JSON_ROWS, gazetteer)
    observations = reading.observations
    assert (reading.layout, reading.encoding) == ("D", "utf-8-sig")
    units = observations.drop_duplicates("indicator").set_index("indicator")["unit"].to_dict()
    assert units == {
        "固定长途电话交换机容量": "万路端",
        "局用交换机容量": "万门",
        "移动电话交换机容量": "万户",
        "光缆线路长度": "公里",
        "长途光缆线路长度": "万公里",
    }
    assert observations.query("indicator == '长途光缆线路长度'")["value"].notna().sum() == 31 * 9
    assert not (observations["year"] == 2025).any()


def test_the_one_region_variant_asks_which_province(real_exports: Path, gazetteer: Gazetteer):
    with pytest.raises(StudyFault) as caught:
        read_export(real_exports, ONE_REGION, gazetteer)
    assert [one.message for one in caught.value.faults] == ["province_not_stated"]
    assert "--province" in str(caught.value)
    reading = read_export(real_exports, ONE_REGION, gazetteer, province="北京")
    observations = reading.observations
    assert set(observations["province"]) == {"北京"}
    science = observations[observations["indicator"] == "地方财政科学技术支出"].set_index("year")["value"]
    assert science[2022] == 488.7
    total = observations[observations["indicator"] == "地方财政一般公共预算支出"].set_index("year")["value"]
    assert total.to_dict()[2024] == 8396.49
    assert set(observations["unit"]) == {"亿元"}
