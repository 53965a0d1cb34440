"""The extra rows of a regression table: inference for few clusters, and what a coefficient means in size.

They stand beside the published columns and never replace them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.statistics.effects import effect_sizes
from cbe_assets.statistics.few_clusters import effective_clusters, jackknife_terms
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.result import Result
from cbe_assets.statistics.specification import Specification, select
from cbe_assets.statistics.wild_bootstrap import wild_cluster

COLUMNS = ("term", "row", "estimate", "std_error", "p_value", "conf_low", "conf_high")
ROWS = (
    "cv3", "wcr", "wcr_equal_tail", "effective_clusters", "r2_within", "r2_within_net_of_years", "step_effect",
    "elasticity_at_mean",
)  # fmt: skip
"""Kinds of rows, in the order in which they stand under a coefficient."""
NAN = float("nan")


@dataclass(frozen=True)
class Bootstrap:
    """How the wild cluster bootstrap of a table is run.

    Attributes:
        draws: 9999 or another number with (draws + 1) / 20 whole.
        seed: of the weights.
        kind: `rademacher` or `webb`.
        level: of the intervals.
    """

    draws: int = 9999
    seed: int = 0
    kind: str = "rademacher"
    level: float = 0.95


def extra_rows(
    frame: pd.DataFrame,
    specification: Specification,
    result: Result,
    bootstrap: Bootstrap,
    *,
    log_outcome: bool = True,
    step: float = 0.01,
) -> pd.DataFrame:
    """Further rows for every regressor of interest that was estimated.

    * `cv3`: the estimate with its jackknife standard error, p and interval under t(G - 1).
    * `wcr`, `wcr_equal_tail`: restricted wild cluster bootstrap p and interval by inversion.
    * `effective_clusters`: G* of Carter, Schnepel and Steigerwald.
    * `r2_within`: as `xtreg` has it, year dummies counted; `r2_within_net_of_years`: what the regressors and controls
      explain of what province effects and year dummies leave (fixest's `wr2`).
    * `step_effect`: outcome in logs, percent for `step` more of the regressor; in levels, units of the outcome.
    * `elasticity_at_mean`: percent per percent at the sample means.

    Clusters are those of the specification, provinces where it has none.  Sizes have delta-method intervals under the
    result's own t distribution.

    Args:
        frame: what `result` was estimated from.
        specification: of `result`, `fixed_effects` or `pooled_ols`.
        log_outcome: whether the outcome is in logs.
        step: what `step_effect` adds to the regressor.

    Returns:
        One line per row kind and term, `COLUMNS`.
    """
    rows, _ = select(frame, specification)
    products = CrossProducts.from_specification(rows, specification)
    names = [name for name in specification.explanatory if name in result.terms]
    lines = []
    for term in specification.regressors:
        if term in result.terms:
            lines += _few_cluster_lines(products, specification.outcome, names, term, bootstrap)
            lines += _fit_lines(products, specification.outcome, names, term, result)
            lines += _size_lines(rows, specification, result, term, log_outcome, step)
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[2:], float))


def _few_cluster_lines(products, outcome: str, names: list[str], term: str, bootstrap: Bootstrap) -> list[tuple]:
    cv3 = jackknife_terms(products, outcome, names)[term]
    wild = wild_cluster(
        products, outcome, names, term,
        draws=bootstrap.draws, seed=bootstrap.seed, kind=bootstrap.kind, level=bootstrap.level,
    )  # fmt: skip
    clusters = effective_clusters(products, names, term)
    return [
        (term, "cv3", cv3.estimate, cv3.std_error, cv3.p_value, cv3.conf_low, cv3.conf_high),
        (term, "wcr", wild.estimate, wild.std_error, wild.p_value, wild.conf_low, wild.conf_high),
        (term, "wcr_equal_tail", wild.estimate, wild.std_error, wild.p_equal_tail, wild.equal_tail_low,
         wild.equal_tail_high),
        (term, "effective_clusters", clusters, NAN, NAN, NAN, NAN),
    ]  # fmt: skip


def _fit_lines(products, outcome: str, names: list[str], term: str, result: Result) -> list[tuple]:
    if result.r2_within is None:
        return []
    full, empty = float(products.fit(outcome, names).ssr[0]), float(products.fit(outcome, []).ssr[0])
    shares = {"r2_within": result.r2_within, "r2_within_net_of_years": 1 - full / empty}
    return [(term, row, value, NAN, NAN, NAN, NAN) for row, value in shares.items()]


def _size_lines(rows, specification, result: Result, term: str, log_outcome: bool, step: float) -> list[tuple]:
    values = rows[term].to_numpy(dtype=float)
    if log_outcome:
        sizes = effect_sizes(result, term, values.mean(), values.std(ddof=1), step).set_index("effect")
        kinds = {"step_effect": sizes.loc["step"], "elasticity_at_mean": sizes.loc["elasticity_at_mean"]}
        return [
            (term, row, size["estimate"], size["std_error"], NAN, size["conf_low"], size["conf_high"])
            for row, size in kinds.items()
        ]
    found = result.terms[term]
    factors = {"step_effect": step, "elasticity_at_mean": values.mean() / rows[specification.outcome].mean()}
    lines = []
    for row, factor in factors.items():
        low, high = sorted((factor * found.conf_low, factor * found.conf_high))
        lines.append((term, row, factor * found.estimate, abs(factor) * found.std_error, NAN, low, high))
    return lines


def with_extra_rows(
    frame: pd.DataFrame, specification: Specification, result: Result, bootstrap: Bootstrap, **options: object
) -> Result:
    """`result` with `tests["<row>[<term>]"]` for every extra row: its finite numbers by name.

    Args:
        options: those of extra_rows.
    """
    table = extra_rows(frame, specification, result, bootstrap, **options)
    tests = {
        f"{line['row']}[{line['term']}]": {key: line[key] for key in COLUMNS[2:] if not np.isnan(line[key])}
        for line in table.to_dict("records")
    }
    settings = {"draws": float(bootstrap.draws), "seed": float(bootstrap.seed), "kind": bootstrap.kind}
    return replace(result, tests={**result.tests, **tests, "wild_bootstrap": settings})
