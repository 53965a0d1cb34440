"""data/exports/results/<key>.json: every result in one shape, with the libraries it was computed by."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@cache
def versions() -> dict[str, str]:
    """The libraries an estimate depends on, with their versions."""
    names = ("linearmodels", "numpy", "pandas", "scipy", "statsmodels")
    return {name: metadata.version(name) for name in names}


def result_file(name: str, record: Mapping[str, Any]) -> dict[str, bytes]:
    """The exported file of a result: path under data/exports -> JSON."""
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return {f"results/{name}.json": text.encode()}


def table_file(
    name: str,
    table: pd.DataFrame,
    by: Sequence[str],
    *,
    estimator: str = "",
    outcome: str = "",
    n: int | None = None,
    groups: int | None = None,
    sample: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """The exported file of a table of numbers: its rows as `tests`, in the JSON shape of all results.

    Args:
        name: key of the asset.
        table: rows to show.
        by: columns that tell the rows apart; their values are joined to the row's name.
        estimator: what made it.
        outcome: dependent variable.
        n: observations, where all rows have the same.
        groups: provinces, likewise.
        sample: what else a reader must know, such as draws and seeds.
    """
    from cbe_assets.statistics.result import plain

    rest = [column for column in table.columns if column not in by]
    rows = {
        " ".join(f"{plain(row[key])}" for key in by): {column: row[column] for column in rest}
        for row in table.to_dict("records")
    }
    head = {"specification": name, "estimator": estimator, "outcome": outcome, "n": n, "groups": groups, "df": None}
    body = {"r2": None, "r2_within": None, "covariance": "", "terms": {}, "tests": rows, "sample": dict(sample or {})}
    return result_file(name, plain(head | body | {"versions": versions()}))


def finite(facts: Mapping[str, float]) -> dict[str, float]:
    """The facts that are numbers: a plot over time has no place for the others."""
    return {name: float(value) for name, value in facts.items() if math.isfinite(value)}
