"""An incoming edition beside those filed: what is new, revised and gone, and whether the magnitude is right.

Observations here are in the stored unit: province, year, value, text, factor, edition (see yearbook/stored.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cbe_assets.faults import FAILED, Fault, fault
from cbe_assets.study import Table
from cbe_assets.yearbook.edition import edition_order
from cbe_assets.yearbook.units import factor
from cbe_assets.yearbook.vintage import choose_vintage, in_order, revisions

_NEAR_POWER = 0.15
"""Distance in log10 from a power of ten within which a median ratio is a slip of unit: 0.71 to 1.41 times."""
_SAME_SLIP = 0.02
_UNLIKE = math.log10(1.25)
_LEAST = 3
_NEIGHBOURS = 2


@dataclass(frozen=True)
class Comparison:
    """An edition against those filed.

    Attributes:
        against: the edition next to it: the newest older one, else the oldest newer one; None where none is filed.
        newer: whether `against` is the newer of the two.
        overlap: province, year, old (filed), new (incoming), of the cells that both have.
        new: province and year of the cells that only the incoming edition has.
        revised: as `vintage.revisions`, from the older to the newer edition.
        gone: province and year of the cells that only `against` has.
    """

    against: str | None
    newer: bool
    overlap: pd.DataFrame
    new: pd.DataFrame
    revised: pd.DataFrame
    gone: pd.DataFrame

    @property
    def gone_inside(self) -> pd.DataFrame:
        """Cells gone from years that the incoming edition has."""
        return self.gone[self.gone["year"].isin({*self.overlap["year"], *self.new["year"]})]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: counts, years and every revised cell."""
        cells = self.revised[["province", "year", "old", "new", "relative_change"]]
        rows = cells.astype(object).where(cells.notna(), None).to_dict("records")
        change = self.revised["relative_change"].abs()
        return {
            "against": self.against,
            "against_is_newer": self.newer,
            "overlap": len(self.overlap),
            "new": {"cells": len(self.new), "years": sorted({int(year) for year in self.new["year"]})},
            "revised": {
                "cells": len(rows),
                "median_change": float(change.median()) if change.notna().any() else None,
                "largest_change": float(change.max()) if change.notna().any() else None,
                "list": rows,
            },
            "gone": {"cells": len(self.gone), "years": sorted({int(year) for year in self.gone["year"]})},
        }


def compare(
    table: str, incoming: pd.DataFrame, filed: pd.DataFrame, edition: str, provinces: Sequence[str]
) -> Comparison:
    """Compares an edition with the filed ones.

    Args:
        table: its key.
        incoming: its observations.
        filed: the observations of all filed editions.
        edition: its name.
        provinces: the order of the provinces.
    """
    rank = edition_order(edition)
    older = filed[np.array([edition_order(other) < rank for other in filed["edition"]], dtype=bool)]
    newer = older.empty and not filed.empty
    base = filed[filed["edition"] == in_order(filed["edition"])[0]] if newer else older
    against = in_order(base["edition"])[0 if newer else -1] if len(base) else None
    held = choose_vintage(base, provinces=provinces)[["province", "year", "value"]]
    held = held.astype({"year": "int64", "value": "float64"})
    mine = incoming.loc[incoming["value"].notna(), ["province", "year", "value"]]
    both = held.merge(mine, on=["province", "year"], how="outer", suffixes=("_old", "_new"), indicator=True)
    sides = {side: both[(both["_merge"] == side).to_numpy()] for side in ("both", "left_only", "right_only")}
    overlap = sides["both"].rename(columns={"value_old": "old", "value_new": "new"})
    last = base[(base["edition"] == against).to_numpy() & base["value"].notna().to_numpy()]
    gone = last[["province", "year"]].astype({"year": "int64"}).merge(sides["left_only"][["province", "year"]])
    together = pd.concat([base, incoming], ignore_index=True) if len(base) else incoming
    changed = revisions(table, together, provinces)
    side = "old_edition" if newer else "new_edition"
    return Comparison(
        against,
        newer,
        overlap[["province", "year", "old", "new"]].reset_index(drop=True),
        sides["right_only"][["province", "year"]].reset_index(drop=True),
        changed[(changed[side] == edition).to_numpy()].reset_index(drop=True),
        gone,
    )


def slips(
    table: str, declared: Table, found: Comparison, incoming: pd.DataFrame, filed: pd.DataFrame, file: str
) -> tuple[list[Fault], list[Fault]]:
    """Faults and warnings of values that are a power of ten off the filed edition.

    A slip of the whole file, of a year or of a province is a fault: no revision multiplies by ten.  Of a single cell it
    is a warning, since sources do correct decimal points.  Without a cell in common, neighbouring years are compared.
    """
    pairs, near = _logs(found.overlap), False
    if pairs.empty and found.against:
        pairs, near = _logs(_neighbours(incoming, filed)), True
    power = _power(pairs["log"])
    unit = str(incoming["unit"].iloc[0]) if len(incoming) else declared.unit
    facts = {"file": file, "key": table, "against": found.against, "unit": unit}
    if power:
        likely = _unit_meant(unit, power, declared)
        message = "slip_file_unit" if likely else "slip_file"
        return [fault(message, count=len(pairs), found=_times(power), likely=likely, code=FAILED, **facts)], []
    if near:
        return [], []
    faults = [
        fault("slip_part", count=len(group), found=_times(power), code=FAILED, **facts | {axis: _plain(value)})
        for axis in ("year", "province")
        for value, group in pairs.groupby(axis, sort=False)
        if len(group) >= _LEAST and (power := _power(group["log"]))
    ]
    if faults:
        return faults, []
    nearest = pairs["log"].round()
    odd = pairs[((nearest != 0) & ((pairs["log"] - nearest).abs() < _SAME_SLIP)).to_numpy()]
    cells = [
        fault("slip_cell", province=row.province, year=row.year, found=f"{row.new:.10g}", expected=f"{row.old:.10g}",
              code=0, **facts)
        for row in odd.itertuples(index=False)
    ]  # fmt: skip
    return [], cells


def unlike(found: Comparison) -> float | None:
    """How far incoming values are from filed ones in the median, where it says that this is another series.

    Returns:
        The factor, at least 1.25; None below it.  The fifth census moved provincial GDP by 3 % in the median.
    """
    apart = _logs(found.overlap)["log"].abs()
    if len(apart) < _LEAST or apart.median() < _UNLIKE:
        return None
    return float(10 ** apart.median())


def _logs(pairs: pd.DataFrame) -> pd.DataFrame:
    """`pairs` of positive values with `log`, log10 of new / old."""
    positive = pairs[((pairs["old"] > 0) & (pairs["new"] > 0)).to_numpy()]
    return positive.assign(log=np.log10(positive["new"].to_numpy() / positive["old"].to_numpy()))


def _power(logs: pd.Series) -> int:
    """The power of ten that ratios centre on, 0 where it is none."""
    if logs.empty:
        return 0
    median = float(logs.median())
    nearest = round(median)
    return nearest if nearest and abs(median - nearest) <= _NEAR_POWER else 0


def _neighbours(incoming: pd.DataFrame, filed: pd.DataFrame) -> pd.DataFrame:
    """Incoming values beside the filed value of the nearest year, at most two years away."""
    pairs = incoming[["province", "year", "value"]].merge(filed[["province", "year", "value"]], on="province")
    pairs = pairs.dropna().assign(distance=lambda frame: (frame["year_x"] - frame["year_y"]).abs())
    pairs = pairs[(pairs["distance"] <= _NEIGHBOURS).to_numpy()].sort_values("distance", kind="stable")
    nearest = pairs.drop_duplicates("province")
    return nearest.rename(columns={"year_x": "year", "value_x": "new", "value_y": "old"})


def _unit_meant(unit: str, power: int, declared: Table) -> str | None:
    """The accepted unit that the values would be in, were they right."""
    wanted = (factor(unit, declared.unit) or math.nan) / 10.0**power
    units = [declared.unit, *declared.accepts]
    return next((other for other in units if math.isclose(factor(other, declared.unit) or 0, wanted)), None)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, np.integer) else value


def _times(power: int) -> str:
    return f"{10**power:,}" if power > 0 else f"1/{10**-power:,}"
