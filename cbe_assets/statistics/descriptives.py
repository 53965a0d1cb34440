"""Descriptive statistics, as the paper's Table 3 prints them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cbe_assets.statistics.specification_tests import vif

COLUMNS = ("variable", "n", "mean", "sd", "min", "max", "vif")


def descriptives(frame: pd.DataFrame, outcome: str, explanatory: Sequence[str]) -> pd.DataFrame:
    """Count, mean, standard deviation (n - 1), extremes and pooled VIF of each variable.

    Args:
        frame: one row per province-year, winsorized already if the table is to be.
        outcome: its VIF is missing.
        explanatory: the regressors whose VIFs are wanted; rows that miss any of them are left out of the VIF only.

    Returns:
        One row per variable with `COLUMNS`, the outcome first.
    """
    complete = frame[list(explanatory)].astype(float).dropna()
    factors = dict(zip(explanatory, vif(complete.to_numpy()), strict=True))
    rows = []
    for name in (outcome, *explanatory):
        values = frame[name].astype(float).dropna()
        factor = float(factors.get(name, np.nan))
        rows.append((name, len(values), values.mean(), values.std(), values.min(), values.max(), factor))
    return pd.DataFrame(rows, columns=list(COLUMNS))
