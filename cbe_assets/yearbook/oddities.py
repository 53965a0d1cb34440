"""Values that stand out from the years around them.  They are pointed at, never changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

ODDITIES = ["table", "province", "year", "value", "before", "after", "ratio"]
LONGEST_SPELL = 3
LEAST_RATIO = 1.5
TIMES_USUAL = 4.0


def oddities(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Spells of one to three years far above, or far below, both the year before and the year after.

    Rule: with d = |ln(value) - ln(neighbour)|, every year of the spell has d against the year before the spell and
    against the year after it, on the same side, of more than ln 1.5 and of more than 4 times the province's usual
    yearly change (the median of |ln x_t - ln x_(t-1)| but for the two largest); and the two neighbours are nearer to
    each other than the spell is to either.  A zero is infinitely far below any positive value.  The first and last
    year, having one neighbour, and years beside a missing value are not judged; a year in several spells is reported
    in the shortest.

    Args:
        table: its key, the column of `frame` that holds the value.
        frame: province, year and the value; one row per province and year.

    Returns:
        table, province, year, value, before, after (the values around the spell) and ratio (value / geometric mean of
        before and after), by province as they come in `frame`, then year.
    """
    wide = frame.pivot(index="province", columns="year", values=table).reindex(frame["province"].unique())
    years = np.arange(frame["year"].min(), frame["year"].max() + 1) if len(frame) else np.zeros(0, dtype=int)
    values = wide.reindex(columns=years).to_numpy(dtype=float)
    found: dict[tuple[int, int], tuple[float, float]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(values < 0, np.nan, values))
        limit = np.maximum(np.log(LEAST_RATIO), TIMES_USUAL * _usual_change(logs))
        for length in range(1, LONGEST_SPELL + 1):
            for province, start in np.argwhere(_odd_spells(logs, limit, length)).tolist():
                around = values[province, start], values[province, start + length + 1]
                for year in range(start + 1, start + length + 1):
                    found.setdefault((province, year), around)
    rows = []
    for (province, at), (before, after) in sorted(found.items()):
        value, middle = values[province, at], float(np.sqrt(before * after))
        ratio = value / middle if middle else np.inf
        rows.append((table, wide.index[province], int(years[at]), value, before, after, ratio))
    kinds = {"table": "str", "province": "str", "year": "int64"} | dict.fromkeys(ODDITIES[3:], "float64")
    return pd.DataFrame(rows, columns=ODDITIES).astype(kinds)


def _usual_change(logs: np.ndarray) -> np.ndarray:
    """Median absolute yearly change of each province but for the two largest, a column; 0 where none is left.

    A spell makes two changes of its own; in a short series they would pass for usual.
    """
    change = np.abs(np.diff(logs, axis=1))
    ordered = np.sort(np.where(np.isfinite(change), change, np.inf), axis=1)
    usual = np.zeros((len(logs), 1))
    for row, changes in enumerate(ordered):
        kept = changes[np.isfinite(changes)][:-2]
        usual[row, 0] = np.median(kept) if len(kept) else 0.0
    return usual


def _odd_spells(logs: np.ndarray, limit: np.ndarray, length: int) -> np.ndarray:
    """Boolean, provinces by the position of the year before the spell."""
    count = logs.shape[1] - length - 1
    if count <= 0:
        return np.zeros((len(logs), 0), dtype=bool)
    before, after = logs[:, :count], logs[:, length + 1 :]
    spell = np.stack([logs[:, k : k + count] for k in range(1, length + 1)])
    below = np.minimum(before, after) - spell.max(axis=0)
    above = spell.min(axis=0) - np.maximum(before, after)
    distance = np.maximum(below, above)
    return (distance > limit) & ~(np.abs(before - after) >= distance)
