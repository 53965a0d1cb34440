"""Which weights, ranks and coefficients moved, and parts that sum to the change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbe_assets.drift.attribution import attributed
from cbe_assets.drift.results import compared_coefficients, moved_ranks, moved_weights
from cbe_assets.statistics.result import Result, Term, stars


def terms(**estimates: tuple[float, float]) -> pd.DataFrame:
    """A table of terms from estimate and standard error."""
    made = {name: Term.from_t(estimate, error, 29) for name, (estimate, error) in estimates.items()}
    return Result("m", "fixed_effects", "EXP", 300, 30, 29, 0.8, 0.8, "clustered", made).frame()


def test_sign_significance_and_stars_are_marked_where_they_changed_and_nowhere_else():
    old = terms(ECI=(1.0, 0.3), HC=(1.0, 0.52), FDI=(0.2, 0.3), Net=(1.0, 0.48), Infr=(0.5, 0.1))
    new = terms(ECI=(1.0, 0.3), HC=(1.0, 0.47), FDI=(-0.2, 0.3), Net=(1.0, 0.52), Infr=(0.6, 0.1))
    found = compared_coefficients({"m": old}, {"m": new}).set_index("term")
    assert found["change"].to_dict() == {"ECI": "same", "HC": "moved", "FDI": "moved", "Net": "moved", "Infr": "moved"}
    assert found.index[found["sign"]].tolist() == ["FDI"]
    assert found.index[found["significance"]].tolist() == ["HC", "Net"]
    assert found.index[found["stars"]].tolist() == ["HC", "Net"]
    for row in found.itertuples():
        assert (row.old_stars, row.new_stars) == (stars(row.old_p), stars(row.new_p))


def test_terms_and_specifications_of_one_state_only_are_new_or_gone():
    found = compared_coefficients(
        {"m": terms(A=(1, 1)), "x": terms(A=(1, 1))}, {"m": terms(B=(1, 1)), "y": terms(A=(1, 1))}
    )
    listed = {(row.specification, row.term): row.change for row in found.itertuples()}
    assert listed == {("m", "B"): "new", ("m", "A"): "gone", ("y", "A"): "new", ("x", "A"): "gone"}
    assert not found[["sign", "significance", "stars"]].to_numpy().any()


def test_weights_that_moved_stand_by_the_size_of_the_move():
    old = pd.DataFrame({"indicator": ["a", "b", "c"], "weight": [0.5, 0.3, 0.2]})
    new = pd.DataFrame({"indicator": ["a", "b", "d"], "weight": [0.5, 0.25, 0.25]})
    found = moved_weights(old, new)
    assert list(zip(found["indicator"], found["change"], strict=True)) == [("d", "new"), ("c", "gone"), ("b", "moved")]


def test_ranks_are_compared_where_both_states_have_the_province_and_year():
    keys = {"province": ["北京", "天津", "北京"], "year": [2021, 2021, 2022]}
    old = pd.DataFrame({**keys, "ECI": [0.5, 0.4, 0.6], "rank": [1, 2, 1]})
    new = pd.DataFrame({**keys, "ECI": [0.3, 0.4, 0.6], "rank": [2, 1, 1]}).head(2)
    found = moved_ranks(old, new, "ECI")
    assert found[["province", "old_rank", "new_rank"]].to_numpy().tolist() == [["北京", 1, 2], ["天津", 2, 1]]


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6))
def test_parts_sum_to_the_change_whatever_the_steps_give(values):
    key = ("table4_3", "ECI")
    old, new, *steps = ({key: value} for value in values)
    (found,) = attributed(old, new, steps)
    assert sum(found.parts) == pytest.approx(found.total, abs=1e-10)
    assert found.definition == found.specification_change + found.code


def test_each_part_is_its_own_step_for_a_mean_that_can_be_worked_out_by_hand():
    # mean of 1, 2, 3; the 3 becomes 6; a 7 joins; the definition doubles; the old code forgot to divide by 1 + 0.5.
    steps = [np.mean([1, 2, 3]), np.mean([1, 2, 6]), np.mean([1, 2, 6, 7]), 2 * np.mean([1, 2, 6, 7])]
    key = ("m", "x")
    (found,) = attributed({key: 1.5 * steps[0]}, {key: steps[3]}, [{key: value} for value in steps])
    assert (found.revised, found.coverage, found.specification_change, found.code) == (1.0, 1.0, 4.0, -1.0)


def test_a_coefficient_that_a_step_does_not_give_is_left_out():
    key = ("m", "x")
    assert attributed({key: 1.0}, {key: 2.0}, [{key: 1.0}, {}, {key: 1.0}, {key: 2.0}]) == []
