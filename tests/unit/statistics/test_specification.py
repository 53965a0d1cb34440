"""Which rows a specification uses, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from study_panels import BASE, generated

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.specification import select

HIGH = {"split": {"variable": "FinDev", "at": "median", "side": "high"}}
LOW = {"split": {"variable": "FinDev", "at": "median", "side": "low"}}


def test_the_median_split_is_over_observations_and_gives_halves():
    frame = generated()
    high, record = select(frame, replace(BASE, sample=HIGH))
    low, _ = select(frame, replace(BASE, sample=LOW))
    assert (len(high), len(low)) == (150, 150)
    assert set(high["province"]) & set(low["province"])
    assert high["FinDev"].min() > record["split"]["threshold"] >= low["FinDev"].max()
    assert record["split"]["high"] == record["split"]["low"] == 150 and record["excluded"] == 150


def test_ties_at_the_median_go_to_the_low_side():
    """Stata's `gen high = FinDev > r(p50)`."""
    frame = generated()
    frame["FinDev"] = np.where(np.arange(300) < 200, 1.0, 2.0)
    high, record = select(frame, replace(BASE, sample=HIGH))
    assert len(high) == 100 and record["split"]["at_threshold"] == 200


def test_a_row_without_split_value_is_on_neither_side():
    frame = generated()
    frame.loc[:9, "FinDev"] = np.nan
    counts = [len(select(frame, replace(BASE, sample=sample))[0]) for sample in (HIGH, LOW)]
    assert sum(counts) == 290
    assert select(frame, replace(BASE, sample=HIGH))[1]["split"]["without_value"] == 10


def test_conditions_must_all_hold():
    sample = {"where": {"year": {">=": 2015, "<": 2020}, "province": {"not in": ["省00", "省01"]}}}
    rows, record = select(generated(), replace(BASE, sample=sample))
    assert len(rows) == 28 * 5 and record["excluded"] == 160
    assert rows["year"].between(2015, 2019).all() and not set(rows["province"]) & {"省00", "省01"}


def test_everything_wrong_is_reported_at_once():
    frame = generated()
    frame["note"] = "x"
    frame.loc[1, "year"] = 2013
    sample = {"split": {"variable": "FinDev", "at": "mean", "side": "middle"}, "where": {"year": {"~": 1}}}
    bad = replace(BASE, outcome="GDP", controls=("note", "PGDP", "PGDP"), covariance="robust", sample=sample)
    with pytest.raises(StudyFault) as caught:
        select(frame, bad)
    messages = [item.message for item in caught.value.faults]
    assert messages.count("statistics_unknown_setting") == 4
    assert {"statistics_unknown_variable", "statistics_not_numeric", "statistics_repeated_variable",
            "statistics_repeated_row"} < set(messages)  # fmt: skip
    assert "table4_3" in str(caught.value) and "省00 2013" in str(caught.value)


@pytest.mark.parametrize("estimator", ["pooled_ols", "province_slopes_ols", "swamy"])
def test_settings_an_estimator_does_not_know_are_refused(estimator):
    with pytest.raises(StudyFault, match=estimator):
        select(generated(), replace(BASE, estimator=estimator))


def test_an_empty_sample_is_refused():
    with pytest.raises(StudyFault, match="300"):
        select(generated(), replace(BASE, sample={"where": {"year": {">": 2050}}}))
