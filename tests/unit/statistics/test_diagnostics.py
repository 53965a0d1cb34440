"""Tests of the errors against published output of R plm, statsmodels, linearmodels and simulated truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from study_panels import BASE, dummy_columns, generated, grunfeld, least_squares, unbalanced

from cbe_assets.statistics.design import design
from cbe_assets.statistics.diagnostics import (
    brown_forsythe,
    diagnostics,
    modified_wald,
    pesaran_cd,
    reset,
    residuals,
    wooldridge_ar1,
)
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_tests import slope_homogeneity

FIRM = Specification("grunfeld", "invest", ("value", "capital"), year_effects=False)


def test_grunfeld_cd_equals_r_plm_pcdtest():
    """R plm, `pcdtest(inv ~ value + capital, data = Grunfeld, model = "within")`: z = 4.6612, p-value = 3.144e-06
    (Nguyen, A Guide on Data Analysis, panel data)."""
    _, value, _, _, p_value, _ = pesaran_cd(design(grunfeld(), FIRM))
    assert round(value, 4) == 4.6612 and f"{p_value:.3e}" == "3.144e-06"


def test_grunfeld_pooltest_equals_r_plm():
    """R plm, `pooltest(inv ~ value + capital, data = Grunfeld, model = "within")`: F = 5.7805, df1 = 18, df2 = 170,
    p-value = 1.219e-10 (same source)."""
    row = slope_homogeneity(grunfeld(), FIRM).statistics.set_index("statistic").loc["f_equal_slopes"]
    assert (round(row["value"], 4), row["df1"], row["df2"], f"{row['p_value']:.3e}") == (5.7805, 18, 170, "1.219e-10")


def test_wooldridge_equals_statsmodels_on_differences():
    """xtserial: OLS of the differenced residuals on their lags without a constant, clustered, test of -.5."""
    import statsmodels.api as sm

    frame = grunfeld()
    changes = frame.groupby("province")[["invest", "value", "capital"]].diff()
    rows = changes.notna().all(axis=1)
    left = sm.OLS(changes.loc[rows, "invest"], changes.loc[rows, ["value", "capital"]]).fit().resid
    before = left.groupby(frame.loc[rows, "province"]).shift()
    pairs = before.notna()
    groups = pd.factorize(frame.loc[rows, "province"][pairs])[0]
    model = sm.OLS(left[pairs], before[pairs].to_frame("lag")).fit(cov_type="cluster", cov_kwds={"groups": groups})
    expected = ((model.params["lag"] + 0.5) / model.bse["lag"]) ** 2
    _, value, df1, df2, _, _ = wooldridge_ar1(design(frame, FIRM))
    assert value == pytest.approx(expected, rel=1e-8) and (df1, df2) == (1, 9)


def test_modified_wald_written_out_firm_by_firm():
    frame = unbalanced()[lambda rows: rows["province"] != "省07"]
    panel = design(frame, BASE)
    e = pd.Series(residuals(panel))
    total = 0.0
    for _, own in e.groupby(panel.province):
        spread = ((own**2 - (own**2).mean()) ** 2).sum() / (len(own) * (len(own) - 1))
        total += ((own**2).mean() - (e**2).mean()) ** 2 / spread
    _, value, df, _, _, _ = modified_wald(panel)
    assert value == pytest.approx(total, rel=1e-8) and df == 29


def test_reset_is_the_jackknife_of_refits_with_the_powers_in():
    frame = generated()
    result = fit(frame, BASE)
    years = {"2013": 0.0, **result.tests["year_effects"]}
    linear = sum(result.terms[name].estimate * frame[name] for name in BASE.explanatory)
    linear = linear + frame["year"].astype(str).map(years)
    scaled = (linear - linear.mean()) / linear.std(ddof=0)
    frame = frame.assign(square=scaled**2, cube=scaled**3)

    def powers(rows: pd.DataFrame) -> np.ndarray:
        effects = [dummy_columns(rows["year"], True), dummy_columns(rows["province"], False)]
        columns = np.column_stack([rows[["square", "cube", *BASE.explanatory]], *effects])
        return least_squares(rows["EXP"].to_numpy(), columns)[0][:2]

    whole = powers(frame)
    gaps = np.array([powers(frame[frame["province"] != name]) - whole for name in frame["province"].unique()])
    expected = whole @ np.linalg.solve(29 / 30 * gaps.T @ gaps, whole) / 2
    _, value, df1, df2, _, _ = reset(design(frame, BASE))
    assert value == pytest.approx(expected, rel=1e-6) and (df1, df2) == (2, 29)


def test_brown_forsythe_keeps_its_size_where_the_modified_wald_test_does_not():
    """Normal errors of one variance, ten years: the first rejects few, the second nearly all true nulls."""
    rejected = np.zeros(2)
    for seed in range(20):
        panel = design(simulated(0, 0, 0, seed), PLAIN)
        rejected += [brown_forsythe(panel)[4] < 0.05, modified_wald(panel)[4] < 0.05]
    assert rejected[0] <= 3 and rejected[1] >= 15
    frame = simulated(0, 0, 0, 1)
    frame["y"] *= np.repeat(np.linspace(0.3, 3, 30), 10)
    assert brown_forsythe(design(frame, PLAIN))[4] < 0.001


def simulated(rho: float, common: float, curved: float, seed: int) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(seed))
    errors = rng.normal(size=(30, 10))
    for year in range(1, 10):
        errors[:, year] = rho * errors[:, year - 1] + np.sqrt(1 - rho**2) * errors[:, year]
    frame = generated()[["province", "year"]]
    frame["x"] = rng.normal(size=300)
    loading = np.repeat(rng.normal(1, 1, 30), 10)
    shocks = common * loading * np.tile(rng.normal(size=10), 30)
    frame["y"] = frame["x"] + curved * frame["x"] ** 2 + errors.ravel() + shocks
    return frame


PLAIN = Specification("plain", "y", ("x",), year_effects=False)


def test_each_test_finds_its_own_departure_and_is_quiet_without():
    found = {name: 0 for name in ("pesaran_cd", "wooldridge_ar1", "reset")}
    for seed in range(20):
        table = diagnostics(simulated(0, 0, 0, seed), PLAIN).statistics.set_index("statistic")
        for name in found:
            found[name] += table.at[name, "p_value"] < 0.05
    assert max(found.values()) <= 4
    assert pesaran_cd(design(simulated(0, 1, 0, 1), PLAIN))[4] < 0.01
    assert wooldridge_ar1(design(simulated(0.7, 0, 0, 1), PLAIN))[4] < 0.01
    assert reset(design(simulated(0, 0, 0.5, 1), PLAIN))[4] < 0.01


def test_all_of_them_run_on_an_unbalanced_panel_and_on_pooled_ols():
    pooled = replace(BASE, estimator="pooled_ols", province_effects=False, year_effects=False, covariance="hc1")
    for specification in (BASE, pooled):
        test = diagnostics(unbalanced(), specification)
        names = ["pesaran_cd", "wooldridge_ar1", "modified_wald", "brown_forsythe", "reset"]
        assert list(test.statistics["statistic"]) == names
        assert np.isfinite(test.statistics["p_value"]).all()
        assert min(test.tests["vif"].values()) >= 1 and len(test.tests["vif"]) == 7
