"""What a coefficient of a log outcome means: the effect of +0.01, of one standard deviation, and the elasticity."""

from __future__ import annotations

import math

import pandas as pd

from cbe_assets.statistics.result import Result, TestResult, statistics_frame

COLUMNS = ("effect", "unit", "estimate", "std_error", "conf_low", "conf_high")


def effect_sizes(result: Result, term: str, mean: float, sd: float, step: float = 0.01) -> pd.DataFrame:
    """Effect sizes of `term` on an outcome in logs, with delta-method intervals under the result's t distribution.

    * `step`: 100 (exp(step b) - 1) percent for `step` more of the variable (0.01 of an index in [0, 1]).
    * `elasticity_at_mean`: b mean, percent per percent.
    * `one_sd`: 100 (exp(sd b) - 1) percent.

    Args:
        result: with the coefficient b of the variable in levels.
        term: its name.
        mean: of the variable over the estimation sample.
        sd: its standard deviation.
        step: the step of the first effect.

    Returns:
        Three rows with `COLUMNS`.
    """
    from scipy import stats

    b, error = result.terms[term].estimate, result.terms[term].std_error
    quantile = float(stats.t.ppf(0.975, math.inf if result.df is None else result.df))
    rows = []
    for effect, unit, value, slope in (
        ("step", "percent", 100 * math.expm1(step * b), 100 * step * math.exp(step * b)),
        ("elasticity_at_mean", "percent per percent", b * mean, mean),
        ("one_sd", "percent", 100 * math.expm1(sd * b), 100 * sd * math.exp(sd * b)),
    ):
        half = quantile * abs(slope) * error
        rows.append((effect, unit, value, abs(slope) * error, value - half, value + half))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def effect_size_test(result: Result, term: str, mean: float, sd: float, name: str = "effect_sizes") -> TestResult:
    """`effect_sizes` in the shape of a test: `tests[effect]` holds unit, estimate, standard error and interval."""
    table = effect_sizes(result, term, mean, sd)
    nan = float("nan")
    rows = [(row.effect, row.estimate, nan, nan, nan, row.unit) for row in table.itertuples()]
    tests = {row.pop("effect"): {"term": term, **row} for row in table.to_dict("records")}
    return TestResult(name, result.outcome, result.n, result.groups, statistics_frame(rows), result.sample, tests)
