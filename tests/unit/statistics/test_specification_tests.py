"""F, Hausman, VIF, equal coefficients and homogeneity against formulae, libraries and published output."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import BASE, generated, grunfeld, least_squares, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.design import demean, design
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_tests import (
    compare_within_random,
    equal_coefficients,
    f_province_effects,
    hausman,
    slope_homogeneity,
    variance_inflation,
)

FIRM = Specification("grunfeld", "invest", ("value", "capital"), year_effects=False)
HIGH = replace(BASE, name="table8_high", sample={"split": {"variable": "FinDev", "at": "median", "side": "high"}})
LOW = replace(BASE, name="table8_low", sample={"split": {"variable": "FinDev", "at": "median", "side": "low"}})


def row(test, statistic: str) -> pd.Series:
    return test.statistics.set_index("statistic").loc[statistic]


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_f_of_the_province_effects_is_linearmodels_f_pooled(frame):
    test = row(f_province_effects(frame, BASE), "f_province_effects")
    result = fit(frame, BASE)
    assert test["value"] == pytest.approx(result.tests["fit"]["f_province_effects"], rel=1e-9)
    assert test["df1"] == 29 and test["df2"] == len(frame) - 30 - 16
    assert test["p_value"] == pytest.approx(stats.f.sf(test["value"], 29, test["df2"]), rel=1e-12)


def test_grunfeld_f_test_equals_r_plm_pftest():
    """R plm, `pFtest(inv ~ value + capital, data = Grunfeld, effect = "individual")`: F = 49.177, df 9 and 188."""
    test = row(f_province_effects(grunfeld(), FIRM), "f_province_effects")
    assert (round(test["value"], 3), test["df1"], test["df2"]) == (49.177, 9, 188)


def test_grunfeld_hausman_equals_r_plm_phtest():
    """R plm, `phtest(inv ~ value + capital, data = Grunfeld)`: chisq = 2.3304, df = 2, p-value = 0.3119."""
    test = hausman(grunfeld(), FIRM)
    own = row(test, "hausman_own_sigmas")
    assert (round(own["value"], 4), own["df1"], round(own["p_value"], 4)) == (2.3304, 2, 0.3119)
    # `summary(plm(inv ~ value + capital, data = Grunfeld, model = "random"))`: estimates and standard deviations.
    assert list(test.tests["random_effects"].values()) == pytest.approx((0.109781, 0.308113), abs=5e-7)
    assert test.tests["variances"]["sigma_e"] == pytest.approx(52.77, abs=5e-3)
    assert test.tests["variances"]["sigma_u"] == pytest.approx(84.20, abs=5e-3)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_random_effects_equal_linearmodels(frame):
    from linearmodels.panel import RandomEffects

    panel = design(frame, BASE)
    index = pd.MultiIndex.from_arrays([panel.province, panel.year])
    exog = pd.DataFrame(np.column_stack([panel.x, panel.dummies, np.ones(panel.n)]), index)
    oracle = RandomEffects(pd.DataFrame({"y": panel.y}, index), exog).fit()
    both = compare_within_random(panel)
    assert both.random == pytest.approx(oracle.params.to_numpy()[:-1], rel=1e-7)
    assert both.province_variance == pytest.approx(oracle.variance_decomposition["Effects"], rel=1e-8)
    assert both.theta == pytest.approx(oracle.theta["theta"].to_numpy(), rel=1e-8)
    errors = np.sqrt(both.random_variance * np.diag(both.random_inverse))
    assert errors == pytest.approx(oracle.std_errors.to_numpy()[:-1], rel=1e-7)


def test_hausman_has_seven_degrees_of_freedom_with_or_without_year_dummies():
    for year_effects in (True, False):
        test = hausman(generated(), replace(BASE, year_effects=year_effects))
        assert test.statistics["df1"].tolist() == [7, 7, 7]
        assert row(test, "mundlak_f")["df2"] == 29


def test_hausman_over_slopes_and_year_dummies_equals_slopes_only():
    """In a balanced panel the statistic over all coefficients has rank 7 (pseudo-inverse)."""
    frame = generated()
    both = compare_within_random(design(frame, BASE))
    gap = both.within - both.random
    spread = both.random_variance * (both.within_inverse - both.random_inverse)
    scale = np.sqrt(np.diag(both.within_inverse))
    values, vectors = np.linalg.eigh(spread / np.outer(scale, scale))
    large = values > 1e-9 * values[-1]
    assert large.sum() == 7
    projected = vectors[:, large].T @ (gap / scale)
    everything = float((projected**2 / values[large]).sum())
    assert row(hausman(frame, BASE), "hausman_sigmamore")["value"] == pytest.approx(everything, rel=1e-8)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_mundlak_wald_is_the_sigmaless_hausman_in_a_balanced_panel(frame):
    both = compare_within_random(design(frame, BASE))
    gap = (both.within - both.random)[:7]
    spread = both.within_variance * (both.within_inverse - both.random_inverse)[:7, :7]
    sigmaless = gap @ np.linalg.solve(spread, gap)
    wald = hausman(frame, BASE).tests["variances"]["mundlak_wald"]
    assert wald == pytest.approx(sigmaless, rel=1e-8 if len(frame) == 300 else 0.2)


def test_mundlak_within_coefficients_are_the_fixed_effects_coefficients():
    frame = generated()
    panel = design(frame, BASE)
    means = pd.DataFrame(panel.x).groupby(panel.province).transform("mean").to_numpy()
    columns = np.column_stack([panel.x, means, panel.dummies, np.ones(panel.n)])
    slopes, _ = least_squares(panel.y, columns)
    assert slopes[:7] == pytest.approx([term.estimate for term in fit(frame, BASE).terms.values()][:-1], rel=1e-8)


def test_a_difference_that_is_not_positive_definite_has_no_p_value():
    """Own sigmas fail in about half of samples under the null: look for one and hold it to the rule."""
    rng = np.random.Generator(np.random.PCG64(3))
    seen = set()
    for _ in range(12):
        frame = generated()
        level = np.repeat(rng.normal(size=30), 10)
        frame["x"], frame["z"] = rng.normal(size=300), rng.normal(size=300)
        frame["y"] = frame["x"] + level + rng.normal(size=300)
        test = hausman(frame, Specification("null", "y", ("x", "z")))
        own, more = row(test, "hausman_own_sigmas"), row(test, "hausman_sigmamore")
        definite = test.tests["variances"]["eigenvalue_min"] > 0
        assert own["verdict"] in (("rejected", "not rejected") if definite else ("not positive definite",))
        assert np.isfinite(own["p_value"]) == definite and np.isfinite(own["value"])
        assert more["value"] >= 0 and np.isfinite(more["p_value"])
        seen.add(definite)
    assert seen == {True, False}


def test_vif_equals_statsmodels_and_the_regression_of_each_on_the_others():
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    frame = generated()
    test = variance_inflation(frame, BASE)
    exog = np.column_stack([frame[list(BASE.explanatory)], np.ones(300)])
    for position, name in enumerate(BASE.explanatory):
        assert test.value(f"pooled[{name}]") == pytest.approx(variance_inflation_factor(exog, position), rel=1e-8)
    panel = design(frame, BASE)
    columns = demean(np.column_stack([panel.dummies, panel.x]), panel.province)
    for position, name in enumerate(BASE.explanatory, start=9):
        _, residual = least_squares(columns[:, position], np.delete(columns, position, axis=1))
        _, alone = least_squares(columns[:, position], columns[:, :9])
        assert test.value(f"within[{name}]") == pytest.approx((alone @ alone) / (residual @ residual), rel=1e-8)
    assert (test.statistics["value"] >= 1).all()


def test_conventional_standard_errors_are_s_root_vif_over_spread():
    """se_j = s sqrt(VIF_j) / (sd_j sqrt(n - 1))."""
    frame = generated()
    pooled = fit(frame, replace(BASE, estimator="pooled_ols", province_effects=False, year_effects=False,
                                covariance="conventional"))  # fmt: skip
    test = variance_inflation(frame, BASE)
    for name in BASE.explanatory:
        expected = pooled.tests["fit"]["rmse"] * np.sqrt(test.value(f"pooled[{name}]") / 299) / frame[name].std()
        assert pooled.terms[name].std_error == pytest.approx(expected, rel=1e-9)


def test_equal_coefficients_reproduces_both_columns_and_their_difference():
    frame = generated()
    test = equal_coefficients(frame, HIGH, LOW)
    high, low = fit(frame, HIGH), fit(frame, LOW)
    for name in BASE.explanatory:
        gap = high.terms[name].estimate - low.terms[name].estimate
        assert test.tests["difference"][name] == pytest.approx(gap, rel=1e-8)
    assert test.n == 300 and test.groups == 30
    single = row(test, "ECI")
    t = test.tests["difference"]["ECI"] / test.tests["difference_std_error"]["ECI"]
    assert single["value"] == pytest.approx(t**2, rel=1e-12) and single["df2"] == 29
    assert single["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), 29), rel=1e-10)
    assert row(test, "all_slopes")["df1"] == 7


def test_equal_coefficients_equals_the_interacted_regression_of_linearmodels():
    """One regression with province-by-group effects and everything interacted, clustered by province."""
    from linearmodels.panel import PanelOLS

    frame = generated()
    high = (frame["FinDev"] > frame["FinDev"].median()).astype(float)
    unit = pd.factorize(frame["province"] + high.astype(str))[0]
    index = pd.MultiIndex.from_arrays([unit, frame["year"]])
    x = frame[list(BASE.explanatory)].to_numpy()
    years = (frame["year"].to_numpy()[:, None] == np.arange(2014, 2023)).astype(float)
    side = high.to_numpy()[:, None]
    exog = pd.DataFrame(np.column_stack([x, x * side, years, years * side, np.ones(300)]), index)
    model = PanelOLS(pd.DataFrame({"y": frame["EXP"].to_numpy()}, index), exog, entity_effects=True)
    clusters = pd.DataFrame(pd.factorize(frame["province"])[0], index)
    oracle = model.fit(cov_type="clustered", clusters=clusters, group_debias=True)
    test = equal_coefficients(frame, HIGH, LOW)
    assert list(test.tests["difference"].values()) == pytest.approx(oracle.params.to_numpy()[7:14], rel=1e-8)
    assert list(test.tests["difference_std_error"].values()) == pytest.approx(
        oracle.std_errors.to_numpy()[7:14], rel=1e-8
    )


def test_groups_of_different_regressions_are_not_compared():
    with pytest.raises(StudyFault, match="cannot be compared"):
        equal_coefficients(generated(), HIGH, replace(LOW, controls=("PGDP",)))


def test_homogeneity_f_compares_one_slope_with_thirty():
    frame = generated()
    specification = Specification("slopes", "EXP", ("ECI",), year_effects=False)
    test = slope_homogeneity(frame, specification)
    common = fit(frame, replace(specification, covariance="conventional")).tests["fit"]["ssr"]
    lsdv = fit(frame, replace(specification, estimator="province_slopes_lsdv", covariance="conventional"))
    within = demean(frame[["EXP"]].to_numpy(), pd.factorize(frame["province"])[0])
    own = (1 - lsdv.r2) * float((within**2).sum())
    assert row(test, "f_equal_slopes")["value"] == pytest.approx((common - own) / 29 / (own / 240), rel=1e-8)
    assert row(test, "swamy_chi2")["df1"] == 58


def test_delta_of_pesaran_and_yamagata_written_out_province_by_province():
    frame = generated()
    specification = Specification("slopes", "EXP", ("ECI", "PGDP"), year_effects=False)
    test = slope_homogeneity(frame, specification)
    common = [term.estimate for term in fit(frame, specification).terms.values()][:2]
    pieces = []
    for _, rows in frame.groupby("province", sort=False):
        x = (rows[["ECI", "PGDP"]] - rows[["ECI", "PGDP"]].mean()).to_numpy()
        y = (rows["EXP"] - rows["EXP"].mean()).to_numpy()
        variance = ((y - x @ common) ** 2).sum() / 9
        pieces.append((x.T @ x / variance, x.T @ y / variance))
    weighted = np.linalg.solve(sum(a for a, _ in pieces), sum(b for _, b in pieces))
    total = sum((np.linalg.solve(a, b) - weighted) @ a @ (np.linalg.solve(a, b) - weighted) for a, b in pieces)
    assert test.value("delta") == pytest.approx(np.sqrt(30) * (total / 30 - 2) / 2, rel=1e-8)
    adjusted = np.sqrt(30) * (total / 30 - 2) / np.sqrt(4 * (10 - 2 - 1) / 11)
    assert test.value("delta_adjusted") == pytest.approx(adjusted, rel=1e-8)


def test_equal_slopes_are_rejected_when_they_differ_and_seldom_otherwise():
    rng = np.random.Generator(np.random.PCG64(11))
    specification = Specification("slopes", "y", ("x",), year_effects=False)
    rejections = 0
    for _ in range(60):
        frame = generated()[["province", "year"]]
        frame["x"] = rng.normal(size=300)
        frame["y"] = frame["x"] + rng.normal(size=300)
        rejections += row(slope_homogeneity(frame, specification), "f_equal_slopes")["verdict"] == "rejected"
    assert rejections <= 8
    frame["y"] = frame["x"] * np.repeat(np.linspace(-1, 3, 30), 10) + rng.normal(size=300)
    assert set(slope_homogeneity(frame, specification).statistics["verdict"]) == {"rejected"}
