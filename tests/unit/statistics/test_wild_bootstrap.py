"""The wild cluster bootstrap against the bootstrap written out row by row, wildboottest and pyfixest."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from study_panels import BASE, dummy_columns, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.wild_bootstrap import WildCluster, pieces, wild_cluster, wild_weights

X = BASE.explanatory


def dummies_written_out(frame: pd.DataFrame) -> np.ndarray:
    return np.column_stack([
        frame[list(X)], dummy_columns(frame["year"], True), dummy_columns(frame["province"], False)
    ])  # fmt: skip


def written_out(frame, term: str, null: float, draw: np.ndarray, mass: np.ndarray) -> tuple[float, float]:
    """Bootstrap and sample t of one draw: restricted residuals, new outcome, refit, CR1; all by lstsq on rows."""
    root = np.sqrt(mass)[:, None]
    columns = dummies_written_out(frame) * root
    y = frame["EXP"].to_numpy() * root[:, 0]
    position = X.index(term)
    others = np.delete(columns, position, axis=1)
    restricted = y - null * columns[:, position]
    residual = restricted - others @ np.linalg.lstsq(others, restricted, rcond=None)[0]
    codes = pd.factorize(frame["province"])[0]
    found = []
    for outcome in (y - residual + draw[codes] * residual, y):
        b = np.linalg.lstsq(columns, outcome, rcond=None)[0]
        scores = pd.DataFrame(columns * (outcome - columns @ b)[:, None]).groupby(codes).sum().to_numpy()
        inverse = np.linalg.pinv(columns.T @ columns)
        groups, n = len(scores), len(y)
        factor = groups / (groups - 1) * (n - 1) / (n - columns.shape[1] + groups - 1)
        found.append((b[position] - null) / np.sqrt(factor * ((scores @ inverse[position]) ** 2).sum()))
    return tuple(found)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
@pytest.mark.parametrize("kind", ["rademacher", "webb"])
@pytest.mark.parametrize(("term", "null"), [("ECI", 0.0), ("HC", 4.5)])
def test_statistics_equal_refits_of_the_rows(frame, kind, term, null):
    products = CrossProducts.from_frame(frame, [*X, "EXP"])
    weights = wild_weights(30, 6, seed=3, kind=kind)
    wild = WildCluster(pieces(products, "EXP", X, term), weights)
    drawn = wild.statistics(null)[0]
    for position in range(6):
        expected, own = written_out(frame, term, null, weights.values[position], np.ones(len(frame)))
        assert drawn[position] == pytest.approx(expected, rel=1e-8)
        assert wild.sample_statistics(null)[0] == pytest.approx(own, rel=1e-8)


def test_weighted_observations_equal_refits_too():
    frame = unbalanced()
    frame["weight"] = np.random.Generator(np.random.PCG64(6)).uniform(0.5, 3, len(frame))
    products = CrossProducts.from_frame(frame, [*X, "EXP"], weights="weight")
    weights = wild_weights(30, 4, seed=3)
    drawn = WildCluster(pieces(products, "EXP", X, "ECI"), weights).statistics(0.3)[0]
    expected = [written_out(frame, "ECI", 0.3, draw, frame["weight"].to_numpy())[0] for draw in weights.values]
    assert drawn == pytest.approx(expected, rel=1e-8)


def wildboottest_p(frame: pd.DataFrame, term: str, seed: int) -> float:
    from wildboottest.wildboottest import wildboottest

    written = dummies_written_out(frame)
    exog = pd.DataFrame(written, columns=[*X, *map(str, range(len(X), written.shape[1]))])
    clusters = pd.Series(pd.factorize(frame["province"])[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.OLS(frame["EXP"].reset_index(drop=True), exog)
        table = wildboottest(model, param=term, cluster=clusters, B=999, seed=seed, show=False)
    return float(table["p-value"].iloc[0])


def test_enumerated_p_equals_wildboottests():
    """With 8 clusters both use all 256 sign patterns; wildboottest counts |t*| > |t|, so that the sample itself and
    its mirror image count only where rounding makes them larger."""
    frame = generated()[lambda rows: rows["province"] < "省08"].reset_index(drop=True)
    products = CrossProducts.from_frame(frame, [*X, "EXP"])
    test = wild_cluster(products, "EXP", X, "ECI", draws=9999, seed=1)
    assert test.enumerated and test.draws == 256
    more = 256 * (test.p_value - wildboottest_p(frame, "ECI", 1))
    assert more == pytest.approx(round(more), abs=1e-9) and round(more) in (0, 1, 2)


def test_drawn_p_agrees_with_wildboottest_within_simulation_error():
    frame = generated()
    products = CrossProducts.from_frame(frame, [*X, "EXP"])
    test = wild_cluster(products, "EXP", X, "Net", draws=9999, seed=1)
    other = wildboottest_p(frame, "Net", 2)
    assert abs(test.p_value - other) < 4.5 * np.sqrt(other * (1 - other) / 999)


@pytest.mark.parametrize("equal_tail", [False, True])
def test_the_interval_holds_exactly_what_is_not_rejected(equal_tail):
    products = CrossProducts.from_frame(generated(), [*X, "EXP"])
    wild = WildCluster(pieces(products, "EXP", X, "Net"), wild_weights(30, 1999, seed=5))
    p_values = wild.p_values_equal_tail if equal_tail else wild.p_values
    low, high = wild.interval(equal_tail=equal_tail)
    assert low < wild.parts.estimate < high
    slack = 1e-7 * (high - low)
    assert p_values(np.array([low + slack, high - slack])) == pytest.approx([0.05, 0.05], abs=0.003)
    outside = np.concatenate([low - slack - np.linspace(0, 5, 200), high + slack + np.linspace(0, 5, 200)])
    assert (p_values(outside) <= 0.05 + 1e-12).all()
    assert (p_values(np.array([low, high])) > 0.05 - 1e-12).all()


def test_an_interval_no_null_can_leave_is_unbounded():
    """With four clusters every p is at least 2/16: nothing is rejected at 5 %."""
    frame = generated()[lambda rows: rows["province"] < "省04"]
    products = CrossProducts.from_frame(frame, ["ECI", "EXP"])
    test = wild_cluster(products, "EXP", ["ECI"], "ECI", draws=999, seed=1)
    assert test.p_value >= 2 / 16 and (test.conf_low, test.conf_high) == (-np.inf, np.inf)


def test_every_regressor_of_interest_has_its_own_test():
    frame = generated()
    products = CrossProducts.from_frame(frame, [*X, "Inus", "EXP"])
    one = wild_cluster(products, "EXP", [*X, "Inus"], "Inus", draws=999, seed=1)
    two = wild_cluster(products, "EXP", ["Inus", *X], "ECI", draws=999, seed=1)
    fits = products.fit("EXP", [*X, "Inus"]).coefficients[0]
    assert (two.estimate, one.estimate) == pytest.approx((fits[0], fits[-1]), rel=1e-10)
    errors = np.sqrt(np.diag(products.clustered_covariance("EXP", [*X, "Inus"])))
    assert (two.std_error, one.std_error) == pytest.approx((errors[0], errors[-1]), rel=1e-10)


def test_the_true_value_is_seldom_rejected_and_a_far_one_always():
    products = CrossProducts.from_frame(generated(), [*X, "EXP"])
    wild = WildCluster(pieces(products, "EXP", X, "ECI"), wild_weights(30, 999, seed=5))
    assert wild.p_values(wild.parts.estimate)[0] == 1
    assert wild.p_values(wild.parts.estimate + 20 * wild.parts.std_error)[0] == 0.001


def test_webbs_six_points_have_mean_zero_and_variance_one():
    values = wild_weights(12, 40_000, seed=2, kind="webb").values
    assert sorted(set(np.round(values.ravel() ** 2, 12))) == [0.5, 1, 1.5]
    assert abs(values.mean()) < 0.01 and abs((values**2).mean() - 1) < 0.01


def test_enumeration_starts_where_the_draws_reach_all_patterns():
    assert wild_weights(10, 1024, seed=1).enumerated and not wild_weights(10, 1023, seed=1).enumerated
    assert len(np.unique(wild_weights(6, 64, seed=1).values, axis=0)) == 64
    assert not wild_weights(6, 999, seed=1, kind="webb").enumerated


def test_unknown_weights_and_too_few_draws_are_named_together():
    with pytest.raises(StudyFault) as caught:
        wild_weights(30, 0, seed=1, kind="mammen")
    assert [item.message for item in caught.value.faults] == ["statistics_unknown_setting", "statistics_draws"]
