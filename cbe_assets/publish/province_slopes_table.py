"""A slope for every province: regions one under the other, coefficient and p value of each estimator side by side."""

from __future__ import annotations

from typing import Any

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import NOTHING, Cell, Grid, Line
from cbe_assets.publish.material import Material
from cbe_assets.publish.notes import slopes_notes
from cbe_assets.publish.wording import same, words
from cbe_assets.study import Text
from cbe_assets.yearbook.gazetteer import Province

REGIONS = ("east", "central", "west")


def province_slopes_table(material: Material) -> Grid:
    """The grid of an exhibit of kind `province_slopes`, of its first term."""
    term = material.exhibit.terms[0]
    models = {name: material.model(name) for name in material.shown()}
    pooled = [_pooled(material, name) for name in material.tests("partial_pooling")]
    width = 1 + 2 * (len(models) + len(pooled))
    lines: list[Line] = []
    for region in REGIONS:
        provinces = [item for item in material.context.gazetteer.provinces if item.region == region]
        shown = [item for item in provinces if any(f"{term}[{item.name}]" in terms for terms in models.values())]
        if shown:
            lines.append((Cell(0, words(f"region_{region}"), columns=width, align="left"),))
            lines += [(*_line(item, term, models), *_slopes(item, pooled, 1 + 2 * len(models))) for item in shown]
    return Grid(material.name, material.title(), _heads(material), tuple(lines), tuple(slopes_notes(material)))


def _heads(material: Material) -> tuple[Line, Line]:
    over, under = [Cell(0, NOTHING, "head")], [Cell(0, words("province"), "head", align="left")]
    for position, name in enumerate(material.shown()):
        column = 1 + 2 * position
        label = words(material.study.specifications[name].estimator)
        over.append(Cell(column, label, "head", columns=2, rule=True))
        under += [Cell(column, words("coefficient"), "head"), Cell(column + 1, words("p_value"), "head")]
    for position, _ in enumerate(material.tests("partial_pooling"), start=len(material.shown())):
        column = 1 + 2 * position
        over.append(Cell(column, words("partially_pooled"), "head", columns=2, rule=True))
        under += [Cell(column, words("coefficient"), "head"), Cell(column + 1, words("std_error"), "head")]
    return tuple(over), tuple(under)


def _pooled(material: Material, name: str) -> dict[str, dict[str, Any]]:
    """Province -> its row of model/<name>."""
    rows = material.inputs[f"model/{name}"].assign(source=f"model/{name}").to_dict("records")
    return {row["province"]: row for row in rows}


def _slopes(province: Province, pooled: list[dict[str, dict[str, Any]]], first: int) -> Line:
    """Slope and standard error of each way of pooling, without stars: a slope drawn to a mean is no test."""
    cells = []
    for position, rows in enumerate(pooled):
        if row := rows.get(province.name):
            column, place = first + 2 * position, {"source": row["source"], "term": province.name}
            slope, error = float(row["pooled"]), float(row["pooled_std_error"])
            cells.append(Cell(column, same(numbers.decimal(slope)), "coefficient", slope, **place))
            cells.append(Cell(column + 1, same(numbers.decimal(error)), "statistic", error, **place))
    return tuple(cells)


def _line(province: Province, term: str, models: dict[str, dict[str, dict]]) -> Line:
    cells = [Cell(0, Text(zh=province.name, en=province.name_en), align="left")]
    for position, (name, terms) in enumerate(models.items()):
        row = terms.get(f"{term}[{province.name}]")
        if row is None:
            continue
        column, place = 1 + 2 * position, {"source": f"model/{name}", "term": row["term"]}
        estimate, p_value = float(row["estimate"]), float(row["p_value"])
        text = same(numbers.starred(estimate, row["stars"]))
        cells.append(Cell(column, text, "coefficient", estimate, **place))
        cells.append(Cell(column + 1, same(numbers.decimal(p_value)), "statistic", p_value, **place))
    return tuple(cells)
