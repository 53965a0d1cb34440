"""Pooled and fixed-effects regressions against plain numpy, other libraries and published output."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import BASE, CONTROLS, dummy_columns, generated, grunfeld, least_squares, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification

POOLED = replace(
    BASE, name="table4_2", estimator="pooled_ols", province_effects=False, year_effects=False, covariance="hc1"
)
FIRM = Specification("grunfeld", "invest", ("value", "capital"), year_effects=False)


def estimates(result) -> list[float]:
    return [term.estimate for term in result.terms.values()]


def errors(result) -> list[float]:
    return [term.std_error for term in result.terms.values()]


def clustered_by_hand(frame: pd.DataFrame, specification: Specification) -> tuple[np.ndarray, np.ndarray, float]:
    """Slopes, clustered standard errors and within R2 with every dummy written out (ECONOMETRICS section 2)."""
    x = frame[list(specification.explanatory)].to_numpy()
    years = dummy_columns(frame["year"], drop_first=True)
    provinces = dummy_columns(frame["province"], drop_first=False)
    y = frame[specification.outcome].to_numpy()
    full = np.column_stack([x, years, provinces])
    coefficients, residuals = least_squares(y, full)
    bread = np.linalg.pinv(full.T @ full)
    scores = provinces.T @ (full * residuals[:, None])
    n, groups, parameters = len(y), provinces.shape[1], x.shape[1] + years.shape[1] + 1
    factor = groups / (groups - 1) * (n - 1) / (n - parameters)
    covariance = factor * bread @ scores.T @ scores @ bread
    only_provinces = least_squares(y, provinces)[1]
    k = x.shape[1]
    return (
        coefficients[:k],
        np.sqrt(np.diag(covariance))[:k],
        1 - (residuals @ residuals) / (only_provinces @ only_provinces),
    )


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_two_way_fixed_effects_equal_plain_numpy_with_every_dummy(frame):
    result = fit(frame, BASE)
    slopes, std_errors, r2 = clustered_by_hand(frame, BASE)
    assert estimates(result)[:-1] == pytest.approx(slopes, rel=1e-9)
    assert errors(result)[:-1] == pytest.approx(std_errors, rel=1e-9)
    assert result.r2 == result.r2_within == pytest.approx(r2, abs=1e-10)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_two_way_fixed_effects_equal_pyfixest(frame):
    import pyfixest

    # pyfixest drops singletons; ours keeps them, as xtreg does.
    sizes = frame["province"].map(frame["province"].value_counts())
    frame = frame[sizes > 1]
    formula = f"EXP ~ {' + '.join(BASE.explanatory)} + C(year) | province"
    oracle = pyfixest.feols(formula, frame, vcov={"CRV1": "province"})
    result = fit(frame, BASE)
    names = list(BASE.explanatory)
    assert estimates(result)[:-1] == pytest.approx(oracle.coef()[names], rel=1e-8)
    assert errors(result)[:-1] == pytest.approx(oracle.se()[names], rel=1e-8)
    p_values = [term.p_value for term in result.terms.values()]
    assert p_values[:-1] == pytest.approx(oracle.pvalue()[names], abs=1e-8)


def test_the_constant_is_the_mean_less_slopes_and_mean_year_effect():
    frame = unbalanced()
    result = fit(frame, BASE)
    slopes = np.array(estimates(result)[:-1])
    expected = frame["EXP"].mean() - frame[list(BASE.explanatory)].mean().to_numpy() @ slopes
    years = frame["year"].map(lambda year: result.tests["year_effects"].get(str(year), 0.0))
    assert result.terms["_cons"].estimate == pytest.approx(expected - years.mean(), abs=1e-9)
    assert result.tests["fit"]["year_effect_mean"] == pytest.approx(years.mean(), abs=1e-12)
    assert list(result.tests["year_effects"]) == [str(year) for year in range(2014, 2023)]


def test_explicit_dummies_equal_two_way_demeaning_in_a_balanced_panel():
    frame = generated()
    columns = frame[["EXP", *BASE.explanatory]]
    twice = columns - columns.groupby(frame["province"]).transform("mean")
    twice = twice - columns.groupby(frame["year"]).transform("mean") + columns.mean()
    slopes, _ = least_squares(twice["EXP"].to_numpy(), twice[list(BASE.explanatory)].to_numpy())
    assert estimates(fit(frame, BASE))[:-1] == pytest.approx(slopes, rel=1e-9)


def test_p_values_and_intervals_are_of_t_with_groups_less_one():
    result = fit(generated(), BASE)
    assert result.df == 29 and result.covariance == "clustered by province"
    term = result.terms["ECI"]
    assert term.statistic == term.estimate / term.std_error
    assert term.p_value == pytest.approx(2 * stats.t.sf(abs(term.statistic), 29), rel=1e-12)
    assert term.conf_high - term.estimate == pytest.approx(stats.t.ppf(0.975, 29) * term.std_error, rel=1e-12)


def test_pooled_hc1_is_statsmodels_hc1_with_t():
    import statsmodels.api as sm

    frame = generated()
    exog = sm.add_constant(frame[list(BASE.explanatory)], prepend=False)
    oracle = sm.OLS(frame["EXP"], exog).fit(cov_type="HC1", use_t=True)
    result = fit(frame, POOLED)
    assert estimates(result) == pytest.approx(oracle.params, rel=1e-9)
    assert errors(result) == pytest.approx(oracle.bse, rel=1e-9)
    assert [term.p_value for term in result.terms.values()] == pytest.approx(oracle.pvalues, abs=1e-10)
    assert (result.df, result.covariance, result.r2_within) == (292, "HC1", None)
    assert result.r2 == pytest.approx(oracle.rsquared, abs=1e-12)
    conventional = sm.OLS(frame["EXP"], exog).fit().bse
    assert list(result.tests["std_error_conventional"].values()) == pytest.approx(conventional, rel=1e-9)


def test_one_regressor_is_correlation_and_conventional_t_follows_from_r2():
    """b = r s_y / s_x; t^2 = (n - 2) R2 / (1 - R2); _cons = mean(y) - mean(x) b."""
    frame = generated()
    result = fit(frame, replace(POOLED, controls=(), covariance="conventional"))
    r = np.corrcoef(frame["EXP"], frame["ECI"])[0, 1]
    assert result.terms["ECI"].estimate == pytest.approx(r * frame["EXP"].std() / frame["ECI"].std(), abs=1e-9)
    assert result.terms["ECI"].statistic ** 2 == pytest.approx(298 * result.r2 / (1 - result.r2), rel=1e-9)
    constant = frame["EXP"].mean() - frame["ECI"].mean() * result.terms["ECI"].estimate
    assert result.terms["_cons"].estimate == pytest.approx(constant, abs=1e-9)


def test_conventional_t_of_an_added_regressor_follows_from_two_r2():
    """t^2 = (R2u - R2r) / (1 - R2u) * df; and b^2 SSR_mediator = SSR_total - SSR_direct."""
    frame = generated()
    restricted = fit(frame, replace(BASE, covariance="conventional"))
    full = fit(frame, replace(BASE, covariance="conventional", regressors=("ECI", "Inus")))
    expected = (full.r2 - restricted.r2) / (1 - full.r2) * full.df
    assert full.terms["Inus"].statistic ** 2 == pytest.approx(expected, rel=1e-8)
    mediator = fit(frame, replace(BASE, outcome="Inus"))
    gain = restricted.tests["fit"]["ssr"] - full.tests["fit"]["ssr"]
    assert full.terms["Inus"].estimate ** 2 * mediator.tests["fit"]["ssr"] == pytest.approx(gain, rel=1e-8)


def test_both_kinds_of_standard_error_stand_side_by_side():
    frame = generated()
    clustered, conventional = fit(frame, BASE), fit(frame, replace(BASE, covariance="conventional"))
    assert conventional.df == 300 - 30 - 16
    assert list(clustered.tests["std_error_conventional"].values()) == pytest.approx(errors(conventional), rel=1e-12)
    assert list(clustered.tests["p_value_conventional"].values()) == pytest.approx(
        [term.p_value for term in conventional.terms.values()], rel=1e-9
    )


def test_an_absorbed_regressor_is_recorded_not_silently_dropped():
    frame = generated()
    frame["coast"] = (frame["province"] < "省11").astype(float)
    frame["twice"] = 2 * frame["HC"] - 1
    result = fit(frame, replace(BASE, controls=(*CONTROLS, "coast", "twice")))
    assert [item["term"] for item in result.sample["dropped"]] == ["coast", "twice"]
    assert "coast" not in result.terms
    assert estimates(result) == pytest.approx(estimates(fit(frame, BASE)), rel=1e-9)


def test_singletons_and_missing_rows_are_counted():
    frame = unbalanced()
    frame.loc[[3, 4, 5], "HC"] = np.nan
    sample = fit(frame, BASE).sample
    assert sample["singletons"] == ["省07"] and sample["missing"] == 3 and not sample["balanced"]
    assert sample["provinces"] == 30 and sample["rows"] == len(frame)


def test_results_do_not_depend_on_the_order_of_the_rows():
    """Provinces keep the order in which they first appear; the years within are sorted."""
    frame = generated()
    shuffled = frame.sort_values(["year", "province"])
    assert fit(frame, BASE).to_json_dict({}) == fit(shuffled, BASE).to_json_dict({})


@pytest.mark.parametrize(
    ("covariance", "slopes", "std_errors"),
    [
        # R plm, `plm(inv ~ value + capital, data = Grunfeld, model = "within")`; Stata and gretl agree.
        ("conventional", (0.110124, 0.310065, -58.7439), (0.0118567, 0.0173545, 12.4537)),
        # gretl, "Fixed-effects, robust (HAC) standard errors clustered by unit" on the same data.
        ("clustered", (0.110124, 0.310065, -58.7439), (0.0151945, 0.0527518, 27.6029)),
    ],
)
def test_grunfeld_fixed_effects_equal_the_published_output(covariance, slopes, std_errors):
    result = fit(grunfeld(), replace(FIRM, covariance=covariance))
    assert estimates(result) == pytest.approx(slopes, rel=5e-6)
    assert errors(result) == pytest.approx(std_errors, rel=5e-6)
    assert result.r2_within == pytest.approx(0.766758, abs=5e-7)
    if covariance == "clustered":
        assert [term.p_value for term in result.terms.values()] == pytest.approx([4.83e-05, 0.0002, 0.0622], abs=5e-5)


def test_grunfeld_pooled_equals_the_published_output():
    """Baltagi, Econometric Analysis of Panel Data, Table 2.1, in the digits R plm and gretl print."""
    specification = replace(FIRM, estimator="pooled_ols", province_effects=False, covariance="conventional")
    result = fit(grunfeld(), specification)
    assert estimates(result) == pytest.approx((0.1155622, 0.2306785, -42.7143694), abs=5e-8)
    assert errors(result) == pytest.approx((0.0058357, 0.0254758, 9.511676), abs=5e-7)
    assert result.r2 == pytest.approx(0.81241, abs=5e-6)


def test_no_regressor_left_and_too_few_rows_are_said():
    frame = generated()
    frame["coast"] = (frame["province"] < "省11").astype(float)
    with pytest.raises(StudyFault, match="coast"):
        fit(frame, replace(BASE, regressors=("coast",)))
    with pytest.raises(StudyFault, match="too few"):
        fit(frame[frame["province"] < "省02"].head(14), BASE)
