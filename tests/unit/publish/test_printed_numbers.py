"""How numbers are printed."""

import math

import pytest

from cbe_assets.publish import numbers


@pytest.mark.parametrize(
    ("value", "printed"),
    [(1.093, "1.093"), (-0.382, "\u22120.382"), (0.0, "0.000"), (-0.0, "0.000"), (1234.5, "1234.500"), (math.nan, "--")],
)
def test_a_number_has_three_decimals_and_a_real_minus_sign(value, printed):
    assert numbers.decimal(value) == printed


@pytest.mark.parametrize(
    ("p", "stars"), [(0.0099, "***"), (0.01, "**"), (0.0499, "**"), (0.05, "*"), (0.0999, "*"), (0.1, "")]
)
def test_stars_stand_for_one_five_and_ten_percent(p, stars):
    assert numbers.stars_of(p) == stars


def test_a_missing_p_value_gets_no_star():
    assert numbers.stars_of(math.nan) == ""


def test_a_t_statistic_stands_in_parentheses_with_two_decimals():
    assert numbers.parenthesized(-14.16) == "(\u221214.16)"
    assert numbers.parenthesized(math.nan) == ""


def test_an_effect_carries_its_sign():
    assert (numbers.signed(1.1, 2), numbers.signed(-1.1, 2)) == ("+1.10", "\u22121.10")
