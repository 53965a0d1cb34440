"""Exports as the official sites give them, recognised, compared and filed.  Skips where they are not."""

from __future__ import annotations

import pytest
from incoming_files import batch, filed, messages

TOLD = {
    "english-csv_population_2000-2020.csv": {"table": "population"},
    "newsite-csv_fiscal-expenditure_2011-2025.csv": {"table": "fiscal_expenditure", "edition": "2025-12"},
    "newsite-csv_science-expenditure_2011-2025.csv": {"table": "science_expenditure"},
}


@pytest.mark.parametrize(
    ("name", "path", "cells", "others"),
    [
        ("classic-csv_gdp-as-published_1993-2017.csv", "gdp/2018.csv", 775, []),
        ("classic-csv_gdp-revised_2006-2024.csv", "gdp/2025.csv", 589, []),
        ("classic-csv_population_2015-2024.csv", "population/2025.csv", 310, []),
        ("classic-xls_sample.xls", "gdp/2020.xls", 155, []),
        ("classic-xls_fiscal-expenditure_2005-2024.xls", "fiscal_expenditure/2025.xls", 620, ["财政支出 (亿元)"]),
        ("english-csv_population_2000-2020.csv", "population/2021.csv", 651, []),
        ("newsite-csv_fiscal-expenditure_2011-2025.csv", "fiscal_expenditure/2025-12.csv", 434, []),
        ("newsite-csv_science-expenditure_2011-2025.csv", "science_expenditure/2024.csv", 403, []),
    ],
)
def test_an_official_export_is_filed_as_its_table(root, exports, name, path, cells, others):
    (judgement,) = batch(root, exports / name, **TOLD.get(name, {})).judgements
    assert messages(judgement) == [] and filed(root) == [path]
    assert len(judgement.rows) == cells and [str(one) for one in judgement.others] == others


def test_of_a_scrape_of_five_indicators_one_is_a_table(root, exports):
    (judgement,) = batch(root, exports / "newapi-json-rows_telecom.csv").judgements
    assert messages(judgement) == [] and filed(root) == ["long_distance_cable/2025.csv"]
    assert len(judgement.others) == 4
    beijing = judgement.stored.query("province == '北京' and year == 2024").iloc[0]
    assert beijing["value"] == 4600.0 and judgement.unit == "万公里"
    assert "海南 2018" in next(item for item in judgement.warnings if item.message == "odd_values").text("en")


@pytest.mark.parametrize(
    "name",
    [
        "classic-csv_urban-unit-employment.csv",
        "oldapi-long_express-volume_A0G0E.csv",
        "oldapi-long_trade_A060101.csv",
    ],
)
def test_an_export_of_no_table_of_the_study_is_refused(root, exports, name):
    (judgement,) = batch(root, exports / name).judgements
    assert messages(judgement) == ["table_unknown"] and not (root / "data/yearbooks/gdp").exists()


def test_one_region_is_asked_for_and_then_refused_for_the_provinces_that_are_missing(root, exports):
    path = exports / "newsite-csv_one-region-variant.csv"
    (asked,) = batch(root, path).judgements
    assert messages(asked) == ["province_not_stated"]
    found = {one.table: messages(one) for one in batch(root, path, province="北京").judgements}
    assert found == {"fiscal_expenditure": ["provinces_missing"], "science_expenditure": ["provinces_missing"]}


def test_the_census_revision_of_gdp_shows_as_revisions_and_not_as_a_unit_error(root, exports):
    published, revised = (
        exports / f"classic-csv_gdp-{name}.csv" for name in ("as-published_1993-2017", "revised_2006-2024")
    )
    first, second = batch(root, revised, published).judgements
    assert messages(first) == messages(second) == []
    cells = first.found.revised.set_index(["province", "year"])
    assert first.found.against == "2018" and len(first.found.overlap) == 31 * 12
    assert cells.loc[("北京", 2016), "old"] == 25669.13 and cells.loc[("北京", 2016), "new"] == 28438.7
    assert first.found.as_dict()["gone"]["years"] == list(range(1993, 2006))
