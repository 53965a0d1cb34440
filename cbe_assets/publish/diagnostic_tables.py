"""Tables of what a regression assumes and of how sure its index is: diagnostics, uncertainty of the construction."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import NOTHING, Cell, Grid, Line
from cbe_assets.publish.material import Material, place_of
from cbe_assets.publish.notes import with_common
from cbe_assets.publish.result_lines import Column, heads, line, panel
from cbe_assets.publish.variants import province_or_year
from cbe_assets.publish.wording import same, sentences, words
from cbe_assets.study import Text

Row = dict[str, Any]
MOST = 3
"""Provinces whose ranks are the least certain, shown beside the mean over all."""
COEFFICIENT = "coefficient_per_sd"
SPREAD = ("mean", "sd", "low", "high")


def diagnostics_table(material: Material) -> Grid:
    """A line per test: value, degrees of freedom, p, what it asks and what follows if it rejects."""
    (name,) = material.exhibit.columns
    value, p_value = Column("value", "statistic", lambda row: numbers.decimal(row["value"], 2)), _p()
    lines = []
    for row in material.inputs[f"model/{name}"].to_dict("records"):
        test = row["statistic"]
        cells = line([words(f"test_{test}")], row, (value, p_value), f"model/{name}", test)
        shifted = [_moved(cells[2], 3)]
        texts = [Cell(place, words(f"{kind}_{test}"), align="left") for place, kind in ((4, "asks"), (5, "then"))]
        lines.append((cells[0], cells[1], Cell(2, _freedom(row)), *shifted, *texts))
    top = [("test", "left"), ("statistic", "center"), ("freedom", "center"), ("p_value", "center"), ("asks", "left"),
           ("then", "left")]  # fmt: skip
    head = tuple(Cell(place, words(key), "head", align=align) for place, (key, align) in enumerate(top))
    specification = material.study.tests[name].specifications[0]
    notes = with_common(material, [words("diagnostics_note", place=place_of(material.study, specification))])
    return Grid(material.name, material.title(), (head,), tuple(lines), tuple(notes))


def _p() -> Column:
    return Column("p_value", "p_value", lambda row: numbers.p_value(row["p_value"]))


def _moved(cell: Cell, column: int) -> Cell:
    from dataclasses import replace

    return replace(cell, column=column)


def _freedom(row: Row) -> Text:
    """The distribution under the null: N(0, 1), χ²(30), F(1, 29)."""
    first, second = float(row["df1"]), float(row["df2"])
    if pd.isna(first):
        return same("N(0,\u00a01)")
    if pd.isna(second):
        return same(f"χ²({numbers.integer(first)})")
    return same(f"F({numbers.integer(first)},\u00a0{numbers.integer(second)})")


def index_uncertainty_table(material: Material) -> Grid:
    """Variance shares of each choice behind the index, and the spread they cause, output by output.

    Outputs: the headline coefficient, the mean over the provinces' ranks, the ranks that are the least certain.
    """
    (entry,) = material.exhibit.columns
    frame = material.inputs[f"model/{entry}"]
    outputs = _outputs(material, frame)
    columns = [
        Column(f"{share}.{position}", share, lambda row, key=f"{share}.{position}": numbers.decimal(row[key]), title)
        for position, (title, _) in enumerate(outputs)
        for share in ("first_order", "total_order")
    ]
    lines: list[Line] = [panel(words("shares"), 1 + len(columns))]
    for factor in dict.fromkeys(frame["factor"]):
        row = {}
        for position, (_, part) in enumerate(outputs):
            own = part[part["factor"] == factor]
            row[f"first_order.{position}"] = float(own["first_order"].mean())
            row[f"total_order.{position}"] = float(own["total"].mean())
        lines.append(line([words(f"factor_{factor}")], row, columns, f"model/{entry}", factor))
    lines.append(panel(words("spread"), 1 + len(columns)))
    lines += [_spread(measure, outputs, f"model/{entry}") for measure in SPREAD]
    specification = material.study.robustness[entry].specifications[0]
    facts = {"place": place_of(material.study, specification), "points": material.study.settings.draws.monte_carlo}
    notes = with_common(material, [sentences([words("uncertainty_note", **facts, **_choices()), words("shares_note")])])
    return Grid(material.name, material.title(), heads(["factor"], columns), tuple(lines), tuple(notes))


def _choices() -> dict[str, str]:
    """How many options each choice behind the index has; by how many percent a weight is moved."""
    from cbe_assets.statistics.index_uncertainty import Choices

    choices = Choices()
    counts = {key: str(len(getattr(choices, key))) for key in ("weights", "normalizing", "winsor", "aggregation")}
    return counts | {"perturbation": f"{100 * choices.perturbation:g}"}


def _outputs(material: Material, frame: pd.DataFrame) -> list[tuple[Text, pd.DataFrame]]:
    """Head of an output and its rows; the mean over the ranks holds the rows of all provinces."""
    parts = {name: part for name, part in frame.groupby("output", sort=False)}
    ranks = {name: part for name, part in parts.items() if name != COEFFICIENT}
    widest = sorted(ranks, key=lambda name: (-float(ranks[name]["sd"].iloc[0]), name))[:MOST]
    every = pd.concat(list(ranks.values()), ignore_index=True)
    said = [(words("output_coefficient"), parts[COEFFICIENT]), (words("output_ranks"), every)]
    for name in widest:
        province = province_or_year(material, name.removeprefix("rank[").removesuffix("]"))
        said.append((words("output_rank", province=province), ranks[name]))
    return said


def _spread(measure: str, outputs: list[tuple[Text, pd.DataFrame]], source: str) -> Line:
    """One measure of every output's spread over both of its columns; of all ranks only the mean of their SDs."""
    cells = [Cell(0, words(f"spread_{measure}"), align="left")]
    for position, (_, part) in enumerate(outputs):
        several = part["output"].nunique() > 1
        value = float(part[measure].mean())
        if several and measure != "sd":
            cells.append(Cell(1 + 2 * position, NOTHING, columns=2))
            continue
        text = same(numbers.decimal(value, 3 if position == 0 else 1))
        term = "mean_rank_sd" if several else str(part["output"].iloc[0])
        cells.append(Cell(1 + 2 * position, text, "statistic", value, columns=2, source=source, term=term))
    return tuple(cells)
