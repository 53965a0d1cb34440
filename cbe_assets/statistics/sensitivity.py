"""How strong an omitted confounder would have to be: of the path through a mediator, and of a coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.statistics.kernel import CrossProducts, bootstrap_counts, interval
from cbe_assets.statistics.result import Result
from cbe_assets.statistics.specification import Specification, select

RHOS = tuple(round(-0.9 + 0.1 * step, 1) for step in range(19))


@dataclass(frozen=True)
class MediationSensitivity:
    """The indirect effect under correlated errors of mediator and outcome.

    Attributes:
        mediator: its name.
        rho_zero: correlation at which the indirect effect is 0.
        rho_low, rho_high: its cluster-bootstrap interval.
        r2_product: rho_zero squared: the product of the shares of unexplained variance of mediator and outcome that a
            confounder of both would have to explain.
        rho_insignificant: the correlation closest to 0 of the curve at which the interval holds 0.
        curve: rho, indirect, conf_low, conf_high.
    """

    mediator: str
    rho_zero: float
    rho_low: float
    rho_high: float
    r2_product: float
    rho_insignificant: float
    curve: pd.DataFrame


def mediation_sensitivity(
    frame: pd.DataFrame,
    total: Specification,
    mediator: str,
    *,
    draws: int,
    seed: int,
    rhos: Sequence[float] = RHOS,
) -> MediationSensitivity:
    """Sensitivity of the indirect effect to a confounder of mediator and outcome (Imai, Keele and Yamamoto 2010).

    Statistical Science 25(1), theorem 4: with residuals e1 of the total-effect regression, e2 of the mediator's, r
    their correlation and a the effect on the mediator, the indirect effect under error correlation rho is
    a sd(e1) / sd(e2) (r - rho sqrt((1 - r^2) / (1 - rho^2))); it is a b at rho = 0 and 0 at rho = r.

    Args:
        frame: one row per province-year.
        total: the total-effect regression; its first regressor is the treatment.
        mediator: column of the frame.
        draws: cluster-bootstrap resamples.
        seed: of the bootstrap.
        rhos: correlations of the curve, between -1 and 1.
    """
    longest = replace(total, controls=(*total.controls, mediator))
    rows, _ = select(frame, longest)
    products = CrossProducts.from_specification(rows, longest)
    counts = np.vstack([np.ones(products.groups), bootstrap_counts(products.groups, draws, seed)])
    first = products.fit(total.outcome, total.explanatory, counts)
    second = products.fit(mediator, total.explanatory, counts)
    slope = products.fit(total.outcome, longest.explanatory, counts).coefficients[:, -1]
    spread = np.sqrt(first.ssr / second.ssr)
    correlation = np.clip(slope / spread, -1, 1)
    grid = np.asarray(rhos, dtype=float)
    bent = grid * np.sqrt((1 - correlation[:, None] ** 2) / (1 - grid**2))
    indirect = (second.coefficients[:, 0] * spread)[:, None] * (correlation[:, None] - bent)
    limits = np.array([interval(indirect[1:, j]) for j in range(len(grid))])
    curve = pd.DataFrame({"rho": grid, "indirect": indirect[0], "conf_low": limits[:, 0], "conf_high": limits[:, 1]})
    holds = grid[(limits[:, 0] <= 0) & (limits[:, 1] >= 0)]
    nearest = float(holds[np.argmin(np.abs(holds))]) if holds.size else float("nan")
    low, high = interval(correlation[1:])
    rho = float(correlation[0])
    return MediationSensitivity(mediator, rho, low, high, rho**2, nearest, curve)


def robustness_value(statistic: float, df: float, share: float = 1.0, size: float | None = None) -> float:
    """Robustness value of Cinelli and Hazlett (2020), JRSS B 82(1): RV = (sqrt(f^4 + 4 f^2) - f^2) / 2.

    A confounder that explains this share of the residual variance of both treatment and outcome takes away `share` of
    the estimate (or, with `size`, makes it insignificant at that level).

    Args:
        statistic: conventional t of the coefficient.
        df: its residual degrees of freedom.
        share: what is to be explained away, 1 for all of it.
        size: level of the test, if significance is what is to go.
    """
    from scipy import stats

    f = share * abs(statistic) / np.sqrt(df)
    if size is not None:
        f -= abs(float(stats.t.ppf(size / 2, df - 1))) / np.sqrt(df - 1)
    return float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2) if f > 0 else 0.0


def coefficient_sensitivity(result: Result, term: str) -> dict[str, float]:
    """Partial R2 of `term` with the outcome and its robustness values, from the conventional fit beside `result`.

    Returns:
        partial_r2, robustness_value (estimate to 0), robustness_value_5 (insignificant at 5 %).
    """
    df = float(result.tests["fit"]["df_residual"])
    statistic = result.terms[term].estimate / float(result.tests["std_error_conventional"][term])
    return {
        "partial_r2": statistic**2 / (statistic**2 + df),
        "robustness_value": robustness_value(statistic, df),
        "robustness_value_5": robustness_value(statistic, df, size=0.05),
    }
