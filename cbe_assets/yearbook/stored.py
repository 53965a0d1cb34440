"""Raw observations as comparable ones: one per edition, province and year, corrected, in the stored unit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.study import Table
from cbe_assets.yearbook.corrections import Correction, correct
from cbe_assets.yearbook.edition import edition_date
from cbe_assets.yearbook.units import convert, factor
from cbe_assets.yearbook.vintage import published_by

_PRINTED = ["province", "year", "value", "text", "unit", "edition", "file", "sheet", "cell"]
_SHOWN = 5
_SLIPS = (10, 0.1, 100, 0.01, 1e3, 1e-3, 1e4, 1e-4, 1e5, 1e-5, 1e6, 1e-6, 1e7, 1e-7, 1e8, 1e-8)


@dataclass(frozen=True)
class Stored:
    """The observations of one table in its stored unit.

    Attributes:
        observations: province, year, value (stored unit), text (as printed), unit (of the print), edition, file, sheet,
            cell, printed (number as printed), factor (printed to stored), correction (what was printed and why not).
        faults: what is wrong with the rest.
        set_aside: provinces and years of which rows with a value are not here, for a fault that is told.
    """

    observations: pd.DataFrame
    faults: list[Fault]
    set_aside: set[tuple[str, int]]


def store(
    table: str,
    raw: pd.DataFrame,
    declared: Table,
    provinces: Sequence[str],
    as_of: date | str | None = None,
    corrections: Iterable[Correction] = (),
) -> Stored:
    """Editions out by `as_of`, the provinces asked for, units converted once, repeats dropped, corrections put in.

    Args:
        table: its key.
        raw: raw/<table>: province, year, value, text, unit, edition, file, sheet, cell; the last five may be empty
            where unknown.  `unit` is what the file or its sidecar says.
        declared: its entry of tables.yaml.
        provinces: names to keep, in the order of the gazetteer.
        corrections: of any table.

    Returns:
        Rows in the order of province, year, edition as they came; faults for malformed editions, units that are
        missing, not convertible or not accepted, repeated cells that differ, and corrections that do not fit.
    """
    printed = raw.reindex(columns=_PRINTED)
    kept, faults = dated(table, printed)
    aside = _cells(printed[~printed["edition"].isin(kept["edition"]).to_numpy()]) if faults else set()
    kept = published_by(kept, as_of)
    place = pd.Index(provinces, dtype=object).get_indexer(kept["province"].to_numpy(dtype=object))
    order = np.lexsort((kept["year"].to_numpy(), place))
    kept = kept.iloc[order[place[order] >= 0]].reset_index(drop=True)
    converted, wrong = _in_stored_unit(table, kept, declared)
    once, repeated = _once(table, converted)
    corrected, stale = correct(table, once, corrections, declared.unit, as_of)
    aside |= _cells(kept) - _cells(converted) if wrong else set()
    return Stored(corrected, faults + wrong + repeated + stale, aside)


def out_of_range(table: str, declared: Table, chosen: pd.DataFrame, believed: pd.DataFrame) -> list[Fault]:
    """A fault for every value outside of the declared range, with the slip of unit or magnitude it looks like.

    Args:
        chosen: rows to judge, with value, printed, unit, province, year, edition, file, sheet, cell.
        believed: rows of the same table (any edition), whose values within range say what magnitude to expect.
    """
    lower, upper = declared.range
    value = chosen["value"].to_numpy(dtype=float)
    wrong = np.flatnonzero((value < lower) | (value > upper))
    if not len(wrong):
        return []
    inside = believed[believed["value"].between(lower, upper).to_numpy() & (believed["value"] > 0).to_numpy()]
    usual = inside.groupby("province")["value"].median().to_dict()
    faults = []
    for row in chosen.iloc[wrong].itertuples(index=False):
        slip, unit = _slip(row.value, row.unit, declared, usual.get(row.province))
        kind = "value_out_of_range_unit" if unit else "value_out_of_range_power" if slip else "value_out_of_range"
        facts = {
            "edition": row.edition,
            "found": _plain(row.value),
            "expected": f"{_plain(lower)}-{_plain(upper)} {declared.unit}",
        }
        facts |= {"unit": declared.unit, "printed": f"{row.text or ''} {row.unit}".strip()}
        facts |= {"likely": unit, "factor": f"{slip:g}" if slip else None, "assumed": row.unit}
        faults.append(_at(row, kind, table, **facts))
    return first_of_each(faults)


def first_of_each(faults: Sequence[Fault], shown: int = _SHOWN) -> list[Fault]:
    """The first few faults of a kind and file, then one that counts the rest."""
    seen: Counter[tuple[str, object]] = Counter()
    kept = []
    for item in faults:
        kind = (item.message, item.facts.get("file"))
        seen[kind] += 1
        if seen[kind] <= shown:
            kept.append(item)
    for (message, file), count in seen.items():
        if count > shown:
            table = next(f.facts.get("key") for f in faults if (f.message, f.facts.get("file")) == (message, file))
            kept.append(fault("more_of_the_same", file=file, key=table, count=count - shown, found=message))
    return kept


def _cells(rows: pd.DataFrame) -> set[tuple[str, int]]:
    """Provinces and years with a value."""
    valued = rows[rows["value"].notna().to_numpy()]
    return set(zip(valued["province"], valued["year"], strict=True))


def dated(table: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """The rows whose edition can be dated, and a fault for each edition that cannot."""
    faults, bad = [], []
    for edition in raw["edition"].unique():
        try:
            edition_date(edition if isinstance(edition, str) else "")
        except StudyFault:
            bad.append(edition)
            file = raw.loc[raw["edition"].isin([edition]), "file"].iloc[0] if "file" in raw else None
            faults.append(fault("edition_malformed", file=_said(file), key=table, found=edition))
    return (raw[~raw["edition"].isin(bad).to_numpy()] if bad else raw), faults


def _in_stored_unit(table: str, kept: pd.DataFrame, declared: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """`value` converted, `printed`, `unit` and `factor` added; rows whose unit is of no use are left out."""
    codes, found = pd.factorize(kept["unit"].fillna("").to_numpy(dtype=object))
    printed = kept["value"].to_numpy(dtype=float)
    value, times = printed.copy(), np.ones(len(kept))
    units, usable, faults = np.empty(len(kept), dtype=object), np.ones(len(kept), dtype=bool), []
    for code, unit in enumerate(found):
        rows = codes == code
        meant = unit.strip() or declared.unit_unstated
        message = _unit_fault(meant, declared.unit, tuple(declared.accepts))
        if message is None:
            value[rows] = convert(printed[rows], meant, declared.unit)
            times[rows], units[rows] = factor(meant, declared.unit), meant
            continue
        usable[rows] = False
        for row in kept[rows & ~np.isnan(printed)].drop_duplicates("file").itertuples(index=False):
            accepts = ", ".join(dict.fromkeys([declared.unit, *declared.accepts]))
            facts = {"found": unit, "expected": declared.unit, "accepts": accepts, "province": None, "year": None}
            faults.append(_at(row, message, table, **facts))
    converted = kept.assign(value=value, printed=printed, unit=units, factor=times)
    return (converted if usable.all() else converted[usable].reset_index(drop=True)), faults


@cache
def _unit_fault(unit: str | None, stored: str, accepts: tuple[str, ...]) -> str | None:
    if unit is None:
        return "unit_missing"
    if factor(unit, stored) is None:
        return "unit_of_another_kind"
    return None if any(factor(unit, known) == 1 for known in (stored, *accepts)) else "unit_not_accepted"


def _once(table: str, converted: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """One row per edition, province and year: the first with a value; a second with another value is a fault."""
    cell = ["edition", "province", "year"]
    if not converted.duplicated(cell).any():
        return converted, []
    ordered = converted.iloc[np.argsort(converted["value"].isna().to_numpy(), kind="stable")]
    repeats = ordered[ordered.duplicated(cell).to_numpy() & ordered["value"].notna().to_numpy()]
    kept = ordered.drop_duplicates(cell).sort_index()
    both = repeats.merge(kept, on=cell, suffixes=("", "_first"))
    other = ~np.isclose(both["value"].to_numpy(), both["value_first"].to_numpy(), rtol=1e-9, atol=0)
    faults = [
        _at(
            row,
            "cell_twice",
            table,
            edition=row.edition,
            found=f"{row.text} {row.unit}",
            expected=f"{row.text_first} {row.unit_first}",
            first=" ".join(filter(None, map(_said, (row.file_first, row.sheet_first, row.cell_first)))),
        )
        for row in both[other].itertuples(index=False)
    ]
    return kept.reset_index(drop=True), first_of_each(faults)


def _slip(value: float, assumed: str, declared: Table, usual: float | None) -> tuple[float | None, str | None]:
    """The power of ten that a value seems to be off by, and the accepted unit that this amounts to.

    `value * slip` is believable, and within a factor of three of the usual value where that is known.
    """
    fits = [slip for slip in _SLIPS if declared.range[0] <= value * slip <= declared.range[1]]
    if usual is not None:
        fits = [slip for slip in fits if 1 / 3 < value * slip / usual < 3]
    meant = {slip: _unit_meant(slip, assumed, declared) for slip in fits}
    slip = next((slip for slip in fits if meant[slip]), fits[0] if fits else None)
    return slip, meant.get(slip)


def _unit_meant(slip: float, assumed: str, declared: Table) -> str | None:
    wanted = factor(assumed, declared.unit) * slip
    return next((unit for unit in declared.accepts if math.isclose(factor(unit, declared.unit) or 0, wanted)), None)


def _at(row: object, message: str, table: str, **facts: object) -> Fault:
    """A fault placed at a row of observations; `facts` may overrule the place."""
    place = {name: _said(getattr(row, name)) for name in ("file", "sheet", "cell", "province", "year")}
    return fault(message, **(place | {"key": table} | facts))


def _said(value: object) -> object:
    return None if value is None or value != value else value


def _plain(number: float) -> str:
    return f"{number:.10g}" if abs(number) < 1e15 else f"{number:g}"
