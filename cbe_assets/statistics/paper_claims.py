"""What the paper's text says about its numbers, decided by arithmetic where a statement names a check."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scipy import stats

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.paper_rows import row
from cbe_assets.statistics.printed import Cell, Printed, Published, span

Statement = Mapping[str, Any]
Finding = tuple[str, str, str]
"""Formula, values, verdict."""
LEVELS = {"***": "1%", "**": "5%", "*": "10%"}


def claims(published: Published) -> Iterable[dict[str, Any]]:
    """One row per statement of study/published.yaml.

    Raises:
        StudyFault: a check that is not known.
    """
    statements = published.content["statements"]
    unknown = [item["check"] for item in statements.values() if item.get("check") and item["check"] not in CHECKS]
    if unknown:
        raise StudyFault([
            fault("statistics_unknown_setting", key="statements", setting="check", found=name,
                  expected=", ".join(CHECKS))
            for name in unknown
        ])  # fmt: skip
    for name, statement in statements.items():
        formula, values, verdict = "", statement["quote"], statement.get("verdict", "open")
        if check := statement.get("check"):
            formula, values, verdict = CHECKS[check](published, statement)
        meaning = statement["meaning"]
        yield row(f"statement_{name}", statement["place"], formula, values, statement["quote"], verdict, meaning["zh"],
                  meaning["en"])  # fmt: skip


def _cells(published: Published, statement: Statement) -> list[Cell]:
    return [published.cells[(specification, term)] for specification, term in statement["cells"]]


def _star_note(published: Published, statement: Statement) -> Finding:
    """Which order of stars the t statistics of the clustered columns fit."""
    printed = dict(published.content["star_note"])
    df = published.groups - 1
    clustered = ("table4_3", "table5", "table6")
    cells = [cell for cell in published.cells.values() if cell.specification.startswith(clustered)]

    def fitting(levels: Mapping[str, str]) -> int:
        limits = {mark: float(level.rstrip("%")) / 100 for mark, level in levels.items()}
        count = 0
        for cell in cells:
            p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
            marks = [mark for mark in sorted(limits, key=limits.get) if p_value < limits[mark]]
            count += (marks[0] if marks else "") == cell.stars
        return count

    values = f"as printed {fitting(printed)} of {len(cells)} cells fit, reversed {fitting(LEVELS)}"
    return "stars = f(p)", values, "holds" if fitting(printed) >= fitting(LEVELS) else "wrong"


def _semi_elasticity(published: Published, statement: Statement) -> Finding:
    b = published.cells[(statement["specification"], "ECI")].estimate
    unit, step = math.expm1(b.value), 100 * math.expm1(0.01 * b.value)
    values = f"+1 unit: {100 * unit:,.0f} %; +0.01: {step:.2f} %; claimed {statement['claimed']} %"
    return "100 (exp(step b) - 1)", values, _agrees(100 * unit, Printed.of(statement["claimed"]))


def _elasticity(published: Published, statement: Statement) -> Finding:
    cell, mean = published.cells[(statement["specification"], "ECI")], published.description("ECI", "mean")
    low, high = span(lambda b, m: b * m, cell.estimate, mean)
    error = cell.std_error * mean.value
    values = f"{cell.estimate.value * mean.value:.3f} ({error:.3f}), claimed {statement['claimed']} per 1 %"
    return "b mean(x)", values, "holds" if Printed.of(statement["claimed"]).meets(low, high) else "wrong"


def _agrees(value: float, claimed: Printed) -> str:
    return "holds" if claimed.meets(value, value) else "wrong"


def _was_significant(published: Published, statement: Statement) -> Finding:
    cell = published.cells[(statement["specification"], statement["term"])]
    df = published.statistic(cell.specification, "n").value - len(published.column(cell.specification))
    p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
    return f"p under t({df:g})", f"t = {cell.t.text}, p = {p_value:.3f}", "holds" if p_value < 0.1 else "wrong"


def _same_stars(published: Published, statement: Statement) -> Finding:
    one, two = _cells(published, statement)
    return "same stars", f"'{one.stars}' and '{two.stars}'", "holds" if one.stars == two.stars else "wrong"


def _slopes(published: Published) -> dict[str, tuple[str, Printed, Printed]]:
    """province -> region, slope, p."""
    return {
        province: (region, Printed.of(cell["estimate"]), Printed.of(cell["p"]))
        for region, provinces in published.content["slopes"].items()
        for province, cell in provinces.items()
    }


def _insignificant_slopes(published: Published, statement: Statement) -> Finding:
    slopes = _slopes(published)
    found = {
        level: [province for province, (_, _, p) in slopes.items() if p.value >= level] for level in (0.10, 0.05)
    }
    values = f"p >= .10: {'、'.join(found[0.10])}; p >= .05: {'、'.join(found[0.05])}"
    return "p of Table 7", values, "holds" if found[0.10] == list(statement["listed"]) else "wrong"


def _regional_means(published: Published, statement: Statement) -> Finding:
    means = {}
    for region in published.content["slopes"]:
        values = [slope.value for place, slope, _ in _slopes(published).values() if place == region]
        means[region] = math.fsum(values) / len(values)
    text = ", ".join(f"{region} {mean:.2f}" for region, mean in means.items())
    return "mean slope", text, "holds" if means["east"] < min(means["central"], means["west"]) else "wrong"


def _group_difference(published: Published, statement: Statement) -> Finding:
    one, two = _cells(published, statement)
    gap = one.estimate.value - two.estimate.value
    z = gap / math.hypot(one.std_error, two.std_error)
    return "z = (b1 - b2) / sqrt(se1^2 + se2^2)", f"difference {gap:.3f}, naive z {z:.2f}", "open"


def _direct_interval(published: Published, statement: Statement) -> Finding:
    direct, whole = _cells(published, statement)
    half = float(stats.t.ppf(0.975, published.groups - 1)) * direct.std_error
    low, high = direct.estimate.value - half, direct.estimate.value + half
    values = f"direct {direct.estimate.text}, 95 % {low:.2f} to {high:.2f}; total {whole.estimate.text}"
    # An interval that holds 0 and more than half of the total effect decides for neither full mediation nor none.
    decides = not (low < 0 < high and high > whole.estimate.value / 2)
    return "b +- t(G - 1) se", values, "holds" if decides else "open"


def _indirect_shares(published: Published, statement: Statement) -> Finding:
    whole = published.cells[("table4_3", "ECI")].estimate.value
    shares = [
        published.cells[(path, "ECI")].estimate.value * published.cells[(direct, mediator)].estimate.value / whole
        for path, direct, mediator in statement["paths"]
    ]
    text = " + ".join(f"{100 * share:.0f} %" for share in shares)
    values = f"{text} = {100 * math.fsum(shares):.0f} %"
    return "a b / c", values, "holds" if math.fsum(shares) <= 1 else "open"


def _error_ratio(published: Published, statement: Statement) -> Finding:
    one, two = _cells(published, statement)
    ratio = one.std_error / two.std_error
    values = f"se {one.std_error:.3f} against {two.std_error:.3f}: {100 * (ratio - 1):+.0f} %"
    return "se = |b / t|", values, "open" if ratio < 0.75 else "holds"


CHECKS: dict[str, Callable[[Published, Statement], Finding]] = {
    "star_note": _star_note,
    "semi_elasticity": _semi_elasticity,
    "elasticity": _elasticity,
    "was_significant": _was_significant,
    "same_stars": _same_stars,
    "insignificant_slopes": _insignificant_slopes,
    "regional_means": _regional_means,
    "group_difference": _group_difference,
    "direct_interval": _direct_interval,
    "indirect_shares": _indirect_shares,
    "error_ratio": _error_ratio,
}
"""Checks a statement of study/published.yaml can name."""
