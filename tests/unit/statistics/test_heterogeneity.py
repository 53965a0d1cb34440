"""Permutation of groups, partial pooling and sensitivity against refits, statsmodels and published numbers."""

from dataclasses import replace

import numpy as np
import pytest
from study_panels import BASE, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.heterogeneity import (
    partially_pooled,
    paule_mandel,
    permutation_equal_coefficients,
    permutations,
)
from cbe_assets.statistics.mediation import mediation
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.sensitivity import coefficient_sensitivity, mediation_sensitivity, robustness_value
from cbe_assets.statistics.specification import Specification

SPLIT = {"variable": "FinDev", "at": "median", "side": "high"}
HIGH = replace(BASE, name="high", sample={"split": SPLIT})
LOW = replace(BASE, name="low", sample={"split": {**SPLIT, "side": "low"}})
SLOPES = Specification("table7", "EXP", ("ECI",), estimator="province_slopes_ols", year_effects=False,
                       covariance="conventional")  # fmt: skip


def test_the_difference_is_that_of_the_two_columns():
    frame = generated()
    test = permutation_equal_coefficients(frame, HIGH, LOW, draws=9, seed=1)
    expected = fit(frame, HIGH).terms["ECI"].estimate - fit(frame, LOW).terms["ECI"].estimate
    assert test.value("ECI") == pytest.approx(expected, rel=1e-9)


def test_every_permutation_is_a_refit_with_exchanged_paths():
    frame = generated()
    test = permutation_equal_coefficients(frame, HIGH, LOW, draws=3, seed=8)
    drawn = []
    for order in permutations(30, 3, seed=8):
        moved = frame.copy()
        moved["FinDev"] = frame["FinDev"].to_numpy().reshape(30, 10)[order].ravel()
        drawn.append(fit(moved, HIGH).terms["ECI"].estimate - fit(moved, LOW).terms["ECI"].estimate)
    assert test.tests["permutation[ECI]"]["sd"] == pytest.approx(np.std(drawn, ddof=1), rel=1e-8)
    share = (1 + sum(abs(gap) >= abs(test.value("ECI")) for gap in drawn)) / 4
    assert test.tests["permutation[ECI]"]["p_value"] == share


def test_a_large_difference_is_found_and_none_seldom():
    frame = generated()
    high = (frame["FinDev"] > frame["FinDev"].median()).to_numpy()
    rng = np.random.Generator(np.random.PCG64(4))
    frame["x"] = rng.normal(size=300)
    simple = replace(BASE, outcome="y", regressors=("x",), controls=())
    sides = [replace(simple, sample={"split": {**SPLIT, "side": side}}) for side in ("high", "low")]
    frame["y"] = frame["x"] * np.where(high, 2, 0) + rng.normal(size=300)
    assert permutation_equal_coefficients(frame, *sides, draws=199, seed=1).tests["permutation[x]"]["p_value"] < 0.02
    rejected = 0
    for _ in range(20):
        frame["y"] = frame["x"] + rng.normal(size=300)
        test = permutation_equal_coefficients(frame, *sides, draws=99, seed=1)
        rejected += test.tests["permutation[x]"]["p_value"] <= 0.05
    assert rejected <= 4


def test_what_cannot_be_permuted_is_refused():
    with pytest.raises(StudyFault, match="cannot be compared"):
        permutation_equal_coefficients(generated(), HIGH, replace(LOW, controls=("PGDP",)), draws=9, seed=1)
    with pytest.raises(StudyFault) as caught:
        permutation_equal_coefficients(unbalanced(), HIGH, LOW, draws=9, seed=1)
    assert {item.message for item in caught.value.faults} == {"statistics_not_balanced"}
    assert "省07" in {item.facts["province"] for item in caught.value.faults}


def test_partial_pooling_is_statsmodels_iterated_random_effects():
    """statsmodels combine_effects, method_re="iterated" (Paule and Mandel): mean, tau^2 and Q."""
    from statsmodels.stats.meta_analysis import combine_effects

    found = partially_pooled(generated(), SLOPES)
    table = found.table
    oracle = combine_effects(table["estimate"].to_numpy(), table["std_error"].to_numpy() ** 2, method_re="iterated")
    assert found.mean == pytest.approx(oracle.mean_effect_re, rel=1e-6)
    assert found.tau**2 == pytest.approx(oracle.tau2, rel=1e-6)
    assert found.cochran_q == pytest.approx(oracle.q, rel=1e-9)


def test_pooled_slopes_lie_between_own_slope_and_mean_and_the_surer_move_less():
    found = partially_pooled(generated(), SLOPES)
    table = found.table
    between = (table["pooled"] - table["estimate"]) * (found.mean - table["pooled"]) >= -1e-12
    assert between.all() and table["weight"].between(0, 1).all()
    order = table.sort_values("std_error")
    assert order["weight"].is_monotonic_decreasing
    assert (table["pooled_std_error"] < table["std_error"]).all()


def test_without_heterogeneity_all_slopes_are_the_mean():
    assert paule_mandel(np.array([1.0, 1.1, 0.9]), np.ones(3)) == 0
    # By hand: two estimates 0 and 4 of variance 1: (4^2 / 2) / (1 + tau^2) = 1.
    assert paule_mandel(np.array([0.0, 4.0]), np.ones(2)) == pytest.approx(7, rel=1e-10)


def test_pooling_comes_closer_to_the_true_slopes_than_separate_regressions():
    rng = np.random.Generator(np.random.PCG64(12))
    frame = generated()[["province", "year"]]
    truth = 2 + rng.normal(size=30)
    frame["ECI"] = rng.normal(size=300)
    frame["EXP"] = np.repeat(truth, 10) * frame["ECI"] + 4 * rng.normal(size=300)
    table = partially_pooled(frame, SLOPES).table
    own, pooled = (np.mean((table[name] - truth) ** 2) for name in ("estimate", "pooled"))
    assert pooled < 0.8 * own


def test_without_correlation_the_indirect_effect_is_a_times_b():
    frame = generated()
    found = mediation_sensitivity(frame, BASE, "Inus", draws=50, seed=1, rhos=(-0.5, 0.0, 0.5))
    entry = mediation(frame, BASE, ["Inus"], draws=50, seed=1).test.tests["indirect[Inus]"]
    assert found.curve["indirect"].iloc[1] == pytest.approx(entry["estimate"], rel=1e-9)
    assert found.curve["conf_low"].iloc[1] == pytest.approx(entry["bootstrap_low"], rel=1e-9)
    assert found.curve["indirect"].is_monotonic_decreasing


def test_the_effect_vanishes_at_the_residual_correlation():
    """Imai, Keele and Yamamoto (2010): rho at which the indirect effect is 0 is the correlation of the residuals of
    the total-effect and the mediator regression."""
    from study_panels import dummy_columns, least_squares

    frame = generated()
    columns = np.column_stack([
        frame[list(BASE.explanatory)], dummy_columns(frame["year"], True), dummy_columns(frame["province"], False)
    ])  # fmt: skip
    residuals = [least_squares(frame[name].to_numpy(), columns)[1] for name in ("EXP", "Inus")]
    expected = np.corrcoef(*residuals)[0, 1]
    found = mediation_sensitivity(frame, BASE, "Inus", draws=50, seed=1)
    assert found.rho_zero == pytest.approx(expected, rel=1e-8) and found.r2_product == pytest.approx(expected**2)
    at = mediation_sensitivity(frame, BASE, "Inus", draws=5, seed=1, rhos=(expected,))
    assert at.curve["indirect"].iloc[0] == pytest.approx(0, abs=1e-8)


def test_a_confounder_of_known_correlation_is_corrected():
    """Errors of mediator and outcome correlate by .6 and the mediator does nothing: the naive product is far from 0,
    the one at rho = .6 close to it."""
    rng = np.random.Generator(np.random.PCG64(3))
    frame = generated(provinces=200)
    common = rng.normal(size=2000)
    frame["x"], frame["m"] = rng.normal(size=2000), 0.0
    frame["m"] = frame["x"] + np.sqrt(0.6) * common + np.sqrt(0.4) * rng.normal(size=2000)
    frame["y"] = frame["x"] + np.sqrt(0.6) * common + np.sqrt(0.4) * rng.normal(size=2000)
    total = Specification("total", "y", ("x",))
    curve = mediation_sensitivity(frame, total, "m", draws=20, seed=1, rhos=(0.0, 0.6)).curve["indirect"]
    assert curve.iloc[0] > 0.5 and abs(curve.iloc[1]) < 0.06


def test_robustness_values_of_the_darfur_example():
    """Cinelli and Hazlett (2020), section 5, in the digits of R sensemakr's tests/testthat/test-02-darfur.R."""
    assert robustness_value(4.18445, 783) == pytest.approx(0.1387764, abs=5e-7)
    assert robustness_value(4.18445, 783, size=0.05) == pytest.approx(0.07625797, abs=5e-7)
    assert robustness_value(1.0, 783, size=0.05) == 0


def test_the_partial_r2_is_the_fall_of_the_residual_sum_of_squares():
    frame = generated()
    full, short = fit(frame, BASE), fit(frame, replace(BASE, regressors=("PGDP",), controls=BASE.controls[1:]))
    expected = 1 - full.tests["fit"]["ssr"] / short.tests["fit"]["ssr"]
    assert coefficient_sensitivity(full, "ECI")["partial_r2"] == pytest.approx(expected, rel=1e-8)
