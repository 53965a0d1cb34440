"""Inference with few clusters from one kernel: clustered and jackknife (CV3) terms, effective number of clusters.

The row every robustness table is made of is here too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.result import Term
from cbe_assets.statistics.wild_bootstrap import WildCluster, WildWeights, pieces, wild_weights

ROW = ("variant", "estimate", "std_error", "cv3", "p_value", "wcr_p", "conf_low", "conf_high", "n", "groups")
"""Columns of every table of variants, in order."""


def clustered_terms(products: CrossProducts, outcome: str, regressors: Sequence[str]) -> dict[str, Term]:
    """Every regressor with its CR1 standard error and t(G - 1), as linearmodels gives them."""
    return _terms(products, outcome, regressors, products.clustered_covariance(outcome, regressors))


def jackknife_terms(products: CrossProducts, outcome: str, regressors: Sequence[str]) -> dict[str, Term]:
    """Every regressor with its CV3 standard error and t(G - 1) (MacKinnon, Nielsen and Webb 2023)."""
    return _terms(products, outcome, regressors, products.jackknife_covariance(outcome, regressors))


def _terms(products, outcome, regressors, covariance: np.ndarray) -> dict[str, Term]:
    estimates = products.fit(outcome, regressors).coefficients[0]
    errors = np.sqrt(np.diagonal(covariance))
    return {
        name: Term.from_t(estimates[j], errors[j], products.groups - 1)
        for j, name in enumerate(regressors)
        if np.isfinite(estimates[j])
    }


def effective_clusters(products: CrossProducts, regressors: Sequence[str], term: str) -> float:
    """Effective number of clusters for one coefficient, G* = G / (1 + variance of gamma_g / mean^2).

    Carter, Schnepel and Steigerwald (2017), Review of Economics and Statistics 99(4), with independent errors within
    a cluster: gamma_g = a'X_g'X_g a, a the column of (X'X)^-1 that belongs to the coefficient.  Their other bound,
    perfectly correlated errors, is not defined once a mean per cluster is absorbed (MacKinnon, Nielsen and Webb
    2023, Journal of Econometrics 232(2), section 4).

    Returns:
        Between 1 (one cluster decides the estimate) and G (all weigh the same).
    """
    others = [name for name in regressors if name != term]
    solved = products.solution(term, [*others, term])
    column = solved.inverse[-1]
    inside = solved.columns
    gamma = np.einsum("i,gij,j->g", column, products.blocks[:, inside[:, None], inside], column)
    mean = gamma.mean()
    return float(products.groups / (1 + ((gamma - mean) ** 2).mean() / mean**2))


def variant_row(
    variant: str,
    products: CrossProducts,
    outcome: str,
    regressors: Sequence[str],
    term: str,
    weights: WildWeights,
) -> dict[str, object]:
    """One row of a table of variants: the term under CR1 and t(G - 1), its CV3 standard error and WCR p.

    Args:
        variant: what was changed.
        products: kernel of the variant's sample.
        weights: of as many clusters as `products` has.
    """
    clustered = clustered_terms(products, outcome, regressors)[term]
    cv3 = jackknife_terms(products, outcome, regressors)
    wild = WildCluster(pieces(products, outcome, regressors, term), weights)
    return {
        "variant": variant, "estimate": clustered.estimate, "std_error": clustered.std_error,
        "cv3": cv3[term].std_error, "p_value": clustered.p_value, "wcr_p": float(wild.p_values(0.0)[0]),
        "conf_low": clustered.conf_low, "conf_high": clustered.conf_high,
        "n": int(products.sizes.sum()), "groups": products.groups,
    }  # fmt: skip


class VariantRows:
    """`variant_row` for many variants: weights are drawn once per number of clusters.

    Args:
        draws: of the wild cluster bootstrap.
        seed: of its weights.
        kind: `rademacher` or `webb`.
    """

    def __init__(self, draws: int, seed: int, kind: str = "rademacher"):
        self._draws, self._seed, self._kind = draws, seed, kind
        self._weights: dict[int, WildWeights] = {}

    def weights(self, groups: int) -> WildWeights:
        """The weights for `groups` clusters, the same every time."""
        if groups not in self._weights:
            self._weights[groups] = wild_weights(groups, self._draws, self._seed, self._kind)
        return self._weights[groups]

    def row(
        self, variant: str, products: CrossProducts, outcome: str, regressors: Sequence[str], term: str
    ) -> dict[str, object]:
        """See `variant_row`."""
        return variant_row(variant, products, outcome, regressors, term, self.weights(products.groups))
