"""The printed numbers held against each other: identities of least squares, stars, bounds; no data, no own result.

What the text says about the numbers is judged in paper_claims.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from scipy import stats

from cbe_assets.statistics.paper_claims import claims
from cbe_assets.statistics.paper_rows import COLUMNS, identity, row
from cbe_assets.statistics.printed import Cell, Printed, Published, span, total
from cbe_assets.statistics.result import stars

MEDIATIONS = (("table4_3", "table6_1", "table6_2", "Inus"), ("table4_3", "table6_3", "table6_4", "Tec"))
"""Total-effect column, mediator's column, direct column, mediator."""
CLUSTERED = ("table4_3", "table5_1", "table5_2", "table6_1", "table6_2", "table6_3", "table6_4")
POOLED = ("table4_1", "table4_2")
SPLIT = ("table8_high", "table8_low")
Row = dict[str, Any]


def audit(content: Mapping[str, Any]) -> pd.DataFrame:
    """Every identity, bound and statement with formula, values, tolerance and verdict.

    Verdicts: `holds`; `refuted` (a supposition about how the number was made); `implied` (no check, a number that
    follows); `wrong` (a statement of the text); `open` (what the paper leaves out).

    Args:
        content: study/published.yaml.

    Returns:
        One row per check with paper_rows.COLUMNS.
    """
    published = Published(content)
    groups: tuple[Callable[[Published], Iterable[Row]], ...] = (
        _mediation, _constants, _slope_and_r2, _conventional_errors, _added_mediator, _stars, _split_stars, _signs,
        _descriptives, _weights, _counts, _tests, claims,
    )  # fmt: skip
    rows = [item for group in groups for item in group(published)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _mediation(published: Published) -> Iterable[Row]:
    """c = c' + a b for all coefficients and the constant."""
    for total_name, path_name, direct_name, mediator in MEDIATIONS:
        totals, paths, directs = map(published.column, (total_name, path_name, direct_name))
        b = directs[mediator].estimate
        for term, cell in totals.items():
            a, direct = paths[term].estimate, directs[term].estimate
            bounds = span(lambda c, x, y: c + x * y, direct, a, b)
            yield identity(
                "mediation", f"{mediator}: {term}", "c = c' + a b",
                f"{cell.estimate.text} = {direct.text} + {a.text} * {b.text}", cell.estimate, bounds,
                "总效应等于直接效应加间接效应：三列出自同一样本。",
                "Total equals direct plus indirect effect: the three columns are of one sample.",
            )  # fmt: skip


def _implied_constant(published: Published, specification: str) -> tuple[float, float]:
    """mean(y) - mean(x)'b from Table 3."""
    products = [
        span(lambda b, mean: -b * mean, cell.estimate, published.description(term, "mean"))
        for term, cell in published.column(specification).items() if term != "_cons"
    ]  # fmt: skip
    mean = published.description("EXP", "mean")
    return total([(mean.low, mean.high), *products])


def _constants(published: Published) -> Iterable[Row]:
    for name in POOLED:
        constant = published.column(name)["_cons"].estimate
        yield identity(
            "constant", published.place(name), "_cons = mean(y) - mean(x)'b", constant.text, constant,
            _implied_constant(published, name),
            "常数项与表3的均值相符：回归与描述统计出自同一样本。",
            "The constant fits the means of Table 3: regression and descriptives are of one sample.",
        )  # fmt: skip
    constant = published.column("table4_3")["_cons"].estimate
    low, high = _implied_constant(published, "table4_3")
    bounds = (low - constant.high, high - constant.low)
    yield row(
        "constant", published.place("table4_3"), "mean year effect = mean(y) - mean(x)'b - _cons", constant.text,
        f"{(bounds[0] + bounds[1]) / 2:.3f} +- {(bounds[1] - bounds[0]) / 2:.3f}", "implied",
        "固定效应列的常数项按xtreg的定义还含平均年度效应（以2013年为基期），由此可推出。",
        "In the fixed-effects column the constant also leaves out the mean year effect (base 2013), which follows.",
        bounds=bounds,
    )  # fmt: skip


def _slope_and_r2(published: Published) -> Iterable[Row]:
    """b = r s_y / s_x in a regression on one variable."""
    cell, r2 = published.column("table4_1")["ECI"], published.statistic("table4_1", "r2")
    sd_y, sd_x = published.description("EXP", "sd"), published.description("ECI", "sd")
    bounds = span(lambda r, y, x: math.sqrt(r) * y / x, r2, sd_y, sd_x)
    yield identity(
        "slope", cell.place, "b = sqrt(R2) sd(y) / sd(x)", f"{cell.estimate.text} = sqrt({r2.text}) {sd_y.text} / "
        f"{sd_x.text}", cell.estimate, bounds,
        "单变量回归的系数、R2与标准差相互吻合。", "Slope, R2 and standard deviations of the simple regression agree.",
    )  # fmt: skip


def _conventional_errors(published: Published) -> Iterable[Row]:
    """se_j = s sqrt(VIF_j) / (sd_j sqrt(n - 1)) and, with one regressor, t^2 = (n - 2) R2 / (1 - R2)."""
    cell, r2 = published.column("table4_1")["ECI"], published.statistic("table4_1", "r2")
    n = published.statistic("table4_1", "n").value
    bounds = span(lambda r: math.sqrt((n - 2) * r / (1 - r)), r2)
    yield _refuted_if_apart("table4_1", cell, bounds, "t = sqrt((n - 2) R2 / (1 - R2))", published)
    r2, n = published.statistic("table4_2", "r2"), published.statistic("table4_2", "n").value
    cells = {term: cell for term, cell in published.column("table4_2").items() if term != "_cons"}
    sd_y = published.description("EXP", "sd")
    for term, cell in cells.items():
        vif, sd = published.description(term, "vif"), published.description(term, "sd")

        def size(b: float, r: float, y: float, v: float, x: float, k: int = len(cells)) -> float:
            return abs(b) / (y * math.sqrt((1 - r) / (n - k - 1)) * math.sqrt(v) / x)

        bounds = span(size, cell.estimate, r2, sd_y, vif, sd)
        formula = "t = b sd(x) sqrt(n - 1) / (s sqrt(VIF))"
        yield _refuted_if_apart("table4_2", cell, bounds, formula, published)


def _refuted_if_apart(name: str, cell: Cell, bounds: tuple[float, float], formula: str, published: Published) -> Row:
    size = Printed(cell.t.text, abs(cell.t.value), cell.t.half)
    met = size.meets(*bounds)
    return row(
        "conventional_error", f"{published.place(name)}: {cell.term}", formula,
        f"|t| = {abs(cell.t.value)}", f"[{bounds[0]:.2f}, {bounds[1]:.2f}]", "holds" if met else "refuted",
        "若为常规标准误，t应在所示区间内；不在，故标准误是稳健的（HC1）或聚类的。" if not met
        else "与常规标准误相符（也不排除其他标准误）。",
        "Conventional standard errors would put t into the interval; it is not, so they are robust (HC1) or clustered."
        if not met else "Fits conventional standard errors (and does not exclude others).",
        printed=size.value, bounds=bounds,
    )  # fmt: skip


def _added_mediator(published: Published) -> Iterable[Row]:
    """t^2 = (R2u - R2r) / (1 - R2u) * df for the conventional t of one added regressor."""
    for total_name, _, direct_name, mediator in MEDIATIONS:
        cell = published.column(direct_name)[mediator]
        short, long = published.statistic(total_name, "r2"), published.statistic(direct_name, "r2")
        n = published.statistic(direct_name, "n").value
        years, slopes = int(published.content["years"]), len(published.column(direct_name)) - 1
        df = n - published.groups - (years - 1) - slopes
        bounds = span(lambda u, r, d=df: math.sqrt(max(u - r, 0.0) / (1 - u) * d), long, short)
        yield _refuted_if_apart(direct_name, cell, bounds, "t = sqrt((R2 - R2 without) / (1 - R2) df)", published)


def _star_range(t: Printed, df: float) -> set[str]:
    """Stars that some t printing like this can have under t(df)."""
    sizes = (0.0 if t.low <= 0 <= t.high else min(abs(t.low), abs(t.high)), max(abs(t.low), abs(t.high)))
    return {stars(float(2 * stats.t.sf(size, df))) for size in (*sizes, abs(t.value))}


def _stars(published: Published) -> Iterable[Row]:
    """Printed stars against p under t(G - 1), and under t(n - k) in pooled regressions."""
    for name in (*CLUSTERED, *POOLED):
        column = published.column(name)
        df = published.groups - 1 if name in CLUSTERED else published.statistic(name, "n").value - len(column)
        for term, cell in column.items():
            p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
            met = cell.stars in _star_range(cell.t, df)
            yield row(
                "stars" if name in CLUSTERED else "stars_pooled", f"{cell.place}: {term}",
                f"stars = f(p under t({df:g}))",
                f"t = {cell.t.text}, p = {p_value:.4f}", f"printed '{cell.stars}'", "holds" if met else "refuted",
                "星号与以30个聚类为自由度的p值相符。" if name in CLUSTERED else "星号与p值相符。",
                "The stars fit the p-value with the degrees of freedom of 30 clusters." if name in CLUSTERED
                else "The stars fit the p-value.", printed=cell.t.value,
            )  # fmt: skip


def _split_stars(published: Published) -> Iterable[Row]:
    """How many clusters the stars of Table 8 allow."""
    for name in SPLIT:
        column = published.column(name)
        fitting = [
            groups for groups in range(3, published.groups + 1)
            if all(cell.stars in _star_range(cell.t, groups - 1) for cell in column.values())
        ]  # fmt: skip
        text = f"{fitting[0]}-{fitting[-1]}" if fitting else "none"
        yield row(
            "stars_split", published.place(name), "stars = f(p under t(G - 1)) for all cells", f"G = {text}",
            "G of 3 to 30 tried", "implied" if fitting else "refuted",
            "表中星号只与这些聚类数相容：样本按300个观测的中位数划分，而非按省份。",
            "The stars allow only these numbers of clusters: the split is at the median of the observations, not of "
            "the provinces.", bounds=(float(fitting[0]), float(fitting[-1])) if fitting else None,
        )  # fmt: skip


def _signs(published: Published) -> Iterable[Row]:
    for name in published.content["columns"]:
        column = published.column(name)
        apart = [term for term, cell in column.items() if cell.estimate.value * cell.t.value < 0]
        yield row(
            "sign", published.place(name), "sign(b) = sign(t)", f"{len(column)} cells", ", ".join(apart) or "all",
            "refuted" if apart else "holds", "系数与t统计量同号。", "Coefficients and t statistics have the same sign.",
        )  # fmt: skip


def _descriptives(published: Published) -> Iterable[Row]:
    for variable, printed in published.content["descriptives"].items():
        mean, sd, low, high = (published.description(variable, name) for name in ("mean", "sd", "min", "max"))
        n = published.description(variable, "n").value
        bound = span(lambda m, a, b, n=n: math.sqrt((b - m) * (m - a) * n / (n - 1)), mean, low, high)[1]
        yield row(
            "spread", f"Table 3: {variable}", "sd^2 <= (max - mean)(mean - min) n / (n - 1)",
            f"sd = {sd.text}", f"at most {bound:.3f}", "holds" if sd.low <= bound else "refuted",
            "标准差未超过由均值与极值决定的上限。",
            "The standard deviation respects the bound set by mean and extremes.",
            printed=sd.value, bounds=(0.0, bound),
        )  # fmt: skip
        if "vif" in printed:
            vif = published.description(variable, "vif")
            yield row(
                "vif", f"Table 3: {variable}", "VIF >= 1", vif.text, "at least 1",
                "holds" if vif.high >= 1 else "refuted", "方差膨胀因子不小于1。",
                "A variance inflation factor is at least 1.", printed=vif.value, bounds=(1.0, math.inf),
            )  # fmt: skip
    low, high = (published.description("ECI", name) for name in ("min", "max"))
    yield row(
        "index_range", "Table 3: ECI", "0 <= index <= 1", f"{low.text} to {high.text}", "within [0, 1]",
        "holds" if low.high >= 0 and high.low <= 1 else "refuted", "指数在0与1之间。", "The index lies in [0, 1].",
    )  # fmt: skip


def _weights(published: Published) -> Iterable[Row]:
    numbers = [Printed.of(text) for text in published.content["weights"].values()]
    bounds = total([(number.low, number.high) for number in numbers])
    summed = math.fsum(number.value for number in numbers)
    yield row(
        "weights", "Table 1", "sum of weights = 100 %", f"{summed:.1f} +- {(bounds[1] - bounds[0]) / 2:.1f}",
        "100", "holds" if bounds[0] <= 100 <= bounds[1] else "refuted",
        "权重之和在四舍五入误差内为100%。", "The weights sum to 100 % within rounding.",
        printed=summed, bounds=bounds,
    )  # fmt: skip


def _counts(published: Published) -> Iterable[Row]:
    expected = published.groups * int(published.content["years"])
    whole = [name for name in published.content["columns"] if name not in SPLIT]
    sizes = {published.statistic(name, "n").value for name in whole}
    halves = math.fsum(published.statistic(name, "n").value for name in SPLIT)
    for place, value, met in (("Tables 4-6", sizes, sizes == {expected}), ("Table 8", halves, halves == expected)):
        yield row(
            "count", place, "N = provinces x years", str(value), str(expected), "holds" if met else "refuted",
            "观测数等于省份数乘年数：面板平衡，无缺失。", "N is provinces times years: balanced, nothing missing.",
        )  # fmt: skip


def _tests(published: Published) -> Iterable[Row]:
    """Stars of F test and Hausman test under their distributions."""
    years, slopes = int(published.content["years"]), len(published.column("table4_3")) - 1
    n, groups = published.statistic("table4_3", "n").value, published.groups
    df2 = n - groups - slopes - (years - 1)
    f_test, hausman = published.statistic("table4_3", "f_test"), published.statistic("table4_3", "hausman")
    p_values = {
        "f_test": (f"F({groups - 1}, {df2:g})", f_test, float(stats.f.sf(f_test.value, groups - 1, df2))),
        "hausman": (f"chi2({slopes})", hausman, float(stats.chi2.sf(hausman.value, slopes))),
    }
    for name, (law, number, p_value) in p_values.items():
        printed = published.content["columns"]["table4_3"]["statistics"][f"{name}_stars"]
        yield row(
            "test_stars", f"{published.place('table4_3')}: {name}", f"stars = f(p under {law})",
            f"{number.text}, p = {p_value:.2g}", f"printed '{printed}'",
            "holds" if stars(p_value) == printed else "refuted",
            "检验的星号与其分布相符。", "The stars of the test fit its distribution.", printed=number.value,
        )  # fmt: skip
