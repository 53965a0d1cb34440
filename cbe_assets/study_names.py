"""Names that one study file uses and no study file defines: variables, specifications, tables, exhibits, groups."""

from __future__ import annotations

import difflib
from typing import Any

from cbe_assets.faults import Fault, fault


def undefined_names(parsed: dict[str, Any]) -> list[Fault]:
    """Names used in one study file that no study file defines."""
    regressions, exhibits = parsed["regressions"], parsed["exhibits"].exhibits
    results = [*regressions.specifications, *regressions.tests]
    uses: list[tuple[str, str, str, list[str]]] = []
    for name, indicator in parsed["indicators"].indicators.items():
        uses.append(("indicators", f"indicators.{name}.group", indicator.group, list(parsed["indicators"].groups)))
    for name, item in regressions.specifications.items():
        uses += [("regressions", f"specifications.{name}", v, list(regressions.variables)) for v in item.variables]
    for name, test in regressions.tests.items():
        uses += [("regressions", f"tests.{name}", s, list(regressions.specifications)) for s in test.specifications]
        uses += [("regressions", f"tests.{name}.variables", v, list(regressions.variables)) for v in test.variables]
    tables = parsed["tables"].tables
    for name, item in exhibits.items():
        uses += [("exhibits", f"exhibits.{name}", s, results) for s in (*item.columns, *item.tests)]
        uses += [("exhibits", f"exhibits.{name}.of", s, list(exhibits)) for s in item.of]
        series = [*item.bars, *((*item.line.numerator, item.line.denominator) if item.line else ())]
        uses += [("exhibits", f"exhibits.{name}", s, list(tables)) for s in series]
        uses += [("exhibits", f"exhibits.{name}", v, list(regressions.variables)) for v in (item.x, item.y) if v]
        known = [*regressions.variables, "_cons"]
        uses += [("exhibits", f"exhibits.{name}.terms", v, known) for v in item.terms]
    return [
        fault("undefined_name", file=f"study/{file}.yaml", key=key, found=used, expected=_nearest(used, known))
        for file, key, used, known in uses
        if used not in known
    ]


def _nearest(name: str, known: list[str]) -> str:
    return ", ".join(difflib.get_close_matches(name, known, n=3) or sorted(known)[:8])
