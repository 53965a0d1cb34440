"""A regression table: a column per specification, coefficients with stars, t statistics below, then statistics.

What the paper does not print stands in a block of its own below (inference_rows.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import NOTHING, Cell, Grid, Line
from cbe_assets.publish.inference_rows import inference_lines
from cbe_assets.publish.material import Material
from cbe_assets.publish.notes import regression_notes
from cbe_assets.publish.tested import hausman_printed
from cbe_assets.publish.wording import same, words
from cbe_assets.statistics.result import stars

Row = dict[str, Any]


def regression_table(material: Material) -> Grid:
    """The grid of an exhibit of kind `regression`.

    Terms and statistics are those the exhibit names, in its order; a variable of a model that it does not name is
    told in the notes.
    """
    models = {name: material.model(name) for name in material.shown()}
    lines: list[Line] = []
    for term in material.exhibit.terms:
        lines += _coefficient(term, models)
    for statistic in material.exhibit.statistics:
        lines.append(_statistic(statistic, material, models))
    lines += inference_lines(material, models)
    notes = tuple(regression_notes(material))
    return Grid(material.name, material.title(), tuple(_heads(material)), tuple(lines), notes)


def _heads(material: Material) -> list[Line]:
    """Heads over columns where the exhibit has them, then (1) (2) ..., then the outcomes."""
    lines: list[Line] = []
    if heads := material.exhibit.heads:
        column, cells = 1, [Cell(0, NOTHING, "head")]
        for head in heads:
            cells.append(Cell(column, head, "head", columns=head.span, rule=head.span > 1))
            column += head.span
        lines.append(tuple(cells))
    columns = list(enumerate(material.shown(), start=1))
    lines.append((Cell(0, NOTHING, "head"), *(Cell(column, same(f"({column})"), "head") for column, _ in columns)))
    outcomes = [(column, material.study.specifications[name].outcome) for column, name in columns]
    lines.append((Cell(0, NOTHING, "head"), *(Cell(column, same(outcome), "head") for column, outcome in outcomes)))
    return lines


def _coefficient(term: str, models: dict[str, dict[str, Row]]) -> list[Line]:
    """Two lines: coefficients, then t statistics."""
    label = words("_cons") if term == "_cons" else same(term)
    first, second = [Cell(0, label, align="left")], []
    for column, (name, terms) in enumerate(models.items(), start=1):
        if term not in terms:
            continue
        row, place = terms[term], {"source": f"model/{name}", "term": term}
        text = same(numbers.starred(row["estimate"], row["stars"]))
        first.append(Cell(column, text, "coefficient", float(row["estimate"]), **place))
        below = same(numbers.parenthesized(row["statistic"]))
        second.append(Cell(column, below, "statistic", float(row["statistic"]), **place))
    return [tuple(first), tuple(second) or (Cell(0, NOTHING, align="left"),)]


def _statistic(name: str, material: Material, models: dict[str, dict[str, Row]]) -> Line:
    cells = [Cell(0, words(name), align="left")]
    for column, (specification, terms) in enumerate(models.items(), start=1):
        if cell := STATISTICS[name](material, specification, next(iter(terms.values())), column):
            cells.append(cell)
    return tuple(cells)


def _effects(effect: str) -> Callable[..., Cell | None]:
    def cell(material: Material, specification: str, row: Row, column: int) -> Cell | None:
        has = effect in material.study.specifications[specification].effects
        return Cell(column, words("has_effects" if has else "has_no_effects"))

    return cell


def _number(key: str, places: int | None) -> Callable[..., Cell | None]:
    def cell(material: Material, specification: str, row: Row, column: int) -> Cell | None:
        value = float(row[key])
        text = numbers.integer(value) if places is None else numbers.decimal(value, places)
        return Cell(column, same(text), "statistic", value, source=f"model/{specification}", term=key)

    return cell


def _test(kind: str) -> Callable[..., Cell | None]:
    """The statistic of a test of this specification, in its column."""

    def cell(material: Material, specification: str, row: Row, column: int) -> Cell | None:
        for name in material.tests(kind):
            if specification in material.study.tests[name].specifications:
                rows = material.test(name)
                printed = hausman_printed(rows) if kind == "hausman" else "f_province_effects"
                value, p_value = float(rows[printed]["value"]), float(rows[printed]["p_value"])
                text = same(numbers.starred(value, stars(p_value), 2))
                return Cell(column, text, "statistic", value, source=f"model/{name}", term=printed)
        return None

    return cell


STATISTICS: dict[str, Callable[..., Cell | None]] = {
    "f_test": _test("f_test"),
    "hausman": _test("hausman"),
    "province_effects": _effects("province"),
    "year_effects": _effects("year"),
    "n": _number("n", None),
    "groups": _number("groups", None),
    "r2": _number("r2", 3),
    "r2_within": _number("r2_within", 3),
}
"""Statistic of exhibits.yaml -> its cell in the column of a specification."""
