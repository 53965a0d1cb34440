"""Names that one study file uses and no study file defines: variables, specifications, tables, exhibits, groups."""

from __future__ import annotations

import difflib
from typing import Any

from cbe_assets.faults import Fault, fault


def undefined_names(parsed: dict[str, Any]) -> list[Fault]:
    """Names used in one study file that no study file defines."""
    regressions, exhibits = parsed["regressions"], parsed["exhibits"].exhibits
    results = [*regressions.specifications, *regressions.tests, *regressions.robustness]
    indicators = parsed["indicators"].indicators
    uses: list[tuple[str, str, str, list[str]]] = []
    for name, indicator in indicators.items():
        uses.append(("indicators", f"indicators.{name}.group", indicator.group, list(parsed["indicators"].groups)))
    for name, item in regressions.specifications.items():
        uses += [("regressions", f"specifications.{name}", v, list(regressions.variables)) for v in item.variables]
    for name, test in regressions.tests.items():
        uses += [("regressions", f"tests.{name}", s, list(regressions.specifications)) for s in test.specifications]
        uses += [("regressions", f"tests.{name}.variables", v, list(regressions.variables)) for v in test.variables]
    for name, entry in regressions.robustness.items():
        key = f"robustness.{name}"
        uses += [("regressions", key, s, list(regressions.specifications)) for s in entry.specifications]
        uses += [("regressions", key, v, list(regressions.variables)) for v in entry.variables]
        uses += [("regressions", key, v, [*indicators, *regressions.variables]) for v in _measures(entry)]
        uses += [("regressions", key, v, list(indicators)) for v in _left_out(entry)]
    tables = parsed["tables"].tables
    for name, item in exhibits.items():
        uses += [("exhibits", f"exhibits.{name}", s, results) for s in (*item.columns, *item.tests)]
        uses += [("exhibits", f"exhibits.{name}.of", s, list(exhibits)) for s in item.of]
        series = [*item.bars, *((*item.line.numerator, item.line.denominator) if item.line else ())]
        uses += [("exhibits", f"exhibits.{name}", s, list(tables)) for s in series]
        uses += [("exhibits", f"exhibits.{name}", v, list(regressions.variables)) for v in (item.x, item.y) if v]
        known = [*regressions.variables, "_cons"]
        uses += [("exhibits", f"exhibits.{name}.terms", v, known) for v in item.terms]
    paper = parsed.get("published")
    uses += [("published", *use) for use in _printed(paper, regressions, list(indicators))] if paper else []
    stands = [("published", *use) for use in _standing(paper, regressions)] if paper else []
    return [*_without_paper(exhibits, paper), *_undefined(uses), *_undefined(stands, "stands_not_there")]


def _undefined(uses: list[tuple[str, str, str, list[str]]], message: str = "undefined_name") -> list[Fault]:
    """A fault per (file, key, name used, names known) whose name is not known."""
    return [
        fault(message, file=f"study/{file}.yaml", key=key, found=used, expected=nearest(used, known))
        for file, key, used, known in uses
        if used not in known
    ]


def _without_paper(exhibits: dict[str, Any], paper: Any) -> list[Fault]:
    """Exhibits about the printed numbers, in a study that has none."""
    return [
        fault("exhibit_without_paper", file="study/exhibits.yaml", key=f"exhibits.{name}", found=item.kind)
        for name, item in exhibits.items()
        if item.kind in ("audit", "comparison") and paper is None
    ]


Use = tuple[str, str, list[str]]
"""Key, name used, names known."""


def _printed(paper: Any, regressions: Any, indicators: list[str]) -> list[Use]:
    """Names of published.yaml that other files define."""
    variables, specifications = list(regressions.variables), list(regressions.specifications)
    uses = [(f"weights.{name}", name, indicators) for name in paper.weights]
    uses += [(f"descriptives.{name}", name, variables) for name in paper.descriptives]
    uses += [("index", paper.index, variables)] if paper.index else []
    uses += [("slopes_of", paper.slopes_of, specifications)] if paper.slopes_of else []
    return uses + [(f"columns.{name}", name, specifications) for name in paper.columns]


def _standing(paper: Any, regressions: Any) -> list[Use]:
    """Names that must stand in a specification, or in another part of published.yaml."""
    uses: list[Use] = []
    for name, column in paper.columns.items():
        declared = regressions.specifications.get(name)
        if declared and set(declared.variables) <= set(regressions.variables):
            known = [*declared.regressors, *declared.controls, "_cons"]
            uses += [(f"columns.{name}.terms", term, known) for term in column.terms]
            uses.append((f"columns.{name}.outcome", column.outcome, [declared.outcome]))
    for number, way in enumerate(paper.mediations):
        key = f"mediations[{number}]"
        uses += [(key, name, list(paper.columns)) for name in (way.total, way.path, way.direct)]
        uses += _terms(paper, key, way.direct, way.mediator)
    for name, statement in paper.statements.items():
        uses += _stated(paper, f"statements.{name}", statement)
    return uses


def _terms(paper: Any, key: str, column: str, term: str) -> list[Use]:
    """That a printed column has a term; nothing where there is no such column, which is said elsewhere."""
    return [(key, term, list(paper.columns[column].terms))] if column in paper.columns else []


def _stated(paper: Any, key: str, statement: Any) -> list[Use]:
    """Cells and provinces a statement is about."""
    provinces = [province for region in paper.slopes.values() for province in region]
    uses = [(f"{key}.listed", province, provinces) for province in statement.listed]
    for column, term in statement.cells:
        uses.append((f"{key}.cells", column, list(paper.columns)))
        uses += _terms(paper, f"{key}.cells", column, term)
        if statement.check == "elasticity":
            uses.append((f"{key}.cells", term, list(paper.descriptives)))
        if statement.check == "indirect_shares":
            used = [name for way in paper.mediations for name in (way.total, way.path)]
            uses += [use for name in used for use in _terms(paper, f"{key}.cells", name, term)]
    return uses


def _measures(entry: Any) -> list[str]:
    """Indicators or variables that an instrument is built from."""
    return [entry.share, entry.shift] if entry.kind == "shift_share" else []


def _left_out(entry: Any) -> list[str]:
    """Indicators that a variant of the index does without."""
    variants = entry.without.values() if entry.kind == "index_variants" else []
    return [name for variant in variants for name in variant.indicators]


def nearest(name: str, known: list[str]) -> str:
    """Up to three names close to one that is not known, or the first of all."""
    return ", ".join(difflib.get_close_matches(name, known, n=3) or sorted(known)[:8])
