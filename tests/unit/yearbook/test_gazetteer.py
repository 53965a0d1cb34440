"""Every printing of a province's name is found, and what is not a province is told apart."""

import pytest

from cbe_assets.yearbook.gazetteer import Gazetteer


def test_there_are_31_provinces_in_three_regions_and_the_nation(gazetteer: Gazetteer):
    assert len(gazetteer.provinces) == 31
    assert [one.code for one in gazetteer.provinces] == sorted(one.code for one in gazetteer.provinces)
    without_tibet = [one.region for one in gazetteer.provinces if one.name != "西藏"]
    # The 11/8/11 regions of the literature.
    assert [without_tibet.count(region) for region in ("east", "central", "west")] == [11, 8, 11]
    assert [gazetteer.named(name).region for name in ("辽宁", "吉林", "黑龙江", "内蒙古", "广西", "西藏")] == [
        "east", "central", "central", "west", "west", "west",
    ]  # fmt: skip
    assert (gazetteer.nation.name, gazetteer.nation.code) == ("全国", 100000)


def test_each_province_is_found_by_short_full_and_english_name_and_by_code(gazetteer: Gazetteer):
    for one in gazetteer.provinces:
        for printed in (one.name, one.full_name, one.name_en, one.name_en.upper(), f" {'　'.join(one.name)}\t"):
            place = gazetteer.find(printed)
            assert place is not None and place.province == one, printed
        assert gazetteer.by_code(one.code) == gazetteer.by_code(f"{one.code}000000") == one


@pytest.mark.parametrize(
    "printed, name",
    [
        ("北  京", "北京"),
        ("北京①", "北京"),
        ("上海*", "上海"),
        ("江苏注1", "江苏"),
        ("广 东 ¹", "广东"),
        ("浙江[2]", "浙江"),
        ("福建(3)", "福建"),
        ("山东1)", "山东"),
        ("#天津", "天津"),
        ("内蒙古自治区", "内蒙古"),
        ("广西壮族自治区", "广西"),
        ("Inner Mongolia", "内蒙古"),
        ("Beijing Municipality", "北京"),
        ("Xinjiang Uygur Autonomous Region", "新疆"),
        ("Ningxia Hui Autonomous Region", "宁夏"),
        ("Tibet Autonomous Region", "西藏"),
        ("Xizang", "西藏"),
        ("北 京 Beijing", "北京"),
        ("全  国", "全国"),
        ("全国总计", "全国"),
        ("合 计", "全国"),
        ("National Total", "全国"),
    ],
)
def test_names_are_found_as_they_are_printed(gazetteer: Gazetteer, printed: str, name: str):
    place = gazetteer.find(printed)
    assert place is not None and place.province is not None and place.name == name


@pytest.mark.parametrize(
    "printed, kind",
    [
        ("东部地区", "region"),
        ("东  部", "region"),
        ("华北", "region"),
        ("东北地区", "region"),
        ("Eastern Region", "region"),
        ("石家庄", "city"),
        ("吉林市", "city"),
        ("延边朝鲜族自治州", "city"),
        ("大连", "city"),
        ("香港", "other"),
        ("不分地区", "other"),
        ("新疆生产建设兵团", "other"),
    ],
)
def test_what_is_no_province_is_told_apart(gazetteer: Gazetteer, printed: str, kind: str):
    place = gazetteer.find(printed)
    assert place is not None and place.kind == kind and place.province is None


@pytest.mark.parametrize("printed", ["", "   ", "地区", "大家庭", "abc", "Region", "2022年", "数据来源：国家统计局"])
def test_other_text_names_no_place(gazetteer: Gazetteer, printed: str):
    assert gazetteer.find(printed) is None


@pytest.mark.parametrize("code", ["", "99", "999999", "110101", "110100000000", "abc"])
def test_other_codes_are_no_province(gazetteer: Gazetteer, code: str):
    assert gazetteer.by_code(code) is None
