"""Whether an incoming file may be filed as an edition of a table: all reasons against it at once, and what to know.

Nothing is written here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from cbe_assets.faults import FAILED, Fault, StudyFault, fault
from cbe_assets.intake import comparison, recognise
from cbe_assets.intake.comparison import Comparison
from cbe_assets.intake.dating import default_edition
from cbe_assets.intake.opening import Incoming, extension, read_bounded, refuse_macro_sheets
from cbe_assets.intake.recognise import Series
from cbe_assets.intake.shelf import Shelf
from cbe_assets.sources import SIDECAR
from cbe_assets.study import Table
from cbe_assets.warehouse import digest
from cbe_assets.yearbook.edition import edition_date
from cbe_assets.yearbook.oddities import oddities
from cbe_assets.yearbook.reading import Reading, read
from cbe_assets.yearbook.stored import first_of_each, out_of_range
from cbe_assets.yearbook.units import factor

_INSTEAD = {"unit_missing": "unit_not_said"}
_TWICE = "cell_twice"
_SIMULATED = re.compile(r"SIMULATED|模拟数据|^simulated:\s*true", re.MULTILINE)


@dataclass(frozen=True)
class Said:
    """What the user says of the files given.

    Attributes:
        table, edition: what they are to be filed as.
        unit, province, year: for files that do not print these.
        accessed: the date of download, YYYY-MM-DD.
        licence: under which the figures may be used.
    """

    table: str | None = None
    edition: str | None = None
    unit: str | None = None
    province: str | None = None
    year: int | None = None
    accessed: str | None = None
    licence: str | None = None


@dataclass
class Judgement:
    """One file as an edition of one table.

    Attributes:
        incoming: the file; None where it could not be opened, `name` and `archive` then say which.
        table, edition: what it is filed as, as far as known; `rule` is the message that says how the edition was found.
        reading: what was read.
        rows: the observations of the table, as printed.
        stored: the same in the table's unit.
        others: series of the file that are not filed here.
        found: the comparison with the filed editions.
        faults: why it is refused; none, it may be filed.
        warnings: what to know.
        unsaid: neither the file nor the user says what it is of; `hints` are tables that it could be.
        path: where it was, or would be, filed, relative to the yearbooks folder.
    """

    name: str
    archive: str | None = None
    incoming: Incoming | None = None
    table: str | None = None
    edition: str | None = None
    rule: str | None = None
    reading: Reading | None = None
    rows: pd.DataFrame | None = None
    stored: pd.DataFrame | None = None
    unit: str | None = None
    others: list[Series] = field(default_factory=list)
    found: Comparison | None = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    unsaid: bool = False
    hints: list[Fault] = field(default_factory=list)
    path: str | None = None
    left_aside: bool = False

    @property
    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return digest(self.incoming.data) if self.incoming else ""


def recognised(incoming: Incoming, said: Said, shelf: Shelf) -> list[Judgement]:
    """Reads a file and finds its tables: a judgement per table, with the edition, before any check."""
    own = {"name": incoming.name, "archive": incoming.archive, "incoming": incoming}
    tables = shelf.study.tables
    try:
        stated: dict[str, Any] = {"unit": said.unit, "province": said.province, "year": said.year}
        reading = read(incoming.data, file=incoming.name, gazetteer=shelf.gazetteer, **stated)
        refuse_macro_sheets(incoming.data, incoming.name)
    except StudyFault as error:
        return [Judgement(**own, table=said.table, faults=error.faults)]
    result = recognise.recognise(reading, tables, file=incoming.name, table=said.table)
    if result.faults:
        known = {"table": said.table, "reading": reading, "others": result.others, "unsaid": result.unsaid}
        return [Judgement(**own, **known, faults=result.faults)]
    return [
        _dated(Judgement(**own, reading=reading, table=table), series, result, said, tables[table])
        for table, series in result.tables.items()
    ]


def _dated(
    mine: Judgement, series: list[Series], result: recognise.Recognised, said: Said, declared: Table
) -> Judgement:
    """With the observations of its table and the edition."""
    observations = mine.reading.observations
    kept, left = recognise.one_series(series, declared)
    mine.rows = recognise.rows_of(observations, kept)
    elsewhere = [one for table, held in result.tables.items() if table != mine.table for one in held]
    mine.others = left + elsewhere + result.others
    mine.faults += _alike(kept, mine)
    mine.unit = next((one.unit for one in kept if one.unit), said.unit or declared.unit_unstated)
    if not mine.rows["value"].notna().any():
        mine.faults.append(fault("no_number", file=mine.name, key=mine.table, code=FAILED))
    elif said.edition:
        mine.edition, mine.rule = said.edition, "edition_given"
        newest = int(mine.rows.loc[mine.rows["value"].notna(), "year"].max())
        if edition_date(said.edition).year < newest:
            mine.faults.append(fault("edition_too_old", file=mine.name, key=mine.table, found=said.edition,
                                     expected=newest, code=FAILED))  # fmt: skip
    else:
        mine.edition, mine.rule = default_edition(mine.reading, mine.rows)
    return mine


def _alike(kept: list[Series], mine: Judgement) -> list[Fault]:
    """Two series that both carry a name of the table and print the same cells: which is meant is not ours to say."""
    cells = ["province", "year"]
    valued = mine.rows[mine.rows["value"].notna()]
    twice = valued[valued.duplicated(cells, keep=False)]
    twice = twice[~twice.duplicated([*cells, "value", "unit"], keep=False)]
    if twice.empty or len(kept) < 2:
        return []
    first, second = (twice.drop_duplicates(cells, keep=side).iloc[0] for side in ("first", "last"))
    place = {"file": mine.name, "key": mine.table, "province": first["province"], "year": int(first["year"])}
    facts = {"found": second["indicator"], "expected": first["indicator"], "here": second["text"]}
    return [fault("series_alike", code=FAILED, there=first["text"], **facts, **place)]


def judge(mine: Judgement, shelf: Shelf) -> None:
    """Every check against the table's declaration and the filed editions; fills in what was found."""
    if mine.table is None or mine.rows is None or mine.edition is None:
        return
    declared, table = shelf.study.tables[mine.table], mine.table
    filed = shelf.filed(table)
    unit = mine.rows["unit"].fillna(mine.unit) if mine.unit else mine.rows["unit"]
    stored = shelf.stored(table, mine.rows.assign(unit=unit, file=mine.name), mine.edition)
    mine.stored = stored.observations
    alike = any(item.message == "series_alike" for item in mine.faults)
    faults = [item for item in stored.faults if not (alike and _TWICE in (item.message, item.facts.get("found")))]
    lost, warned = _missing(mine, declared, shelf)
    faults += lost + _out_of_range(mine, declared, shelf, filed.observations)
    mine.warnings += warned + filed.unreadable + _early(mine, declared, shelf) + _simulated(mine)
    mine.warnings += _odd(mine, declared, shelf)
    if len(mine.stored):
        mine.found = comparison.compare(table, mine.stored, filed.observations, mine.edition, shelf.places(table))
        faults += _already(mine, shelf)
        wrong, warned = _magnitude(mine, declared, filed.observations)
        faults += wrong
        mine.warnings += warned
    shown = first_of_each(faults, shown=3)
    mine.faults += [replace(item, message=_INSTEAD.get(item.message, item.message), code=FAILED) for item in shown]
    mine.path = f"{table}/{mine.edition}.{extension(mine.incoming.data, mine.incoming.original)}"


def _missing(mine: Judgement, declared: Table, shelf: Shelf) -> tuple[list[Fault], list[Fault]]:
    """Places without any value refuse the file, unless the table's gaps are left or computed; single cells do not."""
    valued = mine.rows[mine.rows["value"].notna()]
    places, facts = shelf.places(mine.table), {"file": mine.name, "key": mine.table}
    seen = set(valued["province"])
    absent = [place for place in places if place not in seen]
    faults, warnings = [], []
    if absent:
        lenient = declared.gaps.policy in ("leave", "compute")
        shown = "、".join(absent[:8]) + (f" +{len(absent) - 8}" if len(absent) > 8 else "")
        lost = fault("provinces_missing", count=len(absent), found=shown, code=0 if lenient else FAILED, **facts)
        (warnings if lenient else faults).append(lost)
    years = sorted(set(valued["year"]) & set(shelf.study.years))
    cells = {(row.province, row.year) for row in valued[["province", "year"]].itertuples(index=False)}
    gaps = [(place, year) for place in places if place in seen for year in years if (place, year) not in cells]
    if gaps:
        shown = ", ".join(f"{place} {year}" for place, year in gaps[:5]) + (" ..." if len(gaps) > 5 else "")
        policy = declared.gaps.policy
        warnings.append(fault("cells_without_value", count=len(gaps), found=shown, policy=policy, code=0, **facts))
    if not years:
        first, last = shelf.study.settings.years
        warnings.append(fault("no_study_year", expected=f"{first}-{last}", code=0, **facts))
    return faults, warnings


def _out_of_range(mine: Judgement, declared: Table, shelf: Shelf, filed: pd.DataFrame) -> list[Fault]:
    """Values of the study's first year and later; earlier ones, of another price level, are not used."""
    recent = mine.stored[(mine.stored["year"] >= shelf.study.settings.years[0]).to_numpy()]
    believed = pd.concat([filed, recent], ignore_index=True) if len(filed) else recent
    return out_of_range(mine.table, declared, recent, believed)


def _early(mine: Judgement, declared: Table, shelf: Shelf) -> list[Fault]:
    first, (lower, upper) = shelf.study.settings.years[0], declared.range
    early = mine.stored[(mine.stored["year"] < first).to_numpy() & mine.stored["value"].notna().to_numpy()]
    outside = early[~early["value"].between(lower, upper).to_numpy()]
    if outside.empty:
        return []
    row = outside.iloc[0]
    facts = {"count": len(outside), "found": f"{row['value']:.10g}", "expected": f"{lower:g}-{upper:g} {declared.unit}"}
    where = {"province": row["province"], "year": int(row["year"])}
    return [fault("early_out_of_range", file=mine.name, key=mine.table, first=first, code=0, **facts, **where)]


def _odd(mine: Judgement, declared: Table, shelf: Shelf) -> list[Fault]:
    """Values far from both neighbouring years: kept, and said."""
    rows = mine.stored[["province", "year", "value"]].drop_duplicates(["province", "year"])
    odd = oddities("value", rows) if len(rows) else []
    if not len(odd):
        return []
    shown = ", ".join(
        f"{row.province} {row.year} ({row.value:.6g}; {row.before:.6g}, {row.after:.6g})"
        for row in odd.head(3).itertuples(index=False)
    ) + (" ..." if len(odd) > 3 else "")
    return [fault("odd_values", file=mine.name, key=mine.table, count=len(odd), found=shown, code=0)]


def _simulated(mine: Judgement) -> list[Fault]:
    return [fault("simulated_file", file=mine.name, key=mine.table, code=0)] if is_simulated(mine) else []


def is_simulated(mine: Judgement) -> bool:
    """Whether the file, or a sidecar that lies beside it, says that its figures are simulated."""
    lines = [mine.reading.source_line or "", *mine.reading.notes, *mine.reading.titles]
    path = mine.incoming.beside
    beside = path.with_name(path.name + SIDECAR) if path else None
    if beside and beside.is_file():
        lines.append(read_bounded(beside).decode("utf-8", "replace"))
    return any(_SIMULATED.search(line) for line in lines)


def _already(mine: Judgement, shelf: Shelf) -> list[Fault]:
    """The same bytes in any edition of the table, or the edition taken."""
    filed, facts = shelf.filed(mine.table), {"file": mine.name, "key": mine.table}
    if edition := filed.digests.get(mine.sha256):
        return [fault("already_filed", found=edition, code=FAILED, **facts)]
    if mine.edition not in filed.editions:
        return []
    there = filed.observations[(filed.observations["edition"] == mine.edition).to_numpy()]
    message = "same_observations" if _same(there, mine.stored) else "edition_taken"
    return [fault(message, found=mine.edition, code=FAILED, **facts)]


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two editions have the same values in the same cells."""
    cells = ["province", "year"]
    left, right = (frame[frame["value"].notna()].set_index(cells)["value"].sort_index() for frame in (one, other))
    return left.index.equals(right.index) and bool(np.isclose(left, right, rtol=1e-12, atol=0).all())


def _magnitude(mine: Judgement, declared: Table, filed: pd.DataFrame) -> tuple[list[Fault], list[Fault]]:
    """Faults and warnings of values that are not those filed: another unit, or, where no name is printed, series."""
    ratio = comparison.unlike(mine.found)
    unlike = []
    if ratio is not None:
        facts = {"found": f"{ratio:.3g}", "against": mine.found.against, "file": mine.name, "key": mine.table}
        unlike = [fault("series_unlike", code=0, **facts)]
    faults, warnings = comparison.slips(mine.table, declared, mine.found, mine.stored, filed, mine.name)
    if any(item.message != "slip_part" for item in faults) or not unlike:
        return faults, warnings
    if mine.reading.observations["indicator"].isna().all():
        return [replace(unlike[0], code=FAILED)], []
    return faults, warnings + unlike


def converted(mine: Judgement, declared: Table) -> str:
    """`万公里 -> 公里 (x 10000)`, or the unit alone where nothing is converted."""
    times = factor(mine.unit, declared.unit) if mine.unit else None
    if times is None or times == 1:
        return mine.unit or "?"
    return f"{mine.unit} -> {declared.unit} (x {times:g})"
