"""A slope for every province: separate OLS, interactions in one regression (LSDV), and Swamy's random coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.design import Design, demean, design, identified
from cbe_assets.statistics.result import Result, Term
from cbe_assets.statistics.specification import Specification

NORMAL = float("inf")
"""Degrees of freedom at which t is the normal distribution."""


@dataclass(frozen=True)
class ProvinceFits:
    """OLS of every province on its own years, its own constant included.

    Attributes:
        coefficients: (G, k + 1), the constant last.
        covariances: s_i^2 (X_i'X_i)^-1, (G, k + 1, k + 1).
        variances: s_i^2, (G,).
        ssr: sums of squared residuals, (G,).
        df: T_i - k - 1, (G,).
    """

    coefficients: np.ndarray
    covariances: np.ndarray
    variances: np.ndarray
    ssr: np.ndarray
    df: np.ndarray


def province_fits(panel: Design) -> ProvinceFits:
    """Separate OLS for every province of `panel`.

    Raises:
        StudyFault: names every province with too few years or a regressor that does not vary there.
    """
    count, width = panel.groups, panel.x.shape[1] + 1
    coefficients, covariances = np.empty((count, width)), np.empty((count, width, width))
    ssr, df, found = np.empty(count), np.empty(count), []
    for code in range(count):
        rows = panel.province == code
        x, y = np.column_stack([panel.x[rows], np.ones(rows.sum())]), panel.y[rows]
        df[code] = len(y) - width
        scale = np.sqrt((x**2).sum(axis=0))
        if df[code] < 1 or np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1), tol=1e-9) < width:
            facts = {"province": panel.provinces[code], "found": len(y), "expected": width + 1}
            found.append(fault("statistics_province_slope", key=panel.specification.name, **facts))
            continue
        q, r = np.linalg.qr(x)
        inverse = np.linalg.inv(r)
        coefficients[code] = inverse @ (q.T @ y)
        ssr[code] = ((y - x @ coefficients[code]) ** 2).sum()
        covariances[code] = ssr[code] / df[code] * inverse @ inverse.T
    if found:
        raise StudyFault(found)
    return ProvinceFits(coefficients, covariances, ssr / df, ssr, df)


def province_slopes_ols(frame: pd.DataFrame, specification: Specification) -> Result:
    """OLS province by province: own constant, own variance, t(T_i - k - 1); terms `ECI[北京]`.

    `r2_within` is that of all 30 regressions together.  Controls, if any, have their own slope in each province.
    """
    panel = design(frame, specification)
    fits = province_fits(panel)
    errors = np.sqrt(np.diagonal(fits.covariances, axis1=1, axis2=2))
    terms = {
        f"{name}[{province}]": Term.from_t(fits.coefficients[code, j], errors[code, j], fits.df[code])
        for j, name in _of_interest(panel)
        for code, province in enumerate(panel.provinces)
    }
    same = fits.df.min() == fits.df.max()
    tests = {"constants": _by_province(panel, fits.coefficients[:, -1]), "df": _by_province(panel, fits.df)}
    return _result(panel, float(fits.df[0]) if same else None, terms, float(fits.ssr.sum()), tests)


def province_slopes_lsdv(frame: pd.DataFrame, specification: Specification) -> Result:
    """One regression with a constant and a slope per province: `y ~ i.province + i.province#c.x`.

    The variance is common, so t has N - G(k + 1) degrees of freedom.  Controls and year dummies, if any, have one
    slope for all provinces.
    """
    panel = design(frame, specification)
    columns, names = interactions(panel)
    y = demean(panel.y[:, None], panel.province)[:, 0]
    x = demean(columns, panel.province)
    kept = identified(x, (columns**2).sum(axis=0))
    if not kept.all():
        lost = [name for name, keep in zip(names, kept, strict=True) if not keep]
        raise StudyFault([fault("statistics_all_absorbed", key=specification.name, found=name) for name in lost])
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ y)
    ssr = float(((y - x @ coefficients) ** 2).sum())
    df = panel.n - panel.groups - x.shape[1]
    errors = np.sqrt(ssr / df * (inverse**2).sum(axis=1))
    wanted = {f"{name}[{province}]" for _, name in _of_interest(panel) for province in panel.provinces}
    terms = {name: Term.from_t(coefficients[j], errors[j], df) for j, name in enumerate(names) if name in wanted}
    common = {name: float(coefficients[j]) for j, name in enumerate(names) if name not in wanted}
    tests = {"common_slopes": common} if common else {}
    return _result(panel, float(df), terms, ssr, tests)


def interactions(panel: Design) -> tuple[np.ndarray, list[str]]:
    """Columns (n, G * k + ...) of regressors by province, then controls and year dummies, and their names."""
    interest = _of_interest(panel)
    own = panel.province[:, None] == np.arange(panel.groups)[None, :]
    blocks = [panel.x[:, [j]] * own for j, _ in interest]
    names = [f"{name}[{province}]" for _, name in interest for province in panel.provinces]
    rest = [j for j in range(panel.x.shape[1]) if j not in dict(interest)]
    names += [panel.terms[j] for j in rest] + [f"year[{year}]" for year in panel.years]
    return np.column_stack([*blocks, panel.x[:, rest], panel.dummies]), names


def swamy(frame: pd.DataFrame, specification: Specification) -> Result:
    """Swamy's random-coefficients model as Stata's `xtrc` reports it: z statistics, normal p-values.

    Terms: mean coefficients and `_cons`, then the best linear unbiased predictions `ECI[北京]`.  The covariance of
    the coefficients is sum (b_i - b)(b_i - b)' / (G - 1), without the second term of Swamy (1970), which need not
    leave it positive definite (Poi 2003, Stata Journal 3(3), 302-308).  `tests["constancy"]` is his chi2 test of
    equal coefficients.
    """
    panel = design(frame, specification)
    fits = province_fits(panel)
    names = [*panel.terms, "_cons"]
    spread = fits.coefficients - fits.coefficients.mean(axis=0)
    between = spread.T @ spread / (panel.groups - 1)
    weights = np.linalg.inv(between + fits.covariances)
    covariance = np.linalg.inv(weights.sum(axis=0))
    mean = covariance @ np.einsum("gij,gj->i", weights, fits.coefficients)
    terms = {name: Term.from_t(mean[j], np.sqrt(covariance[j, j]), NORMAL) for j, name in enumerate(names)}
    predicted, errors = _predictions(fits, between, mean, covariance)
    for j, name in _of_interest(panel):
        for code, province in enumerate(panel.provinces):
            terms[f"{name}[{province}]"] = Term.from_t(predicted[code, j], errors[code, j], NORMAL)
    tests = {
        "constancy": constancy(fits),
        "coefficient_sd": {name: float(np.sqrt(between[j, j])) for j, name in enumerate(names)},
    }
    return _result(panel, None, terms, None, tests)


def _predictions(fits: ProvinceFits, between, mean, covariance) -> tuple[np.ndarray, np.ndarray]:
    """Best linear unbiased predictions (G, k + 1) of the provinces' coefficients and their standard errors.

    beta_i = (S^-1 + V_i^-1)^-1 (S^-1 beta + V_i^-1 b_i); variance V(beta) + (I - A_i)(V_i - V(beta))(I - A_i)'
    with A_i = (S^-1 + V_i^-1)^-1 S^-1 (Greene, Econometric Analysis; Poi 2003).
    """
    # (S^-1 + V^-1)^-1 S^-1 = V (S + V)^-1: the same without inverting a nearly singular V_i.
    shrink = fits.covariances @ np.linalg.inv(between + fits.covariances)
    keep = np.eye(len(mean)) - shrink
    predicted = np.einsum("gij,j->gi", shrink, mean) + np.einsum("gij,gj->gi", keep, fits.coefficients)
    variance = covariance + keep @ (fits.covariances - covariance) @ keep.transpose(0, 2, 1)
    return predicted, np.sqrt(np.diagonal(variance, axis1=1, axis2=2))


def constancy(fits: ProvinceFits) -> dict[str, float]:
    """Swamy's test that all provinces share all coefficients: chi2((k + 1)(G - 1))."""
    from scipy import stats

    precision = np.linalg.inv(fits.covariances)
    weighted = np.linalg.solve(precision.sum(axis=0), np.einsum("gij,gj->i", precision, fits.coefficients))
    gap = fits.coefficients - weighted
    value = float(np.einsum("gi,gij,gj->", gap, precision, gap))
    df = (len(gap) - 1) * gap.shape[1]
    return {"value": value, "df1": float(df), "p_value": float(stats.chi2.sf(value, df))}


def _of_interest(panel: Design) -> list[tuple[int, str]]:
    """(column, name) of the regressors, controls left out."""
    return [(j, name) for j, name in enumerate(panel.terms) if name in panel.specification.regressors]


def _by_province(panel: Design, values: np.ndarray) -> dict[str, float]:
    return {str(province): float(value) for province, value in zip(panel.provinces, values, strict=True)}


def _result(panel: Design, df: float | None, terms, ssr: float | None, tests) -> Result:
    specification = panel.specification
    within = demean(panel.y[:, None], panel.province)
    r2 = None if ssr is None else 1 - ssr / float((within**2).sum())
    return Result(
        specification.name, specification.estimator, specification.outcome, panel.n, panel.groups, df, r2, r2,
        "conventional", terms, tests, panel.sample,
    )  # fmt: skip
