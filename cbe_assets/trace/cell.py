"""From a cell of a panel, an index or a table to its inputs, step by step."""

from __future__ import annotations

from typing import Any

from cbe_assets.trace.official import settled
from cbe_assets.trace.reference import recorded
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored


def cell(stored: Stored, key: str, column: str, province: str, year: int) -> Step:
    """The trace of one cell that is stored.

    Raises:
        StudyFault: a table on the way was never stored.
    """
    layer, name = key.split("/")
    if query := stored.columns.query(key):
        drawn_in = query.calls(column, "winsorized") and len(stored.columns.inputs(key, column)) == 1
        return (_winsorized if drawn_in else _computed)(stored, key, column, province, year)
    if (key, column) == stored.columns.index:
        return _index(stored, key, column, province, year)
    if layer == "raw" and name in stored.study.reference_tables:
        return recorded(stored, name, column, province, year)
    if layer == "clean" and name == column and name in stored.study.tables:
        return settled(stored, name, province, year)
    value = stored.value(key, column, province, year)
    return Step("stored", key, column, value, province, year, inputs=_inputs(stored, key, column, province, year))


def _inputs(stored: Stored, key: str, column: str, province: str, year: int) -> tuple[Step, ...]:
    return tuple(_through(stored, pair, province, year) for pair in stored.columns.inputs(key, column))


def _through(stored: Stored, pair: tuple[str, str], province: str, year: int) -> Step:
    """A cell; columns that another SQL asset only hands on are passed by, and named."""
    passed = []
    while pair[0].startswith("clean/") and _handed_on(stored, *pair):
        passed.append(pair[0])
        (pair,) = stored.columns.inputs(*pair)
    step = cell(stored, *pair, province, year)
    if passed:
        step.facts["through"] = passed
    return step


def _handed_on(stored: Stored, key: str, column: str) -> bool:
    """Whether an asset takes the column from one other asset as it is."""
    query = stored.columns.query(key)
    return query is not None and query.is_plain(column) and len(stored.columns.inputs(key, column)) == 1


def _computed(stored: Stored, key: str, column: str, province: str, year: int) -> Step:
    value = stored.value(key, column, province, year)
    facts = {"expression": stored.columns.expression(key, column), "sql": f"sql/{key}.sql"}
    inputs = _inputs(stored, key, column, province, year)
    return Step("expression", key, column, value, province, year, facts=facts, inputs=inputs)


def _winsorized(stored: Stored, key: str, column: str, province: str, year: int) -> Step:
    """The value, the limits over the whole panel, and which of them it was drawn in to."""
    from cbe_assets.statistics.winsorize import limits

    value = stored.value(key, column, province, year)
    ((source, before),) = stored.columns.inputs(key, column)
    lower, upper = (str(limit) for limit in stored.study.settings.winsor)
    low, high = limits(stored.frame(source)[before], lower, upper)
    was = stored.value(source, before, province, year)
    drawn = None if was is None or low <= was <= high else ("lower" if was < low else "upper")
    facts = {"limits": [low, high], "percentiles": list(stored.study.settings.winsor), "drawn_in": drawn}
    inputs = (cell(stored, source, before, province, year),)
    return Step("winsorized", key, column, value, province, year, facts=facts, inputs=inputs)


def _index(stored: Stored, key: str, column: str, province: str, year: int) -> Step:
    """The index as the sum of weight times normalized indicator, the largest contribution first."""
    weights = stored.frame("index/weights").set_index("indicator")
    inputs = [_indicator(stored, name, weights.loc[name], province, year) for name in weights.index]
    inputs.sort(key=lambda step: -(step.facts["contribution"] or 0.0))
    row = stored.rows(key, province, year).iloc[0]
    facts = {"method": stored.study.index.weights, "rank": int(row["rank"])}
    return Step("index", key, column, float(row[column]), province, year, facts=facts, inputs=tuple(inputs))


def _indicator(stored: Stored, name: str, weight: Any, province: str, year: int) -> Step:
    normalized = stored.value("index/normalized", name, province, year)
    facts = {"z": normalized, "weight": float(weight["weight"])}
    facts["contribution"] = None if normalized is None else normalized * facts["weight"]
    facts |= {"minimum": float(weight["minimum"]), "maximum": float(weight["maximum"])}
    facts["direction"] = weight["direction"]
    below = cell(stored, "panel/indicators", name, province, year)
    unit = stored.study.indicators[name].unit
    facts |= {"expression": below.facts["expression"], "units": unit.model_dump()}
    return Step("indicator", below.asset, name, below.value, province, year, facts=facts, inputs=below.inputs)
