"""A table is found by its official name, an alias or a code; what only comes near is not it."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from incoming_files import GAZETTEER, ROOT, classic, nation, new_site, values

from cbe_assets.intake.recognise import name_key, named, recognise
from cbe_assets.study import Table, Tables
from cbe_assets.yearbook import writing
from cbe_assets.yearbook.reading import read

TABLES = Tables.model_validate(yaml.safe_load((ROOT / "study" / "tables.yaml").read_text(encoding="utf-8"))).tables


def found(data: bytes, table: str | None = None, tables: dict[str, Table] = TABLES):
    return recognise(read(data, file="f", gazetteer=GAZETTEER), tables, file="f", table=table)


def keys(result) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in result.faults)
    return [item.message for item in result.faults]


def renamed(**changes: dict[str, object]) -> dict[str, Table]:
    """The study's tables, some with other entries."""
    return TABLES | {
        name: Table.model_validate(TABLES[name].model_dump(exclude={"gaps"}) | entry) for name, entry in changes.items()
    }


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_is_found_by_its_official_name_and_by_each_alias(name):
    for printed in (TABLES[name].indicator, *TABLES[name].aliases):
        assert named(printed, TABLES) == [name]


@pytest.mark.parametrize(
    ("printed", "table"),
    [
        ("地区生产总值（当年价）", "gdp"),
        ("地区 生产 总值①", "gdp"),
        ("地区生产总值 (亿元)", "gdp"),
        ("人均ＧＤＰ", "gdp_per_capita"),
        ("国际／港澳台快递业务量", "express_volume_international"),
        ("出口总额（经营单位所在地）", "exports"),
        ("出口总额〔经营单位所在地〕", "exports"),
        ("POPULATION", "population"),
        ("年末常住人口 Resident Population", "population"),
        ("  地方财政科学技术支出 ", "science_expenditure"),
    ],
)
def test_widths_blanks_marks_brackets_units_and_english_beside_do_not_matter(printed, table):
    assert named(printed, TABLES) == [table]


@pytest.mark.parametrize(
    "printed",
    ["境内目的地和货源地出口总额", "出口总额", "经营单位所在地进出口总额", "地区生产总值指数", "第一产业", "财政支出"],
)
def test_what_only_comes_near_is_no_table(printed):
    assert named(printed, TABLES) == []
    result = found(classic(values(), printed))
    assert keys(result) == ["table_unknown"] and not result.tables


def test_goods_by_destination_are_refused_as_exports_even_when_asked_for():
    result = found(classic(values(1e6), "境内目的地和货源地出口总额", "千美元"), "exports")
    assert keys(result) == ["table_says_otherwise"] and not result.tables
    assert "境内目的地和货源地出口总额" in result.faults[0].text("en")


def test_codes_find_a_table_whose_name_is_printed_otherwise():
    data = writing.write_old_api_long(values(), indicator="邮政网点", code="A0G0E05", gazetteer=GAZETTEER)
    assert list(found(data).tables) == ["express_outlets"]


def test_a_name_and_a_code_that_contradict_each_other_are_refused():
    data = writing.write_old_api_long(values(), indicator="地区生产总值", code="A030101", gazetteer=GAZETTEER)
    assert keys(found(data)) == ["name_and_code_differ"]


def test_a_file_that_says_nothing_asks_for_the_table_and_takes_it():
    assert keys(found(new_site(values()))) == ["table_not_said"]
    assert list(found(new_site(values()), "gdp").tables) == ["gdp"]


def test_national_and_provincial_tables_of_one_name_differ_by_scope():
    tables = renamed(goods_trade={"indicator": "进出口总额", "aliases": []}, exports={"indicator": "进出口总额"})
    provinces, whole = values(1e6), nation(3e5)
    assert list(found(classic(provinces, "进出口总额"), tables=tables).tables) == ["exports"]
    assert list(found(classic(whole, "进出口总额"), tables=tables).tables) == ["goods_trade"]
    both = classic(pd.concat([whole, provinces]), "进出口总额")
    assert list(found(both, tables=tables).tables) == ["exports"]
    assert list(found(both, "goods_trade", tables).tables) == ["goods_trade"]


def test_a_national_title_may_say_that_it_is_national():
    assert list(found(classic(nation(1e5), "全国货物进出口总额")).tables) == ["goods_trade"]
    assert keys(found(classic(values(1e5), "全国货物进出口总额"))) == ["table_unknown"]


def test_a_file_of_the_other_scope_is_refused():
    assert keys(found(classic(values(1e5), "货物进出口总额"))) == ["scope_nation"]
    assert keys(found(classic(nation(1e6), "地区生产总值"))) == ["scope_province"]
    assert keys(found(new_site(nation(1e6)), "gdp")) == ["scope_province"]


def test_a_name_of_two_tables_of_one_scope_must_be_said_and_saying_it_helps():
    tables = renamed(gdp={"aliases": ["总额"]}, population={"aliases": ["总额"]})
    assert keys(found(classic(values(), "总额"), tables=tables)) == ["table_ambiguous"]
    assert list(found(classic(values(), "总额"), "gdp", tables).tables) == ["gdp"]


def test_of_several_indicators_each_goes_to_its_table_and_the_rest_is_named():
    data = writing.write_json_rows(
        {("地区生产总值", "亿元"): values(), ("第一产业增加值", "亿元"): values(500), ("人口密度", "人"): values(9)},
        gazetteer=GAZETTEER,
    )
    result = found(data)
    assert list(result.tables) == ["gdp", "value_added_primary"]
    assert [str(one) for one in result.others] == ["人口密度 (人)"]
    only = found(data, "gdp")
    assert list(only.tables) == ["gdp"] and {one.indicator for one in only.others} == {"人口密度", "第一产业增加值"}


def test_a_qualification_in_brackets_is_part_of_the_name_and_a_unit_is_not():
    assert name_key("出口总额(境内目的地)") != name_key("出口总额")
    assert name_key("出口总额(千美元)") == name_key("出口总额")
