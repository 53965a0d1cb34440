"""Tables that list: indicators with their weights, variables with their definitions, descriptive statistics."""

from __future__ import annotations

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import Cell, Grid, Line
from cbe_assets.publish.material import Material
from cbe_assets.publish.notes import descriptives_notes, variables_notes, weights_notes
from cbe_assets.publish.wording import same, words


def _head(*keys: str) -> tuple[Line, ...]:
    return (tuple(Cell(column, words(key), "head") for column, key in enumerate(keys)),)


def weights_table(material: Material) -> Grid:
    """Indicators by group with the computed weight and, where the study has one, the printed weight, in percent."""
    study, frame = material.study, material.inputs["index/weights"]
    weights = dict(zip(frame["indicator"], frame["weight"], strict=True))
    printed = {key: item.printed_weight for key, item in study.indicators.items() if item.printed_weight is not None}
    lines: list[Line] = []
    for group, title in study.groups.items():
        members = [key for key, item in study.indicators.items() if item.group == group]
        for position, key in enumerate(members):
            item = study.indicators[key]
            first = [Cell(0, title, rows=len(members), align="left")] if position == 0 else []
            described = words("described", text=item.description, unit=item.unit)
            texts = [Cell(1, item.title, align="left"), Cell(2, described, align="left")]
            cells = [_share(3, float(weights[key]) * 100, key)]
            if key in printed:
                cells.append(_share(4, printed[key], key, "study/indicators"))
            lines.append((*first, *texts, *cells))
    total = [Cell(0, words("total"), align="left"), _share(3, 100 * float(frame["weight"].sum()), "weight")]
    if printed:
        total.append(_share(4, sum(printed.values()), "printed_weight", "study/indicators"))
    heads = ["index_group", "index_indicator", "index_description", "weight", *(["printed_weight"] if printed else [])]
    notes = weights_notes(material, sum(printed.values()) if printed else None)
    return Grid(material.name, material.title(), _head(*heads), (*lines, tuple(total)), tuple(notes))


def _share(column: int, percent: float, term: str, source: str = "index/weights") -> Cell:
    return Cell(column, same(f"{numbers.decimal(percent, 1)}%"), "statistic", percent, source=source, term=term)


def variables_table(material: Material) -> Grid:
    """The exhibit's variables with what they mean, how they are computed, their part and their source."""
    lines: list[Line] = []
    for name in material.exhibit.terms:
        variable = material.study.variables[name]
        texts = (same(name), variable.title, variable.description, words(f"role_{variable.role}"), variable.source)
        lines.append(tuple(Cell(column, text, align="left") for column, text in enumerate(texts)))
    heads = _head("variable", "variable_title", "variable_description", "variable_role", "variable_source")
    return Grid(material.name, material.title(), heads, tuple(lines), tuple(variables_notes(material)))


def descriptives_table(material: Material) -> Grid:
    """Count, mean, standard deviation, extremes, VIF; within VIF where the exhibit has a vif test."""
    source = f"model/{material.exhibit.columns[0]}"
    within = {}
    for name in material.tests("vif"):
        within = {key[7:-1]: row["value"] for key, row in material.test(name).items() if key.startswith("within[")}
    lines = []
    for row in material.inputs[source].to_dict("records"):
        name, place = row["variable"], {"source": source, "term": row["variable"]}
        cells = [Cell(0, same(name), align="left"), Cell(1, material.study.variables[name].title, align="left")]
        cells.append(Cell(2, same(numbers.integer(row["n"])), "statistic", float(row["n"]), **place))
        for column, key in enumerate(("mean", "sd", "min", "max"), start=3):
            cells.append(Cell(column, same(numbers.decimal(row[key])), "statistic", float(row[key]), **place))
        cells.append(Cell(7, same(numbers.decimal(row["vif"], 2)), "statistic", float(row["vif"]), **place))
        if within:
            value = float(within.get(name, float("nan")))
            cells.append(Cell(8, same(numbers.decimal(value, 2)), "statistic", value, source="model/vif", term=name))
        lines.append(tuple(cells))
    heads = _head(
        "variable", "explanation", "sample_size", "mean", "sd", "min", "max", "vif", *(["vif_within"] if within else [])
    )
    return Grid(material.name, material.title(), heads, tuple(lines), tuple(descriptives_notes(material, bool(within))))
