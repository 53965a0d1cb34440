"""The printed numbers held against each other: identities of least squares, stars, bounds; no data, no own result.

What the text says about the numbers is judged in paper_claims.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from scipy import stats

from cbe_assets.declared.text import Text
from cbe_assets.statistics.paper_claims import claims
from cbe_assets.statistics.paper_rows import COLUMNS, at, holds, identity, row
from cbe_assets.statistics.printed import Cell, Printed, Published, span, total
from cbe_assets.statistics.result import stars

Row = dict[str, Any]


def audit(content: Mapping[str, Any], names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Every identity, bound and statement with formula, values, tolerance, verdict and meaning.

    Args:
        content: study/published.yaml.
        names: province -> its English name.

    Returns:
        One row per check with paper_rows.COLUMNS; the verdicts are paper_rows.VERDICTS.
    """
    published = Published(content)
    groups: tuple[Callable[[Published], Iterable[Row]], ...] = (
        _mediation, _constants, _slope_and_r2, _conventional_errors, _added_mediator, _stars, _split_stars, _signs,
        _spreads, _inflations, _index_range, _weights, _counts, _tests,
    )  # fmt: skip
    rows = [item for group in groups for item in group(published)]
    rows += claims(published, names or {})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(("printed", "low", "high"), float))


def _mediation(published: Published) -> Iterable[Row]:
    """c = c' + a b for all coefficients and the constant."""
    meaning = Text(
        zh="总效应等于直接效应加间接效应：三列出自同一样本。",
        en="Total equals direct plus indirect effect: the three columns are of one sample.",
    )
    for way in published.mediations:
        totals, paths, directs = (published.column(way[name]) for name in ("total", "path", "direct"))
        b = directs[way["mediator"]].estimate
        for term, cell in totals.items():
            if term not in paths or term not in directs:
                continue
            a, direct = paths[term].estimate, directs[term].estimate
            bounds = span(lambda c, x, y: c + x * y, direct, a, b)
            place = Text(zh=f"{way['mediator']}：{term}", en=f"{way['mediator']}: {term}")
            values = f"{cell.estimate.text} = {direct.text} + {_factor(a)} × {_factor(b)}"
            yield identity("mediation", place, "c = c' + a b", values, cell.estimate, bounds, meaning)


def _factor(number: Printed) -> str:
    """As it is written within a formula: a negative number in brackets."""
    return f"({number.text})" if number.value < 0 else number.text


def _implied_constant(published: Published, specification: str) -> tuple[float, float]:
    """mean(y) - mean(x)'b from the descriptives."""
    products = [
        span(lambda b, mean: -b * mean, cell.estimate, published.description(term, "mean"))
        for term, cell in published.column(specification).items() if term != "_cons"
    ]  # fmt: skip
    mean = published.description(published.outcome(specification), "mean")
    return total([(mean.low, mean.high), *products])


def _constants(published: Published) -> Iterable[Row]:
    agree = Text(
        zh="常数项与所印均值相符：回归与描述统计出自同一样本。",
        en="The constant fits the printed means: regression and descriptives are of one sample.",
    )
    follows = Text(
        zh="固定效应列的常数项按xtreg的定义还含平均年度效应（以首年为基期），由此可推出。",
        en="In a fixed-effects column the constant also leaves out the mean year effect (base: the first year), which "
        "follows.",
    )
    for name in published.described("pooled"):
        constant = published.column(name)["_cons"].estimate
        bounds = _implied_constant(published, name)
        formula = "_cons = mean(y) - mean(x)'b"
        yield identity("constant", published.place(name), formula, constant.text, constant, bounds, agree)
    for name in published.described("fixed_effects"):
        constant = published.column(name)["_cons"].estimate
        low, high = _implied_constant(published, name)
        bounds = (low - constant.high, high - constant.low)
        implied = f"{(bounds[0] + bounds[1]) / 2:.3f} ± {(bounds[1] - bounds[0]) / 2:.3f}"
        formula = Text(
            zh="平均年度效应 = mean(y) - mean(x)'b - _cons", en="mean year effect = mean(y) - mean(x)'b - _cons"
        )
        values = Text(zh=f"常数项 {constant.text}", en=f"constant {constant.text}")
        yield row("constant", published.place(name), formula, values, implied, "implied", follows, bounds=bounds)


def _slope_and_r2(published: Published) -> Iterable[Row]:
    """b = r s_y / s_x in a regression on one variable."""
    meaning = Text(
        zh="单变量回归的系数、R²与标准差相互吻合。",
        en="Slope, R² and standard deviations of the simple regression agree.",
    )
    for name, cell in _simple(published):
        r2, sd_x = published.statistic(name, "r2"), published.description(cell.term, "sd")
        sd_y = published.description(published.outcome(name), "sd")
        bounds = span(lambda r, y, x, b=cell.estimate.value: math.copysign(math.sqrt(r), b) * y / x, r2, sd_y, sd_x)
        values = f"{cell.estimate.text} = √{r2.text} × {sd_y.text} / {sd_x.text}"
        yield identity("slope", published.place(name), "b = √R² sd(y) / sd(x)", values, cell.estimate, bounds, meaning)


def _simple(published: Published) -> Iterable[tuple[str, Cell]]:
    """Pooled regressions on one variable that are described, with its cell."""
    for name in published.described("pooled"):
        slopes = [cell for term, cell in published.column(name).items() if term != "_cons"]
        if len(slopes) == 1 and published.has(name, "r2"):
            yield name, slopes[0]


def _conventional_errors(published: Published) -> Iterable[Row]:
    """With one regressor t^2 = (n - 2) R2 / (1 - R2), else se_j = s sqrt(VIF_j) / (sd_j sqrt(n - 1))."""
    for name, cell in _simple(published):
        r2, n = published.statistic(name, "r2"), published.statistic(name, "n").value
        bounds = span(lambda r, n=n: math.sqrt((n - 2) * r / (1 - r)), r2)
        yield _if_conventional(name, cell, bounds, "t = √((n - 2) R² / (1 - R²))", published)
    for name in published.described("pooled"):
        cells = {term: cell for term, cell in published.column(name).items() if term != "_cons"}
        if len(cells) < 2 or not published.has(name, "r2"):
            continue
        r2, n = published.statistic(name, "r2"), published.statistic(name, "n").value
        sd_y = published.description(published.outcome(name), "sd")

        def size(b: float, r: float, y: float, v: float, x: float, n: float = n, k: int = len(cells)) -> float:
            return abs(b) / (y * math.sqrt((1 - r) / (n - k - 1)) * math.sqrt(v) / x)

        for term, cell in cells.items():
            if "vif" not in published.content["descriptives"][term]:
                continue
            vif, sd = published.description(term, "vif"), published.description(term, "sd")
            bounds = span(size, cell.estimate, r2, sd_y, vif, sd)
            yield _if_conventional(name, cell, bounds, "t = b sd(x) √(n - 1) / (s √VIF)", published)


def _if_conventional(name: str, cell: Cell, bounds: tuple[float, float], formula: str, published: Published) -> Row:
    """Whether the printed t can be that of a conventional standard error."""
    size = Printed(cell.t.text, abs(cell.t.value), cell.t.half)
    met = size.meets(*bounds)
    fits = Text(
        zh="与常规标准误相符（也不排除其他标准误）。",
        en="Fits conventional standard errors (and does not exclude others).",
    )
    apart = Text(
        zh="若为常规标准误，t应在所示区间内；不在，故标准误是稳健的（HC1）或聚类的。",
        en="Conventional standard errors would put t into the interval; it is not there, so they are robust (HC1) or "
        "clustered.",
    )
    return row(
        "conventional_error", at(published.place(name), cell.term), formula, f"|t| = {cell.t.text.lstrip('-')}",
        f"[{bounds[0]:.2f}, {bounds[1]:.2f}]", "holds" if met else "refuted", fits if met else apart,
        printed=size.value, bounds=bounds,
    )  # fmt: skip


def _added_mediator(published: Published) -> Iterable[Row]:
    """t^2 = (R2u - R2r) / (1 - R2u) * df for the conventional t of one added regressor."""
    for way in published.mediations:
        if not (published.has(way["total"], "r2") and published.has(way["direct"], "r2")):
            continue
        column = published.column(way["direct"])
        short, long = published.statistic(way["total"], "r2"), published.statistic(way["direct"], "r2")
        df = published.residual_df(way["direct"])
        bounds = span(lambda u, r, d=df: math.sqrt(max(u - r, 0.0) / (1 - u) * d), long, short)
        formula = "t = √((R² - R²₀) / (1 - R²) df)"
        yield _if_conventional(way["direct"], column[way["mediator"]], bounds, formula, published)


def star_range(t: Printed, df: float) -> set[str]:
    """Stars that some t printing like this can have under t(df)."""
    sizes = (0.0 if t.low <= 0 <= t.high else min(abs(t.low), abs(t.high)), max(abs(t.low), abs(t.high)))
    return {stars(float(2 * stats.t.sf(size, df))) for size in (*sizes, abs(t.value))}


def _stars(published: Published) -> Iterable[Row]:
    """Printed stars against p under t(G - 1), and under t(n - k) in pooled regressions."""
    meanings = {
        "fixed_effects": ("stars", Text(
            zh=f"星号与以{published.groups}个聚类为自由度的p值相符。",
            en=f"The stars fit the p-value with the degrees of freedom of {published.groups} clusters.")),
        "pooled": ("stars_pooled", Text(zh="星号与p值相符。", en="The stars fit the p-value.")),
    }  # fmt: skip
    for kind, (group, meaning) in meanings.items():
        for name in published.of_kind(kind):
            column = published.column(name)
            df = published.groups - 1 if kind == "fixed_effects" else published.statistic(name, "n").value - len(column)
            for term, cell in column.items():
                p_value = float(2 * stats.t.sf(abs(cell.t.value), df))
                yield row(
                    group, at(cell.place, term), _under(f"t({df:g})"), f"t = {cell.t.text}, {p_said(p_value)}",
                    _printed(cell.stars), holds(cell.stars in star_range(cell.t, df)), meaning, printed=cell.t.value,
                )  # fmt: skip


def p_said(p_value: float) -> str:
    """To four decimals, and not as zero."""
    return f"p = {p_value:.4f}" if p_value >= 0.0001 else "p < 0.0001"


def _under(law: str) -> Text:
    return Text(zh=f"星号 = f(p)，p取自{law}", en=f"stars = f(p), p under {law}")


def _printed(marks: str) -> Text:
    return Text(zh=f"印作“{marks}”" if marks else "印作无星号", en=f"printed {marks}" if marks else "printed without")


def _split_stars(published: Published) -> Iterable[Row]:
    """How many clusters the stars of a split sample allow."""
    meaning = Text(
        zh="表中星号只与这些聚类数相容：样本按观测的中位数划分，而非按省份。",
        en="The stars allow only these numbers of clusters: the split is at the median of the observations, not of the "
        "provinces.",
    )
    formula = Text(zh="各项星号 = f(p)，p取自t(G - 1)", en="stars = f(p), p under t(G - 1), in all cells")
    for name in published.of_kind("split"):
        column = published.column(name)
        fitting = [
            groups for groups in range(3, published.groups + 1)
            if all(cell.stars in star_range(cell.t, groups - 1) for cell in column.values())
        ]  # fmt: skip
        allowed = f"{fitting[0]}-{fitting[-1]}" if fitting else "-"
        tried = Text(zh=f"试过G = 3至{published.groups}", en=f"tried G = 3 to {published.groups}")
        yield row(
            "stars_split", published.place(name), formula, f"G = {allowed}", tried,
            "implied" if fitting else "broken", meaning,
            bounds=(float(fitting[0]), float(fitting[-1])) if fitting else None,
        )  # fmt: skip


def _signs(published: Published) -> Iterable[Row]:
    meaning = Text(zh="系数与t统计量同号。", en="Coefficients and t statistics have the same sign.")
    for name in published.content["columns"]:
        column = published.column(name)
        apart = ", ".join(term for term, cell in column.items() if cell.estimate.value * cell.t.value < 0)
        count = Text(zh=f"{len(column)}项", en=f"{len(column)} cells")
        found = Text(zh=f"不同号：{apart}", en=f"apart: {apart}") if apart else Text(zh="全部同号", en="all the same")
        yield row("sign", published.place(name), "sign(b) = sign(t)", count, found, holds(not apart), meaning)


def _spreads(published: Published) -> Iterable[Row]:
    meaning = Text(
        zh="标准差未超过由均值与极值决定的上限。",
        en="The standard deviation respects the bound set by mean and extremes.",
    )
    for variable in published.content["descriptives"]:
        place = at(published.table("descriptives"), variable)
        mean, sd, low, high = (published.description(variable, name) for name in ("mean", "sd", "min", "max"))
        n = published.description(variable, "n").value
        bound = span(lambda m, a, b, n=n: math.sqrt(max((b - m) * (m - a), 0) * n / (n - 1)), mean, low, high)[1]
        yield row(
            "spread", place, "sd² ≤ (max - mean)(mean - min) n / (n - 1)", f"sd = {sd.text}", f"≤ {bound:.3f}",
            holds(sd.low <= bound), meaning, printed=sd.value, bounds=(0.0, bound),
        )  # fmt: skip


def _inflations(published: Published) -> Iterable[Row]:
    least = Text(zh="方差膨胀因子不小于1。", en="A variance inflation factor is at least 1.")
    for variable, printed in published.content["descriptives"].items():
        if "vif" in printed:
            place, vif = at(published.table("descriptives"), variable), published.description(variable, "vif")
            yield row("vif", place, "VIF ≥ 1", vif.text, "≥ 1", holds(vif.high >= 1), least, printed=vif.value,
                      bounds=(1.0, math.inf))  # fmt: skip


def _index_range(published: Published) -> Iterable[Row]:
    index = published.content.get("index")
    if index not in published.content["descriptives"]:
        return
    low, high = (published.description(index, name) for name in ("min", "max"))
    yield row(
        "index_range", at(published.table("descriptives"), index), "0 ≤ index ≤ 1", f"{low.text}, {high.text}",
        "[0, 1]", holds(low.high >= 0 and high.low <= 1),
        Text(zh="指数在0与1之间。", en="The index lies between 0 and 1."),
    )  # fmt: skip


def _weights(published: Published) -> Iterable[Row]:
    numbers = [Printed.of(text) for text in published.content["weights"].values()]
    if not numbers:
        return
    bounds = total([(number.low, number.high) for number in numbers])
    summed = math.fsum(number.value for number in numbers)
    yield row(
        "weights", published.table("weights"), "Σ w = 100 %", f"{summed:.1f} ± {(bounds[1] - bounds[0]) / 2:.1f}",
        "100", holds(bounds[0] <= 100 <= bounds[1]),
        Text(zh="权重之和在四舍五入误差内为100%。", en="The weights sum to 100 % within rounding."),
        printed=summed, bounds=bounds,
    )  # fmt: skip


def _counts(published: Published) -> Iterable[Row]:
    meaning = Text(
        zh="观测数等于省份数乘年数：面板平衡，无缺失。",
        en="N is provinces times years: balanced, nothing missing.",
    )
    expected, split = published.groups * published.years, published.of_kind("split")
    for name in published.content["columns"]:
        if name not in split:
            size = published.statistic(name, "n").value
            yield row("count", published.place(name), "N = G T", f"{size:g}", f"{published.groups} × {published.years}",
                      holds(size == expected), meaning, printed=size)  # fmt: skip
    if split:
        size = math.fsum(published.statistic(name, "n").value for name in split)
        place = Text(zh="、".join(published.place(name).zh for name in split),
                     en=", ".join(published.place(name).en for name in split))  # fmt: skip
        yield row("count", place, "N = G T", f"{size:g}", f"{published.groups} × {published.years}",
                  holds(size == expected), meaning, printed=size)  # fmt: skip


def _tests(published: Published) -> Iterable[Row]:
    """Stars of F test and Hausman test under their distributions."""
    meaning = Text(zh="检验的星号与其分布相符。", en="The stars of the test fit its distribution.")
    for name in published.of_kind("fixed_effects"):
        slopes, groups = len(published.column(name)) - 1, published.groups
        df2 = published.residual_df(name)
        laws = {
            "f_test": (f"F({groups - 1}, {df2:g})", stats.f(groups - 1, df2)),
            "hausman": (f"χ²({slopes})", stats.chi2(slopes)),
        }
        for test, (law, distribution) in laws.items():
            if published.has(name, test):
                number = published.statistic(name, test)
                marks = published.content["columns"][name]["statistics"][f"{test}_stars"]
                p_value = float(distribution.sf(number.value))
                yield row(
                    "test_stars", at(published.place(name), published.NAMES[test]), _under(law),
                    f"{number.text}, {p_said(p_value)}", _printed(marks), holds(stars(p_value) == marks), meaning,
                    printed=number.value,
                )  # fmt: skip
