"""What is asked for: a variable, a province and year, or a coefficient such as table4_3.ECI or table4.3.ECI."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cbe_assets.faults import StudyFault, fault
from cbe_assets.study import Study
from cbe_assets.trace.stored import Stored

PANELS = ("panel/estimation", "panel/variables", "panel/indicators")


@dataclass(frozen=True)
class Coefficient:
    """A term of a specification."""

    specification: str
    term: str


def nearest(name: str, known: Iterable[str]) -> str:
    """The names most like one that is not known, whatever the case; a few of all where none is like it."""
    names = list(dict.fromkeys(known))
    by_case = {item.lower(): item for item in reversed(names)}
    near = difflib.get_close_matches(name.lower(), list(by_case), n=3, cutoff=0.5)
    return ", ".join([by_case[item] for item in near] or names[:12])


def coefficient(study: Study, asked: str) -> Coefficient | None:
    """`table4_3.ECI`, `table4.3.ECI` (column 3 of exhibit table4) or `table4.table4_3.ECI`; None for a variable.

    Raises:
        StudyFault: it looks like one, and there is no such specification or column.
    """
    if "." not in asked or "/" in asked:
        return None
    name, _, term = asked.rpartition(".")
    specification = _specification(study, name)
    if specification is None:
        columns = [
            f"{exhibit}.{n}" for exhibit, item in study.exhibits.items() for n in range(1, len(item.columns) + 1)
        ]
        expected = nearest(name, [*study.specifications, *columns])
        raise StudyFault([fault("trace_unknown_specification", found=name, expected=expected)])
    return Coefficient(specification, term)


def _specification(study: Study, name: str) -> str | None:
    exhibit, _, column = name.partition(".")
    if exhibit in study.exhibits and column.isdigit():
        columns = study.exhibits[exhibit].columns
        chosen = columns[int(column) - 1] if 0 < int(column) <= len(columns) else None
        return chosen if chosen in study.specifications else None
    candidates = (name, name.replace(".", "_"), column)
    return next((candidate for candidate in candidates if candidate in study.specifications), None)


def columns_named(stored: Stored, asked: str) -> list[tuple[str, str]]:
    """Where a variable stands, the panel of the regressions first; `panel/variables.EXP` names one of them.

    Raises:
        StudyFault: no table has such a column.
    """
    known = list(_places(stored))
    if "/" in asked:
        key, _, column = asked.partition(".")
        column = column or key.split("/")[1]
        found = [(place, name) for place, name in known if (place, name) == (key, column)]
    else:
        found = [(place, name) for place, name in known if name == asked]
    if not found:
        names = [f"{key}.{name}" for key, name in known] if "/" in asked else [name for _, name in known]
        raise StudyFault([fault("trace_unknown_variable", found=asked, expected=nearest(asked, names))])
    return found


def _places(stored: Stored) -> Iterator[tuple[str, str]]:
    study, columns = stored.study, stored.columns
    queries = sorted(path.stem for path in (study.root / "sql" / "clean").glob("*.sql"))
    clean = [f"clean/{name}" for name in dict.fromkeys([*study.tables, *queries])]
    for key in (*PANELS, columns.index[0], *clean):
        yield from ((key, name) for name in columns.of(key))


def province_named(stored: Stored, asked: str) -> str:
    """The short name of a province given by any of its names or its code.

    Raises:
        StudyFault: it names no province.
    """
    places = stored.gazetteer
    place = places.by_code(asked) or getattr(places.find(asked), "province", None)
    if place is None:
        known = [name for item in places.provinces for name in (item.name, item.name_en)]
        raise StudyFault([fault("trace_unknown_province", found=asked, expected=nearest(asked, known))])
    return place.name


def stored_cell(stored: Stored, places: list[tuple[str, str]], province: str, year: int) -> tuple[str, str]:
    """The first of the places that has the cell.

    Raises:
        StudyFault: none has; it says whether the year or the province is not there.
    """
    for key, column in places:
        if len(stored.rows(key, province, year)) == 1:
            return key, column
    frame, (key, column) = stored.frame(places[0][0]), places[0]
    years = sorted({int(item) for item in frame["year"]})
    if year not in years:
        facts = {"found": year, "expected": f"{years[0]}-{years[-1]}"}
        raise StudyFault([fault("trace_unknown_year", key=f"{key}.{column}", **facts)])
    facts = {"found": province, "expected": ", ".join(dict.fromkeys(frame["province"]))}
    raise StudyFault([fault("trace_no_such_province", key=f"{key}.{column}", **facts)])
