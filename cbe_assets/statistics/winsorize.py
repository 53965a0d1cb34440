"""Winsorizing exactly as Stata's winsor2 does: Hyndman-Fan 2 percentiles, missing values stay missing.

No pandas quantile option and neither quantile of DuckDB gives these percentiles; numpy calls them
`averaged_inverted_cdf`.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault

Percent = int | float | str | Fraction


def _fraction(percent: Percent) -> Fraction:
    """`percent` as written: 2.5 is 5/2 and 0.1 is 1/10, not their nearest binary number."""
    return percent if isinstance(percent, Fraction) else Fraction(str(percent))


def percentile(values: pd.Series | np.ndarray, percent: Percent) -> float:
    """The percentile of the non-missing values, as Stata's `summarize, detail` and `_pctile` define it.

    With P = n * percent / 100 and sorted x: (x[P] + x[P+1]) / 2 if P is whole, else x[ceil P].
    Hyndman and Fan (1996), The American Statistician 50(4), definition 2.

    Args:
        values: numbers of any order; NaN is left out.
        percent: 0 to 100; fractions such as 2.5 are taken exactly.

    Returns:
        The percentile, NaN if no value is left.
    """
    x = np.sort(np.asarray(values, dtype=float))
    x = x[~np.isnan(x)]
    if not x.size:
        return float("nan")
    position = x.size * _fraction(percent) / 100
    whole, rest = divmod(position.numerator, position.denominator)
    below, above = (whole - 1, whole) if rest == 0 else (whole, whole)
    below, above = max(below, 0), min(above, x.size - 1)
    # Halving first keeps two large values from overflowing and is exact otherwise.
    return float(x[below]) if below == above else float(x[below] / 2 + x[above] / 2)


def limits(values: pd.Series | np.ndarray, lower: Percent = 1, upper: Percent = 99) -> tuple[float, float]:
    """The values at the lower and upper percentile.

    Raises:
        StudyFault: unless 0 <= lower < upper <= 100.
    """
    if not 0 <= _fraction(lower) < _fraction(upper) <= 100:
        raise StudyFault([fault("statistics_winsor_limits", found=f"{lower}, {upper}")])
    return percentile(values, lower), percentile(values, upper)


def winsorize(values: pd.Series | np.ndarray, lower: Percent = 1, upper: Percent = 99) -> pd.Series | np.ndarray:
    """`values` with everything beyond the two percentiles set to them (`winsor2, cuts(lower upper)`).

    Args:
        values: one variable over all province-years; NaN stays NaN and is not counted.
        lower: lower cut in percent.
        upper: upper cut in percent.

    Returns:
        float64, of the same kind (and index) as `values`.

    Raises:
        StudyFault: unless 0 <= lower < upper <= 100.
    """
    low, high = limits(values, lower, upper)
    clipped = np.clip(np.asarray(values, dtype=float), low, high)
    return pd.Series(clipped, index=values.index, name=values.name) if isinstance(values, pd.Series) else clipped
