"""Which edition a cell is taken from, and what later editions revised.

Observations here have one row per edition, province and year, `value` in one unit (see stored.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cbe_assets.yearbook.edition import as_of_date, edition_date, edition_order

REVISIONS = ["table", "province", "year", "old", "new", "relative_change", "old_edition", "new_edition"]
_DECIMALS = re.compile(r"[.．]([0-9０-９]+)")


def in_order(editions: Iterable[str]) -> list[str]:
    """Each edition once, oldest first."""
    return sorted(set(editions), key=edition_order)


def published_by(observations: pd.DataFrame, as_of: date | str | None) -> pd.DataFrame:
    """The rows of editions that were certainly out on `as_of`, whose period had ended by then; None keeps all."""
    if as_of is None:
        return observations
    last = as_of_date(as_of)
    out = [edition for edition in observations["edition"].unique() if edition_date(edition) <= last]
    return observations[observations["edition"].isin(out).to_numpy()]


def choose_vintage(
    observations: pd.DataFrame, editions: Mapping[int, str] | None = None, provinces: Sequence[str] | None = None
) -> pd.DataFrame:
    """One row per province and year: the newest edition that has a value there.

    Args:
        observations: at least province, year, value (NaN = not published), edition; with `text` (as printed) and
            `factor` (printed to present unit) rounding is known exactly.  One row per edition, province and year.
        editions: year -> the one edition to take it from, for tables of a family; years not named have no rows.
        provinces: the order of the provinces in the result; without it that of their names as text.

    Returns:
        The chosen rows with all their columns, sorted by province and year, and
        first_published: the oldest edition that has a value there;
        revised: whether an older edition has another value, by more than the rounding of the coarser of the two.
    """
    held = _sorted(observations, provinces)
    if editions is not None and not held.empty:
        held = _up_to(held, editions)
    if held.empty:
        return held.assign(first_published=held["edition"], revised=np.zeros(0, dtype=bool))
    first = _starts(held)
    last = np.append(first[1:], len(held)) - 1
    newest = np.repeat(last, last - first + 1)
    revised = np.logical_or.reduceat(_differs(held, np.arange(len(held)), newest), first)
    edition = held["edition"].to_numpy()
    chosen = held.iloc[last].assign(first_published=edition[first], revised=revised)
    if editions is not None:
        wanted = chosen["year"].map(editions).to_numpy()
        chosen = chosen[chosen["edition"].to_numpy() == wanted]
    return chosen.reset_index(drop=True)


def revisions(table: str, observations: pd.DataFrame, provinces: Sequence[str] | None = None) -> pd.DataFrame:
    """Every value that an edition changed against the edition before it that has the cell.

    Args:
        table: its key, repeated in the column `table`.
        observations: as for `choose_vintage`.
        provinces: the order of the provinces in the result; without it that of their names as text.

    Returns:
        table, province, year, old, new, relative_change (new / old - 1, NaN where old is 0), old_edition, new_edition;
        by province, year and edition.  Differences within the rounding of the coarser printing are none.
    """
    held = _sorted(observations, provinces)
    same = np.zeros(max(len(held) - 1, 0), dtype=bool) if held.empty else ~_changes(held)
    older = np.flatnonzero(same)
    older = older[_differs(held, older, older + 1)]
    value, edition = held["value"].to_numpy(dtype=float), held["edition"].to_numpy()
    old, new = value[older], value[older + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(old == 0, np.nan, new / old - 1)
    columns = {
        "table": np.full(len(older), table, dtype=object),
        "province": held["province"].to_numpy()[older],
        "year": held["year"].to_numpy(dtype="int64")[older],
        "old": old,
        "new": new,
        "relative_change": change,
        "old_edition": edition[older],
        "new_edition": edition[older + 1],
    }
    text = {name: "str" for name in ("table", "province", "old_edition", "new_edition")}
    return pd.DataFrame(columns, columns=REVISIONS).astype(text)


@dataclass(frozen=True)
class Family:
    """Which edition a family's tables are taken from.

    Attributes:
        editions: year -> edition; a year that no edition of any table has is absent.
        lacking: year -> {edition -> {table -> provinces it lacks}}, editions newest first, for the years in which no
            edition has every cell; `editions` then names the edition that lacks fewest cells, the newest of these.
    """

    editions: dict[int, str]
    lacking: dict[int, dict[str, dict[str, list[str]]]]


def family_editions(observations: Mapping[str, pd.DataFrame], provinces: Sequence[str], years: Sequence[int]) -> Family:
    """The newest edition that has all cells of all tables of a family, year by year.

    Parts of a whole (value added of three industries, their sum) are revised together; taken from different editions
    they do not add up.

    Args:
        observations: table -> rows with province, year, value, edition; only whether a value is there matters.
        provinces, years: the cells a table must have.
    """
    tables = list(observations)
    editions = in_order(edition for frame in observations.values() for edition in frame["edition"].unique())
    has = np.zeros((len(tables), len(editions), len(provinces), len(years)), dtype=bool)
    for index, table in enumerate(tables):
        frame = observations[table]
        place = [
            pd.Index(axis).get_indexer(frame[name])
            for axis, name in ((editions, "edition"), (provinces, "province"), (years, "year"))
        ]
        seen = frame["value"].notna().to_numpy() & (np.min(place, axis=0) >= 0)
        has[index][tuple(axis[seen] for axis in place)] = True
    chosen, lacking = {}, {}
    missing = (~has).sum(axis=(0, 2))
    for y, year in enumerate(years):
        with_any = [e for e in reversed(range(len(editions))) if has[:, e, :, y].any()]
        if not with_any:
            continue
        best = min(with_any, key=lambda e: missing[e, y])
        chosen[year] = editions[best]
        if missing[best, y]:
            lacking[year] = {editions[e]: _lacks(~has[:, e, :, y], tables, provinces) for e in with_any}
    return Family(chosen, lacking)


def _lacks(missing: np.ndarray, tables: Sequence[str], provinces: Sequence[str]) -> dict[str, list[str]]:
    return {
        table: [provinces[p] for p in np.flatnonzero(row)]
        for table, row in zip(tables, missing, strict=True)
        if row.any()
    }


def _sorted(observations: pd.DataFrame, provinces: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows with a value by province, year, and edition from old to new."""
    rows = np.flatnonzero(observations["value"].notna().to_numpy())
    edition, names = pd.factorize(observations["edition"].to_numpy(dtype=object)[rows])
    place = {name: at for at, name in enumerate(in_order(names))}
    rank = np.array([place[name] for name in names], dtype=int)[edition]
    province, printed = pd.factorize(observations["province"].to_numpy(dtype=object)[rows], sort=True)
    if provinces is not None:
        province = pd.Index(provinces, dtype=object).get_indexer(printed)[province]
    return observations.iloc[rows[np.lexsort((rank, observations["year"].to_numpy()[rows], province))]]


def _up_to(held: pd.DataFrame, editions: Mapping[int, str]) -> pd.DataFrame:
    """Without the editions that are newer than the one named for the year."""
    rank = {edition: position for position, edition in enumerate(in_order([*editions.values(), *held["edition"]]))}
    limit = {year: rank[edition] for year, edition in editions.items()}
    return held[(held["edition"].map(rank) <= held["year"].map(limit).fillna(-1)).to_numpy()]


def _changes(held: pd.DataFrame) -> np.ndarray:
    """Between which neighbouring rows province or year changes."""
    province, year = held["province"].to_numpy(dtype=object), held["year"].to_numpy()
    return (province[1:] != province[:-1]) | (year[1:] != year[:-1])


def _starts(held: pd.DataFrame) -> np.ndarray:
    return np.flatnonzero(np.append(True, _changes(held)))


def _differs(held: pd.DataFrame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the values of rows `left` and `right` differ by more than the coarser was rounded by."""
    value = held["value"].to_numpy(dtype=float)
    gap = np.abs(value[left] - value[right])
    differs = gap > 1e-12 * np.abs(value[right])
    if differs.any():
        rounding = _rounding(held)
        at = np.flatnonzero(differs)
        coarser = np.maximum(rounding[left[at]], rounding[right[at]])
        differs[at] = gap[at] > coarser * (1 + 1e-9)
    return differs


def _rounding(held: pd.DataFrame) -> np.ndarray:
    """Half a unit of the last decimal that the edition prints anywhere in the year.

    Exports drop trailing zeros, so a single cell does not tell: 45 beside 44.97 is 45.00.
    """
    value = held["value"].to_numpy(dtype=float)
    factor = held["factor"].to_numpy(dtype=float) if "factor" in held else np.ones(len(held))
    text = held["text"].to_numpy(dtype=object) if "text" in held else np.full(len(held), None, dtype=object)
    decimals = [_decimals(printed, number) for printed, number in zip(text, value / factor, strict=True)]
    edition, _ = pd.factorize(held["edition"].to_numpy(dtype=object))
    group, _ = pd.factorize(held["year"].to_numpy() * (edition.max() + 1) + edition)
    finest = np.zeros(group.max() + 1)
    np.maximum.at(finest, group, decimals)
    return 0.5 * 10.0 ** -finest[group] * factor


def _decimals(printed: object, number: float) -> int:
    if not isinstance(printed, str) or "e" in printed.lower():
        printed = f"{number:.12g}" if math.isfinite(number) else ""
    found = _DECIMALS.search(printed)
    return len(found.group(1)) if found else 0
