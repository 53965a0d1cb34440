"""What moved, in five lines."""

from __future__ import annotations

import pandas as pd

from cbe_assets.drift.attribution import Attribution
from cbe_assets.drift.report import Drift
from cbe_assets.publish.numbers import decimal, signed
from cbe_assets.publish.wording import enumerated, joined, same, words
from cbe_assets.study import Study, Text
from cbe_assets.yearbook.gazetteer import Gazetteer

NAMED = 4
"""Coefficients named in a line."""


def summary(drift: Drift, study: Study, gazetteer: Gazetteer) -> list[Text]:
    """Cells, weights, ranks, coefficients, and the first headline coefficient with its parts; or one line for the first
    snapshot of a study.
    """
    if drift.old is None:
        return [words("drift_first", number=drift.new.number, snapshot=drift.new.short)]
    return [
        _cells(drift, study, gazetteer),
        _weights(drift, study),
        _ranks(drift, gazetteer),
        _coefficients(drift, gazetteer),
        _headline(drift, gazetteer),
    ]


def place_name(gazetteer: Gazetteer, province: str) -> Text:
    """A province in both languages; as it stands if the gazetteer does not know it."""
    names = {item.name: item.name_en for item in (*gazetteer.provinces, gazetteer.nation)}
    return Text(zh=province, en=names.get(province, province))


def table_name(study: Study, table: str) -> Text:
    """The title of an official table or one of public record."""
    declared = study.tables.get(table) or study.reference_tables.get(table)
    return declared.title if declared else same(table)


def relative(old: float, new: float) -> str:
    """The change in percent, with sign."""
    return f"{signed(100 * (new / old - 1), 2)}%" if old else signed(new - old)


def _cells(drift: Drift, study: Study, gazetteer: Gazetteer) -> Text:
    cells = drift.cells
    counts = {change: int(cells["change"].eq(change).sum()) for change in ("new", "revised", "gone")}
    most, row = same(""), largest(cells)
    if row is not None:
        facts = {"table": table_name(study, row["table"]), "province": place_name(gazetteer, row["province"])}
        facts |= {"year": _year(row["year"]), "by": relative(row["old"], row["new"])}
        most = words("drift_cells_most", **facts)
    return words("drift_cells_line", tables=cells["table"].nunique(), most=most, **counts)


def largest(cells: pd.DataFrame) -> pd.Series | None:
    """The revised cell whose value changed most relative to the old one."""
    revised = cells[cells["change"].eq("revised") & cells["old"].ne(0) & cells["old"].notna() & cells["new"].notna()]
    if revised.empty:
        return None
    return revised.loc[(revised["new"] / revised["old"] - 1).abs().idxmax()]


def _year(year: float) -> str:
    return "" if pd.isna(year) else str(int(year))


def _weights(drift: Drift, study: Study) -> Text:
    if drift.weights.empty:
        return words("drift_weights_none", weighted=drift.weighted)
    top = drift.weights.iloc[0]
    known = study.indicators.get(top["indicator"])
    facts = {"indicator": known.title if known else same(top["indicator"]), "count": len(drift.weights)}
    return words(
        "drift_weights_line", weighted=drift.weighted, old=percent(top["old"]), new=percent(top["new"]), **facts
    )


def percent(share: float) -> str:
    """A share in percent; `--` if there is none."""
    return decimal(share) if pd.isna(share) else f"{decimal(100 * share, 2)}%"


def _ranks(drift: Drift, gazetteer: Gazetteer) -> Text:
    if drift.ranks.empty:
        return words("drift_ranks_none", ranked=drift.ranked)
    top = drift.ranks.iloc[0]
    facts = {"province": place_name(gazetteer, top["province"]), "year": _year(top["year"])}
    facts |= {"old": int(top["old_rank"]), "new": int(top["new_rank"])}
    return words("drift_ranks_line", ranked=drift.ranked, count=len(drift.ranks), **facts)


def _coefficients(drift: Drift, gazetteer: Gazetteer) -> Text:
    frame = drift.coefficients
    changed = {name: frame[frame[name]] for name in ("sign", "significance", "stars")}
    marked = frame[frame["sign"] | frame["significance"] | frame["stars"]]
    names = [coefficient_name(row.specification, row.term, gazetteer) for row in marked.head(NAMED).itertuples()]
    more = [same(f"+{len(marked) - NAMED}")] if len(marked) > NAMED else []
    which = words("drift_which", list=enumerated([*names, *more])) if names else same("")
    counts = {name: len(part) for name, part in changed.items()}
    return words(
        "drift_coefficients_line", compared=len(frame), count=len(drift.moved_coefficients), which=which, **counts
    )


def coefficient_name(specification: str, term: str, gazetteer: Gazetteer) -> Text:
    """Specification and term; a province in the name of a slope in both languages."""
    variable, bracket, province = term.removesuffix("]").partition("[")
    end = "]" if bracket else ""
    return joined([f"{specification} {variable}{bracket}", place_name(gazetteer, province), end])


def places_of(*values: float) -> int:
    """Decimals for numbers of this size: three, and more for small ones, so that a change is seen."""
    size = max((abs(value) for value in values if not pd.isna(value)), default=0.0)
    return 3 if size >= 0.1 or size == 0 else 5


def _headline(drift: Drift, gazetteer: Gazetteer) -> Text:
    if drift.attribution:
        return _attributed(drift.attribution[0], gazetteer)
    headline = drift.coefficients.set_index(["specification", "term"])
    for key in drift.headline:
        if key in headline.index and headline.at[key, "change"] in ("same", "moved"):
            row, reason = headline.loc[key], drift.unattributed[0] if drift.unattributed else same("--")
            facts = {"name": coefficient_name(*key, gazetteer), "old": decimal(row["old"]), "new": decimal(row["new"])}
            return words("drift_headline_unknown", reason=reason, **facts)
    return words("drift_headline_none")


def _attributed(item: Attribution, gazetteer: Gazetteer) -> Text:
    places = places_of(item.old, item.new)
    parts = zip(("revised", "coverage", "definition"), item.parts, strict=True)
    facts = {name: signed(value, places) for name, value in parts}
    shown = {"old": decimal(item.old, places), "new": decimal(item.new, places), "total": signed(item.total, places)}
    name = coefficient_name(item.specification, item.term, gazetteer)
    return words("drift_headline_line", name=name, **shown, **facts)
