"""Which tables a file could be that does not say: by magnitude and by agreement with what is filed.  Hints only."""

from __future__ import annotations

import math

import pandas as pd

from cbe_assets.faults import Fault, fault
from cbe_assets.intake.shelf import Shelf
from cbe_assets.yearbook.edition import edition_order
from cbe_assets.yearbook.reading import Reading
from cbe_assets.yearbook.units import factor

_SHOWN = 6
_AGREES = 0.5


def hints(reading: Reading, shelf: Shelf) -> list[Fault]:
    """Tables whose range and unit all values fit, those first that agree with a filed edition; at most six."""
    scored = [scored for name in shelf.study.tables if (scored := _fits(reading, shelf, name))]
    return [item for *_, item in sorted(scored, key=lambda one: one[:3])[:_SHOWN]]


def _fits(reading: Reading, shelf: Shelf, name: str) -> tuple[float, float, str, Fault] | None:
    """Sort key and hint: first by agreement, then the narrowest range, then by name; None where it does not fit."""
    table, rows = shelf.study.tables[name], reading.observations
    rows = rows[rows["province"].isin(shelf.places(name)) & (rows["year"] >= shelf.study.settings.years[0])]
    unit = next(iter(rows["unit"].dropna()), None) or table.unit_unstated or table.unit
    times = factor(unit, table.unit)
    values = rows["value"].dropna()
    if times is None or values.empty or not (values * times).between(*table.range).all():
        return None
    facts = {"key": name, "found": table.indicator, "unit": unit, "code": 0}
    edition, share, cells = _agreement(rows.assign(value=rows["value"] * times), shelf.filed(name).observations)
    if share >= _AGREES:
        return -share, 0.0, name, fault("hint_agrees", share=f"{share:.0%}", cells=cells, edition=edition, **facts)
    lower, upper = table.range
    return 0.0, upper / lower if lower > 0 else math.inf, name, fault("hint_in_range", **facts)


def _agreement(rows: pd.DataFrame, filed: pd.DataFrame) -> tuple[str, float, int]:
    """The newest filed edition, the share of the cells in common that agree with it to 0.1 %, and their number."""
    if filed.empty:
        return "", 0.0, 0
    edition = max(filed["edition"], key=edition_order)
    last = filed[(filed["edition"] == edition).to_numpy()]
    held = dict(zip(zip(last["province"], last["year"], strict=True), last["value"], strict=True))
    cells = zip(rows["province"], rows["year"], rows["value"], strict=True)
    pairs = [(value, held[province, year]) for province, year, value in cells if (province, year) in held]
    agreeing = sum(math.isclose(value, other, rel_tol=0.001) for value, other in pairs)
    return edition, agreeing / len(pairs) if pairs else 0.0, len(pairs)
