"""Province slopes: separate OLS, interactions, Swamy; identities and R plm's published output."""

from dataclasses import replace

import numpy as np
import pytest
from study_panels import BASE, dummy_columns, generated, grunfeld, least_squares, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification

OLS = Specification(
    "table7_ols", "EXP", ("ECI",), estimator="province_slopes_ols", covariance="conventional", year_effects=False
)
LSDV = replace(OLS, name="table7_lsdv", estimator="province_slopes_lsdv")
SWAMY = replace(OLS, name="table7_swamy", estimator="swamy")


@pytest.mark.parametrize(
    "frame", [generated(), unbalanced().query("province != '省07'")], ids=["balanced", "unbalanced"]
)
def test_each_province_is_its_own_ols(frame):
    from scipy.stats import linregress

    result = fit(frame, OLS)
    for province, rows in frame.groupby("province", sort=False):
        oracle = linregress(rows["ECI"], rows["EXP"])
        term = result.terms[f"ECI[{province}]"]
        assert term.estimate == pytest.approx(oracle.slope, rel=1e-9)
        assert term.std_error == pytest.approx(oracle.stderr, rel=1e-9)
        assert term.p_value == pytest.approx(oracle.pvalue, rel=1e-7)
        assert result.tests["constants"][province] == pytest.approx(oracle.intercept, rel=1e-9)
    assert result.df == (8 if len(frame) == 300 else None)


def test_interactions_share_one_variance_and_the_slopes_of_separate_ols():
    import statsmodels.api as sm

    frame = generated()
    provinces = dummy_columns(frame["province"], drop_first=False)
    oracle = sm.OLS(frame["EXP"].to_numpy(), np.column_stack([provinces * frame[["ECI"]].to_numpy(), provinces])).fit()
    result, separate = fit(frame, LSDV), fit(frame, OLS)
    assert result.df == 300 - 60
    assert [term.std_error for term in result.terms.values()] == pytest.approx(oracle.bse[:30], rel=1e-8)
    for name, term in result.terms.items():
        assert term.estimate == pytest.approx(separate.terms[name].estimate, rel=1e-9)
    assert result.r2 == pytest.approx(separate.r2, abs=1e-12)


def test_interactions_take_common_controls_and_year_dummies():
    frame = generated()
    result = fit(frame, replace(LSDV, controls=("PGDP", "HC"), year_effects=True))
    provinces = dummy_columns(frame["province"], drop_first=False)
    columns = [
        provinces * frame[["ECI"]].to_numpy(),
        frame[["PGDP", "HC"]],
        dummy_columns(frame["year"], True),
        provinces,
    ]
    slopes, _ = least_squares(frame["EXP"].to_numpy(), np.column_stack(columns))
    assert [term.estimate for term in result.terms.values()] == pytest.approx(slopes[:30], rel=1e-8)
    assert result.tests["common_slopes"]["HC"] == pytest.approx(slopes[31], rel=1e-8)
    assert result.df == 300 - 30 - 30 - 2 - 9


def test_the_one_way_slope_is_the_variance_weighted_mean_of_the_province_slopes():
    frame = generated()
    common = fit(frame, replace(BASE, controls=(), year_effects=False)).terms["ECI"].estimate
    weights = frame.groupby("province", sort=False)["ECI"].var()
    slopes = [term.estimate for term in fit(frame, OLS).terms.values()]
    assert common == pytest.approx(np.average(slopes, weights=weights), rel=1e-10)


def test_grunfeld_swamy_equals_the_output_of_r_plm():
    """R plm, `summary(pvcm(inv ~ value + capital, data = Grunfeld, model = "random"))`."""
    result = fit(grunfeld(), Specification("swamy", "invest", ("value", "capital"), estimator="swamy",
                                           covariance="conventional", year_effects=False))  # fmt: skip
    terms = [result.terms[name] for name in ("_cons", "value", "capital")]
    assert [term.estimate for term in terms] == pytest.approx([-9.629285, 0.084587, 0.199418], abs=1e-6)
    assert [term.std_error for term in terms] == pytest.approx([17.035040, 0.019956, 0.052653], abs=1e-6)
    assert [term.statistic for term in terms] == pytest.approx([-0.5653, 4.2387, 3.7874], abs=1e-4)
    assert [term.p_value for term in terms] == pytest.approx([0.5718946, 2.248e-05, 0.0001522], rel=5e-4)
    spread = result.tests["coefficient_sd"]
    assert [spread[name] ** 2 for name in ("_cons", "value", "capital")] == pytest.approx(
        [2344.24402, 0.0031182, 0.0244824], rel=2e-5
    )


def test_swamy_predictions_average_to_the_mean_and_lie_between_it_and_the_province():
    frame = generated()
    swamy, separate = fit(frame, replace(SWAMY)), fit(frame, OLS)
    mean = swamy.terms["ECI"].estimate
    predicted = np.array([swamy.terms[name].estimate for name in separate.terms])
    own = np.array([term.estimate for term in separate.terms.values()])
    # Generalized least squares: the predicted deviations from the mean sum to zero.
    assert predicted.mean() == pytest.approx(mean, rel=1e-9)
    assert predicted.std() < own.std()
    assert all(swamy.terms[name].std_error <= separate.terms[name].std_error * 1.05 for name in separate.terms)


def test_a_province_with_too_few_years_is_named():
    with pytest.raises(StudyFault, match="省07"):
        fit(unbalanced(), OLS)


def test_lsdv_names_what_cannot_be_estimated():
    frame = generated()
    frame.loc[frame["province"] == "省03", "ECI"] = 0.1
    for specification in (OLS, LSDV):
        with pytest.raises(StudyFault, match="省03"):
            fit(frame, specification)
