"""Cells new, revised and gone, and the tables between two states, by hand."""

from __future__ import annotations

import pandas as pd

from cbe_assets.drift.cells import CELL_COLUMNS, Shape, changed_cells, nothing, with_coverage, with_revisions

NAN = float("nan")
GDP = Shape(("province", "year"), "gdp")


def gdp(*rows: tuple[str, int, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["province", "year", "gdp", "edition"])
    return frame.assign(method="observed")


OLD = gdp(
    ("北京", 2021, 10.0, "2022"), ("北京", 2022, 11.0, "2022"), ("天津", 2021, 5.0, "2022"), ("天津", 2022, NAN, "")
)
NEW = gdp(
    ("北京", 2022, 12.0, "2023"), ("北京", 2023, 13.0, "2023"), ("天津", 2022, 6.0, "2023"), ("天津", 2021, 5.0, "2023")
)


def test_every_cell_is_new_revised_or_gone_with_its_values_and_editions():
    found = changed_cells(OLD, NEW, "gdp", GDP)
    assert list(found.columns) == list(CELL_COLUMNS)
    listed = {(row.province, int(row.year)): row for row in found.itertuples()}
    assert {place: row.change for place, row in listed.items()} == {
        ("北京", 2022): "revised", ("北京", 2023): "new", ("天津", 2022): "new", ("北京", 2021): "gone"
    }  # fmt: skip
    revised = listed["北京", 2022]
    assert (revised.old, revised.new, revised.old_edition, revised.new_edition) == (11.0, 12.0, "2022", "2023")


def test_a_newer_edition_that_repeats_a_figure_revises_nothing():
    assert changed_cells(OLD, OLD.assign(edition="2023"), "gdp", GDP).equals(nothing())


def test_rows_of_a_list_are_cells_named_by_their_keys():
    zones = Shape(("zone", "province"))
    old = pd.DataFrame({"zone": ["杭州", "天津"], "province": ["浙江", "天津"], "wave": [1, 2]})
    new = pd.DataFrame({"zone": ["杭州", "成都"], "province": ["浙江", "四川"], "wave": [2, 2]})
    found = changed_cells(old, new, "pilot_zones", zones)
    assert dict(zip(found["province"], found["change"], strict=True)) == {
        "四川": "new",
        "浙江": "revised",
        "天津": "gone",
    }


def test_revised_values_go_into_the_cells_that_both_states_have_and_no_other():
    between = with_revisions({"gdp": OLD}, {"gdp": NEW}, {"gdp": GDP}, {"gdp"})["gdp"]
    assert between[["province", "year"]].equals(OLD[["province", "year"]])
    assert between["gdp"].fillna(-1).tolist() == [10.0, 12.0, 5.0, -1.0]
    assert between.dtypes.equals(OLD.dtypes)


def test_coverage_then_gives_the_new_table():
    between = with_revisions({"gdp": OLD}, {"gdp": NEW}, {"gdp": GDP}, {"gdp"})
    covered = with_coverage(between, {"gdp": NEW}, {"gdp": GDP}, {"gdp"})["gdp"]
    pd.testing.assert_frame_equal(covered, NEW)


def test_a_table_whose_files_did_not_change_keeps_its_values_and_gains_rows_only():
    between = with_revisions({"gdp": OLD}, {"gdp": NEW}, {"gdp": GDP}, set())
    assert between["gdp"] is OLD
    covered = with_coverage(between, {"gdp": NEW}, {"gdp": GDP}, set())["gdp"]
    assert covered[["province", "year"]].equals(NEW[["province", "year"]])
    assert covered["gdp"].fillna(-1).tolist() == [11.0, 13.0, -1.0, 5.0]


def test_a_table_only_one_state_has_stays_as_it_is_until_the_definitions_change():
    between = with_revisions({"gdp": OLD}, {}, {"gdp": GDP}, {"gdp"})
    assert between["gdp"] is OLD and with_coverage(between, {}, {"gdp": GDP}, {"gdp"})["gdp"] is OLD
