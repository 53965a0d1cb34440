"""Tests of a specification: province effects, Hausman, collinearity, equal coefficients, homogeneous slopes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.design import Design, demean, design, group_means, identified
from cbe_assets.statistics.result import TestResult, statistics_frame, verdict
from cbe_assets.statistics.specification import Specification

NAN = float("nan")
NOT_DEFINITE = "not positive definite"


def _f_row(name: str, value: float, df1: float, df2: float) -> tuple[str, float, float, float, float, str]:
    from scipy import stats

    p_value = float(stats.f.sf(value, df1, df2))
    return (name, value, df1, df2, p_value, verdict(p_value))


def _chi2_row(name: str, value: float, df: float) -> tuple[str, float, float, float, float, str]:
    from scipy import stats

    p_value = float(stats.chi2.sf(value, df))
    return (name, value, df, NAN, p_value, verdict(p_value))


def _test(name: str, panel: Design, rows: list, tests: dict | None = None) -> TestResult:
    outcome = panel.specification.outcome
    return TestResult(name, outcome, panel.n, panel.groups, statistics_frame(rows), panel.sample, tests or {})


def _least_squares(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, (X'X)^-1 and sum of squared residuals of `y` on full-rank `x`."""
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ y)
    return coefficients, inverse @ inverse.T, float(((y - x @ coefficients) ** 2).sum())


def f_province_effects(frame: pd.DataFrame, specification: Specification, name: str = "f_test") -> TestResult:
    """F test that all province effects are zero: R plm's `pFtest`, linearmodels' `f_pooled`, Stata's `xtreg, fe`.

    ((SSR_pooled - SSR_fe) / (G - 1)) / (SSR_fe / (N - G - K + 1)), both fits conventional.
    """
    panel = design(frame, replace(specification, estimator="fixed_effects", province_effects=True))
    x = np.column_stack([panel.x, panel.dummies])
    pooled = _least_squares(panel.y, np.column_stack([x, np.ones(panel.n)]))[2]
    within = _least_squares(demean(panel.y[:, None], panel.province)[:, 0], demean(x, panel.province))[2]
    df1, df2 = panel.groups - 1, panel.n - panel.groups - x.shape[1]
    value = (pooled - within) / df1 / (within / df2)
    tests = {"ssr": {"pooled": pooled, "fixed_effects": within}}
    return _test(name, panel, [_f_row("f_province_effects", value, df1, df2)], tests)


@dataclass(frozen=True)
class Comparison:
    """Within and random-effects estimates of one design, for Hausman's test.

    Attributes:
        within: within estimates of slopes, then year dummies, (k + d,).
        random: Swamy-Arora GLS estimates of the same.
        within_inverse: (X'MX)^-1.
        random_inverse: the same rows of (X*'X*)^-1 of the quasi-demeaned regressors.
        within_variance: SSR_fe / (N - G - k - d), sigma_e^2.
        random_variance: SSR / (N - k - d - 1) of the quasi-demeaned regression.
        province_variance: sigma_u^2.
        theta: share of the province mean that is taken out, (G,).
    """

    within: np.ndarray
    random: np.ndarray
    within_inverse: np.ndarray
    random_inverse: np.ndarray
    within_variance: float
    random_variance: float
    province_variance: float
    theta: np.ndarray


def compare_within_random(panel: Design) -> Comparison:
    """Within and Swamy-Arora random-effects estimates (Stata's `xtreg, fe` and `xtreg, re`)."""
    x = np.column_stack([panel.x, panel.dummies])
    within, within_inverse, ssr = _least_squares(
        demean(panel.y[:, None], panel.province)[:, 0], demean(x, panel.province)
    )
    variance = ssr / (panel.n - panel.groups - x.shape[1])
    sizes = np.bincount(panel.province)
    province_variance = _province_variance(panel, x, variance, sizes)
    theta = 1 - np.sqrt(variance / (variance + sizes * province_variance))
    columns = np.column_stack([panel.y, x, np.ones(panel.n)])
    columns = columns - (theta[:, None] * group_means(columns, panel.province))[panel.province]
    random, random_inverse, random_ssr = _least_squares(columns[:, 0], columns[:, 1:])
    return Comparison(
        within, random[:-1], within_inverse, random_inverse[:-1, :-1], variance,
        random_ssr / (panel.n - x.shape[1] - 1), province_variance, theta,
    )  # fmt: skip


def _province_variance(panel: Design, x: np.ndarray, variance: float, sizes: np.ndarray) -> float:
    """sigma_u^2 = SSR_between / (G - rank) - sigma_e^2 / harmonic mean of T_i, not below zero (Swamy and Arora).

    In a balanced panel the means of the year dummies are constant: the rank is k + 1, not k + d + 1.
    """
    means = group_means(np.column_stack([panel.y, x, np.ones(panel.n)]), panel.province)
    columns = np.column_stack([means[:, -1:], means[:, 1:-1]])
    reference = np.maximum((columns**2).sum(axis=0), 1e-300)
    kept = columns[:, identified(columns, reference)]
    ssr = _least_squares(means[:, 0], kept)[2]
    freedom = len(sizes) - kept.shape[1]
    if freedom < 1:
        facts = {"key": panel.specification.name, "found": len(sizes), "expected": kept.shape[1] + 1}
        raise StudyFault([fault("statistics_too_few_provinces", **facts)])
    return max(0.0, ssr / freedom - variance * float(np.mean(1 / sizes)))


def hausman(frame: pd.DataFrame, specification: Specification, name: str = "hausman") -> TestResult:
    """Hausman's test of random against fixed effects, over the slopes, in three forms.

    * `hausman_own_sigmas`: each estimator with its own variance (Stata's default).  Where the difference of the
      covariances has an eigenvalue below -1e-10 of the largest, the verdict is `not positive definite`, the
      statistic keeps its sign and p is missing.
    * `hausman_sigmamore`: both with the variance of the random-effects fit; positive definite by construction.
    * `mundlak_f`: the Wald statistic of the province means in the random-effects regression with sigma_e of the
      within fit (equal to Stata's `sigmaless`), over its rank, as F(q, G - 1).

    The rank is the number of slopes, with or without year dummies.
    """
    panel = design(frame, replace(specification, estimator="fixed_effects", province_effects=True))
    both = compare_within_random(panel)
    k = panel.x.shape[1]
    gap = (both.within - both.random)[:k]
    v_within, v_random = both.within_inverse[:k, :k], both.random_inverse[:k, :k]
    own = both.within_variance * v_within - both.random_variance * v_random
    values = np.linalg.eigvalsh(own)
    rows = [_chi2_row("hausman_own_sigmas", _quadratic(gap, own), k)]
    if values[0] < -1e-10 * abs(values[-1]):
        rows = [("hausman_own_sigmas", _quadratic(gap, own), k, NAN, NAN, NOT_DEFINITE)]
    rows.append(_chi2_row("hausman_sigmamore", _quadratic(gap, both.random_variance * (v_within - v_random)), k))
    wald = mundlak_wald(panel, both)
    rows.append(_f_row("mundlak_f", wald / k, k, panel.groups - 1))
    tests = {
        "random_effects": dict(zip(panel.terms, map(float, both.random), strict=False)),
        "fixed_effects": dict(zip(panel.terms, map(float, both.within), strict=False)),
        "variances": {
            "sigma_e": float(np.sqrt(both.within_variance)), "sigma_u": float(np.sqrt(both.province_variance)),
            "theta_min": float(both.theta.min()), "theta_max": float(both.theta.max()),
            "eigenvalue_min": float(values[0]), "eigenvalue_max": float(values[-1]), "mundlak_wald": wald,
        },
    }  # fmt: skip
    return _test(name, panel, rows, tests)


def _quadratic(gap: np.ndarray, covariance: np.ndarray) -> float:
    """gap' covariance^-1 gap; scaled first, since variables differ by orders of magnitude."""
    scale = np.sqrt(np.abs(np.diagonal(covariance)))
    scaled = covariance / np.outer(scale, scale)
    return float((gap / scale) @ np.linalg.solve(scaled, gap / scale))


def mundlak_wald(panel: Design, both: Comparison) -> float:
    """Wald statistic of the province means of the slopes' variables in the random-effects regression."""
    means = group_means(panel.x, panel.province)[panel.province]
    columns = np.column_stack([panel.y, means, panel.x, panel.dummies, np.ones(panel.n)])
    columns = columns - (both.theta[:, None] * group_means(columns, panel.province))[panel.province]
    coefficients, inverse, _ = _least_squares(columns[:, 0], columns[:, 1:])
    k = panel.x.shape[1]
    return _quadratic(coefficients[:k], both.within_variance * inverse[:k, :k])


def variance_inflation(frame: pd.DataFrame, specification: Specification, name: str = "vif") -> TestResult:
    """Variance inflation factors of the explanatory variables, pooled (as the paper) and within.

    VIF_j = 1 / (1 - R2_j), from the regression of x_j on the other variables and a constant; within: after province
    and year effects were taken out of all of them.
    """
    panel = design(frame, replace(specification, estimator="fixed_effects", province_effects=True))
    pooled = vif(panel.x)
    x, dummies = demean(panel.x, panel.province), demean(panel.dummies, panel.province)
    within = vif(x - dummies @ np.linalg.lstsq(dummies, x, rcond=None)[0])
    rows = []
    for kind, values in (("pooled", pooled), ("within", within)):
        for term, value in zip(panel.terms, values, strict=True):
            rows.append((f"{kind}[{term}]", float(value), NAN, NAN, NAN, "below 10" if value < 10 else "10 or more"))
    means = {"mean": {"pooled": float(pooled.mean()), "within": float(within.mean())}}
    return _test(name, panel, rows, means)


def vif(x: np.ndarray) -> np.ndarray:
    """Variance inflation factors of the columns of `x` (n, k), a constant included.

    They are the diagonal of the inverse of the columns' correlation matrix, (k,).
    """
    centred = x - x.mean(axis=0)
    scaled = centred / np.sqrt((centred**2).sum(axis=0))
    _, r = np.linalg.qr(scaled)
    return (np.linalg.inv(r) ** 2).sum(axis=1)


def equal_coefficients(
    frame: pd.DataFrame, high: Specification, low: Specification, name: str = "equal_coefficients"
) -> TestResult:
    """Test that two groups of rows share their coefficients: pooled interaction, clustered, t(G - 1) and F(q, G - 1).

    The pooled regression has its own province effects, year dummies and slopes in each group, so that it gives
    both columns exactly; clusters are whole provinces, so that a province on both sides counts once.

    Args:
        frame: one row per province-year.
        high: the first group.
        low: the second group: `high` but for name and sample, with no row in common.

    Returns:
        One row per term (difference high - low, t squared as F(1, G - 1)) and one for all slopes together;
        `tests["difference"]` holds differences and standard errors.
    """
    _comparable(high, low)
    first, second = design(frame, high), design(frame, low)
    shared = [term for term in first.terms if term in second.terms]
    x, province, cluster, y = _stack(first, second, shared)
    coefficients, covariance = _clustered(demean(y[:, None], province)[:, 0], demean(x, province), cluster)
    k, groups = len(shared), int(cluster.max()) + 1
    gap = coefficients[:k] - coefficients[k : 2 * k]
    contrast = np.column_stack([np.eye(k), -np.eye(k)])
    spread = contrast @ covariance[: 2 * k, : 2 * k] @ contrast.T
    errors = np.sqrt(np.diagonal(spread))
    rows = [_f_row(term, (gap[j] / errors[j]) ** 2, 1, groups - 1) for j, term in enumerate(shared)]
    rows.append(_f_row("all_slopes", _quadratic(gap, spread) / k, k, groups - 1))
    tests = {
        "difference": dict(zip(shared, map(float, gap), strict=True)),
        "difference_std_error": dict(zip(shared, map(float, errors), strict=True)),
    }
    sample = {high.name: first.sample, low.name: second.sample}
    return TestResult(name, high.outcome, len(y), groups, statistics_frame(rows), sample, tests)


def _clustered(y: np.ndarray, x: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of demeaned data and their CR1 covariance; K counts the constant, as in each column by itself."""
    coefficients, inverse, _ = _least_squares(y, x)
    sums = np.zeros((cluster.max() + 1, x.shape[1]))
    np.add.at(sums, cluster, x * (y - x @ coefficients)[:, None])
    groups, n = len(sums), len(y)
    factor = groups / (groups - 1) * (n - 1) / (n - x.shape[1] - 1)
    return coefficients, factor * inverse @ (sums.T @ sums) @ inverse


def _comparable(high: Specification, low: Specification) -> None:
    if replace(low, name=high.name, sample=high.sample) != high or high.estimator != "fixed_effects":
        raise StudyFault([fault("statistics_not_comparable", found=low.name, expected=high.name)])


def _stack(first: Design, second: Design, shared: list[str]) -> tuple[np.ndarray, ...]:
    """Both groups in one design: [x of the first, x of the second, dummies of each], province-by-group, province, y."""
    parts = [panel.x[:, [panel.terms.index(term) for term in shared]] for panel in (first, second)]
    rest = [panel.x[:, [j for j, term in enumerate(panel.terms) if term not in shared]] for panel in (first, second)]
    blocks = [parts, rest, [first.dummies, second.dummies]]
    columns = []
    for one, two in blocks:
        columns.append(np.vstack([one, np.zeros((second.n, one.shape[1]))]))
        columns.append(np.vstack([np.zeros((first.n, two.shape[1])), two]))
    province = np.concatenate([first.province, second.province + first.groups])
    labels = [
        *(first.provinces[code] for code in first.province),
        *(second.provinces[code] for code in second.province),
    ]
    cluster = pd.factorize(np.array(labels, dtype=object))[0]
    return np.column_stack(columns), province, cluster, np.concatenate([first.y, second.y])


def slope_homogeneity(frame: pd.DataFrame, specification: Specification, name: str = "slope_homogeneity") -> TestResult:
    """Tests that all provinces share their slopes.

    * `f_equal_slopes`: Chow's F of one slope per variable against one per province, province constants in both.
    * `swamy_chi2`: Swamy's test that slopes and constants are all equal.
    * `delta`, `delta_adjusted`: Pesaran and Yamagata (2008), Journal of Econometrics 142, normal under the null;
      balanced panels with T > k + 1 only.
    """
    from scipy import stats

    from cbe_assets.statistics.slopes import constancy, province_fits

    plain = replace(specification, estimator="fixed_effects", province_effects=True, year_effects=False)
    panel = design(frame, replace(plain, covariance="conventional"))
    fits = province_fits(panel)
    k = panel.x.shape[1]
    y, x = demean(panel.y[:, None], panel.province)[:, 0], demean(panel.x, panel.province)
    common, _, ssr = _least_squares(y, x)
    df1, df2 = k * (panel.groups - 1), panel.n - panel.groups * (k + 1)
    own = float(fits.ssr.sum())
    chi2 = constancy(fits)
    rows = [
        _f_row("f_equal_slopes", (ssr - own) / df1 / (own / df2), df1, df2),
        _chi2_row("swamy_chi2", chi2["value"], chi2["df1"]),
    ]
    if panel.sample["balanced"] and (sizes := panel.n // panel.groups) > k + 1:
        for label, value in _pesaran_yamagata(panel, y, x, common, fits.coefficients[:, :k], sizes).items():
            p_value = 2 * float(stats.norm.sf(abs(value)))
            rows.append((label, value, NAN, NAN, p_value, verdict(p_value)))
    return _test(name, panel, rows)


def _pesaran_yamagata(panel: Design, y, x, common, slopes, periods: int) -> dict[str, float]:
    """delta and adjusted delta of Pesaran and Yamagata (2008), equations 2.13-2.15 and 2.18-2.20."""
    k, count = x.shape[1], panel.groups
    residual = y - x @ common
    variance = np.bincount(panel.province, residual**2) / (periods - 1)
    cross = np.zeros((count, k, k))
    np.add.at(cross, panel.province, x[:, :, None] * x[:, None, :])
    precision = cross / variance[:, None, None]
    weighted = np.linalg.solve(precision.sum(axis=0), np.einsum("gij,gj->i", precision, slopes))
    gap = slopes - weighted
    total = float(np.einsum("gi,gij,gj->", gap, precision, gap))
    spread = np.sqrt(2 * k * (periods - k - 1) / (periods + 1))
    return {
        "delta": np.sqrt(count) * (total / count - k) / np.sqrt(2 * k),
        "delta_adjusted": np.sqrt(count) * (total / count - k) / spread,
    }
