"""From a cell of a settled table to the printed cells behind it: editions, units, correction, filling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbe_assets.assets.clean import corrections
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored, plain

if TYPE_CHECKING:
    import pandas as pd

_PRINTED = ("edition", "file", "sheet", "cell", "indicator", "text")


def settled(stored: Stored, table: str, province: str, year: int) -> Step:
    """A cell of clean/<table> with what it was made of: the printed cells, newest first, or its neighbours."""
    row = stored.rows(f"clean/{table}", province, year).iloc[0]
    method = row["method"]
    facts: dict[str, Any] = {"method": method, "edition": plain(row["edition"])}
    facts |= {"first_published": plain(row["first_published"]), "revised": bool(row["revised"])}
    if family := stored.study.tables[table].family:
        facts["family"] = family
    made_of = {"interpolated": _interpolated, "carried": _carried, "computed": _computed}.get(method)
    inputs = made_of(stored, table, row, facts) if made_of else printed(stored, table, province, year, facts["edition"])
    if method == "corrected":
        facts |= _correction(stored, table, province, year, facts["edition"])
    return Step(
        "table", f"clean/{table}", table, plain(row[table]), province, int(year), row["unit"], facts, tuple(inputs)
    )


def observations(stored: Stored, table: str, province: str) -> pd.DataFrame:
    """All editions of a province's cells in the stored unit, as the settled table saw them."""
    from cbe_assets.yearbook.stored import store

    raw = stored.frame(f"raw/{table}")
    raw = raw[(raw["province"] == province).to_numpy()]
    declared, known = stored.study.tables[table], corrections(stored.study)
    applied = [entry for entry in known if entry.province == province]
    seen = store(table, raw, declared, [province], stored.as_of(), applied).observations
    named = raw.drop_duplicates(["edition", "year", "cell"]).set_index(["edition", "year", "cell"])["indicator"]
    places = list(zip(seen["edition"], seen["year"], seen["cell"], strict=True))
    return seen.assign(indicator=[plain(named.get(place)) for place in places])


def printed(stored: Stored, table: str, province: str, year: int, chosen: str | None) -> list[Step]:
    """The printed cells of a province and year, newest edition first; `used` says which one was taken."""
    from cbe_assets.yearbook.edition import edition_order

    seen = observations(stored, table, province)
    rows = seen[(seen["year"] == year).to_numpy()].to_dict("records")
    rows.sort(key=lambda row: edition_order(row["edition"]), reverse=True)
    return [_printed(stored, table, row, row["edition"] == chosen) for row in rows]


def _printed(stored: Stored, table: str, row: dict[str, Any], used: bool) -> Step:
    facts = {name: plain(row[name]) for name in _PRINTED}
    facts |= {"printed": plain(row["printed"]), "printed_unit": row["unit"], "factor": float(row["factor"])}
    if row["correction"]:
        facts["correction"] = row["correction"]
    facts["used"] = used
    declared = stored.study.tables[table]
    value, province, year = plain(row["value"]), row["province"], int(row["year"])
    return Step("edition", f"raw/{table}", "value", value, province, year, declared.unit, facts)


def _correction(stored: Stored, table: str, province: str, year: int, edition: str) -> dict[str, Any]:
    """What data/corrections.yaml says of the cell, as far as it still says it."""
    for entry in corrections(stored.study):
        if (entry.table, entry.province, entry.year, entry.edition) == (table, province, year, edition):
            said = {"printed": entry.printed, "corrected": entry.corrected}
            return {"correction": said | {"reason": entry.reason, "reference": entry.reference}}
    return {}


def _interpolated(stored: Stored, table: str, row: pd.Series, facts: dict[str, Any]) -> list[Step]:
    left, right = (int(year) for year in row["note"].split(", "))
    facts |= {"neighbours": [left, right], "share": (int(row["year"]) - left) / (right - left)}
    return [_neighbour(stored, table, row["province"], year) for year in (left, right)]


def _neighbour(stored: Stored, table: str, province: str, year: int) -> Step:
    """A neighbouring year: a cell of the settled table, or beyond the study's years the newest edition that has it."""
    if year in stored.study.years and len(stored.rows(f"clean/{table}", province, year)):
        return settled(stored, table, province, year)
    from cbe_assets.yearbook.vintage import choose_vintage

    chosen = choose_vintage(observations(stored, table, province))
    (found,) = chosen[(chosen["year"] == year).to_numpy()].to_dict("records")
    return _printed(stored, table, found, True)


def _carried(stored: Stored, table: str, row: pd.Series, facts: dict[str, Any]) -> list[Step]:
    facts["neighbours"] = [int(row["note"])]
    edition = row["edition"]
    return [step for step in printed(stored, table, row["province"], int(row["note"]), edition) if step.facts["used"]]


def _computed(stored: Stored, table: str, row: pd.Series, facts: dict[str, Any]) -> list[Step]:
    facts["expression"] = row["note"]
    names = stored.study.tables[table].gaps.names
    return [settled(stored, name, row["province"], int(row["year"])) for name in names]
