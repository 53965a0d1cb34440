"""Which table of the study a file's series are: by official name, alias or code, never by what comes near.

A series is the observations of one indicator in one unit.  Values are compared elsewhere.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from cbe_assets.faults import FAILED, Fault, fault
from cbe_assets.study import Table
from cbe_assets.yearbook import cells
from cbe_assets.yearbook.gazetteer import NATION, strip_marks
from cbe_assets.yearbook.reading import Reading
from cbe_assets.yearbook.units import factor

_BLANKS = re.compile(r"[\s\u200b\ufeff]+")
_BRACKETS = str.maketrans("〔〕【】[]“”‘’", "()()()\"\"''")
_ENGLISH_END = re.compile(r"(?<=[\u4e00-\u9fff)])[a-z][a-z0-9 .,'&%-]*$")


@dataclass(frozen=True)
class Series:
    """One indicator in one unit of a file.

    Attributes:
        indicator, unit: as printed, None where the file does not say.
        code: of the indicator, where the file has one.
        places: the provinces (全国 for the nation) it has rows of.
    """

    indicator: str | None
    unit: str | None
    code: str | None
    places: frozenset[str]

    def __str__(self) -> str:
        return f"{self.indicator or '?'} ({self.unit})" if self.unit else self.indicator or "?"


@dataclass(frozen=True)
class Recognised:
    """What a file holds.

    Attributes:
        tables: table -> its series in the file.
        others: series that are of no table, or not of the one asked for.
        faults: why nothing, or not this, can be filed.
        unsaid: the file does not say what it is of.
    """

    tables: dict[str, list[Series]]
    others: list[Series]
    faults: list[Fault] = field(default_factory=list)
    unsaid: bool = False


def series_of(reading: Reading) -> list[Series]:
    """The series of a file, in the order printed."""
    observations = reading.observations
    found = []
    for (indicator, unit), rows in observations.groupby(["indicator", "unit"], dropna=False, sort=False):
        name = None if pd.isna(indicator) else str(indicator)
        places = frozenset(rows["province"])
        found.append(Series(name, None if pd.isna(unit) else str(unit), reading.codes.get(name or ""), places))
    return found


@lru_cache(maxsize=4096)
def name_key(printed: str) -> str:
    """What two printings of one indicator have in common.

    Widths, blanks, case, footnote marks, kinds of brackets and a unit in brackets at the end do not matter; a
    qualification in brackets, such as (经营单位所在地), does.
    """
    text = unicodedata.normalize("NFKC", strip_marks(cells.one_line(printed))).translate(_BRACKETS)
    return _BLANKS.sub("", cells.label(text).name).casefold()


def named(printed: str, tables: Mapping[str, Table]) -> list[str]:
    """The tables whose official name or alias is `printed`; of a bilingual name the Chinese counts."""
    wanted = name_key(printed)
    for key in dict.fromkeys((wanted, _ENGLISH_END.sub("", wanted))):
        found = [name for name, table in tables.items() if key in map(name_key, (table.indicator, *table.aliases))]
        if found:
            return found
    return []


def recognise(reading: Reading, tables: Mapping[str, Table], *, file: str, table: str | None = None) -> Recognised:
    """Finds the tables of a file's series.

    Args:
        table: the table the user names; it counts for files that do not say what they are of, and chooses among the
            series of one that does.  It never overrules what the file says.
    """
    series = series_of(reading)
    if not series:
        return Recognised({}, [], [fault("nothing_to_file", file=file, code=FAILED)])
    if all(one.indicator is None for one in series):
        if table is None:
            return Recognised({}, [], [fault("table_not_said", file=file)], unsaid=True)
        return _only({table: series}, [], table, tables, file, unsaid=True)
    found: dict[str, list[Series]] = {}
    others, faults = [], []
    for one in series:
        possible, wrong = _possible(one, tables, file)
        of_provinces = [name for name in possible if tables[name].scope == "province"]
        possible = [table] if table in possible else of_provinces or possible
        if len(possible) > 1:
            wrong = [fault("table_ambiguous", file=file, found=str(one), expected=", ".join(possible))]
        faults += wrong
        if len(possible) == 1:
            found.setdefault(possible[0], []).append(one)
        else:
            others.append(one)
    if table is not None:
        others += [one for name, held in found.items() if name != table for one in held]
        return _only({table: found[table]} if table in found else {}, others, table, tables, file, faults)
    return Recognised(found, others, [] if found else faults or [_unknown(others, tables, file)])


def _only(
    found: dict[str, list[Series]],
    others: list[Series],
    table: str,
    tables: Mapping[str, Table],
    file: str,
    faults: list[Fault] | None = None,
    unsaid: bool = False,
) -> Recognised:
    """What is left when one table is asked for."""
    if table not in found:
        shown = "; ".join(map(str, others[:5]))
        names = ", ".join((tables[table].indicator, *tables[table].aliases))
        wrong = fault("table_says_otherwise", file=file, key=table, found=shown, expected=names, code=FAILED)
        return Recognised({}, others, faults or [wrong])
    wrong = _scope_fault(found[table], table, tables[table], file)
    return Recognised({} if wrong else found, others, [wrong] if wrong else [], unsaid)


def _possible(one: Series, tables: Mapping[str, Table], file: str) -> tuple[list[str], list[Fault]]:
    """The tables a series can be, by name and code, and as far as it has provinces or the nation."""
    by_name = named(one.indicator, tables) if one.indicator else []
    if not by_name and one.indicator and one.places == {NATION}:
        by_name = named(one.indicator.removeprefix(NATION), tables)
    by_code = [name for name, table in tables.items() if one.code and one.code in table.codes]
    if by_name and by_code and not set(by_name) & set(by_code):
        facts = {"found": one.indicator, "code_found": one.code, "expected": by_name[0], "other": by_code[0]}
        return [], [fault("name_and_code_differ", file=file, code=FAILED, **facts)]
    possible = [name for name in by_name if name in by_code] or by_name or by_code
    fitting = [name for name in possible if not _scope_fault([one], name, tables[name], file)]
    if possible and not fitting:
        return [], [wrong for name in possible if (wrong := _scope_fault([one], name, tables[name], file))]
    return fitting, []


def _scope_fault(series: list[Series], name: str, table: Table, file: str) -> Fault | None:
    """A table of the nation needs the row 全国, one of provinces needs provinces."""
    places = frozenset().union(*(one.places for one in series))
    fits = NATION in places if table.scope == "nation" else bool(places - {NATION})
    return None if fits else fault(f"scope_{table.scope}", file=file, key=name, found=str(series[0]), code=FAILED)


def _unknown(others: list[Series], tables: Mapping[str, Table], file: str) -> Fault:
    """No series is of any table; names that come near are said, not used."""
    keys = {name_key(name): key for key, table in tables.items() for name in (table.indicator, *table.aliases)}
    near = {
        keys[match]
        for one in others
        for match in difflib.get_close_matches(name_key(one.indicator or ""), keys, n=2, cutoff=0.6)
    }
    shown = "; ".join(map(str, others[:5])) + (f" +{len(others) - 5}" if len(others) > 5 else "")
    nearest = ", ".join(f"{key} ({tables[key].indicator})" for key in tables if key in near) or "-"
    return fault("table_unknown", file=file, found=shown, expected=nearest, code=FAILED)


def one_series(series: list[Series], table: Table) -> tuple[list[Series], list[Series]]:
    """The series of a table to take, and those left.

    One series may be printed in several units, or under one name up to a year and another after it.  Those in units
    that do not convert are left; of the same name in several units the stored unit, else the first accepted, is taken.
    """
    order = [table.unit, *table.accepts]
    usable = [one for one in series if one.unit is None or factor(one.unit, table.unit) is not None]
    if not usable:
        return series, []
    taken: dict[str | None, Series] = {}
    for one in sorted(usable, key=lambda one: order.index(one.unit) if one.unit in order else len(order)):
        taken.setdefault(one.indicator, one)
    kept = [one for one in series if one in taken.values()]
    return kept, [one for one in series if one not in kept]


def rows_of(observations: pd.DataFrame, series: list[Series]) -> pd.DataFrame:
    """The observations of these series."""
    held = {(one.indicator, one.unit) for one in series}
    pairs = zip(observations["indicator"], observations["unit"], strict=True)
    wanted = [(None if pd.isna(name) else name, None if pd.isna(unit) else unit) in held for name, unit in pairs]
    return observations[wanted].reset_index(drop=True)
