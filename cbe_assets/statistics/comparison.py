"""The paper's printed numbers beside computed ones, cell by cell, and what may be concluded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from scipy import stats

from cbe_assets.declared.text import Text
from cbe_assets.statistics.printed import Printed, Published
from cbe_assets.statistics.result import Result
from cbe_assets.statistics.result import stars as stars_of

COLUMNS = (
    "place_zh", "place_en", "specification", "term", "statistic", "printed_text", "printed", "printed_stars",
    "printed_std_error", "computed", "computed_stars", "computed_std_error", "same_sign", "same_stars", "difference",
    "difference_in_std_errors", "within_rounding",
)  # fmt: skip
NAN = float("nan")


def compare(
    content: Mapping[str, Any],
    results: Mapping[str, Result],
    *,
    weights: Mapping[str, float] | None = None,
    descriptives: pd.DataFrame | None = None,
    tests: Mapping[tuple[str, str], tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """One row per printed number; what was not computed has missing values in the computed columns.

    Args:
        content: study/published.yaml.
        results: specification -> result, under the names of published.yaml; that of `slopes_of` for the slopes.
        weights: indicator -> computed weight, summing to 1.
        descriptives: as descriptives.descriptives returns them.
        tests: (specification, `f_test` or `hausman`) -> (statistic, p).

    Returns:
        `COLUMNS`; same_sign and same_stars are missing where there is no sign or star to compare.
        `difference_in_std_errors` is in units of the printed standard error |estimate / t| (of slopes: of the one that
        the printed p implies under t(years - 2)).
    """
    published = Published(content)
    rows = [
        *_coefficients(published, results), *_statistics(published, results, tests or {}),
        *_slopes(published, results), *_weights(published, weights or {}),
        *_descriptions(published, descriptives),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    booleans = dict.fromkeys(("same_sign", "same_stars", "within_rounding"), "boolean")
    numbers = ("printed", "printed_std_error", "computed", "computed_std_error", "difference",
               "difference_in_std_errors")  # fmt: skip
    return frame.astype({**booleans, **dict.fromkeys(numbers, float)})


def _line(
    place: Text,
    specification: str,
    term: str,
    statistic: str,
    printed: Printed,
    computed: float | None,
    *,
    stars: tuple[str, str | None] | None = None,
    errors: tuple[float, float | None] = (NAN, None),
    signed: bool = False,
) -> tuple:
    """One row; `stars` and `errors` are (printed, computed)."""
    if computed is None or not math.isfinite(computed):
        head = (place.zh, place.en, specification, term, statistic, printed.text, printed.value)
        return (*head, stars[0] if stars else None, errors[0], NAN, None, NAN, None, None, NAN, NAN, None)
    difference = computed - printed.value
    own_stars, other_stars = stars or (None, None)
    return (
        place.zh, place.en, specification, term, statistic, printed.text, printed.value, own_stars, errors[0],
        computed, other_stars, NAN if errors[1] is None else errors[1],
        (computed > 0) == (printed.value > 0) if signed else None,
        own_stars == other_stars if stars else None,
        difference, difference / errors[0] if errors[0] > 0 else NAN, printed.meets(computed, computed),
    )  # fmt: skip


def _coefficients(published: Published, results: Mapping[str, Result]) -> Iterable[tuple]:
    for (name, term), cell in published.cells.items():
        found = results[name].terms.get(term) if name in results else None
        yield _line(
            cell.place, name, term, "coefficient", cell.estimate, found.estimate if found else None,
            stars=(cell.stars, found.stars if found else None),
            errors=(cell.std_error, found.std_error if found else None), signed=True,
        )  # fmt: skip


def _statistics(published: Published, results: Mapping[str, Result], tests) -> Iterable[tuple]:
    for name, column in published.content["columns"].items():
        result = results.get(name)
        for statistic, text in column["statistics"].items():
            if statistic.endswith("_stars"):
                continue
            computed, stars = None, None
            if statistic in ("f_test", "hausman"):
                value, p_value = tests.get((name, statistic), (None, NAN))
                computed, stars = value, (column["statistics"][f"{statistic}_stars"], stars_of(p_value))
            elif result is not None:
                computed = float(result.n) if statistic == "n" else result.r2
            printed = published.statistic(name, statistic)
            yield _line(published.place(name), name, "", statistic, Printed.of(text) if stars else printed, computed,
                        stars=stars)  # fmt: skip


def _slopes(published: Published, results: Mapping[str, Result]) -> Iterable[tuple]:
    """Slopes are printed with p-values; their stars are those of p."""
    name = published.content.get("slopes_of", "")
    result = results.get(name)
    terms = {} if result is None else {name[name.index("[") + 1 : -1]: term for name, term in result.terms.items()
                                       if "[" in name}  # fmt: skip
    for provinces in published.content["slopes"].values():
        for province, cell in provinces.items():
            printed, p_value = Printed.of(cell["estimate"]), Printed.of(cell["p"])
            # A p that prints as 0.000 may be up to half of its last digit: the standard error is at most this.
            size = float(stats.t.isf(max(p_value.value, p_value.half) / 2, published.years - 2))
            found = terms.get(province)
            yield _line(
                published.table("slopes"), name, province, "slope", printed,
                found.estimate if found else None, stars=(stars_of(p_value.value), found.stars if found else None),
                errors=(abs(printed.value) / size, found.std_error if found else None), signed=True,
            )  # fmt: skip


def _weights(published: Published, weights: Mapping[str, float]) -> Iterable[tuple]:
    for indicator, text in published.content["weights"].items():
        computed = 100 * weights[indicator] if indicator in weights else None
        yield _line(published.table("weights"), "", indicator, "weight", Printed.of(text), computed)


def _descriptions(published: Published, descriptives: pd.DataFrame | None) -> Iterable[tuple]:
    computed = {} if descriptives is None else descriptives.set_index("variable").to_dict("index")
    for variable, printed in published.content["descriptives"].items():
        for name in printed:
            value = computed.get(variable, {}).get(name)
            yield _line(published.table("descriptives"), "", variable, name, published.description(variable, name),
                        None if value is None else float(value))  # fmt: skip


def overall(table: pd.DataFrame, *, simulated: bool) -> dict[str, Any]:
    """What the comparison amounts to, in numbers and in one sentence of each language.

    Args:
        table: as `compare` returns it.
        simulated: whether the computed numbers come from the embedded simulated yearbook.

    Returns:
        cells, compared, same_sign, same_stars (shares of the coefficients compared), within_one_std_error (share),
        within_rounding (share), verdict (`simulated`, `reproduced`, `close`, `different` or `nothing compared`), and
        the sentence in zh and en.
    """
    compared = table[table["computed"].notna()]
    cells = compared[compared["same_sign"].notna()]
    shares = {
        "same_sign": _mean(cells["same_sign"]), "same_stars": _mean(cells["same_stars"]),
        "within_one_std_error": _mean(cells["difference_in_std_errors"].abs() <= 1),
        "within_rounding": _mean(compared["within_rounding"]),
    }  # fmt: skip
    kind = _verdict(len(cells), shares, simulated)
    facts = {"cells": len(table), "compared": len(compared), **shares}
    counts = {key: "-" if math.isnan(value) else f"{100 * value:.0f} %" for key, value in shares.items()}
    zh, en = SENTENCES[kind]
    return {**facts, "verdict": kind, "zh": zh.format(**counts), "en": en.format(**counts)}


def _mean(values: pd.Series) -> float:
    return float(values.astype(float).mean()) if len(values) else NAN


def _verdict(cells: int, shares: Mapping[str, float], simulated: bool) -> str:
    if not cells:
        return "nothing compared"
    if simulated:
        return "simulated"
    if shares["within_rounding"] == 1:
        return "reproduced"
    return "close" if shares["same_sign"] >= 0.95 and shares["within_one_std_error"] >= 0.9 else "different"


SENTENCES = {
    "nothing compared": ("没有可比较的计算结果。", "There is nothing computed to compare with."),
    "simulated": (
        "计算结果出自模拟数据（SIMULATED）：无论与印刷数字多么接近，都不能证实这篇论文，也不能否定它。"
        "系数同号 {same_sign}，星号相同 {same_stars}，相差不超过一个所印标准误 {within_one_std_error}。",
        "THE COMPUTED NUMBERS COME FROM SIMULATED DATA: however close they are to the printed ones, they cannot "
        "confirm the paper, nor refute it. Same sign {same_sign}, same stars {same_stars}, within one printed "
        "standard error {within_one_std_error} of the coefficients.",
    ),
    "reproduced": (
        "所有已比较的数字在印刷精度内一致。", "Every number compared agrees to the digits printed.",
    ),
    "close": (
        "接近但不相同：系数同号 {same_sign}，星号相同 {same_stars}，相差不超过一个所印标准误 {within_one_std_error}。",
        "Close, not the same: same sign {same_sign}, same stars {same_stars}, within one printed standard error "
        "{within_one_std_error} of the coefficients.",
    ),
    "different": (
        "与印刷结果不同：系数同号 {same_sign}，星号相同 {same_stars}，"
        "相差不超过一个所印标准误 {within_one_std_error}。",
        "Different from what is printed: same sign {same_sign}, same stars {same_stars}, within one printed standard "
        "error {within_one_std_error} of the coefficients.",
    ),
}  # fmt: skip
"""Verdict -> (zh, en)."""
