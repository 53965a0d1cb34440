"""The composite index: normalized indicators, named weighting methods, weighted sum.

Sums are exactly rounded (math.fsum), so that weights depend neither on the order of the rows nor on threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault, say

DIRECTIONS = {"positive": 1, "negative": -1}


@dataclass(frozen=True)
class Notice:
    """Something a reader of the weights must know: its message and the indicator (and year) it is about."""

    message: str
    indicator: str
    year: int | None = None

    def text(self, lang: str | None = None) -> str:
        """The message in the user's language, or in `lang` (zh, en)."""
        return say(self.message, lang, indicator=self.indicator, year=self.year)


@dataclass(frozen=True)
class Weights:
    """Weights of one method.

    Attributes:
        method: its name in `WEIGHTING`.
        table: one row per indicator in the order of z, index `indicator`, column `weight` last and what it came from
            (entropy, divergence ...) before; per-year methods have a first column `year` and the rows of every year.
        notices: what is to be reported with them, such as a constant indicator.
    """

    method: str
    table: pd.DataFrame
    notices: tuple[Notice, ...] = ()


def normalize(frame: pd.DataFrame, directions: Mapping[str, str]) -> pd.DataFrame:
    """Min-max over all rows: (x - min) / (max - min), or (max - x) / (max - min) for a negative indicator.

    Args:
        frame: at least the columns of `directions`, one row per province-year.
        directions: indicator -> `positive` or `negative`.

    Returns:
        One column per indicator, values in [0, 1]; a constant indicator is 0 throughout.

    Raises:
        StudyFault: columns the frame lacks, unknown directions, missing values.
    """
    found = [
        fault("statistics_unknown_setting", key=name, setting="direction", found=direction,
              expected=", ".join(DIRECTIONS))
        for name, direction in directions.items() if direction not in DIRECTIONS
    ]  # fmt: skip
    lacking = [name for name in directions if name not in frame.columns]
    for name in lacking:
        facts = {"found": name, "expected": ", ".join(map(str, frame.columns))}
        found.append(fault("statistics_unknown_variable", key="index", **facts))
    for name in directions:
        if name not in lacking and (missing := int((~np.isfinite(frame[name].astype(float))).sum())):
            found.append(fault("statistics_index_missing", found=name, expected=missing))
    if found:
        raise StudyFault(found)
    return pd.DataFrame({name: _min_max(frame[name], sign) for name, sign in directions.items()}, index=frame.index)


def _min_max(values: pd.Series, direction: str) -> np.ndarray:
    x = values.to_numpy(dtype=float)
    low, high = x.min(), x.max()
    if high == low:
        return np.zeros(len(x))
    return (x - low) / (high - low) if DIRECTIONS[direction] > 0 else (high - x) / (high - low)


def _entropy(values: np.ndarray) -> float:
    """e = -(1 / ln n) sum p ln p with p = z / sum z and 0 ln 0 = 0; NaN if z is 0 throughout."""
    total = math.fsum(values)
    if total <= 0:
        return float("nan")
    shares = [value / total for value in values if value > 0]
    return -math.fsum(share * math.log(share) for share in shares) / math.log(len(values))


def _is_constant(values: np.ndarray) -> bool:
    return bool(values.max() == values.min())


def _scaled(raw: Mapping[str, float]) -> dict[str, float]:
    """Weights that sum to one; all zero if nothing varies."""
    total = math.fsum(raw.values())
    return {name: value / total if total > 0 else 0.0 for name, value in raw.items()}


def _weights(method: str, z: pd.DataFrame, columns: Mapping[str, Mapping[str, float]], notices) -> Weights:
    table = pd.DataFrame(columns, index=pd.Index(z.columns, name="indicator"), dtype=float)
    return Weights(method, table, tuple(notices))


def _constant_notices(z: pd.DataFrame, year: int | None = None) -> list[Notice]:
    message = "statistics_constant_indicator" if year is None else "statistics_constant_in_year"
    return [Notice(message, name, year) for name in z if _is_constant(z[name].to_numpy())]


def entropy_weights(z: pd.DataFrame) -> Weights:
    """Entropy weights pooled over all rows: e as in `_entropy` with n = rows, d = 1 - e, w = d / sum d.

    A constant indicator gets weight 0 and a notice.  Shannon (1948); weights do not change if an indicator is
    rescaled or shifted before `normalize`.

    Args:
        z: normalized indicators, one row per province-year.

    Returns:
        `table` with entropy, divergence and weight.
    """
    entropy, divergence = _entropies(z)
    columns = {"entropy": entropy, "divergence": divergence, "weight": _scaled(divergence)}
    return _weights("entropy", z, columns, _constant_notices(z))


def _entropies(z: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    entropy = {}
    for name in z:
        values = z[name].to_numpy(dtype=float)
        entropy[name] = 1.0 if _is_constant(values) else _entropy(values)
    # Rounding may leave e a hair above 1 for an almost even indicator.
    return entropy, {name: max(0.0, 1 - value) for name, value in entropy.items()}


def entropy_weights_per_year(z: pd.DataFrame, years: pd.Series) -> Weights:
    """Entropy weights of each year's rows by themselves, on the indicators normalized over all rows.

    Returns:
        `table` with year, entropy, divergence and weight: every year's rows in turn.
    """
    parts, notices = [], []
    for year in sorted(set(years)):
        rows = z[(years == year).to_numpy()]
        part = entropy_weights(rows).table
        part.insert(0, "year", int(year))
        parts.append(part)
        notices += _constant_notices(rows, int(year))
    return Weights("entropy_per_year", pd.concat(parts), tuple(notices))


def _correlation(z: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Indicators that vary, their standard deviations (n - 1) and correlations."""
    names = [name for name in z if not _is_constant(z[name].to_numpy())]
    deviations = [z[name].to_numpy() - math.fsum(z[name]) / len(z) for name in names]
    cross = np.array([[math.fsum(a * b) for b in deviations] for a in deviations]).reshape(len(names), len(names))
    sd = np.sqrt(np.diagonal(cross) / (len(z) - 1))
    size = np.sqrt(np.diagonal(cross))
    return names, sd, cross / np.outer(size, size)


def pca_weights(z: pd.DataFrame) -> Weights:
    """Squared loadings of the first principal component of the correlation matrix; they sum to one.

    OECD and JRC, Handbook on Constructing Composite Indicators (2008), section 6.1.
    """
    names, _, correlation = _correlation(z)
    loading = np.linalg.eigh(correlation)[1][:, -1] if names else np.zeros(0)
    sign = 1 if loading.sum() >= 0 else -1
    loadings = {name: sign * float(value) for name, value in zip(names, loading, strict=True)}
    squares = {name: loadings.get(name, 0.0) ** 2 for name in z}
    columns = {"loading": {name: loadings.get(name, 0.0) for name in z}, "weight": _scaled(squares)}
    return _weights("pca", z, columns, _constant_notices(z))


def critic_weights(z: pd.DataFrame) -> Weights:
    """CRITIC: sd_j * sum_i (1 - r_ij), scaled (Diakoulaki, Mavrotas and Papayannakis 1995)."""
    names, sd, correlation = _correlation(z)
    conflict = {name: math.fsum(1 - value for value in row) for name, row in zip(names, correlation, strict=True)}
    spread = dict(zip(names, map(float, sd), strict=True))
    information = {name: spread.get(name, 0.0) * conflict.get(name, 0.0) for name in z}
    columns = {"sd": {name: spread.get(name, 0.0) for name in z}, "information": information}
    return _weights("critic", z, {**columns, "weight": _scaled(information)}, _constant_notices(z))


def variation_weights(z: pd.DataFrame) -> Weights:
    """Coefficient of variation of the normalized indicators, sd / mean, scaled."""
    names, sd, _ = _correlation(z)
    raw = {name: float(value) / (math.fsum(z[name]) / len(z)) for name, value in zip(names, sd, strict=True)}
    variation = {name: raw.get(name, 0.0) for name in z}
    return _weights("variation", z, {"variation": variation, "weight": _scaled(variation)}, _constant_notices(z))


def equal_weights(z: pd.DataFrame) -> Weights:
    """The same weight for every indicator that varies."""
    varies = {name: 0.0 if _is_constant(z[name].to_numpy()) else 1.0 for name in z}
    return _weights("equal", z, {"weight": _scaled(varies)}, _constant_notices(z))


def printed_weights(z: pd.DataFrame, printed: Mapping[str, float]) -> Weights:
    """Weights as printed, scaled to sum to one (the paper's sum to 99.9 %).

    Raises:
        StudyFault: an indicator without a printed weight.
    """
    lacking = [name for name in z if name not in printed]
    if lacking:
        raise StudyFault([fault("statistics_no_printed_weight", found=name) for name in lacking])
    shares = {name: float(printed[name]) for name in z}
    return _weights("printed", z, {"printed": shares, "weight": _scaled(shares)}, _constant_notices(z))


WEIGHTING: dict[str, Callable[[pd.DataFrame, pd.Series, Mapping[str, float]], Weights]] = {
    "entropy": lambda z, years, printed: entropy_weights(z),
    "entropy_per_year": lambda z, years, printed: entropy_weights_per_year(z, years),
    "pca": lambda z, years, printed: pca_weights(z),
    "critic": lambda z, years, printed: critic_weights(z),
    "variation": lambda z, years, printed: variation_weights(z),
    "equal": lambda z, years, printed: equal_weights(z),
    "printed": lambda z, years, printed: printed_weights(z, printed),
}
"""Method name -> function of z, the year of each row, and the printed weights."""


def composite(z: pd.DataFrame, weights: Weights, years: pd.Series | None = None) -> pd.Series:
    """The index: the weighted sum of the normalized indicators, in [0, 1].

    Args:
        z: normalized indicators.
        weights: of the same indicators.
        years: the year of each row, for weights by year.

    Returns:
        float64, indexed as z.
    """
    table = weights.table
    if "year" not in table:
        return pd.Series(_weighted_sum(z, table["weight"]), index=z.index, dtype=float)
    values = np.empty(len(z))
    for year, part in table.groupby("year", sort=True):
        rows = (years == year).to_numpy()
        values[rows] = _weighted_sum(z[rows], part["weight"])
    return pd.Series(values, index=z.index, dtype=float)


def _weighted_sum(z: pd.DataFrame, weight: pd.Series) -> list[float]:
    factors = [float(weight[name]) for name in z]
    rows = z.to_numpy(dtype=float)
    # The weights sum to 1 only up to rounding; the index must not leave [0, 1] by it.
    return [min(1.0, math.fsum(value * factor for value, factor in zip(row, factors, strict=True))) for row in rows]
