"""Placebo: what the estimate would be if provinces had each other's paths of the regressor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.statistics.design import demean, design
from cbe_assets.statistics.heterogeneity import balanced_cube, permutations
from cbe_assets.statistics.specification import Specification, select

_CHUNK = 256


@dataclass(frozen=True)
class Placebo:
    """Estimates under permuted paths.

    Attributes:
        term: whose paths were permuted.
        estimate: of the sample.
        statistic: its clustered t.
        p_value: share of permutations with an estimate as large in absolute value, the sample counted.
        p_value_t: the same for the t statistic, which is right if variances differ (MacKinnon and Webb 2020).
        draws: estimate and statistic of every permutation.
    """

    term: str
    estimate: float
    statistic: float
    p_value: float
    p_value_t: float
    draws: pd.DataFrame


def permute_paths(frame: pd.DataFrame, specification: Specification, term: str, *, draws: int, seed: int) -> Placebo:
    """Hand the paths of `term` round among the provinces and estimate again, `draws` times.

    Outcome, controls and effects stay.  Projections of the permuted columns are taken on one orthonormal basis of
    controls and effects, so that a draw costs two thin products.

    Args:
        frame: one row per province-year, balanced.
        specification: `fixed_effects` regression with `term` among its regressors.
        draws: permutations.
        seed: of the permutations.

    Raises:
        StudyFault: as specification.select; a panel that is not balanced.
    """
    rows, _ = select(frame, specification)
    paths = balanced_cube(rows, specification, [term])[:, :, 0]
    panel = design(frame, specification)
    others = [j for j, name in enumerate(panel.terms) if name != term]
    fixed = demean(np.column_stack([panel.dummies, panel.x[:, others]]), panel.province)
    basis = np.linalg.qr(fixed / np.sqrt((fixed**2).sum(axis=0)))[0]
    outcome = demean(panel.y[:, None], panel.province)[:, 0]
    outcome = outcome - np.einsum("nj,j->n", basis, np.einsum("nj,n->j", basis, outcome))
    centred = paths - paths.mean(axis=1, keepdims=True)
    exchanged = np.vstack([np.arange(len(paths)), permutations(len(paths), draws, seed)])
    parameters = fixed.shape[1] + 2
    found = [
        _estimates(centred[part], basis, outcome, panel.cluster, parameters)
        for part in np.array_split(exchanged, max(1, len(exchanged) // _CHUNK))
    ]
    estimates, statistics = (np.concatenate(column) for column in zip(*found, strict=True))
    return Placebo(
        term, float(estimates[0]), float(statistics[0]), _share(estimates), _share(statistics),
        pd.DataFrame({"estimate": estimates[1:], "statistic": statistics[1:]}),
    )  # fmt: skip


def _share(values: np.ndarray) -> float:
    """Share of values as large in absolute value as the first, which counts too."""
    return float((np.abs(values) >= abs(values[0]) * (1 - 1e-10)).mean())


def _estimates(columns, basis, outcome, cluster, parameters: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and clustered t statistics of (draws, G, T) columns."""
    flat = columns.reshape(len(columns), -1)
    residual = flat - np.einsum("bj,nj->bn", np.einsum("bn,nj->bj", flat, basis), basis)
    size = np.einsum("bn,bn->b", residual, residual)
    estimates = np.einsum("bn,n->b", residual, outcome) / size
    scores = residual * (outcome - estimates[:, None] * residual)
    inside = cluster[:, None] == np.arange(cluster.max() + 1)[None, :]
    sums = np.einsum("bn,ng->bg", scores, inside.astype(float))
    groups, n = inside.shape[1], len(outcome)
    factor = groups / (groups - 1) * (n - 1) / (n - parameters)
    return estimates, estimates * size / np.sqrt(factor * (sums**2).sum(axis=1))
