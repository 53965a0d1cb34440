"""One clean table out of the raw observations of all editions: vintage, unit, correction, range, gap, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.study import Table
from cbe_assets.yearbook.corrections import Correction
from cbe_assets.yearbook.gaps import Cell, fill, missing_faults, spans
from cbe_assets.yearbook.gazetteer import NATION
from cbe_assets.yearbook.stored import Stored, dated, out_of_range, store
from cbe_assets.yearbook.vintage import choose_vintage, family_editions, in_order, published_by

_NOTHING = pd.DataFrame({"province": [], "year": [], "value": [], "edition": []})
METHODS = ("observed", "corrected", "interpolated", "carried", "computed", "missing")


@dataclass(frozen=True)
class Settled:
    """A clean table.

    Attributes:
        frame: province, year, <table> (value in the stored unit), unit (stored), edition, first_published, revised,
            method, note; every province by every year, in that order.  `note` is '' for an observed cell, the years a
            filled cell was made of, the expression, or the correction.  A cell that policy `leave` left missing has
            method `missing` and no value or edition.
        counts: cells by method; `revised`; `older_edition`, cells not from the newest edition used.
        editions: edition -> cells taken from it, oldest first.
        observations: all editions in the stored unit, for `revisions`.
    """

    frame: pd.DataFrame
    counts: dict[str, int]
    editions: dict[str, int]
    observations: pd.DataFrame


def needs(tables: Mapping[str, Table], table: str) -> list[str]:
    """The raw tables that clean/<table> is made of: its own and those of its family, in the order declared."""
    family = tables[table].family
    return [name for name, other in tables.items() if name == table or (family and other.family == family)]


def needs_clean(tables: Mapping[str, Table], table: str) -> list[str]:
    """The clean tables that its gaps are computed from."""
    return tables[table].gaps.names


def settle(
    table: str,
    raw: Mapping[str, pd.DataFrame],
    tables: Mapping[str, Table],
    provinces: Sequence[str],
    years: Sequence[int],
    as_of: date | str | None = None,
    corrections: Iterable[Correction] = (),
    clean: Mapping[str, pd.DataFrame] | None = None,
) -> Settled:
    """clean/<table>.

    Args:
        table: its key.
        raw: the raw tables that `needs` names; an absent one counts as empty.
        tables: the study's tables.
        provinces: the provinces that must be there, in the order of the gazetteer; a table of the nation has 全国.
        years: the years that must be there.  Other years serve as neighbours in interpolation only.
        as_of: only editions out by then.
        corrections: of any table.
        clean: the clean tables that `needs_clean` names.

    Raises:
        StudyFault: with all faults of editions, units, repeats, corrections, family, ranges and missing cells.
    """
    declared, years = tables[table], list(years)
    places = (NATION,) if declared.scope == "nation" else tuple(provinces)
    stored = store(table, raw.get(table, _NOTHING), declared, places, as_of, corrections)
    editions, mixed, excused = _from_family(table, raw, tables, places, years, as_of)
    chosen = choose_vintage(stored.observations, editions, places)

    position, inside = _positions(chosen, places, years)
    absent = np.ones(len(places) * len(years), dtype=bool)
    absent[position[inside]] = False
    missing = [(places[at // len(years)], years[at % len(years)]) for at in np.flatnonzero(absent)]
    filling = fill(table, missing, declared.gaps, chosen, stored.observations, clean or {})

    judged = inside.copy()
    judged[filling.used] = True
    faults = stored.faults + mixed + filling.faults
    faults += out_of_range(table, declared, chosen[judged], stored.observations)
    faults += _filled_out_of_range(table, declared, filling.cells)
    if declared.gaps.policy != "leave":
        told = stored.set_aside | {(cell.province, cell.year) for cell in filling.cells}
        lost = [cell not in told and cell[1] not in excused for cell in missing]
        absent[np.flatnonzero(absent)[np.logical_not(lost)]] = False
        shape = len(places), len(years)
        faults += missing_faults(table, absent.reshape(shape), places, years, declared.gaps, stored.observations)
    if faults:
        raise StudyFault(faults)
    frame = _frame(table, declared, chosen[inside], position[inside], filling.cells, places, years)
    return _settled(frame, stored)


def _from_family(
    table: str,
    raw: Mapping[str, pd.DataFrame],
    tables: Mapping[str, Table],
    places: Sequence[str],
    years: Sequence[int],
    as_of: date | str | None,
) -> tuple[dict[int, str] | None, list[Fault], set[int]]:
    """Year -> edition for a table of a family, faults of years without a whole edition, and these years."""
    members = needs(tables, table)
    if len(members) == 1:
        return None, [], set()
    out = {name: published_by(dated(name, raw.get(name, _NOTHING))[0], as_of) for name in members}
    family = family_editions(out, places, years)
    alike: dict[str, list[int]] = {}
    for year, editions in family.lacking.items():
        lacks = editions[family.editions[year]]
        if any(tables[name].gaps.policy == "error" for name in lacks):
            alike.setdefault(_lacks(editions, len(places)), []).append(year)
    faults = [
        fault(
            "family_incomplete",
            key=table,
            year=spans(when),
            family=tables[table].family,
            found=text,
            expected=", ".join(members),
        )
        for text, when in alike.items()
    ]
    return family.editions, faults, {year for when in alike.values() for year in when}


def _lacks(editions: Mapping[str, Mapping[str, Sequence[str]]], size: int, shown: int = 3) -> str:
    """`2023 lacks`, edition by edition: `2023: gdp (海南, 青海), value_added_secondary; 2022: ...`."""

    def one(table: str, provinces: Sequence[str]) -> str:
        if len(provinces) == size:
            return table
        names = ", ".join(provinces[:shown]) + (f", +{len(provinces) - shown}" if len(provinces) > shown else "")
        return f"{table} ({names})"

    parts = [f"{edition}: {', '.join(one(*item) for item in lacks.items())}" for edition, lacks in editions.items()]
    return "; ".join(parts[:shown])


def _positions(chosen: pd.DataFrame, places: Sequence[str], years: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Where each chosen row belongs among provinces by years, and whether it does."""
    place = pd.Index(places, dtype=object).get_indexer(chosen["province"].to_numpy(dtype=object))
    when = pd.Index(years, dtype="int64").get_indexer(chosen["year"].to_numpy(dtype="int64"))
    return place * len(years) + when, (place >= 0) & (when >= 0)


def _filled_out_of_range(table: str, declared: Table, cells: Sequence[Cell]) -> list[Fault]:
    """Only what an expression makes can leave the range; the rest lies between or equals values judged already."""
    lower, upper = declared.range
    return [
        fault(
            "filled_value_out_of_range",
            province=cell.province,
            year=cell.year,
            key=table,
            found=f"{cell.value:.10g}",
            expected=f"{lower:g}-{upper:g} {declared.unit}",
            how=cell.note,
        )
        for cell in cells
        if not lower <= cell.value <= upper and cell.method != "interpolated"
    ]


def _frame(
    table: str,
    declared: Table,
    chosen: pd.DataFrame,
    position: np.ndarray,
    cells: Sequence[Cell],
    places: Sequence[str],
    years: Sequence[int],
) -> pd.DataFrame:
    size = len(places) * len(years)
    columns = {
        "province": np.repeat(np.array(places, dtype=object), len(years)),
        "year": np.tile(np.array(years, dtype="int64"), len(places)),
        table: np.full(size, np.nan),
        "unit": np.full(size, declared.unit, dtype=object),
        "edition": np.full(size, None, dtype=object),
        "first_published": np.full(size, None, dtype=object),
        "revised": np.zeros(size, dtype=bool),
        "method": np.full(size, "missing", dtype=object),
        "note": np.full(size, "", dtype=object),
    }
    columns[table][position] = chosen["value"].to_numpy()
    for name in ("edition", "first_published", "revised"):
        columns[name][position] = chosen[name].to_numpy()
    note = chosen["correction"].to_numpy(dtype=object)
    columns["note"][position] = note
    columns["method"][position] = np.where(note == "", "observed", "corrected")
    place, when = {name: at for at, name in enumerate(places)}, {year: at for at, year in enumerate(years)}
    for cell in cells:
        at = place[cell.province] * len(years) + when[cell.year]
        columns[table][at] = cell.value
        for name in ("edition", "first_published", "revised", "method", "note"):
            columns[name][at] = getattr(cell, name)
    text = ("province", "unit", "edition", "first_published", "method", "note")
    return pd.DataFrame({name: pd.array(v, dtype="str") if name in text else v for name, v in columns.items()})


def _settled(frame: pd.DataFrame, stored: Stored) -> Settled:
    methods = Counter(frame["method"].tolist())
    counts = {method: methods[method] for method in METHODS}
    taken = Counter(frame["edition"].dropna().tolist())
    editions = {edition: taken[edition] for edition in in_order(taken)}
    counts["revised"] = int(frame["revised"].sum())
    counts["older_edition"] = sum(editions.values()) - (list(editions.values())[-1] if editions else 0)
    return Settled(frame, counts, editions, stored.observations)
