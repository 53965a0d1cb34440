"""Missing cells of a table: filled as its gap policy says, each with what it was made of, or reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from cbe_assets.faults import Fault, fault
from cbe_assets.study import GapPolicy
from cbe_assets.yearbook.edition import edition_order
from cbe_assets.yearbook.expression import evaluate
from cbe_assets.yearbook.vintage import in_order

IMPUTED = ("interpolated", "carried", "computed")
IMPUTATIONS = ["table", "province", "year", "value", "method", "neighbours"]


class Cell(NamedTuple):
    """A filled cell.  `edition` is the newest of its inputs; `first_published` the first that allowed the filling."""

    province: str
    year: int
    value: float
    edition: str
    first_published: str
    revised: bool
    method: str
    note: str


@dataclass(frozen=True)
class Filling:
    """Filled cells, the rows of `chosen` they were made of, and what was wrong with the policy itself."""

    cells: list[Cell] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def fill(
    table: str,
    missing: Sequence[tuple[str, int]],
    policy: GapPolicy,
    chosen: pd.DataFrame,
    observations: pd.DataFrame,
    clean: Mapping[str, pd.DataFrame],
) -> Filling:
    """Fills what the policy can; a cell it cannot fill is absent from the result.

    Args:
        missing: provinces and years without a value.
        chosen: one row per province and year (`choose_vintage`), years beyond the study's included.
        observations: all editions in the stored unit, for `carry` from a named one.
        clean: table -> clean/<table>, for `compute`.
    """
    if not missing or policy.policy in ("error", "leave"):
        return Filling()
    if policy.policy == "interpolate":
        return _interpolate(missing, chosen)
    if policy.policy == "carry":
        return _carry(table, missing, policy.edition, chosen, observations)
    return Filling(_compute(table, missing, policy, clean))


def _interpolate(missing: Sequence[tuple[str, int]], chosen: pd.DataFrame) -> Filling:
    """On the straight line between the nearest years before and after that have a value."""
    series, cells, used = _series(chosen, missing), [], []
    for province, year in missing:
        rows = series[province]
        years = chosen["year"].to_numpy()[rows]
        after = int(np.searchsorted(years, year))
        if not 0 < after < len(rows):
            continue
        left, right = (chosen.iloc[rows[at]] for at in (after - 1, after))
        share = (year - left["year"]) / (right["year"] - left["year"])
        value = float(left["value"] + share * (right["value"] - left["value"]))
        note = f"{left['year']}, {right['year']}"
        cells.append(_made_of([left, right], province, year, value, "interpolated", note))
        used += [int(rows[after - 1]), int(rows[after])]
    return Filling(cells, used)


def _carry(
    table: str,
    missing: Sequence[tuple[str, int]],
    edition: str | None,
    chosen: pd.DataFrame,
    observations: pd.DataFrame,
) -> Filling:
    """The value of the same year, else of the latest year before it, in the named edition or the chosen cells."""
    source = chosen
    if edition is not None:
        named = (observations["edition"] == edition) & observations["value"].notna()
        source = observations[named.to_numpy()].sort_values("year", kind="stable").reset_index(drop=True)
        if source.empty:
            known = ", ".join(in_order(observations["edition"].unique()))
            return Filling(faults=[fault("carry_edition_unknown", key=table, found=edition, expected=known)])
        source = source.assign(first_published=source["edition"], revised=False)
    series, cells = _series(source, missing), []
    for province, year in missing:
        rows = series[province]
        upto = int(np.searchsorted(source["year"].to_numpy()[rows], year, side="right"))
        if upto:
            row = source.iloc[rows[upto - 1]]
            cells.append(_made_of([row], province, year, float(row["value"]), "carried", str(row["year"])))
    return Filling(cells)


def _compute(
    table: str, missing: Sequence[tuple[str, int]], policy: GapPolicy, clean: Mapping[str, pd.DataFrame]
) -> list[Cell]:
    """The expression over the clean values of the same province and year; not finite is not filled."""
    wanted = pd.MultiIndex.from_tuples(missing, names=["province", "year"])
    inputs = {name: clean[name].set_index(["province", "year"]).reindex(wanted) for name in policy.names}
    values = {name: frame[name].to_numpy(dtype=float) for name, frame in inputs.items()}
    with np.errstate(all="ignore"):
        result = np.broadcast_to(np.asarray(evaluate(policy.expression, values), dtype=float), len(missing))
    cells = []
    for at in np.flatnonzero(np.isfinite(result)):
        rows = [frame.iloc[at] for frame in inputs.values()]
        cells.append(_made_of(rows, *missing[at], float(result[at]), "computed", policy.expression))
    return cells


def _made_of(rows: Sequence[pd.Series], province: str, year: int, value: float, method: str, note: str) -> Cell:
    newest, first = (
        max((row[name] for row in rows), key=edition_order, default="") for name in ("edition", "first_published")
    )
    return Cell(province, year, value, newest, first, any(bool(row["revised"]) for row in rows), method, note)


def _series(chosen: pd.DataFrame, missing: Sequence[tuple[str, int]]) -> dict[str, np.ndarray]:
    """The rows of each province with a missing cell, by year as they stand."""
    names = chosen["province"].to_numpy(dtype=object)
    return {province: np.flatnonzero(names == province) for province in {province for province, _ in missing}}


def missing_faults(
    table: str,
    missing: np.ndarray,
    provinces: Sequence[str],
    years: Sequence[int],
    policy: GapPolicy,
    observations: pd.DataFrame,
) -> list[Fault]:
    """As few faults as say which cells are missing: whole years, whole provinces, then the rest grouped.

    Args:
        missing: boolean, provinces by years.
        observations: all editions; where one prints the cell as missing, a lone cell is placed there.
    """
    if not missing.any():
        return []
    editions = ", ".join(in_order(observations["edition"].unique())) or "-"
    facts = {"key": table, "policy": policy.policy, "editions": editions}
    if missing.all():
        return [fault("table_without_values", **facts, year=spans(years))]
    faults, rest = [], missing.copy()
    if len(provinces) > 1 and (whole := missing.all(axis=0)).any():
        faults.append(fault("year_missing", **facts, year=spans([years[y] for y in np.flatnonzero(whole)])))
        rest[:, whole] = False
    lost = (missing | missing.all(axis=0)).all(axis=1)
    if lost.any():
        names = ", ".join(provinces[p] for p in np.flatnonzero(lost))
        faults.append(fault("province_missing", **facts, province=names))
        rest[lost] = False
    for some, when in _groups(rest):
        place = {"province": ", ".join(provinces[p] for p in some), "year": spans([years[y] for y in when])}
        if len(some) == len(when) == 1:
            place |= _printed_missing(observations, provinces[some[0]], years[when[0]])
        faults.append(fault("cells_missing", **place, **facts))
    return faults


def _groups(missing: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """Missing cells as blocks of provinces by years: by province or by year, whichever makes fewer blocks."""

    def by(rows: np.ndarray) -> dict[tuple[int, ...], list[int]]:
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, row in enumerate(rows):
            if row.any():
                alike.setdefault(tuple(np.flatnonzero(row).tolist()), []).append(index)
        return alike

    provinces, years = by(missing), by(missing.T)
    if len(years) < len(provinces):
        return [(list(some), when) for some, when in years.items()]
    return [(some, list(when)) for when, some in provinces.items()]


def _printed_missing(observations: pd.DataFrame, province: str, year: int) -> dict[str, object]:
    """File, sheet and cell in the newest edition that prints the cell, without a value."""
    rows = observations[((observations["province"] == province) & (observations["year"] == year)).to_numpy()]
    if rows.empty:
        return {}
    row = max(rows.to_dict("records"), key=lambda row: edition_order(row["edition"]))
    return {name: row[name] for name in ("file", "sheet", "cell") if row[name] == row[name]}


def spans(years: Sequence[int]) -> str:
    """2014, 2016-2018."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1][1:] = [year]
        else:
            runs.append([year])
    return ", ".join("-".join(map(str, run)) for run in runs)


def imputations(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The filled cells of clean/<table>.

    Returns:
        table, province, year, value (stored unit), method (interpolated, carried, computed) and neighbours: the years
        it was made of (`2014, 2016`), or the expression.
    """
    filled = frame[frame["method"].isin(IMPUTED).to_numpy()]
    columns = {
        "table": np.full(len(filled), table, dtype=object),
        "province": filled["province"].to_numpy(),
        "year": filled["year"].to_numpy(),
        "value": filled[table].to_numpy(),
        "method": filled["method"].to_numpy(),
        "neighbours": filled["note"].to_numpy(),
    }
    return pd.DataFrame(columns, columns=IMPUTATIONS).astype({"table": "str"})
