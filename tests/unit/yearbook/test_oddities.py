"""Values that stand out are pointed at, and ordinary growth is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from raw_tables import ROOT

from cbe_assets.yearbook.oddities import oddities

PANEL = ROOT / ".." / "shared/real/panels/real_panel_long.csv"


def series(values, province="北京", start=2013):
    return pd.DataFrame({"province": province, "year": range(start, start + len(values)), "x": values})


def test_a_single_value_far_from_both_neighbours_is_found():
    found = oddities("x", series([0.33, 0.34, 0.09, 0.32, 0.33]))
    assert found[["province", "year", "value", "before", "after"]].values.tolist() == [["北京", 2015, 0.09, 0.34, 0.32]]
    assert found["ratio"].iloc[0] == pytest.approx(0.09 / np.sqrt(0.34 * 0.32))


def test_a_spell_of_up_to_three_years_is_found_and_one_of_four_is_a_level():
    assert oddities("x", series([6.4, 6.7, 12.2, 12.5, 12.5, 6.4, 6.5]))["year"].tolist() == [2015, 2016, 2017]
    assert oddities("x", series([6.4, 6.7, 12.2, 12.5, 12.5, 12.4, 6.4, 6.5])).empty


@pytest.mark.parametrize(
    "values", [[1, 2, 4, 8, 16], [5, 5, 5, 20, 20], [100, 1, 1, 1], [3, 9, 2, 8, 3, 9, 2], [1.0], [], [2, np.nan, 2, 2]]
)
def test_growth_steps_ends_and_restless_series_are_not_odd(values):
    assert oddities("x", series(values)).empty


def test_a_zero_between_positive_values_is_odd():
    assert oddities("x", series([5, 5, 0, 6, 6]))["year"].tolist() == [2015]


def test_nothing_is_changed():
    frame = series([1.0, 1.0, 9.0, 1.0, 1.0])
    before = frame.copy()
    oddities("x", frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.skipif(not PANEL.is_file(), reason="shared/real is absent")
def test_the_known_oddities_of_long_distance_cable_are_found_and_gdp_has_none():
    panel = pd.read_csv(PANEL)
    cable = panel[panel["variable"] == "long_distance_cable"].rename(columns={"value": "cable"})
    found = oddities("cable", cable)
    assert set(zip(found["province"], found["year"], strict=True)) == {
        ("海南", 2018), ("四川", 2019), ("四川", 2020), ("四川", 2021),
    }  # fmt: skip
    gdp = panel[panel["variable"] == "gdp_rev"].rename(columns={"value": "gdp"})
    assert oddities("gdp", gdp).empty
