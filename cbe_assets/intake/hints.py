"""Which tables a file could be that does not say: by magnitude and by agreement with what is filed.  Hints only."""

from __future__ import annotations

from cbe_assets.faults import Fault, fault
from cbe_assets.intake.comparison import compare
from cbe_assets.intake.recognise import name_key
from cbe_assets.intake.shelf import Shelf
from cbe_assets.yearbook.edition import edition_order
from cbe_assets.yearbook.reading import Reading
from cbe_assets.yearbook.units import factor

_SHOWN = 6
_AGREES = 0.5
_NEVER = "9999"


def hints(reading: Reading, shelf: Shelf) -> list[Fault]:
    """Tables whose range and unit all values fit, those first that agree with a filed edition; at most six."""
    scored = [(*scored, name) for name in shelf.study.tables if (scored := _fits(reading, shelf, name))]
    return [item for *_, item, _ in sorted(scored, key=lambda one: (-one[0], one[-1]))[:_SHOWN]]


def _fits(reading: Reading, shelf: Shelf, name: str) -> tuple[float, Fault] | None:
    table, rows = shelf.study.tables[name], reading.observations
    rows = rows[rows["province"].isin(shelf.places(name)) & (rows["year"] >= shelf.study.settings.years[0])]
    unit = next(iter(rows["unit"].dropna()), None) or table.unit_unstated or table.unit
    times = factor(unit, table.unit)
    values = rows["value"].dropna()
    if times is None or values.empty or not (values * times).between(*table.range).all():
        return None
    facts = {"key": name, "found": table.indicator, "unit": unit, "code": 0}
    filed = shelf.filed(name).observations
    if len(filed):
        newest = max(filed["edition"], key=edition_order)
        stored = shelf.stored(name, rows.assign(edition=newest, file=name_key(name), unit=unit)).observations
        last = filed[(filed["edition"] == newest).to_numpy()]
        overlap = compare(name, stored, last, _NEVER, shelf.places(name)).overlap
        share = float((abs(overlap["new"] / overlap["old"] - 1) < 0.001).mean()) if len(overlap) else 0.0
        if share >= _AGREES:
            return share, fault("hint_agrees", share=f"{share:.0%}", cells=len(overlap), edition=newest, **facts)
    return 0.0, fault("hint_in_range", **facts)
