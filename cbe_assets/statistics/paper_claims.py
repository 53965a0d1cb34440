"""What the paper's text says about its numbers, decided by arithmetic where a statement names a check."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scipy import stats

from cbe_assets.declared.text import Text
from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.paper_rows import Said, row
from cbe_assets.statistics.printed import Cell, Printed, Published, span

Statement = Mapping[str, Any]
Names = Mapping[str, str]
Finding = tuple[Said, Said, str]
"""Formula, values, verdict."""
LEVELS = {"***": "1%", "**": "5%", "*": "10%"}
REGIONS = {"east": "东部", "central": "中部", "west": "西部"}


def claims(published: Published, names: Names) -> Iterable[dict[str, Any]]:
    """One row per statement of study/published.yaml.

    Args:
        published: the file.
        names: province -> its English name.

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
        formula, values, verdict = "", "", statement.get("verdict", "open")
        if check := statement.get("check"):
            formula, values, verdict = CHECKS[check](published, statement, names)
        place, meaning = Text(**statement["place"]), Text(**statement["meaning"])
        yield row(f"statement_{name}", place, formula, values, f"“{statement['quote']}”", verdict, meaning)


def _cells(published: Published, statement: Statement) -> list[Cell]:
    return [published.cells[(specification, term)] for specification, term in statement["cells"]]


def _star_note(published: Published, statement: Statement, names: Names) -> Finding:
    """Which order of stars the t statistics of the clustered columns fit."""
    printed = dict(published.content["star_note"])
    df, clustered = published.groups - 1, published.of_kind("fixed_effects")
    cells = [cell for cell in published.cells.values() if cell.specification in clustered]

    def fitting(levels: Mapping[str, str]) -> int:
        limits = {mark: float(level.rstrip("%")) / 100 for mark, level in levels.items()}
        count = 0
        for cell in cells:
            p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
            marks = [mark for mark in sorted(limits, key=limits.get) if p_value < limits[mark]]
            count += (marks[0] if marks else "") == cell.stars
        return count

    noted, usual = fitting(printed), fitting(LEVELS)
    values = Text(
        zh=f"按表注{len(cells)}项中{noted}项相符，按通行次序{usual}项相符",
        en=f"as noted {noted} of {len(cells)} cells fit, in the usual order {usual}",
    )
    formula = Text(zh="星号 = f(p)", en="stars = f(p)")
    return formula, values, "holds" if noted >= usual else "wrong"


def _semi_elasticity(published: Published, statement: Statement, names: Names) -> Finding:
    (cell,) = _cells(published, statement)
    b, claimed = cell.estimate.value, Printed.of(statement["claimed"])
    unit, step = 100 * math.expm1(b), 100 * math.expm1(0.01 * b)
    values = Text(
        zh=f"+1：{unit:,.0f}%；+0.01：{step:.2f}%；文中为{claimed.text}%",
        en=f"+1: {unit:,.0f} %; +0.01: {step:.2f} %; claimed {claimed.text} %",
    )
    return "100 (exp(step × b) - 1)", values, _agrees(unit, claimed)


def _elasticity(published: Published, statement: Statement, names: Names) -> Finding:
    (cell,) = _cells(published, statement)
    mean, claimed = published.description(cell.term, "mean"), Printed.of(statement["claimed"])
    low, high = span(lambda b, m: b * m, cell.estimate, mean)
    found = f"{cell.estimate.value * mean.value:.3f} ({cell.std_error * mean.value:.3f})"
    values = Text(zh=f"{found}，文中为每1%对应{claimed.text}%", en=f"{found}, claimed {claimed.text} % per 1 %")
    return "b mean(x)", values, "holds" if claimed.meets(low, high) else "wrong"


def _agrees(value: float, claimed: Printed) -> str:
    return "holds" if claimed.meets(value, value) else "wrong"


def _was_significant(published: Published, statement: Statement, names: Names) -> Finding:
    (cell,) = _cells(published, statement)
    df = published.statistic(cell.specification, "n").value - len(published.column(cell.specification))
    if cell.specification not in published.of_kind("pooled"):
        df = published.groups - 1
    p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
    formula = Text(zh=f"p取自t({df:g})", en=f"p under t({df:g})")
    return formula, f"t = {cell.t.text}, p = {p_value:.3f}", "holds" if p_value < 0.1 else "wrong"


def _same_stars(published: Published, statement: Statement, names: Names) -> Finding:
    one, two = _cells(published, statement)
    values = Text(
        zh=f"{one.estimate.text}{one.stars}与{two.estimate.text}{two.stars}",
        en=f"{one.estimate.text}{one.stars} and {two.estimate.text}{two.stars}",
    )
    return Text(zh="星号相同", en="same stars"), values, "holds" if one.stars == two.stars else "wrong"


def _slopes(published: Published) -> dict[str, tuple[str, Printed, Printed]]:
    """province -> region, slope, p."""
    return {
        province: (region, Printed.of(cell["estimate"]), Printed.of(cell["p"]))
        for region, provinces in published.content["slopes"].items()
        for province, cell in provinces.items()
    }


def _insignificant_slopes(published: Published, statement: Statement, names: Names) -> Finding:
    slopes = _slopes(published)
    tenth, twentieth = (
        [province for province, (_, _, p) in slopes.items() if p.value >= level] for level in (0.10, 0.05)
    )
    more = [province for province in twentieth if province not in tenth]
    english = [", ".join(names.get(province, province) for province in found) for found in (tenth, more)]
    values = Text(
        zh=f"p ≥ 0.10：{'、'.join(tenth)}；p ≥ 0.05另有：{'、'.join(more)}",
        en=f"p ≥ 0.10: {english[0]}; p ≥ 0.05 also: {english[1]}",
    )
    return Text(zh="所印p值", en="printed p"), values, "holds" if set(tenth) == set(statement["listed"]) else "wrong"


def _regional_means(published: Published, statement: Statement, names: Names) -> Finding:
    means = {}
    for region in published.content["slopes"]:
        values = [slope.value for place, slope, _ in _slopes(published).values() if place == region]
        means[region] = math.fsum(values) / len(values)
    said = Text(
        zh="，".join(f"{REGIONS[region]}{mean:.2f}" for region, mean in means.items()),
        en=", ".join(f"{region} {mean:.2f}" for region, mean in means.items()),
    )
    smallest = means["east"] < min(mean for region, mean in means.items() if region != "east")
    return Text(zh="斜率均值", en="mean slope"), said, "holds" if smallest else "wrong"


def _group_difference(published: Published, statement: Statement, names: Names) -> Finding:
    one, two = _cells(published, statement)
    gap = one.estimate.value - two.estimate.value
    z = gap / math.hypot(one.std_error, two.std_error)
    values = Text(zh=f"相差{gap:.3f}，粗略z = {z:.2f}", en=f"difference {gap:.3f}, naive z {z:.2f}")
    return "z = (b1 - b2) / √(se1² + se2²)", values, "open"


def _direct_interval(published: Published, statement: Statement, names: Names) -> Finding:
    direct, whole = _cells(published, statement)
    half = float(stats.t.ppf(0.975, published.groups - 1)) * direct.std_error
    low, high = direct.estimate.value - half, direct.estimate.value + half
    values = Text(
        zh=f"直接效应{direct.estimate.text}，95%区间{low:.2f}至{high:.2f}；总效应{whole.estimate.text}",
        en=f"direct {direct.estimate.text}, 95 % {low:.2f} to {high:.2f}; total {whole.estimate.text}",
    )
    # An interval that holds 0 and more than half of the total effect decides for neither full mediation nor none.
    decides = not (low < 0 < high and high > whole.estimate.value / 2)
    return "b ± t(G - 1) se", values, "holds" if decides else "open"


def _indirect_shares(published: Published, statement: Statement, names: Names) -> Finding:
    ((_, term),) = statement["cells"]
    shares = []
    for way in published.mediations:
        whole = published.cells[(way["total"], term)].estimate.value
        b = published.cells[(way["direct"], way["mediator"])].estimate.value
        shares.append(published.cells[(way["path"], term)].estimate.value * b / whole)
    text = " + ".join(f"{100 * share:.0f} %" for share in shares)
    return "a b / c", f"{text} = {100 * math.fsum(shares):.0f} %", "holds" if math.fsum(shares) <= 1 else "open"


def _error_ratio(published: Published, statement: Statement, names: Names) -> Finding:
    one, two = _cells(published, statement)
    ratio = one.std_error / two.std_error
    values = Text(
        zh=f"se为{one.std_error:.3f}，对比{two.std_error:.3f}：{100 * (ratio - 1):+.0f}%",
        en=f"se {one.std_error:.3f} against {two.std_error:.3f}: {100 * (ratio - 1):+.0f} %",
    )
    return "se = |b / t|", values, "open" if ratio < 0.75 else "holds"


CHECKS: dict[str, Callable[[Published, Statement, Names], Finding]] = {
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
