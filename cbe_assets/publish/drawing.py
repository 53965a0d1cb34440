"""Figures as SVG and PNG from their plotted data: one font, colours safe for the colour-blind, no state between calls.

Text in SVG is drawn as paths, so that it looks the same without Chinese fonts.  Nothing here computes.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cbe_assets.publish.figure_notes import figure_notes
from cbe_assets.publish.grid import display_width
from cbe_assets.publish.material import Material
from cbe_assets.publish.wording import Language, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAMILY = "CBE Noto Sans SC Subset"
WIDTH, HEIGHT = 6.3, 3.9
"""Inches: the text width of an A4 page."""
DOTS = 200
PREVIEW_DOTS = 70
# Okabe and Ito (2008); they also differ in lightness, and every series has its own marker.
COLOURS = {"east": "#0072B2", "central": "#D55E00", "west": "#009E73"}
MARKERS = {"east": "o", "central": "s", "west": "^"}
BARS = ("#0072B2", "#9CCBE8", "#E6C35C", "#B8B8B8")
LINE, INK, SOFT, ALARM = "#D55E00", "#1a1a1a", "#5a5a5a", "#B00020"


@dataclass(frozen=True)
class Room:
    """Where the axes lie, in inches: the height of the figure above its notes, and margins for names and heads.

    Attributes:
        shorter_zh: by how much upright names are shorter in Chinese.
    """

    height: float = HEIGHT
    top: float = 0.12
    bottom: float = 0.32
    left: float = 0.76
    right: float = 0.76
    shorter_zh: float = 0.0


ROOM = {
    "scatter_with_fit": Room(bottom=0.5),
    "leave_one_out_plot": Room(4.6, top=0.28, bottom=1.0, left=0.7, right=0.1, shorter_zh=0.38),
    "placebo_plot": Room(3.6, bottom=0.5, right=0.2),
    "event_study_plot": Room(3.7, bottom=0.5, left=1.05, right=0.15),
    "specification_curve_plot": Room(6.4, bottom=0.5, left=1.25, right=0.12),
    "mediation_sensitivity_plot": Room(3.7, top=0.28, bottom=0.5, right=0.15),
}
LINE_LENGTH = 112
"""Half-width characters of a note that fit under a figure."""


@cache
def _font() -> str:
    """Makes the font of this package known to matplotlib by its file; returns its family."""
    from matplotlib import font_manager

    file = resources.files("cbe_assets.publish.fonts").joinpath("CBENotoSansSCSubset-Regular.otf")
    with resources.as_file(file) as path:
        font_manager.fontManager.addfont(path)
    return FAMILY


@contextlib.contextmanager
def style(name: str) -> Iterator[None]:
    """Settings of this figure only; identifiers in the SVG depend on its name, not on chance."""
    settings = {
        "font.family": [_font(), "DejaVu Sans"], "font.size": 9, "axes.unicode_minus": True, "svg.fonttype": "path",
        "svg.hashsalt": name, "axes.linewidth": 0.6, "axes.edgecolor": SOFT, "axes.labelcolor": INK, "text.color": INK,
        "xtick.color": SOFT, "ytick.color": SOFT, "xtick.labelsize": 8, "ytick.labelsize": 8,
        "xtick.major.width": 0.6, "ytick.major.width": 0.6, "path.simplify": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        yield


def drawn(material: Material, data: pd.DataFrame, language: Language) -> tuple[bytes, bytes]:
    """The figure as SVG and as PNG of 200 dots per inch."""
    with style(f"{material.name}.{language}"):
        figure = _figure(material, data, language)
        return saved(figure, "svg", DOTS), saved(figure, "png", DOTS)


def preview(material: Material, data: pd.DataFrame, language: Language) -> bytes:
    """A small PNG for the web interface."""
    with style(material.name):
        return saved(_figure(material, data, language), "png", PREVIEW_DOTS)


def saved(figure: Figure, kind: str, dots: int) -> bytes:
    """The figure as svg or png, without time or program in it."""
    stream = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    figure.savefig(stream, format=kind, dpi=dots, metadata=metadata)
    return stream.getvalue()


def _figure(material: Material, data: pd.DataFrame, language: Language) -> Figure:
    notes = [line for note in figure_notes(material, data) for line in wrapped(note[language], LINE_LENGTH)]
    loud = material.context.simulated
    foot, room = 0.16 * len(notes) + 0.1, ROOM.get(material.exhibit.kind, Room())
    less = room.shorter_zh if language == "zh" else 0.0
    high = room.height + foot - less
    figure = Figure(figsize=(WIDTH, high))
    FigureCanvasAgg(figure)
    below, above = foot + room.bottom - less, room.top + (0.28 if loud else 0)
    box = (room.left / WIDTH, below / high, 1 - (room.left + room.right) / WIDTH, (high - below - above) / high)
    axes = figure.add_axes(box)
    axes.spines[["top", "right"]].set_visible(False)
    DRAW[material.exhibit.kind](axes, material, data, language)
    for number, line in enumerate(notes):
        figure.text(0.015, (foot - 0.16 * (number + 1)) / high, line, fontsize=7, color=SOFT)
    if loud:
        mark = words("simulated_banner")[language]
        frame = {"boxstyle": "square,pad=0.25", "facecolor": "none", "edgecolor": ALARM, "linewidth": 0.9}
        figure.text(0.5, 1 - 0.16 / high, mark, fontsize=9.5, color=ALARM, ha="center", va="center", bbox=frame)
    return figure


def wrapped(text: str, length: int) -> list[str]:
    """`text` in lines of at most `length` half-width characters; Chinese breaks anywhere, words do not."""
    lines, line = [], ""
    for word in _pieces(text):
        if line and display_width((line + word).rstrip()) > length:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """Chinese characters one by one, other text word by word; see `_holds` for what stays together."""
    piece = ""
    for char in text:
        between = display_width(char) == 2 or (piece and (display_width(piece[-1]) == 2 or piece[-1] == " "))
        if piece and between and not _holds(piece, char):
            yield piece
            piece = ""
        piece += char
    yield piece


def _holds(before: str, char: str) -> bool:
    """Closing marks stay with what they close, opening ones with what follows, and so do `p = 0.05` and `95 %`."""
    return char in "，。；：、）】》！？=%" or before[-1] in "（【《" or before.endswith("= ")


def _bars_and_line(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """Stacked bars with their names beside the last one; the line has its own axis on the right."""
    bars = material.exhibit.bars
    wide = {key: part.set_index("x")["y"] for key, part in data.groupby("series", sort=True)}
    years = sorted({year for key in bars for year in wide[key].index})
    bottom = pd.Series(0.0, index=years)
    for number, key in enumerate(bars):
        values = wide[key].reindex(years).fillna(0.0)
        axes.bar(years, values, bottom=bottom, width=0.62, color=BARS[number % len(BARS)])
        bottom = bottom + values
    units = {material.study.tables[key].unit for key in bars}
    axes.set_ylabel(words("bars_axis", unit="/".join(_unit(unit, language) for unit in sorted(units)))[language])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _years(axes, years)
    top = float(bottom.max()) * 1.32
    axes.set_ylim(0, top)
    if "line" in wide:
        _line_on_the_right(axes, wide["line"], language)
    _bar_names(axes, material, language)


def _unit(unit: str, language: Language) -> str:
    from cbe_assets.publish.wording import catalogue

    return words(f"unit_{unit}")[language] if f"unit_{unit}" in catalogue() else unit


def _line_on_the_right(axes: Axes, line: pd.Series, language: Language) -> None:
    right = axes.twinx()
    right.spines[["top", "left"]].set_visible(False)
    right.plot(line.index, line, color=LINE, linewidth=1.6, marker="o", markersize=4, markeredgecolor="white")
    right.set_ylabel(words("line_axis")[language], color=LINE)
    right.tick_params(colors=LINE)
    right.set_ylim(0, float(line.max()) * 1.12)
    for year in (line.index[0], line.index[-1]):
        place = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center"}
        right.annotate(f"{line[year]:.1f}%", (year, line[year]), color=LINE, fontsize=8, **place)


def _bar_names(axes: Axes, material: Material, language: Language) -> None:
    """A key in one line above the bars: the names do not fit into the bars of early years."""
    from matplotlib.patches import Patch

    keys = [Patch(color=BARS[number % len(BARS)], label=material.study.tables[key].title[language])
            for number, key in enumerate(material.exhibit.bars)]  # fmt: skip
    axes.legend(handles=keys, loc="upper left", frameon=False, fontsize=8, handlelength=1.0, borderaxespad=0.1)


def _scatter_with_fit(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    parts = {key: part for key, part in data.groupby("series", sort=True)}
    at = parts["fit"]["x"].to_numpy()
    axes.fill_between(at, parts["low"]["y"], parts["high"]["y"], color="#000000", alpha=0.13, linewidth=0)
    axes.plot(at, parts["fit"]["y"], color=INK, linewidth=1.2)
    for region, colour in COLOURS.items():
        if region in parts:
            points = parts[region]
            axes.scatter(points["x"], points["y"], s=15, color=colour, marker=MARKERS[region], alpha=0.75, linewidths=0,
                         label=words(f"region_{region}")[language])  # fmt: skip
            _point_names(axes, material, points[points["label"] != ""], colour, language)
    for name, place in ((material.exhibit.x, axes.set_xlabel), (material.exhibit.y, axes.set_ylabel)):
        place(words("axis", title=material.study.variables[name].title, name=name)[language])
    axes.legend(loc="lower right", frameon=False, fontsize=8, handletextpad=0.2, borderaxespad=0.1)


def _point_names(axes: Axes, material: Material, points: pd.DataFrame, colour: str, language: Language) -> None:
    for row in points.itertuples():
        place = material.context.gazetteer.named(row.label)
        name = place.name if language == "zh" else place.name_en
        label = axes.annotate(name, (row.x, row.y), (5, -3), textcoords="offset points", fontsize=8, color=colour)
        label.set_path_effects([withStroke(linewidth=2.2, foreground="white")])


def _regional_means(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """A line per region with its name at the end; names that would touch are moved apart."""
    lines = {key: part for key, part in data.groupby("series", sort=True)}
    axes.set_ylim(0, float(data["y"].max()) * 1.08)
    years = sorted(data["x"].unique())
    _years(axes, years)
    ends = []
    for region, colour in COLOURS.items():
        if region in lines:
            part = lines[region]
            axes.plot(part["x"], part["y"], color=colour, linewidth=1.7, marker=MARKERS[region], markersize=4.5,
                      markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
            ends.append((float(part["y"].iloc[-1]), float(part["x"].iloc[-1]), region))
    gap = axes.get_ylim()[1] * 0.055
    height = float("-inf")
    for value, year, region in sorted(ends):
        height = max(value, height + gap)
        name = words(f"region_{region}")[language]
        axes.annotate(name, (year, height), (8, 0), textcoords="offset points", va="center", color=COLOURS[region])
    title = material.study.variables[material.exhibit.y].title
    axes.set_ylabel(words("regional_axis", title=title)[language])


def _years(axes: Axes, years: list[float]) -> None:
    """Every year below the axis, or every second where they are many."""
    axes.set_xticks(years[:: 1 if len(years) <= 14 else 2], minor=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.tick_params(axis="x", length=0)


def _battery(function: str) -> Callable[[Axes, Material, pd.DataFrame, Language], None]:
    """`function` of battery_drawing.py, which builds on this module."""

    def draw(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
        from cbe_assets.publish import battery_drawing

        getattr(battery_drawing, function)(axes, material, data, language)

    return draw


DRAW = {
    "bars_and_line": _bars_and_line,
    "scatter_with_fit": _scatter_with_fit,
    "regional_means": _regional_means,
    "leave_one_out_plot": _battery("left_out"),
    "placebo_plot": _battery("placebo"),
    "event_study_plot": _battery("event_study"),
    "specification_curve_plot": _battery("specification_curve"),
    "mediation_sensitivity_plot": _battery("mediation_sensitivity"),
}
"""Kind of exhibit -> what draws it into its axes."""
