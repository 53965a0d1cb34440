"""How numbers and words are printed."""

import math
from string import Formatter

import pytest

from cbe_assets.publish import numbers, wording


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1.093, "1.093"),
        (-0.382, "\u22120.382"),
        (0.0, "0.000"),
        (-0.0, "0.000"),
        (1234.5, "1234.500"),
        (math.nan, "--"),
    ],
)
def test_a_number_has_three_decimals_and_a_real_minus_sign(value, printed):
    assert numbers.decimal(value) == printed


def test_a_t_statistic_stands_in_parentheses_with_two_decimals():
    assert numbers.parenthesized(-14.16) == "(\u221214.16)"
    assert numbers.parenthesized(math.nan) == ""


def test_an_effect_carries_its_sign():
    assert (numbers.signed(1.1, 2), numbers.signed(-1.1, 2)) == ("+1.10", "\u22121.10")


def test_every_word_stands_in_both_languages_with_the_same_facts():
    for key, entry in wording.catalogue().items():
        assert set(entry) == {"zh", "en"}, key
        facts = [{name for _, name, _, _ in Formatter().parse(entry[language]) if name} for language in ("zh", "en")]
        assert facts[0] == facts[1], key


@pytest.mark.parametrize(
    ("value", "cell", "zh", "en"),
    [
        (0.0124, "0.012", "=0.012", "= 0.012"),
        (0.0005, "0.001", "=0.001", "= 0.001"),
        (0.00049, "<0.001", "<0.001", "< 0.001"),
        (0.0, "<0.001", "<0.001", "< 0.001"),
        (math.nan, "--", "=--", "= --"),
    ],
)
def test_no_p_value_is_printed_as_nothing_but_zeros(value, cell, zh, en):
    assert numbers.p_value(value) == cell
    assert (wording.p_is(value).zh, wording.p_is(value).en) == (zh, en)
