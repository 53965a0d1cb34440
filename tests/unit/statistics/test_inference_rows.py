"""Extra rows against independent computations: linearmodels refits, the delta method by hand; and their layout."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import BASE, CONTROLS, generated, unbalanced

from cbe_assets.statistics.inference import (
    STEP,
    TERM_COLUMNS,
    Bootstrap,
    beside_terms,
    extra_rows,
    jackknife,
    with_extra_rows,
)
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification

QUICK = Bootstrap(draws=199, seed=1)
POOLED = replace(BASE, estimator="pooled_ols", province_effects=False, year_effects=False, covariance="hc1")


@pytest.mark.parametrize("specification", [BASE, POOLED], ids=["fixed effects", "pooled"])
@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_cv3_of_every_coefficient_is_that_of_thirty_linearmodels_refits(frame, specification):
    """(G-1)/G times the sum of squared gaps between refits without one province and the estimate, the constant too."""
    result = fit(frame, specification)
    refits = pd.DataFrame([
        {name: term.estimate for name, term in fit(frame[frame["province"] != province], specification).terms.items()}
        for province in frame["province"].unique()
    ])  # fmt: skip
    found = jackknife(frame, specification, result)
    assert list(found) == list(result.terms)
    for name, term in found.items():
        estimate = result.terms[name].estimate
        error = np.sqrt(29 / 30 * ((refits[name] - estimate) ** 2).sum())
        p_value = 2 * stats.t.sf(abs(estimate / error), 29)
        half = stats.t.ppf(0.975, 29) * error
        values = (term.estimate, term.std_error, term.p_value, term.conf_low, term.conf_high)
        # Elimination in the kernel and linearmodels' least squares part at the ninth digit of a constant.
        assert values == pytest.approx((estimate, error, p_value, estimate - half, estimate + half), rel=1e-8)


def test_sizes_are_the_delta_method_by_hand():
    """Numerical derivatives of 100 (exp(step b) - 1) and b mean(x), times the standard error, under t(29)."""
    frame = generated()
    result = fit(frame, BASE)
    table = extra_rows(frame, BASE, result, QUICK, steps={"ECI": 0.05}).set_index("row")
    b, error = result.terms["ECI"].estimate, result.terms["ECI"].std_error
    mean, h = frame["ECI"].to_numpy().mean(), 1e-6
    functions = {"step_effect": lambda b: 100 * (np.exp(0.05 * b) - 1), "elasticity_at_mean": lambda b: b * mean}
    for row, function in functions.items():
        spread = abs(function(b + h) - function(b - h)) / (2 * h) * error
        half = stats.t.ppf(0.975, 29) * spread
        expected = (function(b), spread, function(b) - half, function(b) + half)
        found = table.loc[row, ["estimate", "std_error", "conf_low", "conf_high"]]
        assert tuple(found) == pytest.approx(expected, rel=1e-7)


def test_a_regressor_in_logs_has_its_coefficient_as_elasticity():
    frame = generated()
    result = fit(frame, BASE)
    table = extra_rows(frame, BASE, result, QUICK, log_regressors=["ECI"]).set_index("row")
    term = result.terms["ECI"]
    found = tuple(table.loc["elasticity_at_mean", ["estimate", "conf_low", "conf_high"]])
    assert found == pytest.approx((term.estimate, term.conf_low, term.conf_high), rel=1e-12)
    levels = Specification("share", "Tec", ("ECI",), CONTROLS)
    table = extra_rows(frame, levels, fit(frame, levels), QUICK, log_outcome=False, log_regressors=["ECI"])
    expected = fit(frame, levels).terms["ECI"].estimate / frame["Tec"].mean()
    assert table.set_index("row").at["elasticity_at_mean", "estimate"] == pytest.approx(expected, rel=1e-12)


def test_a_decreasing_effect_in_levels_keeps_low_below_high():
    frame = generated().assign(Tec=lambda frame: -frame["Tec"])
    levels = Specification("share", "Tec", ("ECI",), CONTROLS)
    table = extra_rows(frame, levels, fit(frame, levels), QUICK, log_outcome=False).set_index("row")
    for row in ("step_effect", "elasticity_at_mean"):
        low, middle, high = table.loc[row, ["conf_low", "estimate", "conf_high"]]
        assert low < middle < high


def test_rows_are_laid_out_beside_their_terms_and_controls_have_none():
    frame = generated()
    two = replace(BASE, regressors=("ECI", "Inus"))
    result = fit(frame, two)
    rows = extra_rows(frame, two, result, QUICK, steps={"Inus": 1})
    beside = beside_terms(rows, list(result.terms))
    assert list(beside) == list(TERM_COLUMNS) and len(beside) == len(result.terms)
    assert {str(kind) for kind in beside.dtypes} == {"float64"}
    known = rows.set_index(["term", "row"])
    for position, term in enumerate(result.terms):
        for column, (row, number) in TERM_COLUMNS.items():
            expected = known.at[(term, row), number] if term in two.regressors else np.nan
            assert beside.at[position, column] == pytest.approx(expected, nan_ok=True, rel=0, abs=0)
    assert beside["cv3_std_error"].notna().tolist() == [True, True] + [False] * (len(result.terms) - 2)
    effect = 100 * np.expm1([STEP * result.terms["ECI"].estimate, result.terms["Inus"].estimate])
    assert beside["step_effect"].head(2).tolist() == pytest.approx(list(effect), rel=1e-12)


def test_the_json_has_every_coefficient_by_each_standard_error_and_how_the_bootstrap_was_drawn():
    frame = generated()
    result = fit(frame, BASE)
    rows = extra_rows(frame, BASE, result, QUICK)
    record = with_extra_rows(result, rows, jackknife(frame, BASE, result), QUICK).to_json_dict({})
    tests = record["tests"]
    assert set(tests["std_error_cv3"]) == set(tests["std_error_conventional"]) == set(record["terms"])
    assert tests["wild_bootstrap"] == {"draws": 199.0, "seed": 1.0, "kind": "rademacher"}
    known = rows.set_index("row")
    assert tests["cv3[ECI]"]["std_error"] == known.at["cv3", "std_error"]
    assert tests["wcr[ECI]"]["p_value"] == known.at["wcr", "p_value"]
    assert record["terms"] == result.to_json_dict({})["terms"]


def test_one_province_has_sizes_but_nothing_about_clusters():
    frame = generated(years=20)
    alone = frame[frame["province"] == frame["province"][0]]
    plain = replace(POOLED, controls=())
    result = fit(alone, plain)
    rows = extra_rows(alone, plain, result, QUICK)
    assert set(rows["row"]) == {"step_effect", "elasticity_at_mean"}
    assert jackknife(alone, plain, result) == {}
    assert beside_terms(rows, list(result.terms))["cv3_std_error"].isna().all()


def test_two_provinces_give_an_unbounded_wild_interval():
    """Four sign patterns can never reject at 5 %."""
    frame = generated()
    two = frame[frame["province"].isin(["省01", "省02"])]
    small = replace(BASE, controls=(), year_effects=False)
    rows = extra_rows(two, small, fit(two, small), QUICK).set_index("row")
    assert rows.at["wcr", "conf_low"] == -np.inf and rows.at["wcr", "conf_high"] == np.inf
    rich = with_extra_rows(fit(two, small), rows.reset_index(), {}, QUICK)
    assert rich.to_json_dict({})["tests"]["wcr[ECI]"]["conf_low"] is None
