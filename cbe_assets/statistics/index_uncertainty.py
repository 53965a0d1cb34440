"""How sure the index is: a Monte Carlo over how it is built, and which choice moves ranks and coefficient.

Saisana, Saltelli and Tarantola (2005), JRSS A 168(2); OECD and JRC, Handbook on Constructing Composite Indicators,
section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from cbe_assets.statistics.design import demean, design
from cbe_assets.statistics.heterogeneity import balanced_cube
from cbe_assets.statistics.index import WEIGHTING, normalize
from cbe_assets.statistics.sobol import sobol_shares
from cbe_assets.statistics.specification import Specification, select
from cbe_assets.statistics.winsorize import Percent, winsorize

COEFFICIENT = "coefficient_per_sd"
FLOOR = 0.01
"""Lowest normalized value under geometric aggregation, where a zero would wipe out all the rest."""
_CHUNK = 256


@dataclass(frozen=True)
class Choices:
    """What is varied; every option of a choice is equally likely.

    Attributes:
        weights: methods of index.WEIGHTING.
        normalizing: names of `NORMALIZING`.
        winsor: percents cut from either end of the indicators.
        aggregation: names of `AGGREGATION`.
        perturbation: every weight is also multiplied with a uniform number in 1 +- this.
    """

    weights: tuple[str, ...] = ("entropy", "pca", "critic", "variation", "equal", "printed")
    normalizing: tuple[str, ...] = ("min_max", "rank", "distance_to_best")
    winsor: tuple[Percent, ...] = (0, 1, 2.5, 5)
    aggregation: tuple[str, ...] = ("linear", "geometric")
    perturbation: float = 0.25


@dataclass(frozen=True)
class IndexUncertainty:
    """Outputs are `rank[<province>]`, the province's mean rank over the years, and `coefficient_per_sd`.

    Attributes:
        shares: output, factor, first_order, total.
        spread: output, mean, sd, low, high (5th and 95th percentile over the Monte Carlo runs).
        runs: how often the index was built.
    """

    shares: pd.DataFrame
    spread: pd.DataFrame
    runs: int


def _ranks(frame: pd.DataFrame, directions: Mapping[str, str]) -> pd.DataFrame:
    """(rank - 1) / (n - 1) over all rows, ties at their mean."""
    ranks = (frame[list(directions)].rank() - 1) / max(len(frame) - 1, 1)
    return pd.DataFrame({
        name: ranks[name] if direction == "positive" else 1 - ranks[name] for name, direction in directions.items()
    })  # fmt: skip


def _distance_to_best(frame: pd.DataFrame, directions: Mapping[str, str]) -> pd.DataFrame:
    """x / max, or 1 - x / max for a negative indicator; indicators are not negative."""
    shares = frame[list(directions)] / frame[list(directions)].max().replace(0, 1)
    return pd.DataFrame({
        name: shares[name] if direction == "positive" else 1 - shares[name] for name, direction in directions.items()
    })  # fmt: skip


NORMALIZING: dict[str, Callable[[pd.DataFrame, Mapping[str, str]], pd.DataFrame]] = {
    "min_max": normalize,
    "rank": _ranks,
    "distance_to_best": _distance_to_best,
}


def _linear(z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("nj,bj->bn", z, weights)


def _geometric(z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.exp(np.einsum("nj,bj->bn", np.log(FLOOR + (1 - FLOOR) * z), weights))


AGGREGATION: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"linear": _linear, "geometric": _geometric}


def index_uncertainty(
    frame: pd.DataFrame,
    specification: Specification,
    term: str,
    indicators: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    printed: Mapping[str, float] | None = None,
    choices: Choices | None = None,
    log2_points: int = 9,
    seed: int = 0,
) -> IndexUncertainty:
    """Variance shares of the choices behind the index in the provinces' ranks and in the headline coefficient.

    Args:
        frame: the estimation sample, balanced.
        specification: `fixed_effects` regression with the index `term` in it.
        indicators: province, year and the indicators, for the same province-years.
        directions: indicator -> `positive` or `negative`.
        printed: weights as printed.
        choices: what is varied.
        log2_points: see sobol.sobol_shares.
        seed: of the design.

    Raises:
        StudyFault: as specification.select, index.normalize; a panel that is not balanced.
    """
    choices = choices or Choices()
    rows, _ = select(frame, specification)
    cube = balanced_cube(rows, specification, [term])
    keys = [specification.entity, specification.time]
    aligned = rows[keys].merge(indicators, on=keys, how="left", validate="one_to_one")
    build = _index_builder(aligned, directions, printed or {}, choices)
    coefficient = _coefficient_of(rows, specification, term)

    def model(points: np.ndarray) -> np.ndarray:
        found = []
        for start in range(0, len(points), _CHUNK):
            paths = build(points[start : start + _CHUNK])
            places = paths.reshape(len(paths), *cube.shape[:2]).transpose(0, 2, 1)
            ranks = (-places).argsort(axis=2, kind="stable").argsort(axis=2, kind="stable") + 1
            found.append(np.column_stack([coefficient(paths), ranks.mean(axis=1)]))
        return np.vstack(found)

    provinces = list(dict.fromkeys(rows[specification.entity]))
    outputs = [COEFFICIENT, *(f"rank[{province}]" for province in provinces)]
    factors = {"weights": [0], "normalizing": [1], "winsor": [2], "aggregation": [3],
               "perturbation": list(range(4, 4 + len(directions)))}  # fmt: skip
    shares, pooled = sobol_shares(model, factors, outputs, log2_points=log2_points, seed=seed)
    low, high = np.quantile(pooled, [0.05, 0.95], axis=0)
    spread = pd.DataFrame({
        "output": outputs, "mean": pooled.mean(axis=0), "sd": pooled.std(axis=0, ddof=1), "low": low, "high": high,
    })  # fmt: skip
    return IndexUncertainty(shares, spread, (len(factors) + 2) * 2**log2_points)


def _index_builder(aligned, directions, printed, choices: Choices) -> Callable[[np.ndarray], np.ndarray]:
    """Points of the unit cube (b, 4 + indicators) -> indices (b, n)."""
    options = (choices.weights, choices.normalizing, choices.winsor, choices.aggregation)
    years = aligned["year"]

    @cache
    def prepared(weighting: str, normalizing: str, percent: Percent) -> tuple[np.ndarray, np.ndarray]:
        cut = aligned[list(directions)].astype(float)
        if percent:
            cut = cut.apply(lambda column: winsorize(column, percent, 100 - float(percent)))
        z = NORMALIZING[normalizing](cut, directions)
        return z.to_numpy(dtype=float), WEIGHTING[weighting](z, years, printed).table["weight"].to_numpy()

    def build(points: np.ndarray) -> np.ndarray:
        picks = [np.minimum((points[:, j] * len(option)).astype(int), len(option) - 1)
                 for j, option in enumerate(options)]  # fmt: skip
        found = np.empty((len(points), len(aligned)))
        combinations = np.column_stack(picks)
        for combination in np.unique(combinations, axis=0):
            inside = (combinations == combination).all(axis=1)
            weighting, normalizing, percent, aggregation = (
                option[place] for option, place in zip(options, combination, strict=True)
            )
            z, weights = prepared(weighting, normalizing, percent)
            noise = 1 + choices.perturbation * (2 * points[inside, 4:] - 1)
            moved = weights * noise
            found[inside] = AGGREGATION[aggregation](z, moved / moved.sum(axis=1, keepdims=True))
        return found

    return build


def _coefficient_of(rows, specification: Specification, term: str) -> Callable[[np.ndarray], np.ndarray]:
    """Indices (b, n) -> the regression's coefficient of each times its standard deviation, (b,)."""
    panel = design(rows, specification)
    others: Sequence[int] = [j for j, name in enumerate(panel.terms) if name != term]
    fixed = demean(np.column_stack([panel.dummies, panel.x[:, others]]), panel.province)
    basis = np.linalg.qr(fixed / np.sqrt((fixed**2).sum(axis=0)))[0]
    outcome = demean(panel.y[:, None], panel.province)[:, 0]
    outcome = outcome - np.einsum("nj,j->n", basis, np.einsum("nj,n->j", basis, outcome))

    def coefficient(paths: np.ndarray) -> np.ndarray:
        centred = demean(paths.T, panel.province)
        pulled = np.einsum("nj,nb->bj", basis, centred)
        size = np.einsum("nb,nb->b", centred, centred) - np.einsum("bj,bj->b", pulled, pulled)
        return np.einsum("nb,n->b", centred, outcome) / size * paths.std(axis=1, ddof=1)

    return coefficient
