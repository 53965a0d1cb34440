"""Index variants, rank correlations, Sobol shares and the Monte Carlo over how the index is built."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import BASE, generated

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.few_clusters import VariantRows
from cbe_assets.statistics.index import WEIGHTING, composite, entropy_weights, normalize
from cbe_assets.statistics.index_uncertainty import COEFFICIENT, Choices, index_uncertainty
from cbe_assets.statistics.index_variants import index_paths, index_rows, rank_correlations
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.sobol import sobol_shares
from cbe_assets.statistics.winsorize import winsorize

NAMES = [f"i{j}" for j in range(6)]
DIRECTIONS = {name: "negative" if name == "i5" else "positive" for name in NAMES}
PRINTED = {name: 10.0 + j for j, name in enumerate(NAMES)}


def indicators() -> pd.DataFrame:
    frame, rng = generated(), np.random.Generator(np.random.PCG64(2))
    found = frame[["province", "year"]].copy()
    for j, name in enumerate(NAMES):
        found[name] = frame["ECI"] * np.exp(0.3 * (1 + j % 3) * rng.normal(size=300))
    found["i3"] = np.maximum(0, found["i3"] - found["i3"].median())
    found["i5"] = 1 / found["i5"]
    return found


def test_each_method_is_a_path_and_the_mechanical_parts_can_be_dropped():
    data = indicators()
    paths = index_paths(data, DIRECTIONS, printed=PRINTED, dropped={"without_mechanical": ["i0", "i3"]})
    assert list(paths.columns) == ["province", "year", *WEIGHTING, "without_mechanical"]
    z = normalize(data, DIRECTIONS)
    assert paths["entropy"].tolist() == composite(z, entropy_weights(z)).tolist()
    rest = z.drop(columns=["i0", "i3"])
    assert paths["without_mechanical"].tolist() == composite(rest, entropy_weights(rest)).tolist()
    cut = index_paths(data, DIRECTIONS, methods=["entropy"], winsor=(1, 99))
    assert cut["entropy"].tolist() == winsorize(paths["entropy"]).tolist()


def test_an_index_without_some_indicators_is_weighted_as_the_panels_own():
    data = indicators()
    paths = index_paths(data, DIRECTIONS, methods=["pca"], dropped={"short": ["i0"]}, base="pca")
    rest = normalize(data, DIRECTIONS).drop(columns=["i0"])
    assert paths["short"].tolist() == composite(rest, WEIGHTING["pca"](rest, data["year"], {})).tolist()


def test_unknown_methods_and_indicators_are_named_together():
    with pytest.raises(StudyFault) as caught:
        index_paths(indicators(), DIRECTIONS, methods=["entropy", "topsis"], dropped={"small": ["i9"]})
    assert [item.facts["found"] for item in caught.value.faults] == ["topsis", "i9"]


def test_rank_correlations_are_scipys():
    paths = index_paths(indicators(), DIRECTIONS, printed=PRINTED)
    table = rank_correlations(paths).set_index("variant")
    assert table.loc["entropy"].tolist() == pytest.approx([1, 1, 1, 1, 0])
    assert table.at["pca", "spearman"] == pytest.approx(paths["pca"].corr(paths["entropy"], method="spearman"))
    assert table.at["pca", "kendall"] == pytest.approx(paths["pca"].corr(paths["entropy"], method="kendall"))
    yearly = [part["pca"].corr(part["entropy"], method="spearman") for _, part in paths.groupby("year")]
    assert table.at["pca", "spearman_within_year"] == pytest.approx(np.mean(yearly))
    assert table["largest_rank_change"].between(0, 29).all()


def test_a_row_per_variant_is_the_regression_with_it():
    frame, paths = generated(), index_paths(indicators(), DIRECTIONS, methods=["entropy", "equal"])
    table = index_rows(frame, BASE, "ECI", paths, VariantRows(99, 1)).set_index("variant")
    term = fit(frame.assign(ECI=paths["equal"]), BASE).terms["ECI"]
    assert table.at["index_equal", "estimate"] == pytest.approx(term.estimate, rel=1e-8)
    assert table.at["index_equal", "std_error"] == pytest.approx(term.std_error, rel=1e-8)
    assert table.at["index_equal", "per_sd"] == pytest.approx(term.estimate * paths["equal"].std(), rel=1e-8)


def ishigami(points: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * points - 1)
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def test_shares_of_the_ishigami_function_are_the_analytic_ones():
    """Ishigami and Homma (1990): V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = 8 b^2 pi^8 / 225."""
    table, _ = sobol_shares(ishigami, {"x1": [0], "x2": [1], "x3": [2]}, ["y"], log2_points=12, seed=1)
    one, two, both = (1 + 0.1 * np.pi**4 / 5) ** 2 / 2, 7**2 / 8, 8 * 0.1**2 * np.pi**8 / 225
    whole = one + two + both
    assert table["first_order"].tolist() == pytest.approx([one / whole, two / whole, 0], abs=0.02)
    assert table["total"].tolist() == pytest.approx([1 - two / whole, two / whole, both / whole], abs=0.02)


def test_a_factor_may_have_several_columns_and_an_additive_model_no_interactions():
    """y = x1 + 2 x2 + 2 x3 of independent uniforms: shares 1/9 and, for x2 and x3 together, 8/9."""

    def model(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points @ [1.0, 2.0, 2.0], np.ones(len(points))])

    table, pooled = sobol_shares(model, {"one": [0], "both": [1, 2]}, ["sum", "constant"], log2_points=10, seed=1)
    rows = table.set_index(["output", "factor"])
    for column in ("first_order", "total"):
        assert rows.loc["sum", column].tolist() == pytest.approx([1 / 9, 8 / 9], abs=0.01)
    assert rows.loc["constant"].isna().all(axis=None) and pooled.shape == (2048, 2)


def uncertainty(**choices):
    return index_uncertainty(generated(), BASE, "ECI", indicators(), DIRECTIONS, printed=PRINTED,
                             choices=Choices(**choices), log2_points=6, seed=4)  # fmt: skip


def test_one_choice_alone_is_the_index_itself():
    """Nothing is varied: ranks are those of the entropy index and the coefficient that of the regression."""
    found = uncertainty(weights=("entropy",), normalizing=("min_max",), winsor=(0,), aggregation=("linear",),
                        perturbation=0.0)  # fmt: skip
    path = index_paths(indicators(), DIRECTIONS, methods=["entropy"])
    means = path.groupby("year")["entropy"].rank(ascending=False).groupby(path["province"], sort=False).mean()
    spread = found.spread.set_index("output")
    assert spread.loc[[f"rank[{name}]" for name in means.index], "mean"].tolist() == pytest.approx(means.tolist())
    slope = fit(generated().assign(ECI=path["entropy"]), BASE).terms["ECI"].estimate
    assert spread.at[COEFFICIENT, "mean"] == pytest.approx(slope * path["entropy"].std(), rel=1e-8)
    assert spread["sd"].max() < 1e-10


def test_all_variance_belongs_to_the_only_choice_that_is_left():
    found = uncertainty(normalizing=("min_max",), winsor=(0,), aggregation=("linear",), perturbation=0.0)
    rows = found.shares[found.shares["output"] == COEFFICIENT].set_index("factor")
    assert rows.at["weights", "total"] == pytest.approx(1, abs=0.25)
    assert rows.loc[["normalizing", "winsor", "aggregation", "perturbation"], "total"].max() < 1e-12


def test_every_choice_has_a_share_of_every_output_and_ranks_stay_ranks():
    found = uncertainty()
    assert found.runs == 7 * 64 and len(found.shares) == 31 * 5
    ranks = found.spread[found.spread["output"].str.startswith("rank")]
    assert ranks["mean"].sum() == pytest.approx(30 * 31 / 2, rel=1e-9)
    assert (ranks["low"] >= 1).all() and (ranks["high"] <= 30).all()
    totals = found.shares.groupby("output")["total"].sum()
    assert (totals > 0.75).all()
    order = stats.spearmanr(ranks["mean"], indicators().groupby("province", sort=False)["i0"].mean()).statistic
    assert order < -0.8
