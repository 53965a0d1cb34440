"""Weights and index against hand-worked numbers, pymcdm and what must hold of any index."""

import math

import numpy as np
import pandas as pd
import pymcdm.weights as pymcdm_weights
import pytest

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.index import WEIGHTING, composite, entropy_weights, normalize


def indicators(rows: int = 300) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(8))
    frame = pd.DataFrame({f"i{j}": np.exp(rng.normal(size=rows) * (0.2 + 0.15 * j)) for j in range(6)})
    frame["i5"] = np.where(np.arange(rows) % 10 < 2, 0, np.round(frame["i5"] * 3))
    frame["i2"] += 0.5 * frame["i1"]
    return frame


def positive(frame: pd.DataFrame) -> dict[str, str]:
    return dict.fromkeys(frame.columns, "positive")


YEARS = pd.Series(np.tile(np.arange(2013, 2023), 30))
PRINTED = {"i0": 10, "i1": 20, "i2": 30, "i3": 19.9, "i4": 15, "i5": 5}


def test_entropy_weights_of_a_worked_example():
    """Two indicators, three rows, by hand: z1 = (0, 1/2, 1) and z2 = (0, 0, 1)."""
    z = normalize(pd.DataFrame({"a": [1, 2, 3], "b": [4, 4, 6]}), {"a": "positive", "b": "positive"})
    assert z["a"].tolist() == [0, 0.5, 1] and z["b"].tolist() == [0, 0, 1]
    table = entropy_weights(z).table
    # Shares of a: 0, 1/3, 2/3; of b: 0, 0, 1, whose entropy is 0.
    entropy_a = -(math.log(1 / 3) / 3 + 2 * math.log(2 / 3) / 3) / math.log(3)
    assert table.at["a", "entropy"] == pytest.approx(entropy_a, abs=1e-15)
    assert table.at["b", "entropy"] == 0
    assert table["weight"].tolist() == pytest.approx(
        [(1 - entropy_a) / (2 - entropy_a), 1 / (2 - entropy_a)], abs=1e-15
    )
    index = composite(z, entropy_weights(z))
    assert index.tolist() == pytest.approx([0, 0.5 * (1 - entropy_a) / (2 - entropy_a), 1], abs=1e-15)


def test_entropy_weights_agree_with_pymcdm_where_it_is_defined():
    """pymcdm takes no zeros (it sets the entropy of such a column to 0), so the oracle sees z > 0."""
    z = normalize(indicators(), positive(indicators())) + 0.01
    ours = entropy_weights(z).table["weight"]
    assert ours.to_numpy() == pytest.approx(pymcdm_weights.entropy_weights(z.to_numpy()), abs=1e-12)


def test_critic_weights_agree_with_pymcdm():
    z = normalize(indicators(), positive(indicators()))
    ours = WEIGHTING["critic"](z, YEARS, PRINTED).table["weight"]
    assert ours.to_numpy() == pytest.approx(pymcdm_weights.critic_weights(z.to_numpy()), abs=1e-12)


def test_pca_weights_are_squared_loadings_of_the_correlation_matrix():
    z = normalize(indicators(), positive(indicators()))
    vectors = np.linalg.svd((z - z.mean()) / z.std())[2]
    assert WEIGHTING["pca"](z, YEARS, PRINTED).table["weight"].to_numpy() == pytest.approx(vectors[0] ** 2, abs=1e-10)


def test_variation_weights_are_sd_over_mean():
    z = normalize(indicators(), positive(indicators()))
    expected = z.std() / z.mean()
    got = WEIGHTING["variation"](z, YEARS, PRINTED).table["weight"]
    assert got.to_numpy() == pytest.approx((expected / expected.sum()).to_numpy(), abs=1e-12)


@pytest.mark.parametrize("method", list(WEIGHTING))
def test_weights_sum_to_one_and_the_index_stays_in_its_range(method):
    z = normalize(indicators(), positive(indicators()))
    weights = WEIGHTING[method](z, YEARS, PRINTED)
    table = weights.table
    sums = table.groupby(table.get("year", pd.Series(0, table.index)).to_numpy())["weight"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-12)
    assert (table["weight"] >= 0).all() and weights.method == method
    assert composite(z, weights, YEARS).between(0, 1).all()


@pytest.mark.parametrize("method", list(WEIGHTING))
def test_index_does_not_change_with_the_units_of_its_indicators(method):
    frame = indicators()
    scaled = frame * [10, 1e4, 0.01, 3, 1, 100] + [0, 5, -2, 1, 0, 7]
    before, after = (normalize(item, positive(frame)) for item in (frame, scaled))
    first = composite(before, WEIGHTING[method](before, YEARS, PRINTED), YEARS)
    second = composite(after, WEIGHTING[method](after, YEARS, PRINTED), YEARS)
    assert second.to_numpy() == pytest.approx(first.to_numpy(), abs=1e-10)


def test_weights_do_not_depend_on_the_order_of_the_rows():
    z = normalize(indicators(), positive(indicators()))
    assert (entropy_weights(z).table == entropy_weights(z.iloc[::-1]).table).all(axis=None)


def test_an_indicator_turned_around_and_called_negative_gives_the_same_index():
    frame = indicators()
    turned = frame.assign(i1=-frame["i1"])
    z = normalize(turned, {**positive(frame), "i1": "negative"})
    assert z.to_numpy() == pytest.approx(normalize(frame, positive(frame)).to_numpy(), abs=1e-15)


@pytest.mark.parametrize("method", [name for name in WEIGHTING if name != "printed"])
def test_a_constant_indicator_gets_no_weight_and_a_notice(method):
    frame = indicators().assign(i3=7.0)
    z = normalize(frame, positive(frame))
    weights = WEIGHTING[method](z, YEARS, PRINTED)
    assert np.all(weights.table.loc["i3", "weight"] == 0)
    notice = next(item for item in weights.notices if item.indicator == "i3")
    assert "i3" in notice.text("en") and "i3" in notice.text("zh")


def test_an_indicator_that_is_zero_in_a_year_gets_no_weight_in_that_year():
    """Pilot zones start in 2015: 2013 and 2014 are zero everywhere."""
    frame = indicators()
    frame.loc[YEARS < 2015, "i5"] = 0
    weights = WEIGHTING["entropy_per_year"](normalize(frame, positive(frame)), YEARS, PRINTED)
    table = weights.table.loc["i5"].set_index("year")["weight"]
    assert (table.loc[[2013, 2014]] == 0).all() and (table.loc[2015:] > 0).all()
    assert [(item.indicator, item.year) for item in weights.notices] == [("i5", 2013), ("i5", 2014)]


def test_printed_weights_are_scaled_from_99_9_percent():
    frame = indicators()
    z = normalize(frame, positive(frame))
    table = WEIGHTING["printed"](z, YEARS, PRINTED).table
    assert table.at["i1", "weight"] == pytest.approx(20 / 99.9, abs=1e-15)
    with pytest.raises(StudyFault, match="i5"):
        WEIGHTING["printed"](z, YEARS, {name: 1 for name in list(z)[:5]})


def test_all_faults_of_the_indicators_are_reported_together():
    frame = indicators().drop(columns="i0")
    frame.loc[4, "i1"] = np.nan
    with pytest.raises(StudyFault) as caught:
        normalize(frame, {"i0": "positive", "i1": "positive", "i2": "up"})
    assert {item.message for item in caught.value.faults} == {
        "statistics_unknown_variable", "statistics_index_missing", "statistics_unknown_setting",
    }  # fmt: skip
