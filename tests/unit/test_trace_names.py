"""What a trace asks for and how it is put into words, without anything stored."""

from __future__ import annotations

import json

import pytest

from cbe_assets.assets.columns import Columns
from cbe_assets.faults import StudyFault
from cbe_assets.study import Study
from cbe_assets.trace.lines import number, tree
from cbe_assets.trace.names import Coefficient, coefficient, columns_named, nearest, province_named
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored


@pytest.fixture(scope="module")
def study(repository) -> Study:
    return Study.load(repository)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("table4_3.ECI", Coefficient("table4_3", "ECI")),
        ("table4.3.ECI", Coefficient("table4_3", "ECI")),
        ("table5.1.NumCPZ", Coefficient("table5_1", "NumCPZ")),
        ("table7.1._cons", Coefficient("table7_ols", "_cons")),
        ("ECI", None),
        ("panel/variables.ECI", None),
    ],
)
def test_a_coefficient_is_named_by_specification_or_by_table_and_column(study, asked, meant):
    assert coefficient(study, asked) == meant


@pytest.mark.parametrize("asked", ["table4_9.ECI", "table4.9.ECI", "table4.0.ECI", "table9.ECI", ".ECI"])
def test_a_column_that_is_not_there_is_wrong_use_and_names_near_ones(study, asked):
    with pytest.raises(StudyFault) as error:
        coefficient(study, asked)
    assert error.value.code == 2 and error.value.faults[0].facts["expected"]


def test_a_variable_is_looked_for_in_the_panel_first_and_in_the_tables_last(study):
    stored = Stored(study)
    assert columns_named(stored, "ECI") == [
        ("panel/estimation", "ECI"), ("panel/variables", "ECI"), ("index/eci", "ECI"),
    ]  # fmt: skip
    assert columns_named(stored, "gdp")[0] == ("clean/gdp", "gdp")
    assert columns_named(stored, "ecommerce_enterprises")[0] == ("panel/indicators", "ecommerce_enterprises")
    assert columns_named(stored, "panel/variables.EXP") == [("panel/variables", "EXP")]
    assert columns_named(stored, "clean/gdp") == [("clean/gdp", "gdp")]


@pytest.mark.parametrize("asked", ["广东", "广东省", "Guangdong", " 广 东 ", "440000", "440000000000"])
def test_a_province_goes_by_any_of_its_names(study, asked):
    assert province_named(Stored(study), asked) == "广东"


def test_nearest_names_do_not_mind_the_case():
    assert nearest("pgdp", ["EXP", "PGDP"]) == "PGDP"
    assert nearest("zzzz", ["EXP", "PGDP"]) == "EXP, PGDP"


def test_columns_go_back_to_the_official_tables_through_index_and_sql(study):
    columns = Columns(study)
    assert columns.tables("panel/estimation", "PGDP") == ["gdp_per_capita"]
    assert columns.tables("panel/estimation", "NumCPZ") == []
    assert columns.ends("panel/estimation", "NumCPZ") == [("raw/pilot_zones", "zone")]
    behind = set(columns.tables("panel/estimation", "ECI"))
    assert {"express_volume_international", "population", "ecommerce_sales"} <= behind
    assert "deposits" not in behind


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (3, "3"), (12.0, "12"), (0.1 + 0.2, "0.3"), (1e-7, "1e-07")])
def test_numbers_are_printed_short(value, text):
    assert number(value) == text


def test_a_tree_says_place_and_method_in_both_languages_and_json_keeps_the_digits():
    facts = {"method": "interpolated", "edition": "2023", "first_published": "2023", "revised": False}
    step = Step("table", "clean/gdp", "gdp", 1 / 3, "广东", 2020, "亿元", facts | {"neighbours": [2019, 2021]})
    english = list(tree(step, "en", {"广东": "Guangdong"}).plain())
    assert english == [
        "clean/gdp.gdp = 0.3333333333 亿元  [Guangdong 2020]",
        "    interpolated linearly between 2019, 2021",
    ]
    assert "广东 2020" in "\n".join(tree(step, "zh", {}).plain())
    assert json.loads(json.dumps(step.as_dict()))["value"] == 1 / 3
