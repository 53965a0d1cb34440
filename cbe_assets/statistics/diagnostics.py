"""Tests of the errors and the form of a fixed-effects regression, and collinearity once the effects are out.

Pesaran's CD, Wooldridge's serial correlation, the modified Wald test of equal variances, RESET.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cbe_assets.statistics.design import Design, absorbs_provinces, demean, design
from cbe_assets.statistics.result import TestResult, statistics_frame, verdict
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_tests import variance_inflation

NAN = float("nan")


def diagnostics(frame: pd.DataFrame, specification: Specification, name: str = "diagnostics") -> TestResult:
    """All tests of this module on one regression, and the mean VIF within.

    Returns:
        Rows pesaran_cd, wooldridge_ar1, modified_wald, reset.
    """
    panel = design(frame, specification)
    within = variance_inflation(frame, specification).statistics.set_index("statistic")["value"]
    rows = [pesaran_cd(panel), wooldridge_ar1(panel), modified_wald(panel), reset(panel)]
    factors = {key: float(value) for key, value in within.items() if str(key).startswith("within[")}
    return TestResult(
        name, specification.outcome, panel.n, panel.groups, statistics_frame(rows), panel.sample, {"vif": factors}
    )


def _columns(panel: Design) -> tuple[np.ndarray, np.ndarray]:
    """Outcome (n,) and regressors with year dummies (n, p), province means out; a constant in pooled OLS."""
    columns = np.column_stack([panel.x, panel.dummies])
    if absorbs_provinces(panel.specification):
        return demean(panel.y[:, None], panel.province)[:, 0], demean(columns, panel.province)
    return panel.y, np.column_stack([columns, np.ones(panel.n)])


def residuals(panel: Design) -> np.ndarray:
    """Least-squares residuals of the design, (n,)."""
    y, x = _columns(panel)
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def pesaran_cd(panel: Design) -> tuple[str, float, float, float, float, str]:
    """Pesaran's (2004, 2015) CD: sum over pairs of sqrt(T_ij) r_ij, times sqrt(2 / (G (G - 1))); normal.

    With year effects in the regression the statistic is driven towards negative values (Juodis and Reese 2022,
    JBES 40), so a small one is no proof of independence.
    """
    years = np.unique(panel.year)
    grid = np.full((panel.groups, len(years)), np.nan)
    grid[panel.province, np.searchsorted(years, panel.year)] = residuals(panel)
    total = 0.0
    for first in range(panel.groups):
        for second in range(first + 1, panel.groups):
            both = np.isfinite(grid[first]) & np.isfinite(grid[second])
            one, two = grid[first, both], grid[second, both]
            one, two = one - one.mean() if one.size else one, two - two.mean() if two.size else two
            size = np.sqrt((one @ one) * (two @ two))
            if both.sum() > 2 and size > 0:
                total += np.sqrt(both.sum()) * float(one @ two) / size
    value = float(np.sqrt(2 / (panel.groups * (panel.groups - 1))) * total)
    p_value = 2 * float(stats.norm.sf(abs(value)))
    return ("pesaran_cd", value, NAN, NAN, p_value, verdict(p_value))


def wooldridge_ar1(panel: Design) -> tuple[str, float, float, float, float, str]:
    """Wooldridge's (2002, section 10.6.3) test of no first-order serial correlation: Stata's `xtserial`, F(1, G - 1).

    Residuals of the first-differenced regression without a constant have a correlation of -.5 with their lag if the
    errors in levels are independent (Drukker 2003, Stata Journal 3(2)).
    """
    previous = _previous_rows(panel)
    rows = np.flatnonzero(previous >= 0)
    columns = np.column_stack([panel.y, panel.x, panel.dummies])
    changes = np.full(columns.shape, np.nan)
    changes[rows] = columns[rows] - columns[previous[rows]]
    x, y = changes[rows, 1:], changes[rows, 0]
    left = np.full(panel.n, np.nan)
    left[rows] = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    pairs = rows[np.isfinite(left[previous[rows]])]
    now, before = left[pairs], left[previous[pairs]]
    size = float(before @ before)
    slope = float(before @ now) / size
    scores = np.bincount(panel.province[pairs], before * (now - slope * before), minlength=panel.groups)
    groups = len(np.unique(panel.province[pairs]))
    value = (slope + 0.5) ** 2 * size**2 / (groups / (groups - 1) * float(scores @ scores))
    p_value = float(stats.f.sf(value, 1, groups - 1))
    return ("wooldridge_ar1", value, 1, groups - 1, p_value, verdict(p_value))


def _previous_rows(panel: Design) -> np.ndarray:
    """The row of the same province one year earlier, -1 if there is none, (n,)."""
    keys = panel.province.astype(np.int64) * 100_000 + panel.year
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], keys - 1), panel.n - 1)
    return np.where(keys[order][place] == keys - 1, order[place], -1)


def modified_wald(panel: Design) -> tuple[str, float, float, float, float, str]:
    """Modified Wald test that all provinces have one error variance: Stata's `xttest3`, chi2(G).

    sum (s_i^2 - s^2)^2 / V_i with V_i = sum (e_it^2 - s_i^2)^2 / (T_i (T_i - 1)) (Greene, Econometric Analysis; Baum
    2001, Stata Journal 1(1)).  Low power with few years.
    """
    squares = residuals(panel) ** 2
    sizes = np.bincount(panel.province)
    own = np.bincount(panel.province, squares) / sizes
    usable = sizes > 1
    spread = np.bincount(panel.province, (squares - own[panel.province]) ** 2)[usable]
    spread = spread / (sizes[usable] * (sizes[usable] - 1))
    value = float(((own[usable] - squares.mean()) ** 2 / spread).sum())
    p_value = float(stats.chi2.sf(value, usable.sum()))
    return ("modified_wald", value, float(usable.sum()), NAN, p_value, verdict(p_value))


def reset(panel: Design) -> tuple[str, float, float, float, float, str]:
    """RESET: squares and cubes of the fitted values (province effects left out) add nothing; clustered F(2, G - 1)."""
    y, x = _columns(panel)
    fitted = np.column_stack([panel.x, panel.dummies]) @ np.linalg.lstsq(x, y, rcond=None)[0][
        : panel.x.shape[1] + panel.dummies.shape[1]
    ]
    scaled = (fitted - fitted.mean()) / fitted.std()
    powers = np.column_stack([scaled**2, scaled**3])
    if absorbs_provinces(panel.specification):
        powers = demean(powers, panel.province)
    whole = np.column_stack([powers, x])
    q, r = np.linalg.qr(whole)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ y)
    scores = np.zeros((panel.clusters, whole.shape[1]))
    np.add.at(scores, panel.cluster, whole * (y - whole @ coefficients)[:, None])
    parameters = whole.shape[1] + int(absorbs_provinces(panel.specification))
    factor = panel.clusters / (panel.clusters - 1) * (panel.n - 1) / (panel.n - parameters)
    weighed = inverse @ (inverse.T @ scores.T)
    covariance = factor * weighed @ weighed.T
    value = float(coefficients[:2] @ np.linalg.solve(covariance[:2, :2], coefficients[:2])) / 2
    p_value = float(stats.f.sf(value, 2, panel.clusters - 1))
    return ("reset", value, 2, panel.clusters - 1, p_value, verdict(p_value))
