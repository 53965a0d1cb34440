"""Mediation in three steps on one sample: total effect, paths, direct effect, and tests of the indirect effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.kernel import CrossProducts, bootstrap_counts, interval
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.result import Result, TestResult, statistics_frame, verdict
from cbe_assets.statistics.specification import Specification, check, select

NAN = float("nan")


@dataclass(frozen=True)
class Mediation:
    """The regressions of a mediation analysis and its tests.

    Attributes:
        total: outcome on treatment and controls (coefficient c).
        paths: mediator -> mediator on treatment and controls (a).
        direct: outcome on treatment, mediators and controls (c', b).
        test: indirect effects, their tests, intervals and shares.
    """

    total: Result
    paths: dict[str, Result]
    direct: Result
    test: TestResult


def mediation(
    frame: pd.DataFrame,
    total: Specification,
    mediators: Sequence[str],
    *,
    draws: int,
    seed: int,
    name: str = "mediation",
) -> Mediation:
    """Three-step mediation of the first regressor of `total` through one mediator or several jointly.

    All regressions use the rows complete in every variable, so that c = c' + sum a_m b_m holds for every
    coefficient and the constant.  The interval is the percentile interval of a province-cluster bootstrap.
    Association consistent with mediation is what this shows, no more.

    Args:
        frame: one row per province-year.
        total: the total-effect regression, `fixed_effects` or `pooled_ols`.
        mediators: columns of the frame.
        draws: bootstrap resamples.
        seed: of the bootstrap.

    Raises:
        StudyFault: as panel.fit; or another estimator.
    """
    if total.estimator not in ("fixed_effects", "pooled_ols"):
        facts = {"found": total.estimator, "expected": "fixed_effects, pooled_ols"}
        raise StudyFault([fault("statistics_setting_mismatch", key=total.name, **facts)])
    longest = replace(total, name=name, controls=(*total.controls, *mediators))
    check(frame, longest)
    rows, sample = select(frame, longest)
    steps = _steps(replace(total, sample=None), tuple(mediators))
    results = {step: fit(rows, specification) for step, specification in steps.items()}
    paths = {mediator: results[mediator] for mediator in mediators}
    test = _indirect(rows, steps, results, tuple(mediators), draws, seed, name)
    whole = replace(test, sample={**results["total"].sample, **sample})
    return Mediation(results["total"], paths, results["direct"], whole)


def _steps(total: Specification, mediators: tuple[str, ...]) -> dict[str, Specification]:
    """Regressions of the three steps."""
    paths = {mediator: replace(total, name=f"{total.name}_{mediator}", outcome=mediator) for mediator in mediators}
    regressors = (*total.regressors, *mediators)
    return {"total": total, **paths, "direct": replace(total, name=f"{total.name}_direct", regressors=regressors)}


def _indirect(rows, steps, results, mediators, draws: int, seed: int, name: str) -> TestResult:
    """Indirect effect of every mediator and, if there are several, their sum."""
    treatment = steps["total"].regressors[0]
    total, direct = results["total"].terms[treatment].estimate, results["direct"].terms[treatment].estimate
    resampled = _bootstrap(rows, steps, mediators, draws, seed)
    table, tests = [], {}
    for position, mediator in enumerate(mediators):
        a, b = results[mediator].terms[treatment], results["direct"].terms[mediator]
        product = a.estimate * b.estimate
        errors = product_errors(a.estimate, a.std_error, b.estimate, b.std_error)
        for method, error in errors.items():
            table.append(_z_row(f"{method}[{mediator}]", product, error))
        low, high = interval(resampled[:, position])
        tests[f"indirect[{mediator}]"] = {
            "estimate": product, "a": a.estimate, "b": b.estimate, "sobel_std_error": errors["sobel"],
            "aroian_std_error": errors["aroian"], "bootstrap_low": low, "bootstrap_high": high,
            "bootstrap_std_error": float(np.nanstd(resampled[:, position], ddof=1)),
            "share": product / total,
        }  # fmt: skip
    low, high = interval(resampled.sum(axis=1))
    indirect = math.fsum(tests[f"indirect[{mediator}]"]["estimate"] for mediator in mediators)
    tests["effects"] = {
        "total": total, "direct": direct, "indirect": indirect, "direct_share": direct / total,
        "indirect_share": indirect / total, "bootstrap_low": low, "bootstrap_high": high,
        "identity_gap": identity_gap(results["total"], [results[m] for m in mediators], results["direct"], mediators),
    }  # fmt: skip
    failed = float((~np.isfinite(resampled).all(axis=1)).sum())
    tests["bootstrap"] = {"draws": float(draws), "seed": float(seed), "draws_without_estimate": failed, "level": 0.95}
    first = results["total"]
    return TestResult(name, first.outcome, first.n, first.groups, statistics_frame(table), {}, tests)


def product_errors(a: float, se_a: float, b: float, se_b: float) -> dict[str, float]:
    """Standard errors of a * b: Sobel (1982), first order; Aroian (1947), with the product of the variances."""
    first = a * a * se_b * se_b + b * b * se_a * se_a
    return {"sobel": math.sqrt(first), "aroian": math.sqrt(first + se_a * se_a * se_b * se_b)}


def _z_row(name: str, estimate: float, error: float) -> tuple[str, float, float, float, float, str]:
    from scipy import stats

    z = estimate / error if error > 0 else NAN
    p_value = 2 * float(stats.norm.sf(abs(z)))
    return (name, z, NAN, NAN, p_value, verdict(p_value))


def identity_gap(total: Result, paths: Sequence[Result], direct: Result, mediators: Sequence[str]) -> float:
    """Largest |c - c' - sum a b| over all coefficients and the constant, against the size of the coefficient."""
    gaps = []
    for term in total.terms:
        if term not in direct.terms:
            continue
        a = [path.terms[term].estimate for path in paths]
        b = [direct.terms[mediator].estimate for mediator in mediators]
        whole = total.terms[term].estimate
        parts = math.fsum([direct.terms[term].estimate, *(x * y for x, y in zip(a, b, strict=True))])
        gaps.append(abs(whole - parts) / max(1.0, abs(whole)))
    return max(gaps)


def _bootstrap(rows, steps, mediators: tuple[str, ...], draws: int, seed: int) -> np.ndarray:
    """a_m * b_m in every resample, (draws, mediators); the same resamples for every regression."""
    total, direct = steps["total"], steps["direct"]
    products = CrossProducts.from_frame(
        rows, list(dict.fromkeys([*direct.explanatory, total.outcome])),
        entity=total.entity, time=total.time, year_effects=total.year_effects,
        province_effects=total.province_effects and total.estimator == "fixed_effects",
        cluster_by=total.cluster_by if total.covariance == "clustered" else None,
    )  # fmt: skip
    counts = bootstrap_counts(products.groups, draws, seed)
    long = products.fit(total.outcome, direct.explanatory, counts).coefficients
    position = len(total.regressors)
    return np.column_stack([
        products.fit(mediator, total.explanatory, counts).coefficients[:, 0] * long[:, position + order]
        for order, mediator in enumerate(mediators)
    ])  # fmt: skip
