"""Arithmetic over table names, and nothing else of Python."""

from __future__ import annotations

import numpy as np
import pytest
from raw_tables import messages

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook.expression import evaluate, names


def test_names_are_found_once_and_in_order():
    assert names("gdp * 1e4 / population - (gdp + fdi)") == ["gdp", "population", "fdi"]


def test_precedence_and_signs_are_those_of_arithmetic():
    values = {"a": np.array([1.0, 2.0]), "b": np.array([4.0, 8.0])}
    assert evaluate("-a + b / 2 * (a - 3)", values).tolist() == [-5.0, -6.0]
    assert evaluate("7 / 2", {}) == 3.5


@pytest.mark.parametrize(
    "expression",
    [
        "", "gdp +", "__import__('os')", "gdp.real", "gdp[0]", "gdp ** 2", "gdp if 1 else 2", "'a'", "True", "gdp < 1",
        "lambda: 1", "(a := 1)", "gdp; 1", "gdp // 2", "1j", "+" * 2000 + "a", "(" * 450,
    ],
)  # fmt: skip
def test_anything_else_is_a_fault(expression):
    with pytest.raises(StudyFault) as caught:
        names(expression)
    assert messages(caught.value) == ["expression_malformed"]


def test_a_name_without_a_value_is_a_fault():
    with pytest.raises(StudyFault) as caught:
        evaluate("gdp / population", {"gdp": 1.0})
    assert caught.value.faults[0].facts["expected"] == "population"
