"""Tables of every shape, built here as yearbooks print them: what is read and skipped, and which cell each is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest
from openpyxl import Workbook

from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import Reading, read


def workbook(*sheets: Sequence[Sequence[object]], merged: Sequence[str] = ()) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        page = book.create_sheet(f"表{number}")
        for row in rows:
            page.append(list(row))
        for cells in merged:
            page.merge_cells(cells)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def ods(rows: Sequence[Sequence[str | float]]) -> bytes:
    """A minimal OpenDocument sheet, with the repeated empty margin that LibreOffice writes."""

    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    margin = '<table:table-cell table:number-columns-repeated="16000"/>'
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}{margin}</table:table-row>" for row in rows)
    namespaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {namespaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="表1">{body}<table:table-row table:number-rows-repeated="1048000">{margin}'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", content)
        target.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return saved.getvalue()


def figures(reading: Reading) -> dict[tuple[str, int, str], float]:
    """(province, year, indicator) -> value."""
    table = reading.observations.fillna({"indicator": ""})
    return {
        (row.province, row.year, row.indicator): row.value for row in table.itertuples() if row.value == row.value
    }


def reasons(reading: Reading) -> list[tuple[str, str]]:
    return [(one.text, one.reason) for one in reading.skipped]


@pytest.fixture
def sheet(gazetteer: Gazetteer):
    def read_sheet(data: bytes | str, **stated: object) -> Reading:
        return read(data.encode() if isinstance(data, str) else data, file="x", gazetteer=gazetteer, **stated)

    return read_sheet


def test_a_chapter_sheet_with_title_unit_row_regions_and_marks(sheet):
    reading = sheet(
        workbook(
            [
                ["3-9 各地区主要指标（2022年）", "", "", ""],
                ["", "", "", "单位：亿元"],
                ["地  区", "地区生产总值①", "#第一产业", "人口 (万人)"],
                ["全  国", 1204724.0, 88345.1, 141175],
                ["东部地区", 622018.2, 27876.9, 56000],
                ["北  京①", "41,610.9*", "…", "2,184"],
                ["天  津", 16311.3, "-", 1363],
                ["注：①北京数据为初步核算数，待核实。"],
                ["　　②分项之和不等于合计。"],
                ["资料来源：国家统计局"],
            ],
            merged=["A1:D1"],
        )
    )
    assert reading.layout == "H"
    assert figures(reading) == {
        ("全国", 2022, "地区生产总值"): 1204724.0,
        ("全国", 2022, "第一产业"): 88345.1,
        ("全国", 2022, "人口"): 141175,
        ("北京", 2022, "地区生产总值"): 41610.9,
        ("北京", 2022, "人口"): 2184,
        ("天津", 2022, "地区生产总值"): 16311.3,
        ("天津", 2022, "人口"): 1363,
    }
    row = reading.observations.query("province == '北京' and indicator == '地区生产总值'").iloc[0]
    assert (row["cell"], row["sheet"], row["text"], row["region"], row["unit"]) == (
        "B6", "表1", "41,610.9*", "北  京①", "亿元",
    )  # fmt: skip
    assert set(reading.observations.query("indicator == '人口'")["unit"]) == {"万人"}
    assert reading.notes == ["注：①北京数据为初步核算数，待核实。", "②分项之和不等于合计。"]
    assert reading.source_line == "资料来源：国家统计局"
    assert reading.titles == ["3-9 各地区主要指标（2022年）"]
    assert reasons(reading) == [("东部地区", "skipped_region")]


TWO_LEVELS = [
    ["表3-9 各地区生产总值", "", "", "", ""],
    ["地区", "2021年", "", "2022年", ""],
    ["", "绝对数 (亿元)", "指数 (上年=100)", "绝对数 (亿元)", "指数 (上年=100)"],
    ["北京", 1, 2, 3, 4],
    ["天津", 5, 6, 7, 8],
]


@pytest.mark.parametrize("merged", [["A1:E1", "A2:A3", "B2:C2", "D2:E2"], []])
def test_two_level_headings_merged_or_not(sheet, merged):
    reading = sheet(workbook(TWO_LEVELS, merged=merged))
    assert figures(reading) == {
        ("北京", 2021, "地区生产总值"): 1, ("北京", 2021, "地区生产总值 指数"): 2,
        ("北京", 2022, "地区生产总值"): 3, ("北京", 2022, "地区生产总值 指数"): 4,
        ("天津", 2021, "地区生产总值"): 5, ("天津", 2021, "地区生产总值 指数"): 6,
        ("天津", 2022, "地区生产总值"): 7, ("天津", 2022, "地区生产总值 指数"): 8,
    }  # fmt: skip


def test_the_same_sheet_saved_as_csv(sheet):
    text = "\n".join(",".join(map(str, row)) for row in TWO_LEVELS)
    reading = sheet(text.encode("gb18030"))
    assert (reading.layout, reading.encoding) == ("H", "gb18030")
    assert figures(reading) == figures(sheet(workbook(TWO_LEVELS)))
    assert list(reading.observations["cell"])[:2] == ["L4C2", "L4C3"]


def test_a_continued_table_keeps_title_and_unit(sheet):
    first = [["2-1 各地区生产总值"], ["", "", "单位：亿元"], ["地区", "2021年", "2022年"], ["北京", 1, 2]]
    more = [["2-1 续表"], ["地区", "2021年", "2022年"], ["河北", 5, 6]]
    below, beside = sheet(workbook(first + more)), sheet(workbook(first, [["续表1"], *more[1:]]))
    for reading in (below, beside):
        assert figures(reading)[("河北", 2022, "地区生产总值")] == 6
        assert set(reading.observations["unit"]) == {"亿元"}
    assert list(beside.observations["sheet"]) == ["表1", "表1", "表2", "表2"]


def test_a_continued_table_without_its_own_headings_keeps_the_columns(sheet):
    rows = [["地区", "2021年", "2022年"], ["北京", 1, 2], ["续表"], ["河北", 5, 6]]
    assert figures(sheet(workbook(rows)))[("河北", 2022, "")] == 6


def test_halves_that_stand_side_by_side(sheet):
    rows = [["2-1 各地区人口(2022年)"], ["", "", "", "单位：万人"], ["地区", "人口", "地区", "人口"]]
    reading = sheet(workbook([*rows, ["北京", 1, "河北", 2], ["天津", 3, "山西", 4]]))
    assert figures(reading) == {
        ("北京", 2022, "人口"): 1, ("天津", 2022, "人口"): 3, ("河北", 2022, "人口"): 2, ("山西", 2022, "人口"): 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        [["年份", "地区", "GDP(亿元)"], [2021, "北京", 1], ["", "天津", 3], [2022, "北京", 5], ["", "天津", 7]],
        [["地区", "年份", "GDP(亿元)"], ["北京", 2021, 1], ["", 2022, 5], ["天津", 2021, 3], ["", 2022, 7]],
        [["序号", "地区", "Region", "年份", "GDP(亿元)"], [1, "北京", "Beijing", "2021年", 1],
         [2, "北京", "Beijing", "2022年", 5], [3, "天津", "Tianjin", "2021年", 3], [4, "天津", "Tianjin", "2022年", 7]],
        [["时间", "北京市", "天津市"], ["2022年", 5, 7], ["2021年", 1, 3]],
        [["GDP(亿元)"], ["年份", "北京", "天津", "东部地区"], [2021, 1, 3, 4], [2022, 5, 7, 12]],
        [["地区", "代码", "2021年", "2022年"], ["北京", 110000, 1, 5], ["天津", 120000, 3, 7]],
        [["地  区", "", 2021, 2022], ["北  京", "Beijing", 1, 5], ["天  津", "Tianjin", 3, 7]],
        [["地区", "2022年GDP(亿元)", "2021年GDP(亿元)"], ["北京", 5, 1], ["天津", 7, 3]],
    ],
)  # fmt: skip
def test_years_and_provinces_down_or_across(sheet, rows):
    found = {(province, year): value for (province, year, _), value in figures(sheet(workbook(rows))).items()}
    assert found == {("北京", 2021): 1, ("天津", 2021): 3, ("北京", 2022): 5, ("天津", 2022): 7}


def test_indicators_down_and_provinces_across(sheet):
    rows = [["2022年主要指标"], ["指标", "北京", "天津"], ["GDP(亿元)", 1, 2], ["人口(万人)", 4, 5]]
    reading = sheet(workbook(rows))
    assert figures(reading)[("天津", 2022, "人口")] == 5
    assert dict(zip(reading.observations["indicator"], reading.observations["unit"], strict=True)) == {
        "GDP": "亿元", "人口": "万人",
    }  # fmt: skip


def test_a_classic_export_with_years_down(sheet):
    head = "数据库：分省年度数据\n指标：地区生产总值(亿元)\n时间：最近3年\n时间,北京市,天津市\n"
    text = head + "2022年,1,2\n2021年,3,4\n数据来源：国家统计局"
    reading = sheet(text.encode("gb18030"))
    assert figures(reading)[("天津", 2021, "地区生产总值")] == 4
    assert set(reading.observations["unit"]) == {"亿元"}
    assert reading.source_line == "数据来源：国家统计局"


def test_columns_and_rows_that_are_not_a_year_are_skipped_with_a_reason(sheet):
    rows = [["地区", "2021年", "2022年", "位次", "备注"], ["北京", 1, 2, 3, "初步数"], ["天津", 5, 6, 7, "x"]]
    across = sheet(workbook(rows))
    assert reasons(across) == [("位次", "skipped_column_without_year"), ("初步数", "skipped_remark")]
    down = sheet(workbook([["全国快递量"], ["年份", "快递量(亿件)"], [2021, 1083], [2022, 1105.8], ["年均增长", 2.1]]))
    assert figures(down) == {("全国", 2021, "快递量"): 1083, ("全国", 2022, "快递量"): 1105.8}
    assert reasons(down) == [("年均增长", "skipped_not_one_year")]


def test_trade_by_operator_and_by_origin_stay_two_indicators(sheet):
    rows = [["地区", "2022年", ""], ["", "出口", "进口"], ["北京", 1, 2]]
    by = ["2-5 按经营单位所在地分货物进出口总额", "2-6 按境内目的地和货源地分货物进出口总额"]
    reading = sheet(workbook([[by[0]], *rows], [[by[1]], *rows]))
    assert list(dict.fromkeys(reading.observations["indicator"])) == [
        "出口(经营单位所在地)", "进口(经营单位所在地)", "出口(境内目的地和货源地)", "进口(境内目的地和货源地)",
    ]  # fmt: skip


def test_two_tables_below_each_other_have_their_own_titles_and_units(sheet):
    head = ["地区", "2021年", "2022年"]
    first = [["1-1 各地区快递量", "", "单位：万件"], head, ["北京", 1, 2], ["注：a"], ["资料来源：x"]]
    second = [["1-2 各地区快递收入", "", "单位：亿元"], head, ["北京", 5, 6]]
    reading = sheet(workbook([*first, [], *second]))
    found = {(row.indicator, row.unit, row.year): row.value for row in reading.observations.itertuples()}
    assert found == {
        ("快递量", "万件", 2021): 1, ("快递量", "万件", 2022): 2,
        ("快递收入", "亿元", 2021): 5, ("快递收入", "亿元", 2022): 6,
    }  # fmt: skip
    assert (reading.notes, reading.source_line) == (["注：a"], "资料来源：x")


@pytest.mark.parametrize("merged", [["A2:A3", "A4:A5"], []])
def test_indicators_beside_provinces_named_once(sheet, merged):
    rows = [["地区", "指标", "2022年"], ["北京", "快递量(万件)", 1], ["", "收入(万元)", 3], ["天津", "快递量(万件)", 5]]
    reading = sheet(workbook([*rows, ["", "收入(万元)", 7]], merged=merged))
    assert figures(reading) == {
        ("北京", 2022, "快递量"): 1, ("北京", 2022, "收入"): 3, ("天津", 2022, "快递量"): 5, ("天津", 2022, "收入"): 7,
    }  # fmt: skip


def test_an_open_document_sheet_reads_as_a_workbook(sheet):
    head = [["数据库：分省年度数据"], ["指标：快递量(万件)"], ["时间：最近2年"], ["地区", "2022年", "2021年"]]
    reading = sheet(ods([*head, ["北京市", 1.5, 2], ["天津市", "", 4], ["数据来源：国家统计局"]]))
    assert (reading.layout, reading.encoding, reading.source_line) == ("B", None, "数据来源：国家统计局")
    assert figures(reading) == {
        ("北京", 2022, "快递量"): 1.5, ("北京", 2021, "快递量"): 2, ("天津", 2021, "快递量"): 4,
    }  # fmt: skip


def test_growth_beside_levels_is_another_indicator(sheet):
    rows = [["各地区生产总值", "", "单位：亿元"], ["地区", "2022年", "2022年比2021年增长(%)"], ["北京", 41610.9, 0.7]]
    observations = sheet(workbook(rows)).observations
    found = {(row.indicator, row.unit): row.value for row in observations.itertuples()}
    assert found == {("地区生产总值", "亿元"): 41610.9, ("地区生产总值 比2021年增长", "%"): 0.7}


def test_bilingual_headings(sheet):
    rows = [
        [
            "地区\nRegion",
            "地区生产总值\nGross Regional Product\n(100 million yuan)",
            "人口 (万人)\nPopulation (10 000 persons)",
        ],
        ["北 京 Beijing", 1, 2],
        ["天 津 Tianjin", 3, 4],
    ]
    reading = sheet(workbook(rows), year=2022)
    assert figures(reading)[("天津", 2022, "人口")] == 4
    assert dict(zip(reading.observations["indicator"], reading.observations["unit"], strict=True)) == {
        "地区生产总值": "100 million yuan", "人口": "万人",
    }  # fmt: skip


def test_cities_are_skipped_and_in_a_table_of_cities_beijing_is_one(sheet):
    mixed = sheet("地区,2022年,2021年\n北京市,1,2\n辽宁省,3,4\n大连市,5,6\n河北省,7,8\n")
    assert reasons(mixed) == [("大连市", "skipped_city")]
    assert set(mixed.observations["province"]) == {"北京", "辽宁", "河北"}
    database = sheet("数据库：主要城市年度数据\n指标：x(亿元)\n时间：最近5年\n地区,2022年\n北京,1\n石家庄,5\n")
    bare = sheet("地区,2022年\n北京,1\n天津,2\n石家庄,5\n太原,6\n大连,7\n")
    for reading in (database, bare):
        assert reading.observations.empty
        assert {reason for _, reason in reasons(reading)} == {"skipped_city"}
        assert "北京" in {text for text, _ in reasons(reading)}


def test_region_names_and_units_do_not_hide_in_figures_that_look_like_years(sheet):
    rows = [["地区", "2020年", "2021年"], ["北京", 2020, 2021], ["天津", 1950, 2049]]
    assert figures(sheet(workbook(rows))) == {
        ("北京", 2020, ""): 2020, ("北京", 2021, ""): 2021, ("天津", 2020, ""): 1950, ("天津", 2021, ""): 2049,
    }  # fmt: skip


def test_sheets_without_a_table_are_skipped_and_said(sheet):
    reading = sheet(workbook([["目录"], ["1 综合"]], [["地区", "2022年"], ["北京", 1]]))
    assert figures(reading) == {("北京", 2022, ""): 1}
    assert ("", "skipped_sheet") in reasons(reading)


def test_tabs_trailing_commas_quotes_and_text_files_with_tabs(sheet):
    commas = sheet("地区\t,2022年\t,2021年 \t,\n北京市\t,\"1,234.5\"\t,２\t,\n")
    tabs = sheet("地区\t2022年\t2021年\n北京市\t1,234.5\t2\n".encode("utf-16"))
    for reading in (commas, tabs):
        assert figures(reading) == {("北京", 2022, ""): 1234.5, ("北京", 2021, ""): 2}


def test_the_interface_says_zero_where_it_has_no_data(sheet):
    head = "region_code,region_name,year,value,has_data,indicator_name\n"
    reading = sheet(head + "110000,北京市,2021,5.5,True,x\n110000,北京市,2022,0,False,x\n120000,天津市,2022,0,True,x\n")
    assert figures(reading) == {("北京", 2021, "x"): 5.5, ("天津", 2022, "x"): 0}


def test_older_empty_years_are_missing_and_newest_ones_not_yet_published(sheet):
    reading = sheet("地区,2024年,2023年,2022年,2021年\n北京,,,1,\n天津,,,2,\n")
    assert sorted(set(reading.observations["year"])) == [2021, 2022]
    assert reading.observations.query("year == 2021")["value"].isna().all()
    assert [(one.text, one.reason, one.count, one.cell) for one in reading.skipped] == [
        ("2024", "skipped_unpublished", 2, "L2C2"), ("2023", "skipped_unpublished", 2, "L2C3"),
    ]  # fmt: skip


def test_what_the_file_does_not_say_is_taken_from_the_user(sheet):
    one_region = "数据库：分省年度数据 \n时间： \n指标\t,2022年\t,\n地方财政科学技术支出 (亿元)\t,488.70\t,\n"
    reading = sheet(one_region, province="北京市")
    assert figures(reading) == {("北京", 2022, "地方财政科学技术支出"): 488.7}
    plain = sheet("地区,2022年\n北京,1\n", indicator="快递量", unit="万件")
    assert plain.observations.loc[0, ["indicator", "unit"]].tolist() == ["快递量", "万件"]
    panel = sheet("地区,快递量(万件),人口(万人)\n北京,1,2\n天津,3,4\n", year=2021)
    assert figures(panel)[("天津", 2021, "人口")] == 4


def test_a_reason_is_a_sentence_in_both_languages(sheet):
    skipped = sheet("地区,2022年\n东部地区,1\n北京,1\n").skipped[0]
    assert skipped.say("en") == "东部地区 is a group of provinces"
    assert skipped.say("zh") == "东部地区 是若干省份的合计"
