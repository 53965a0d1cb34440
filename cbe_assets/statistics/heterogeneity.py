"""Do two groups, or all provinces, differ?  A permutation test of equal coefficients; partially pooled slopes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.design import design, year_dummies
from cbe_assets.statistics.kernel import eliminate
from cbe_assets.statistics.result import TestResult, statistics_frame, verdict
from cbe_assets.statistics.slopes import province_fits
from cbe_assets.statistics.specification import Specification, select

NAN = float("nan")
_CHUNK = 500


def balanced_cube(rows: pd.DataFrame, specification: Specification, columns: list[str]) -> np.ndarray:
    """`columns` of a balanced panel as (provinces, years, columns), in panel order.

    Raises:
        StudyFault: a province lacks a year, so that paths of whole provinces cannot be exchanged.
    """
    years = np.unique(rows[specification.time])
    sizes = rows.groupby(specification.entity, sort=False)[specification.time].nunique()
    short = sizes[sizes < len(years)]
    if len(short):
        raise StudyFault([
            fault("statistics_not_balanced", province=province, key=specification.name, found=int(size),
                  expected=len(years))
            for province, size in short.items()
        ])  # fmt: skip
    return rows[columns].to_numpy(dtype=float).reshape(len(sizes), len(years), len(columns))


def permutations(groups: int, draws: int, seed: int) -> np.ndarray:
    """`draws` permutations of `groups` positions from a PCG64 generator made here, (draws, groups)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.permuted(np.tile(np.arange(groups), (draws, 1)), axis=1)


def permutation_equal_coefficients(
    frame: pd.DataFrame,
    high: Specification,
    low: Specification,
    *,
    draws: int,
    seed: int,
    name: str = "equal_coefficients_permutation",
) -> TestResult:
    """Permutation test that both sides of a split share the coefficients of interest.

    Under the null it does not matter whose grouping variable decides the side: its ten-year paths are handed round
    among the provinces, every row is put on the side its borrowed path says, and both regressions are run again.
    Within a province the path stays whole, so serial dependence is kept.  p = (1 + draws with a difference at least
    as large) / (1 + draws), two-sided.

    Args:
        frame: one row per province-year, balanced in every variable and in the grouping variable.
        high: fixed-effects regression on the high side of a split.
        low: the same on the low side.
        draws: permutations.
        seed: of the permutations.

    Raises:
        StudyFault: as specification.select; no common split; a panel that is not balanced.
    """
    split = (high.sample or {}).get("split")
    if not split or replace(low, name=high.name, sample=high.sample) != high:
        raise StudyFault([fault("statistics_not_comparable", found=low.name, expected=high.name)])
    whole = replace(high, sample=None)
    rows, sample = select(frame[frame[split["variable"]].notna()], whole)
    sides = balanced_cube(rows, whole, [split["variable"]])[:, :, 0]
    threshold = float(frame[split["variable"]].median()) if split["at"] == "median" else float(split["at"])
    sides = sides > threshold
    order = [*[term for term in high.explanatory if term not in high.regressors], *high.regressors]
    dummies = year_dummies(rows[high.time].to_numpy(dtype=int))[0].reshape(*sides.shape, -1)
    values = np.concatenate([dummies, balanced_cube(rows, whole, [*order, high.outcome])], axis=2)
    exchanged = np.vstack([np.arange(len(sides)), permutations(len(sides), draws, seed)])
    k = len(high.regressors)
    gaps = _slopes(values, sides, exchanged)[:, -k:] - _slopes(values, ~sides, exchanged)[:, -k:]
    table, tests = [], {}
    for position, term in enumerate(high.regressors):
        gap, drawn = gaps[0, position], gaps[1:, position]
        usable = drawn[np.isfinite(drawn)]
        p_value = (1 + float((np.abs(usable) >= abs(gap) * (1 - 1e-10)).sum())) / (1 + len(usable))
        table.append((term, float(gap), NAN, NAN, p_value, verdict(p_value)))
        tests[f"permutation[{term}]"] = {
            "difference": float(gap), "p_value": p_value, "draws": float(draws), "seed": float(seed),
            "draws_without_estimate": float(len(drawn) - len(usable)), "sd": float(usable.std(ddof=1)),
        }  # fmt: skip
    return TestResult(name, high.outcome, len(rows), len(sides), statistics_frame(table), sample, tests)


def _slopes(values: np.ndarray, sides: np.ndarray, exchanged: np.ndarray) -> np.ndarray:
    """Coefficients (draws, k) of the rows that every exchange of paths puts on the side, dummies left out.

    Args:
        values: (G, T, C), dummies and regressors, the outcome last.
        sides: (G, T), the rows of the side.
        exchanged: (draws, G), whose path each province takes.
    """
    count, _, width = values.shape
    blocks = np.empty((count, count, width, width))
    for path in range(count):
        inside = sides[path].astype(float)[None, :, None]
        means = (values * inside).sum(axis=1, keepdims=True) / max(inside.sum(), 1)
        within = (values - means) * inside
        blocks[:, path] = np.einsum("gti,gtj->gij", within, within)
    scale = ((values - values.mean(axis=(0, 1))) ** 2).sum(axis=(0, 1))[:-1]
    found = np.empty((len(exchanged), width - 1))
    for start in range(0, len(exchanged), _CHUNK):
        part = exchanged[start : start + _CHUNK]
        total = np.zeros((len(part), width, width))
        for province in range(count):
            total += blocks[province, part[:, province]]
        found[start : start + _CHUNK] = eliminate(total, scale)[0]
    return found


@dataclass(frozen=True)
class PartialPooling:
    """Province slopes drawn towards their mean by how uncertain each is.

    Attributes:
        term: the variable whose slopes they are.
        mean: their precision-weighted mean.
        mean_std_error: its standard error.
        tau: standard deviation of the true slopes.
        cochran_q: sum of squared standardized deviations from the fixed-effect mean, chi2(G - 1) under one slope.
        p_value: of cochran_q.
        table: one row per province: estimate, std_error, weight (of the own estimate), pooled, pooled_std_error,
            conf_low, conf_high.
    """

    term: str
    mean: float
    mean_std_error: float
    tau: float
    cochran_q: float
    p_value: float
    table: pd.DataFrame


def partially_pooled(frame: pd.DataFrame, specification: Specification, term: str | None = None) -> PartialPooling:
    """Empirical-Bayes slopes: pooled_i = w_i b_i + (1 - w_i) mean, w_i = tau^2 / (tau^2 + se_i^2).

    tau^2 is Paule and Mandel's (the value at which the generalized Q equals G - 1, never negative).  The variance of
    a pooled slope is w_i se_i^2 + (1 - w_i)^2 var(mean) (Morris 1983, JASA 78, first order); intervals are normal.

    Args:
        frame: one row per province-year.
        specification: `province_slopes_ols`.
        term: which regressor, the first by default.
    """
    from scipy import stats

    panel = design(frame, specification)
    wanted = term or specification.regressors[0]
    position = panel.terms.index(wanted)
    fits = province_fits(panel)
    slopes, variances = fits.coefficients[:, position], fits.covariances[:, position, position]
    tau_squared = paule_mandel(slopes, variances)
    weights = 1 / (variances + tau_squared)
    mean, mean_error = float((weights * slopes).sum() / weights.sum()), float(weights.sum() ** -0.5)
    own = tau_squared / (tau_squared + variances)
    pooled = own * slopes + (1 - own) * mean
    errors = np.sqrt(own * variances + (1 - own) ** 2 * mean_error**2)
    fixed = (slopes / variances).sum() / (1 / variances).sum()
    q = float(((slopes - fixed) ** 2 / variances).sum())
    half = stats.norm.ppf(0.975) * errors
    table = pd.DataFrame({
        "province": list(panel.provinces), "estimate": slopes, "std_error": np.sqrt(variances), "weight": own,
        "pooled": pooled, "pooled_std_error": errors, "conf_low": pooled - half, "conf_high": pooled + half,
    })  # fmt: skip
    p_value = float(stats.chi2.sf(q, panel.groups - 1))
    return PartialPooling(wanted, mean, mean_error, float(np.sqrt(tau_squared)), q, p_value, table)


def paule_mandel(estimates: np.ndarray, variances: np.ndarray) -> float:
    """tau^2 with sum (b_i - mean)^2 / (v_i + tau^2) = G - 1, by bisection; 0 if there is none above it."""

    def excess(tau_squared: float) -> float:
        weights = 1 / (variances + tau_squared)
        mean = (weights * estimates).sum() / weights.sum()
        return float((weights * (estimates - mean) ** 2).sum()) - (len(estimates) - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.var(estimates)) + 1e-300
    while excess(high) > 0:
        high *= 2
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
