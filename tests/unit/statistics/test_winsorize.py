"""winsor2's percentiles (Hyndman-Fan 2), exactly, and what happens to missing values."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.winsorize import limits, percentile, winsorize

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)), min_size=1, max_size=60)


@given(NUMBERS, st.sampled_from([0, 1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99, 100]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_percentiles_are_numpys_averaged_inverted_cdf(values, percent):
    # numpy computes n * p / 100 in floating point; whole percentages of up to 60 values stay clear of its rounding.
    expected = np.quantile(np.array(values), percent / 100, method="averaged_inverted_cdf")
    position = Fraction(len(values) * percent, 100)
    if position.denominator == 1 and position != len(values) * (percent / 100):
        return
    assert percentile(np.array(values), percent) == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_300_observations_are_cut_at_the_mean_of_two_neighbours():
    values = np.arange(1.0, 301.0)
    assert limits(values, 1, 99) == (3.5, 297.5)


@pytest.mark.parametrize(
    ("n", "percent", "expected"),
    [
        (300, 2.5, 8.0),
        (200, 2.5, 5.5),
        (1000, 0.1, 1.5),
        (1000, "0.1", 1.5),
        (1000, Fraction(1, 10), 1.5),
        (1000, 99.9, 999.5),
    ],
)
def test_fractional_percentages_are_taken_exactly(n, percent, expected):
    """n * p / 100 in floats misses the whole number at 1000 values and 0.1 or 99.9 %."""
    assert percentile(np.arange(1.0, n + 1), percent) == expected


def test_missing_values_stay_missing_and_are_not_counted():
    values = pd.Series([np.nan, 5.0, 1.0, np.nan, 2.0, 3.0, 100.0], index=list("abcdefg"), name="HC")
    clipped = winsorize(values, 20, 80)
    assert clipped.isna().tolist() == values.isna().tolist()
    assert clipped.name == "HC" and clipped.index.tolist() == list("abcdefg")
    # Five values: P = 1 and P = 4 are whole, so (1 + 2) / 2 and (5 + 100) / 2.
    assert clipped.dropna().tolist() == [5.0, 1.5, 2.0, 3.0, 52.5]


def test_all_missing_stays_all_missing():
    assert np.isnan(winsorize(np.array([np.nan, np.nan]))).all()


def test_zero_and_hundred_percent_leave_everything():
    values = pd.Series([3.0, -1.0, 7.5])
    pd.testing.assert_series_equal(winsorize(values, 0, 100), values)


def test_the_input_is_not_changed():
    values = np.arange(200.0)
    winsorize(values)
    assert values[0] == 0.0 and values[-1] == 199.0


@pytest.mark.parametrize(("lower", "upper"), [(-1, 99), (1, 101), (60, 40), (50, 50)])
def test_impossible_limits_are_refused(lower, upper):
    with pytest.raises(StudyFault, match="winsor limits"):
        winsorize(np.arange(10.0), lower, upper)
