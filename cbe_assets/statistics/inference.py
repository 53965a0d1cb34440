"""The extra rows of a regression table: inference for few clusters, and what a coefficient means in size.

They stand beside the published columns and never replace them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.statistics.effects import effect_sizes
from cbe_assets.statistics.few_clusters import effective_clusters, jackknife_terms
from cbe_assets.statistics.kernel import CrossProducts, leave_one_out
from cbe_assets.statistics.panel import CONSTANT
from cbe_assets.statistics.result import Result, Term
from cbe_assets.statistics.specification import Specification, select
from cbe_assets.statistics.wild_bootstrap import wild_cluster

COLUMNS = ("term", "row", "estimate", "std_error", "p_value", "conf_low", "conf_high")
ROWS = (
    "cv3", "wcr", "wcr_equal_tail", "effective_clusters", "r2_within", "r2_within_net_of_years", "step_effect",
    "elasticity_at_mean",
)  # fmt: skip
"""Kinds of rows, in the order in which they stand under a coefficient."""
TERM_COLUMNS = {
    "cv3_std_error": ("cv3", "std_error"),
    "cv3_p_value": ("cv3", "p_value"),
    "cv3_conf_low": ("cv3", "conf_low"),
    "cv3_conf_high": ("cv3", "conf_high"),
    "wcr_p_value": ("wcr", "p_value"),
    "wcr_conf_low": ("wcr", "conf_low"),
    "wcr_conf_high": ("wcr", "conf_high"),
    "wcr_equal_tail_p_value": ("wcr_equal_tail", "p_value"),
    "effective_clusters": ("effective_clusters", "estimate"),
    "r2_within_net_of_years": ("r2_within_net_of_years", "estimate"),
    "step_effect": ("step_effect", "estimate"),
    "step_conf_low": ("step_effect", "conf_low"),
    "step_conf_high": ("step_effect", "conf_high"),
    "elasticity_at_mean": ("elasticity_at_mean", "estimate"),
    "elasticity_conf_low": ("elasticity_at_mean", "conf_low"),
    "elasticity_conf_high": ("elasticity_at_mean", "conf_high"),
}
"""Column beside a coefficient -> the kind of row and the number of it that stands there."""
STEP = 0.01
"""What a step of a regressor is where nothing else is said."""
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
    log_regressors: Collection[str] = (),
    steps: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Further rows for every regressor of interest that was estimated.

    * `cv3`: the estimate with its jackknife standard error, p and interval under t(G - 1).
    * `wcr`, `wcr_equal_tail`: restricted wild cluster bootstrap p and interval by inversion.
    * `effective_clusters`: G* of Carter, Schnepel and Steigerwald.
    * `r2_within`: as `xtreg` has it, year dummies counted; `r2_within_net_of_years`: what the regressors and controls
      explain of what province effects and year dummies leave (fixest's `wr2`).
    * `step_effect`: outcome in logs, percent for a step more of the regressor; in levels, units of the outcome.
    * `elasticity_at_mean`: percent per percent at the sample means.

    Clusters are those of the specification, provinces where it has none; with a single one the rows about clusters are
    left out.  Sizes have delta-method intervals under the result's own standard error and t distribution.

    Args:
        frame: what `result` was estimated from.
        specification: of `result`, `fixed_effects` or `pooled_ols`.
        log_outcome: whether the outcome is in logs.
        log_regressors: the regressors in logs: the coefficient itself is then the elasticity of a log outcome.
        steps: regressor -> what `step_effect` adds to it; `STEP` for the others.

    Returns:
        One line per row kind and term, `COLUMNS`.
    """
    rows, _ = select(frame, specification)
    products = CrossProducts.from_specification(rows, specification)
    names = [name for name in specification.explanatory if name in result.terms]
    outcome = rows[specification.outcome].to_numpy(dtype=float)
    lines = []
    for term in specification.regressors:
        if term in result.terms:
            if products.groups > 1:
                lines += _few_cluster_lines(products, specification.outcome, names, term, bootstrap)
            lines += _fit_lines(products, specification.outcome, names, term, result)
            step, mean = (steps or {}).get(term, STEP), 1.0 if term in log_regressors else float(rows[term].mean())
            sizes = _log_sizes(result, term, mean, step) if log_outcome else None
            lines += sizes or _level_sizes(result.terms[term], term, mean / float(outcome.mean()), step)
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[2:], float))


def jackknife(frame: pd.DataFrame, specification: Specification, result: Result) -> dict[str, Term]:
    """Every coefficient of `result`, the constant too, with its CV3 standard error and t(G - 1).

    Args:
        frame, specification: what `result` was estimated from.

    Returns:
        Term -> estimate, standard error, t, p and interval; empty with a single cluster.
    """
    rows, _ = select(frame, specification)
    products = CrossProducts.from_specification(rows, specification)
    names = [name for name in specification.explanatory if name in result.terms]
    if products.groups < 2:
        return {}
    terms = jackknife_terms(products, specification.outcome, names)
    left_out = products.fit(specification.outcome, names, leave_one_out(products.groups)).constant
    gap = left_out - products.fit(specification.outcome, names).constant
    error = np.sqrt((products.groups - 1) / products.groups * (gap**2).sum())
    constant = Term.from_t(result.terms[CONSTANT].estimate, float(error), products.groups - 1)
    return {**terms, CONSTANT: constant}


def beside_terms(rows: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """The extra rows laid out beside the coefficients they are about.

    Args:
        rows: what `extra_rows` returned.
        terms: of the result, top to bottom.

    Returns:
        One row per term with `TERM_COLUMNS`, float64; NaN where there is no such row, as for controls.
    """
    known = {(line["term"], line["row"]): line for line in rows.to_dict("records")}
    columns = {
        column: [known.get((term, row), {}).get(number, NAN) for term in terms]
        for column, (row, number) in TERM_COLUMNS.items()
    }
    return pd.DataFrame(columns, dtype=float)


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


def _log_sizes(result: Result, term: str, mean: float, step: float) -> list[tuple]:
    """Of an outcome in logs."""
    sizes = effect_sizes(result, term, mean, 0.0, step).set_index("effect")
    kinds = {"step_effect": sizes.loc["step"], "elasticity_at_mean": sizes.loc["elasticity_at_mean"]}
    return [
        (term, row, size["estimate"], size["std_error"], NAN, size["conf_low"], size["conf_high"])
        for row, size in kinds.items()
    ]


def _level_sizes(found: Term, term: str, ratio: float, step: float) -> list[tuple]:
    """Of an outcome in levels; `ratio` is the regressor's mean over the outcome's."""
    lines = []
    for row, factor in {"step_effect": step, "elasticity_at_mean": ratio}.items():
        low, high = sorted((factor * found.conf_low, factor * found.conf_high))
        lines.append((term, row, factor * found.estimate, abs(factor) * found.std_error, NAN, low, high))
    return lines


def with_extra_rows(result: Result, rows: pd.DataFrame, cv3: Mapping[str, Term], bootstrap: Bootstrap) -> Result:
    """`result` with the extra numbers among its tests; no other number of it changes.

    `tests["<row>[<term>]"]` holds the numbers of an extra row (an infinite limit: the interval is unbounded there),
    `std_error_cv3` and `p_value_cv3` every coefficient's, `wild_bootstrap` how it was drawn.

    Args:
        rows: what `extra_rows` returned.
        cv3: what `jackknife` returned.
        bootstrap: what `rows` were made with.
    """
    tests = {
        f"{line['row']}[{line['term']}]": {key: line[key] for key in COLUMNS[2:] if not np.isnan(line[key])}
        for line in rows.to_dict("records")
    }
    errors = {name: term.std_error for name, term in cv3.items()}
    chances = {name: term.p_value for name, term in cv3.items()}
    settings = {"draws": float(bootstrap.draws), "seed": float(bootstrap.seed), "kind": bootstrap.kind}
    further = {**tests, "std_error_cv3": errors, "p_value_cv3": chances, "wild_bootstrap": settings}
    return replace(result, tests={**result.tests, **further})
