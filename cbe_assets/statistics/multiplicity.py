"""Many tests at once: Romano and Wolf's stepdown from common bootstrap draws, and Benjamini and Hochberg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.statistics.few_clusters import clustered_terms
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.wild_bootstrap import WildCluster, WildWeights, pieces, wild_weights

COLUMNS = ("test", "term", "estimate", "statistic", "p_value", "wcr_p", "romano_wolf_p", "benjamini_hochberg_p")


@dataclass(frozen=True)
class Hypothesis:
    """One test of the family: `term` has no effect in the regression of `outcome` on `regressors`."""

    name: str
    products: CrossProducts
    outcome: str
    regressors: tuple[str, ...]
    term: str


def family(
    hypotheses: Sequence[Hypothesis], *, draws: int, seed: int, kind: str = "rademacher"
) -> pd.DataFrame:
    """Adjusted p-values of a family of two-sided tests.

    Romano and Wolf (2005, Econometrica 73; 2016, Statistics and Probability Letters 113): bootstrap statistics of all
    tests come from the same draws of cluster weights, each with its own null imposed, so that dependence between the
    tests is kept; the family-wise error is controlled.  Benjamini and Hochberg (1995) is applied to the clustered
    p-values and controls the false discovery rate.

    Args:
        hypotheses: their clusters may differ (a subsample); a cluster has the same weight in every test.
        draws: of the wild cluster bootstrap.
        seed: of its weights.

    Returns:
        One row per hypothesis in the order given, `COLUMNS`.
    """
    from statsmodels.stats.multitest import multipletests

    labels = list(dict.fromkeys(label for item in hypotheses for label in item.products.clusters))
    weights = wild_weights(len(labels), draws, seed, kind)
    rows, drawn = [], []
    for item in hypotheses:
        columns = [labels.index(label) for label in item.products.clusters]
        own = WildWeights(weights.values[:, columns], weights.kind, weights.enumerated)
        wild = WildCluster(pieces(item.products, item.outcome, item.regressors, item.term), own)
        found = clustered_terms(item.products, item.outcome, item.regressors)[item.term]
        drawn.append(np.abs(wild.statistics(0.0)[0]))
        rows.append((item.name, item.term, found.estimate, found.statistic, found.p_value, wild.p_values(0.0)[0]))
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:6]))
    frame["romano_wolf_p"] = stepdown(frame["statistic"].to_numpy(), np.column_stack(drawn), weights)
    frame["benjamini_hochberg_p"] = multipletests(frame["p_value"], method="fdr_bh")[1]
    return frame


def stepdown(statistics: np.ndarray, drawn: np.ndarray, weights: WildWeights) -> np.ndarray:
    """Stepdown p-values of |statistics| (H,) against |drawn| (B, H).

    From the largest statistic down, each is compared with the draws' maximum over the tests not passed yet; p-values
    never fall on the way down.
    """
    order = np.argsort(-np.abs(statistics), kind="stable")
    adjusted, highest = np.empty(len(order)), 0.0
    for step, position in enumerate(order):
        maxima = drawn[:, order[step:]].max(axis=1)
        own = weights.share(np.array([(maxima >= abs(statistics[position]) * (1 - 1e-10)).sum()]))[0]
        highest = max(highest, float(own))
        adjusted[position] = highest
    return adjusted
