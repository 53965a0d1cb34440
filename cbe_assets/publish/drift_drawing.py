"""Figures of what moved: headline coefficients over the snapshots, and changed cells by province and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cbe_assets.drift.report import Drift
from cbe_assets.publish.drawing import ALARM, BARS, DOTS, INK, LINE, SOFT, WIDTH, saved, style
from cbe_assets.publish.drift_lines import coefficient_name, place_name
from cbe_assets.publish.wording import Language, words
from cbe_assets.yearbook.gazetteer import Gazetteer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
PANEL_HEIGHT = 1.55
"""Inches per row of coefficients."""
ROW_HEIGHT = 0.155
"""Inches per province of the map."""
SHADES = LinearSegmentedColormap.from_list("revised", ["#EAF3FA", "#9CCBE8", BARS[0], "#003A5D"])


def pictures(drift: Drift, gazetteer: Gazetteer, language: Language) -> dict[tuple[str, str], bytes]:
    """(figure, svg or png) -> bytes; both figures always, so that no export of an earlier refresh stays behind."""
    made = {}
    drawn = {
        "drift_course": lambda: _course(drift, gazetteer, language),
        "drift_cells": lambda: _map(drift, gazetteer, language),
    }
    for name, draw in drawn.items():
        with style(f"{name}.{language}"):
            figure = draw()
            made[name, "svg"], made[name, "png"] = saved(figure, "svg", DOTS), saved(figure, "png", DOTS)
    return made


def _figure(height: float, simulated: bool, language: Language) -> Figure:
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    if simulated:
        mark = words("simulated_banner")[language]
        frame = {"boxstyle": "square,pad=0.25", "facecolor": "none", "edgecolor": ALARM, "linewidth": 0.9}
        figure.text(0.5, 1 - 0.16 / height, mark, fontsize=9.5, color=ALARM, ha="center", va="center", bbox=frame)
    return figure


def _course(drift: Drift, gazetteer: Gazetteer, language: Language) -> Figure:
    """A small panel per coefficient, estimate and interval at each snapshot."""
    lines = max(1, -(-len(drift.headline) // COLUMNS))
    head, foot = (0.42 if drift.simulated else 0.15), 0.42
    height = lines * PANEL_HEIGHT + head + foot
    figure = _figure(height, drift.simulated, language)
    for number, (name, term) in enumerate(drift.headline):
        row, column = divmod(number, COLUMNS)
        bottom = (foot + (lines - 1 - row) * PANEL_HEIGHT + 0.18) / height
        axes = figure.add_axes((0.09 + 0.5 * column, bottom, 0.39, (PANEL_HEIGHT - 0.5) / height))
        chosen = drift.course[drift.course["specification"].eq(name) & drift.course["term"].eq(term)]
        _one_course(axes, chosen, coefficient_name(name, term, gazetteer)[language])
    figure.text(0.5, 0.1 / height, words("drift_course_axis")[language], fontsize=8, color=SOFT, ha="center")
    return figure


def _one_course(axes: Axes, course: pd.DataFrame, title: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, fontsize=9, color=INK, loc="left", pad=4)
    axes.axhline(0, color=SOFT, linewidth=0.6, linestyle=(0, (4, 3)))
    at, low, high = (course[name].to_numpy(float) for name in ("number", "low", "high"))
    axes.vlines(at, low, high, color=BARS[0], linewidth=1.4)
    axes.plot(at, course["estimate"], color=BARS[0], linewidth=0.8, alpha=0.6)
    axes.plot(at, course["estimate"], linestyle="none", marker="o", markersize=4.5, color=BARS[0])
    if len(at):
        axes.set_xlim(at.min() - 0.5, at.max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _placed(drift: Drift) -> pd.DataFrame:
    """Changed cells that have a province and a year of the panel's axes."""
    cells = drift.cells
    return cells[cells["province"].isin(drift.provinces) & cells["year"].isin(_years(drift))]


def _years(drift: Drift) -> list[int]:
    changed = {int(year) for year in drift.cells["year"].dropna()}
    return sorted({*drift.years, *changed})


def _map(drift: Drift, gazetteer: Gazetteer, language: Language) -> Figure:
    """Provinces down, years across: colour for revised tables, marks for cells new and gone."""
    years, cells = _years(drift), _placed(drift)
    head, foot = (0.5 if drift.simulated else 0.2), 0.35
    height = ROW_HEIGHT * len(drift.provinces) + head + foot
    figure = _figure(height, drift.simulated, language)
    axes = figure.add_axes((0.17, foot / height, 0.68, (height - head - foot) / height))
    counts = {change: _counted(part, drift.provinces, years) for change, part in cells.groupby("change")}
    empty = np.zeros((len(drift.provinces), len(years)))
    revised = counts.get("revised", empty)
    top = max(1, int(revised.max()))
    image = axes.imshow(np.ma.masked_equal(revised, 0), cmap=SHADES, vmin=0, vmax=top, aspect="auto")
    for change, mark in (("new", "+"), ("gone", "x")):
        down, across = np.nonzero(counts.get(change, empty))
        axes.scatter(across, down, marker=mark, s=18, color=LINE, linewidths=0.9)
    _lattice(axes, years, [place_name(gazetteer, name)[language] for name in drift.provinces])
    bar = figure.colorbar(image, cax=figure.add_axes((0.88, foot / height, 0.02, 1.6 / height)))
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    bar.ax.set_ylabel(words("drift_map_axis")[language], fontsize=8, color=SOFT)
    return figure


def _counted(cells: pd.DataFrame, provinces: list[str], years: list[int]) -> np.ndarray:
    """Changed cells by province and year."""
    counts = cells.groupby(["province", "year"]).size().unstack(fill_value=0)
    return counts.reindex(index=provinces, columns=[float(year) for year in years], fill_value=0).to_numpy(float)


def _lattice(axes: Axes, years: list[int], names: list[str]) -> None:
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(years)), [str(year) for year in years])
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(-0.5, len(years)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(names)), minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
