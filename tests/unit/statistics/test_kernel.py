"""The kernel against refits: numpy with relabelled provinces, linearmodels, pyfixest; and its bytes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from study_panels import BASE, dummy_columns, generated, least_squares, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.kernel import (
    CrossProducts,
    bootstrap_counts,
    cluster_bootstrap,
    interval,
    leave_one_out,
    leave_one_province_out,
    leave_one_year_out,
)
from cbe_assets.statistics.panel import fit

X = BASE.explanatory
VARIABLES = [*X, "Inus", "EXP"]
FRAMES = pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])


def refit(frame: pd.DataFrame, regressors=X, weights: np.ndarray | None = None) -> np.ndarray:
    """Slopes by numpy with every dummy written out."""
    columns = np.column_stack([
        frame[list(regressors)], dummy_columns(frame["year"], True), dummy_columns(frame["province"], False),
    ])  # fmt: skip
    root = np.ones(len(frame)) if weights is None else np.sqrt(weights)
    return least_squares(frame["EXP"].to_numpy() * root, columns * root[:, None])[0][: len(regressors)]


def relabelled(frame: pd.DataFrame, counts: np.ndarray) -> pd.DataFrame:
    """The rows of a resample, every drawn province under a new name."""
    names = frame["province"].unique()
    copies = [
        frame[frame["province"] == name].assign(province=f"{name}-{copy}")
        for name, count in zip(names, counts, strict=True)
        for copy in range(int(count))
    ]
    return pd.concat(copies, ignore_index=True)


@FRAMES
def test_the_sample_itself_agrees_with_linearmodels(frame):
    result, products = fit(frame, BASE), CrossProducts.from_frame(frame, VARIABLES)
    fits = products.fit("EXP", X)
    slopes = [term.estimate for term in result.terms.values()]
    assert fits.coefficients[0] == pytest.approx(slopes[:-1], rel=1e-8)
    assert fits.constant[0] == pytest.approx(slopes[-1], rel=1e-8)
    assert fits.ssr[0] == pytest.approx(result.tests["fit"]["ssr"], rel=1e-8)
    errors = np.sqrt(np.diag(products.clustered_covariance("EXP", X)))
    assert errors == pytest.approx([term.std_error for term in result.terms.values()][:-1], rel=1e-8)


@FRAMES
def test_resamples_equal_refits_with_relabelled_provinces(frame):
    products = CrossProducts.from_frame(frame, VARIABLES)
    counts = bootstrap_counts(30, 6, seed=4)
    fits = products.fit("EXP", X, counts)
    for draw in range(6):
        rows = relabelled(frame, counts[draw])
        assert fits.n[draw] == len(rows)
        scale = np.abs(fits.coefficients[draw]).max()
        assert np.abs(fits.coefficients[draw] - refit(rows)).max() < 1e-12 * max(scale, 1) * 10
    oracle = fit(relabelled(frame, counts[0]), BASE)
    assert fits.constant[0] == pytest.approx(oracle.terms["_cons"].estimate, rel=1e-8)


@FRAMES
def test_leaving_out_a_province_equals_refitting_without_it(frame):
    table = leave_one_province_out(CrossProducts.from_frame(frame, VARIABLES), "EXP", X)
    for province in ("省00", "省07", "省29"):
        assert table.loc[province].to_numpy() == pytest.approx(refit(frame[frame["province"] != province]), rel=1e-10)


@FRAMES
def test_leaving_out_a_year_equals_refitting_without_it(frame):
    table = leave_one_year_out(frame, "EXP", X)
    assert list(table.index) == list(range(2013, 2023))
    for year in (2013, 2018):
        assert table.loc[year].to_numpy() == pytest.approx(refit(frame[frame["year"] != year]), rel=1e-10)


def test_cv3_is_the_jackknife_written_out():
    frame = generated()
    full = refit(frame)
    gaps = np.array([refit(frame[frame["province"] != name]) - full for name in frame["province"].unique()])
    products = CrossProducts.from_frame(frame, VARIABLES)
    assert products.jackknife_covariance("EXP", X) == pytest.approx(29 / 30 * gaps.T @ gaps, rel=1e-8)
    # The jackknife is the more careful one (MacKinnon, Nielsen and Webb 2023).
    ratio = np.diag(products.jackknife_covariance("EXP", X)) / np.diag(products.clustered_covariance("EXP", X))
    assert (ratio > 1).all()


def test_observation_weights_equal_a_weighted_refit():
    frame = unbalanced()
    frame["weight"] = np.random.Generator(np.random.PCG64(6)).uniform(0.5, 3, len(frame))
    products = CrossProducts.from_frame(frame, VARIABLES, weights="weight")
    expected = refit(frame, weights=frame["weight"].to_numpy())
    assert products.fit("EXP", X).coefficients[0] == pytest.approx(expected, rel=1e-10)


def test_without_province_effects_it_is_pooled_ols_with_its_constant():
    frame = generated()
    specification = replace(BASE, estimator="pooled_ols", province_effects=False, year_effects=False)
    result = fit(frame, specification)
    products = CrossProducts.from_frame(frame, VARIABLES, province_effects=False, year_effects=False)
    fits = products.fit("EXP", X)
    slopes = [term.estimate for term in result.terms.values()]
    assert [*fits.coefficients[0], fits.constant[0]] == pytest.approx(slopes, rel=1e-8)
    errors = np.sqrt(np.diag(products.clustered_covariance("EXP", X)))
    assert errors == pytest.approx([term.std_error for term in result.terms.values()][:-1], rel=1e-8)


def test_clusters_may_hold_several_provinces():
    frame = generated()
    frame["region"] = frame["province"].str[-1].astype(int) % 5
    result = fit(frame, replace(BASE, cluster_by="region"))
    assert result.df == 4
    products = CrossProducts.from_frame(frame, VARIABLES, cluster_by="region")
    errors = np.sqrt(np.diag(products.clustered_covariance("EXP", X)))
    assert errors == pytest.approx([term.std_error for term in result.terms.values()][:-1], rel=1e-8)


def test_any_subset_of_the_variables_is_a_regression():
    frame = generated()
    products = CrossProducts.from_frame(frame, VARIABLES)
    for regressors in (("ECI",), ("ECI", "HC", "Inus"), ("Net", "ECI")):
        assert products.fit("EXP", regressors).coefficients[0] == pytest.approx(refit(frame, regressors), rel=1e-10)


def test_a_spanned_regressor_is_missing_and_leaves_the_others_alone():
    frame = generated()
    frame["coast"] = (frame["province"] < "省11").astype(float)
    frame["twice"] = 2 * frame["HC"] - 1
    products = CrossProducts.from_frame(frame, [*VARIABLES, "coast", "twice"])
    fits = products.fit("EXP", [*X, "coast", "twice"], bootstrap_counts(30, 5, seed=1))
    assert np.isnan(fits.coefficients[:, -2:]).all()
    plain = products.fit("EXP", X, bootstrap_counts(30, 5, seed=1))
    assert fits.coefficients[:, :-2] == pytest.approx(plain.coefficients, rel=1e-9)
    assert fits.constant == pytest.approx(plain.constant, rel=1e-9)


def test_the_bootstrap_spreads_as_the_clustered_standard_error():
    products = CrossProducts.from_frame(generated(), VARIABLES)
    draws = cluster_bootstrap(products, "EXP", X, draws=4000, seed=9)
    ratio = draws.std(axis=0) / np.sqrt(np.diag(products.clustered_covariance("EXP", X)))
    assert ((ratio > 0.85) & (ratio < 1.25)).all()
    low, high = interval(draws[:, 0])
    assert low < products.fit("EXP", X).coefficients[0, 0] < high


def test_counts_come_from_the_seed_alone():
    first = bootstrap_counts(30, 50, seed=7)
    assert (first == bootstrap_counts(30, 50, seed=7)).all() and (first != bootstrap_counts(30, 50, seed=8)).any()
    assert (first.sum(axis=1) == 30).all() and first.min() == 0
    assert (leave_one_out(3) == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]).all()


def test_rows_it_cannot_use_are_all_named():
    frame = generated()
    frame.loc[[3, 14], "HC"] = np.nan
    frame["region"] = frame["year"] % 2
    frame["weight"] = 0.0
    with pytest.raises(StudyFault) as caught:
        CrossProducts.from_frame(frame, VARIABLES, cluster_by="region", weights="weight")
    assert [item.message for item in caught.value.faults] == [
        "statistics_missing_value", "statistics_missing_value", "statistics_weights", "statistics_not_nested",
    ]  # fmt: skip
    assert caught.value.faults[1].facts["province"] == "省01" and caught.value.faults[1].facts["year"] == 2017
