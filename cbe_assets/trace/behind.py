"""What stands behind a whole column or a coefficient: expressions, tables, editions and files."""

from __future__ import annotations

from typing import Any

from cbe_assets.faults import StudyFault, fault
from cbe_assets.trace.names import Coefficient, nearest
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored, plain

_NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
_BESIDE = ("cv3_std_error", "cv3_p_value", "wcr_p_value", "wcr_conf_low", "wcr_conf_high", "effective_clusters")


def coefficient(stored: Stored, asked: Coefficient) -> Step:
    """A coefficient, the variables of its specification and what each goes back to.

    Raises:
        StudyFault: the specification was never estimated, or has no such term.
    """
    from cbe_assets.assets.model import SAMPLE

    key = f"model/{asked.specification}"
    frame = stored.frame(key)
    rows = frame[(frame["term"] == asked.term).to_numpy()]
    if rows.empty:
        terms = list(frame["term"])
        expected = nearest(asked.term, terms)
        raise StudyFault([fault("trace_unknown_term", key=asked.specification, found=asked.term, expected=expected)])
    row, declared = rows.iloc[0], stored.study.specifications[asked.specification]
    facts: dict[str, Any] = {name: plain(row[name]) for name in (*_NUMBERS, "stars")}
    facts |= {"n": int(row["n"]), "groups": int(row["groups"]), "outcome": declared.outcome}
    facts |= {"estimator": declared.estimator, "effects": declared.effects, "covariance": declared.covariance}
    if row.get("cv3_std_error", float("nan")) == row.get("cv3_std_error"):
        # An unbounded interval has no limit that JSON could hold.
        facts["beside"] = {name: plain(row[name]) if abs(row[name]) < float("inf") else None for name in _BESIDE}
    variables = dict.fromkeys(declared.variables)
    inputs = tuple(column(stored, SAMPLE, variable) for variable in variables)
    facts["sources"] = sources(inputs)
    return Step("coefficient", key, asked.term, facts["estimate"], facts=facts, inputs=inputs)


def column(stored: Stored, key: str, name: str) -> Step:
    """A column, its expression, and the columns it is computed from down to official and public-record tables."""
    known = stored.columns
    layer, _, table = key.partition("/")
    if layer == "clean" and table in stored.study.tables and known.query(key) is None:
        return _official(stored, table)
    if layer == "raw" and table in stored.study.reference_tables:
        return _recorded(stored, table, name)
    facts: dict[str, Any] = {}
    if expression := known.expression(key, name):
        facts = {"expression": expression, "sql": f"sql/{key}.sql"}
    elif (key, name) == known.index:
        facts = {"method": stored.study.index.weights}
    pairs = known.inputs(key, name)
    if (key, name) == known.index:
        pairs = [("panel/indicators", indicator) for _, indicator in pairs]
    below = [column(stored, *pair) for pair in pairs]
    if (key, name) == known.index:
        weights = dict(stored.frame("index/weights")[["indicator", "weight"]].itertuples(index=False))
        for step in below:
            step.facts["weight"] = float(weights[step.column])
    return Step("column", key, name, facts=facts, inputs=tuple(below))


def _official(stored: Stored, table: str) -> Step:
    """An official table: from which editions its cells come, and what was filled, corrected or revised."""
    from cbe_assets.yearbook.gaps import IMPUTED
    from cbe_assets.yearbook.vintage import in_order

    frame, declared = stored.frame(f"clean/{table}"), stored.study.tables[table]
    frame = frame[~frame["province"].isin(stored.study.settings.excluded_provinces).to_numpy()]
    raw = stored.frame(f"raw/{table}")
    counts = frame["edition"].dropna().value_counts().to_dict()
    files = raw.drop_duplicates(["edition", "file"]).groupby("edition")["file"].agg(list).to_dict()
    editions = [
        {"edition": edition, "cells": int(counts[edition]), "files": files.get(edition, [])}
        for edition in in_order(counts)
    ]
    facts = {
        "title": declared.title.model_dump(),
        "source": declared.source.model_dump(),
        "editions": editions,
        "filled": int(frame["method"].isin(IMPUTED).sum()),
        "corrected": int((frame["method"] == "corrected").sum()),
        "revised": int(frame["revised"].sum()),
        "simulated": bool(raw["simulated"].any()),
    }
    inputs = tuple(_official(stored, other) for other in declared.gaps.names)
    return Step("source", f"clean/{table}", table, unit=declared.unit, facts=facts, inputs=inputs)


def _recorded(stored: Stored, table: str, name: str) -> Step:
    declared = stored.study.reference_tables[table]
    folder = stored.study.settings.reference.rstrip("/")
    facts = {"title": declared.title.model_dump(), "source": declared.source.model_dump()}
    facts["file"] = f"{folder}/{declared.file}"
    return Step("source", f"raw/{table}", name, facts=facts)


def sources(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    """Every table behind the steps once: table, edition, cells and files, or the file of public record."""
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    for step in (below for top in steps for below in top.walk() if below.kind == "source"):
        table = step.asset.split("/")[1]
        if "file" in step.facts:
            listed[table, ""] = {"table": table, "files": [step.facts["file"]]}
        for edition in step.facts.get("editions", []):
            listed[table, edition["edition"]] = {"table": table, **edition}
    return list(listed.values())
