"""The block under a regression table that the paper has not: inference for few clusters, and what effects mean in size.

Its numbers stand beside the coefficients of model/<specification> (statistics.inference.TERM_COLUMNS).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cbe_assets.declared.text import Text
from cbe_assets.publish import numbers
from cbe_assets.publish.grid import Cell, Line
from cbe_assets.publish.material import Material
from cbe_assets.publish.wording import enumerated, joined, same, sentences, words

Row = dict[str, Any]
Models = dict[str, dict[str, Row]]
Printed = Callable[[Row, bool], Text]
"""A row of model/<specification>, and whether its outcome is in logs -> the text of a cell."""
NAN = float("nan")


def inference_lines(material: Material, models: Models) -> list[Line]:
    """The rows that the exhibit asks for, under a heading that names the regressors; nothing if it asks for none.

    Regressors of different columns share their rows; those of one column have rows of their own, one block below the
    other.  A row that no column has anything for is left out.
    """
    rows, blocks = material.exhibit.inference, []
    for block in _blocks(material):
        said = [line for row in rows for line in _of_block(material, models, row, block) if len(line) > 1]
        if said:
            blocks.append([_heading(material, models, list(dict.fromkeys(block.values()))), *said])
    whole = [line for row in rows for line in _of_columns(material, models, row) if len(line) > 1]
    if whole:
        blocks = blocks or [[_heading(material, models, [])]]
        blocks[0] += whole
    return [line for block in blocks for line in block]


def _heading(material: Material, models: Models, terms: list[str]) -> Line:
    head = words("beyond_paper" if material.study.settings.paper else "beyond_table")
    text = joined([head, enumerated(terms)], words("beyond_of")) if terms else head
    return (Cell(0, text, columns=1 + len(models), align="left", rule=True),)


def _blocks(material: Material) -> list[dict[str, str]]:
    """Column -> regressor of interest, so often that every one that the exhibit shows has its place."""
    blocks: list[dict[str, str]] = []
    for term in material.exhibit.terms:
        columns = [name for name in material.shown() if term in material.study.specifications[name].regressors]
        if columns:
            free = next((block for block in blocks if not block.keys() & set(columns)), None)
            if free is None:
                blocks.append(free := {})
            free |= dict.fromkeys(columns, term)
    return blocks


def _of_block(material: Material, models: Models, row: str, block: dict[str, str]) -> list[Line]:
    """The lines of a row about regressors; none for a row about whole columns."""
    said = _steps(material, list(dict.fromkeys(block.values())))
    return [
        _line(material, models, words(f"row_{column}", step=said), block, column, printed)
        for column, printed in LINES.get(row, {}).items()
    ]


def _steps(material: Material, terms: list[str]) -> Text:
    """+0.01; NumCPZ +1, ECI +0.01 where the steps of a block differ."""
    steps = {term: f"+{material.study.variables[term].step:g}" for term in terms}
    alike = len(set(steps.values())) == 1
    return same(next(iter(steps.values()))) if alike else enumerated(f"{term} {step}" for term, step in steps.items())


def _of_columns(material: Material, models: Models, row: str) -> list[Line]:
    """The lines of a row about whole columns: their number stands beside every regressor of interest alike."""
    if row != "r2_within":
        return []
    columns = ["r2_within_net_of_years"]
    if not {"r2", "r2_within"} & set(material.exhibit.statistics):
        columns.insert(0, "r2_within")
    regressors = {name: material.study.specifications[name].regressors for name in models}
    first = {name: next((term for term in known if term in models[name]), "") for name, known in regressors.items()}
    return [_line(material, models, words(f"row_{column}"), first, column, _number(column, 3)) for column in columns]


def _line(
    material: Material, models: Models, label: Text, terms: dict[str, str], column: str, printed: Printed
) -> Line:
    """A label, and a cell in every column whose term has the number."""
    cells = [Cell(0, label, align="left")]
    for position, (name, rows) in enumerate(models.items(), start=1):
        row = rows.get(terms.get(name, ""), {})
        value = float(row.get(column, NAN))
        if not math.isnan(value):
            text = printed(row, material.study.variables[material.study.specifications[name].outcome].log)
            known = value if column not in INTERVALS else NAN
            place = {"source": f"model/{name}", "term": f"{column}[{terms[name]}]"}
            cells.append(Cell(position, text, "statistic", known, **place))
    return tuple(cells)


def _number(column: str, places: int) -> Printed:
    return lambda row, log: same(numbers.decimal(float(row[column]), places))


def _interval(low: str, high: str) -> Printed:
    return lambda row, log: same(numbers.interval(float(row[low]), float(row[high])))


def _step_effect(row: Row, log: bool) -> Text:
    """Percent of an outcome in logs, units of one in levels."""
    value = numbers.decimal(float(row["step_effect"]), _step_places(row, log))
    return words("percent", value=value) if log else same(value)


def _step_interval(row: Row, log: bool) -> Text:
    low, high = float(row["step_conf_low"]), float(row["step_conf_high"])
    return same(numbers.interval(low, high, _step_places(row, log)))


def _step_places(row: Row, log: bool) -> int:
    """Two decimals of a percentage; of units as many as show two digits of the interval's larger end."""
    largest = max(abs(float(row["step_conf_low"])), abs(float(row["step_conf_high"])))
    if log or not 0 < largest < math.inf:
        return 2
    return max(2, 1 - math.floor(math.log10(largest)))


LINES: dict[str, dict[str, Printed]] = {
    "cv3": {"cv3_std_error": _number("cv3_std_error", 3)},
    "wcr": {"wcr_p_value": _number("wcr_p_value", 4), "wcr_conf_low": _interval("wcr_conf_low", "wcr_conf_high")},
    "effective_clusters": {"effective_clusters": _number("effective_clusters", 1)},
    "step_effect": {"step_effect": _step_effect, "step_conf_low": _step_interval},
    "elasticity_at_mean": {
        "elasticity_at_mean": _number("elasticity_at_mean", 3),
        "elasticity_conf_low": _interval("elasticity_conf_low", "elasticity_conf_high"),
    },
}
"""Row of exhibits.yaml -> its lines: the column whose number decides whether a cell is there, and what is printed."""
INTERVALS = ("wcr_conf_low", "step_conf_low", "elasticity_conf_low")
"""Lines that print two numbers: their cells have no single one."""


def inference_notes(material: Material, models: Models) -> list[Text]:
    """One sentence for every kind of row shown, and what a cluster is where the column's own errors do not cluster."""
    lines = inference_lines(material, models)
    shown = {cell.term.partition("[")[0] for line in lines for cell in line[1:]}
    facts = {"draws": material.study.settings.draws.wild_bootstrap}
    kinds = {
        "cv3": "cv3_std_error", "wcr": "wcr_p_value", "effective_clusters": "effective_clusters",
        "r2_within": "r2_within_net_of_years", "step_effect": "step_effect", "elasticity_at_mean": "elasticity_at_mean",
    }  # fmt: skip
    said = [words(f"row_note_{kind}", **facts) for kind, column in kinds.items() if column in shown]
    if shown & {"step_effect", "elasticity_at_mean"}:
        said.append(words("row_note_sizes"))
    clustered = [material.study.specifications[name].covariance == "clustered" for name in models]
    if shown & {"cv3_std_error", "wcr_p_value", "effective_clusters"} and not all(clustered):
        others = [f"({column})" for column, own in enumerate(clustered, start=1) if not own]
        said.append(words("row_note_clusters", list=enumerated(others)))
    return [sentences(said)] if said else []
