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
    return [
        fault("undefined_name", file=f"study/{file}.yaml", key=key, found=used, expected=nearest(used, known))
        for file, key, used, known in uses
        if used not in known
    ]


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
