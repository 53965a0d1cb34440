"""What each figure plots, as one long table: series, x, y, label.  No drawing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cbe_assets.publish import battery_data
from cbe_assets.publish.inputs import MEASURED, SAMPLE
from cbe_assets.publish.material import Material

COLUMNS = ("series", "x", "y", "label")
REGIONS = ("east", "central", "west")
STEPS = 61
"""Points of the fitted line and its band."""


def figure_data(material: Material) -> pd.DataFrame:
    """The plotted data of a figure exhibit with `COLUMNS`; `label` is what stands beside a point, often nothing."""
    rows = DATA[material.exhibit.kind](material)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"x": float, "y": float})


def _bars_and_line(material: Material) -> list[tuple]:
    """Series by year in stored units; `line` in percent, where numerator and denominator are both known."""
    line = material.exhibit.line
    tables = {*material.exhibit.bars, *([*line.numerator, line.denominator] if line else [])}
    values = {table: _by_year(material.inputs[f"clean/{table}"], table) for table in sorted(tables)}
    rows = [(table, year, values[table][year], "") for table in material.exhibit.bars for year in sorted(values[table])]
    if line:
        shared = sorted(set.intersection(*(set(values[key]) for key in (*line.numerator, line.denominator))))
        for year in shared:
            total = math.fsum(values[key][year] for key in line.numerator)
            rows.append(("line", year, 100 * total / values[line.denominator][year], ""))
    return rows


def _by_year(frame: pd.DataFrame, table: str) -> dict[int, float]:
    known = frame[frame[table].notna()]
    return dict(zip(known["year"].astype(int), known[table].astype(float), strict=True))


def _scatter_with_fit(material: Material) -> list[tuple]:
    """Points by region, OLS line `fit` and its 95 % band `low`, `high`; the most remote provinces carry labels."""
    x, y = material.exhibit.x, material.exhibit.y
    frame = material.inputs[SAMPLE].dropna(subset=[x, y]).reset_index(drop=True)
    region = {item.name: item.region for item in material.context.gazetteer.provinces}
    slope, constant, _, band = least_squares(frame[x].to_numpy(float), frame[y].to_numpy(float))
    residual = frame[y].to_numpy(float) - constant - slope * frame[x].to_numpy(float)
    labelled = _remote(frame, x, residual)
    rows = [
        (region[row.province], row.x, row.y, row.province if number in labelled else "")
        for number, row in enumerate(frame[["province", x, y]].set_axis(["province", "x", "y"], axis=1).itertuples())
    ]
    rows.sort(key=lambda row: REGIONS.index(row[0]))
    grid = np.linspace(frame[x].min(), frame[x].max(), STEPS)
    middle, half = constant + slope * grid, band(grid)
    for series, values in (("fit", middle), ("low", middle - half), ("high", middle + half)):
        rows += [(series, float(a), float(b), "") for a, b in zip(grid, values, strict=True)]
    return rows


def least_squares(x: np.ndarray, y: np.ndarray):
    """Slope, constant, R2 and the half-width of the 95 % interval of the mean, conventional standard errors."""
    from scipy import stats

    n, mean = len(x), x.mean()
    spread = float(((x - mean) ** 2).sum())
    slope = float(((x - mean) * (y - y.mean())).sum() / spread)
    constant = float(y.mean() - slope * mean)
    ssr = float(((y - constant - slope * x) ** 2).sum())
    quantile, error = float(stats.t.ppf(0.975, n - 2)), math.sqrt(ssr / (n - 2))

    def half(at: np.ndarray) -> np.ndarray:
        return quantile * error * np.sqrt(1 / n + (at - mean) ** 2 / spread)

    return slope, constant, 1 - ssr / float(((y - y.mean()) ** 2).sum()), half


def _remote(frame: pd.DataFrame, x: str, residual: np.ndarray) -> set[int]:
    """Row numbers to label: last points of the three largest x, and of those farthest above and below the line."""
    rows = frame.assign(residual=residual, row=range(len(frame))).sort_values("year")
    latest = rows.groupby("province", sort=True).tail(1)
    right = latest.nlargest(3, x)
    rest = latest[~latest["province"].isin(right["province"])]
    return {*right["row"], *rest.nsmallest(1, "residual")["row"], *rest.nlargest(1, "residual")["row"]}


def _regional_means(material: Material) -> list[tuple]:
    """Unweighted means over the provinces of each region by year."""
    y = material.exhibit.y
    region = {item.name: item.region for item in material.context.gazetteer.provinces}
    frame = material.inputs[MEASURED][["province", "year", y]].dropna()
    frame = frame.assign(region=frame["province"].map(region))
    rows = []
    for name in REGIONS:
        part = frame[frame["region"] == name]
        for year, values in part.groupby("year", sort=True)[y]:
            rows.append((name, int(year), math.fsum(values) / len(values), ""))
    return rows


DATA = {
    "bars_and_line": _bars_and_line,
    "scatter_with_fit": _scatter_with_fit,
    "regional_means": _regional_means,
    **battery_data.DATA,
}
"""Kind of exhibit -> its rows."""
