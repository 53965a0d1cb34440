"""Figures of the robustness battery, drawn from their plotted data into the axes that drawing.py gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cbe_assets.publish.battery_data import DIMENSIONS, controls, left_out_term
from cbe_assets.publish.drawing import ALARM, BARS, INK, LINE, SOFT
from cbe_assets.publish.identification_tables import FEW, relative
from cbe_assets.publish.material import Material
from cbe_assets.publish.numbers import decimal, integer
from cbe_assets.publish.variants import province_or_year
from cbe_assets.publish.wording import Language, catalogue, p_is, words
from cbe_assets.study import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINT, FAINT = BARS[0], "#B8C7D3"
HALO = [withStroke(linewidth=2.4, foreground="white")]
Parts = dict[str, pd.DataFrame]


def _parts(data: pd.DataFrame) -> Parts:
    return {key: part for key, part in data.groupby("series", sort=True)}


def _broken(x: Iterable[float], low: Iterable[float], high: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Vertical lines as one path with gaps: an SVG holds hundreds of them in a few kilobytes."""
    columns = [np.asarray(list(values), dtype=float) for values in (x, low, high)]
    gap = np.full(len(columns[0]), np.nan)
    return np.ravel(np.column_stack([columns[0], columns[0], gap])), np.ravel(np.column_stack([*columns[1:], gap]))


def left_out(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """Provinces, a gap, years; every name stands below its point, the most influential ones are set off."""
    parts = _parts(data)
    full = {end: float(parts[f"full{end}"]["y"].iloc[0]) for end in ("", "_low", "_high")}
    axes.axhspan(full["_low"], full["_high"], color="#000000", alpha=0.07, linewidth=0)
    axes.axhline(full[""], color=INK, linewidth=0.9)
    axes.axhline(0, color=ALARM, linewidth=0.7, linestyle=(0, (4, 3)))
    ticks, names, far = [], [], set()
    for kind, head in (("province", "left_out_provinces"), ("year", "left_out_years")):
        if kind not in parts:
            continue
        part = parts[kind]
        place = part["x"].to_numpy()
        x, y = _broken(place, parts[f"{kind}_low"]["y"], parts[f"{kind}_high"]["y"])
        axes.plot(x, y, color=POINT, linewidth=1.0, solid_capstyle="butt")
        axes.plot(place, part["y"], color=POINT, linestyle="none", marker="o", markersize=3.2)
        most = parts[f"far_{kind}"]
        axes.plot(most["x"], most["y"], color=LINE, linestyle="none", marker="D", markersize=4.2)
        ticks += list(place)
        names += [province_or_year(material, str(name))[language] for name in part["label"]]
        far |= set(most["x"])
        axes.annotate(words(head)[language], (place.mean(), 1), (0, 2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", ha="center", va="bottom", fontsize=8, color=SOFT)  # fmt: skip
    axes.set_xticks(ticks, names, rotation=90, fontsize=7)
    for place, label in zip(ticks, axes.get_xticklabels(), strict=True):
        label.set_color(LINE if place in far else SOFT)
    axes.set_xlim(0, max(ticks) + 1)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(words("left_out_axis", term=left_out_term(material))[language])


def placebo(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """Bars, the tails as far out as the sample darker, the sample's own estimate as a line."""
    parts = _parts(data)
    middles = np.sort(np.concatenate([parts[key]["x"] for key in ("bar", "bar_beyond") if key in parts]))
    width = float(np.diff(middles).min()) if len(middles) > 1 else 1.0
    for key, colour in (("bar", "#C9CDD2"), ("bar_beyond", POINT)):
        if key in parts:
            axes.bar(parts[key]["x"], parts[key]["y"], width=width, color=colour, edgecolor="white", linewidth=0.3)
    own = float(parts["own"]["x"].iloc[0])
    axes.axvline(own, color=LINE, linewidth=1.6)
    axes.axvline(0, color=SOFT, linewidth=0.6)
    axes.set_ylim(0, float(data.loc[data["series"] != "own", "y"].max()) * 1.12)
    right = own >= 0
    axes.annotate(words("placebo_own", estimate=decimal(own))[language], (own, 0.95), (5 if right else -5, 0),
                  xycoords=("data", "axes fraction"), textcoords="offset points", color=LINE, fontsize=8.5,
                  ha="left" if right else "right", va="center", path_effects=HALO)  # fmt: skip
    # Rare permutations lie far out; they keep their place, the axis only does not stretch for empty bars.
    filled = data[data["series"].str.startswith("bar") & (data["y"] > 0)]["x"].abs().max()
    reach = max(float(filled) + width, abs(own) * 1.6)
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(words("placebo_axis", term=left_out_term(material))[language])
    axes.set_ylabel(words("placebo_count")[language])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def event_study(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """Effects before and after adoption, the reference year hollow, provinces per year under the axis."""
    parts = _parts(data)
    effect = parts["effect"]
    places, carried = effect["x"].to_numpy(), parts["provinces"].set_index("x")["y"]
    axes.axhline(0, color=ALARM, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.axvline(-0.5, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)))
    x, y = _broken(places, parts["low"]["y"], parts["high"]["y"])
    axes.plot(x, y, color=POINT, linewidth=1.3, solid_capstyle="butt")
    thin = np.array([carried[place] <= FEW for place in places])
    for few, face in ((False, POINT), (True, "white")):
        chosen = effect[thin == few]
        axes.plot(chosen["x"], chosen["y"], linestyle="none", marker="o", markersize=5, markerfacecolor=face,
                  markeredgecolor=POINT)  # fmt: skip
    axes.plot(parts["reference"]["x"], parts["reference"]["y"], linestyle="none", marker="s", markersize=5,
              markerfacecolor="white", markeredgecolor=INK)  # fmt: skip
    years = sorted(carried.index)
    _under_years(axes, {year: (relative(year), integer(carried[year])) for year in years}, language)
    entry = material.study.robustness[material.exhibit.columns[0]]
    axes.set_ylabel(words("event_axis", outcome=material.study.specifications[entry.of].outcome)[language])
    axes.set_xlim(min(years) - 0.5, max(years) + 0.5)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))
    axes.annotate(_pre_trend(material)[language], (0, 1), (4, -4), xycoords="axes fraction",
                  textcoords="offset points", va="top", fontsize=8.5)  # fmt: skip


def _under_years(axes: Axes, said: dict[float, tuple[str, str]], language: Language) -> None:
    """Two lines below the axis, the year and how many provinces carry it, with their names on the left."""
    axes.set_xticks(list(said), [""] * len(said))
    axes.tick_params(axis="x", length=0)
    for line, head in enumerate(("event_years", "event_ticks")):
        under = {"textcoords": "offset points", "va": "baseline", "annotation_clip": False}
        for year, texts in said.items():
            axes.annotate(texts[line], (year, 0), (0, -12 - 12 * line), xycoords=("data", "axes fraction"),
                          ha="center", fontsize=8, color=SOFT, **under)  # fmt: skip
        axes.annotate(words(head)[language], (0, 0), (-6, -12 - 12 * line), xycoords="axes fraction", ha="right",
                      fontsize=7, color=SOFT, **under)  # fmt: skip


def _pre_trend(material: Material) -> Text:
    frame = material.inputs[f"model/{material.exhibit.columns[0]}"]
    row = frame[frame["row"] == "pre_trend"].iloc[0]
    facts = {"df1": integer(row["df1"]), "df2": integer(row["df2"]), "p": p_is(row["p_value"])}
    return words("event_pre", value=decimal(row["statistic"], 2), **facts)


def specification_curve(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """Effects above, a row of marks for every option of every choice below, on one axis of ranks."""
    upper, lower = _split(axes, share=0.44)
    parts = _parts(data)
    drawn = pd.concat([parts[key] for key in ("significant", "insignificant") if key in parts]).sort_values("x")
    x, y = _broken(drawn["x"], parts["low"].sort_values("x")["y"], parts["high"].sort_values("x")["y"])
    upper.plot(x, y, color=FAINT, linewidth=0.7, solid_capstyle="butt")
    for key, colour in (("insignificant", SOFT), ("significant", POINT)):
        if key in parts:
            upper.plot(parts[key]["x"], parts[key]["y"], linestyle="none", marker=".", markersize=3.4, color=colour,
                       markeredgewidth=0, label=words(f"curve_{key}")[language])  # fmt: skip
    upper.axhline(0, color=ALARM, linewidth=0.7, linestyle=(0, (4, 3)))
    median = float(parts["median"]["y"].iloc[0])
    upper.axhline(median, color=INK, linewidth=0.6, linestyle=(0, (1, 2)),
                  label=words("curve_median", median=decimal(median))[language])  # fmt: skip
    _paper(upper, lower, parts, language)
    upper.set_ylabel(words("curve_axis")[language])
    upper.legend(loc="upper left", frameon=False, fontsize=7.5, handlelength=1.2, borderaxespad=0.1, markerscale=2)
    _choices(lower, material, parts, language)
    high = float(drawn["x"].max())
    for each in (upper, lower):
        each.set_xlim(-0.01 * high, 1.01 * high)
    count = len(material.inputs[f"model/{material.exhibit.columns[0]}"])
    lower.set_xlabel(words("curve_order", count=count)[language])


def _split(axes: Axes, share: float) -> tuple[Axes, Axes]:
    """Two axes one above the other in the place of one; the upper has `share` of the height."""
    box, figure = axes.get_position(), axes.figure
    axes.remove()
    top = figure.add_axes((box.x0, box.y0 + (1 - share) * box.height, box.width, share * box.height))
    below = figure.add_axes((box.x0, box.y0, box.width, (1 - share) * box.height - 0.012))
    for each in (top, below):
        each.spines[["top", "right"]].set_visible(False)
    top.tick_params(axis="x", length=0, labelbottom=False)
    return top, below


def _paper(upper: Axes, lower: Axes, parts: Parts, language: Language) -> None:
    """The paper's column: a line through both axes and its effect."""
    if "paper" not in parts:
        return
    for row in parts["paper"].itertuples():
        for each in (upper, lower):
            each.axvline(row.x, color=LINE, linewidth=0.9, zorder=0)
        upper.plot([row.x], [row.y], marker="D", markersize=5, color=LINE, markeredgecolor="white")
        left = row.x > 0.5 * max(part["x"].max() for part in parts.values())
        upper.annotate(words("curve_paper", estimate=decimal(row.y))[language], (row.x, 0.06), (-4 if left else 4, 0),
                       xycoords=("data", "axes fraction"), textcoords="offset points", color=LINE, fontsize=8,
                       ha="right" if left else "left", path_effects=HALO)  # fmt: skip


def _choices(axes: Axes, material: Material, parts: Parts, language: Language) -> None:
    """Marks by option; names of options on the left, of dimensions over their rows, a little room between."""
    place, ticks, names = 0.0, [], []
    ranks = {key: set(parts[key]["x"]) if key in parts else set() for key in ("significant", "insignificant")}
    for dimension, options in _options(material, parts).items():
        axes.annotate(words(f"curve_{dimension}")[language], (0, place), (-4, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", ha="right", va="center", fontsize=7, color=INK,
                      annotation_clip=False)  # fmt: skip
        for key, name in options.items():
            place += 1
            for colour, kind in ((SOFT, "insignificant"), (POINT, "significant")):
                marks = sorted(ranks[kind] & set(parts[key]["x"])) if key in parts else []
                x, y = _broken(marks, [place - 0.36] * len(marks), [place + 0.36] * len(marks))
                axes.plot(x, y, color=colour, linewidth=0.75, solid_capstyle="butt")
            ticks.append(place)
            names.append(name[language] if not isinstance(name, str) else name)
        place += 1.15
    axes.set_ylim(place - 0.5, -0.6)
    axes.set_yticks(ticks, names, fontsize=6.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _options(material: Material, parts: Parts) -> dict[str, dict[str, object]]:
    """Dimension -> series of each option -> its name."""
    found: dict[str, dict[str, object]] = {dimension: {} for dimension in DIMENSIONS}
    for dimension in DIMENSIONS:
        keys = [key for key in parts if key.startswith(f"{dimension}=")]
        for key in sorted(keys, key=lambda key: _order(material, dimension, key.partition("=")[2])):
            found[dimension][key] = _option(dimension, key.partition("=")[2])
    found["controls"] = {f"control={name}": name for name in controls(material)}
    return found


def _order(material: Material, dimension: str, option: str) -> float:
    """Options in the order in which the study lists them."""
    if dimension == "winsor":
        return float(option)
    entry = material.study.robustness[material.exhibit.columns[0]]
    listed = {"outcome": entry.outcomes, "index": entry.weights, "effects": entry.effects}[dimension]
    return list(listed).index(option)


def _option(dimension: str, option: str) -> object:
    if dimension == "winsor":
        percent = float(option)
        return words("curve_cut", percent=f"{percent:g}") if percent else words("curve_uncut")
    key = {"index": "weights", "effects": "effects"}.get(dimension)
    return words(f"{key}_{option}") if key and f"{key}_{option}" in catalogue() else option


def mediation_sensitivity(axes: Axes, material: Material, data: pd.DataFrame, language: Language) -> None:
    """A panel per mediator on common axes: the curve, its band, the usual estimate, where it is zero."""
    parts = _parts(data)
    mediators = list(dict.fromkeys(key.rpartition(".")[0] for key in parts))
    listed = [str(material.inputs[f"model/{name}"]["mediator"].iloc[0]) for name in material.exhibit.columns]
    panels = _beside(axes, len(mediators))
    for number, (panel, mediator) in enumerate(zip(panels, listed, strict=True)):
        _bound(panel, parts, mediator, language)
        panel.set_title(f"{material.study.variables[mediator].title[language]} ({mediator})", fontsize=8.5, pad=3)
        panel.tick_params(axis="y", labelleft=number == 0)
    panels[0].set_ylabel(words("sensitivity_indirect")[language])
    low, high = (getattr(data["y"], end)() for end in ("min", "max"))
    for panel in panels:
        panel.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    box = (panels[0].get_position(), panels[-1].get_position())
    middle, bottom = (box[0].x0 + box[1].x1) / 2, box[0].y0
    figure = panels[0].figure
    figure.text(middle, bottom - 0.33 / figure.get_figheight(), words("sensitivity_rho")[language], ha="center",
                va="center", fontsize=9)  # fmt: skip


def _beside(axes: Axes, count: int) -> list[Axes]:
    box, figure = axes.get_position(), axes.figure
    axes.remove()
    width = (box.width - 0.03 * (count - 1)) / count
    found = [figure.add_axes((box.x0 + number * (width + 0.03), box.y0, width, box.height)) for number in range(count)]
    for each in found:
        each.spines[["top", "right"]].set_visible(False)
    return found


def _bound(panel: Axes, parts: Parts, mediator: str, language: Language) -> None:
    curve = parts[f"{mediator}.indirect"]
    panel.set_xlim(-1, 1)
    panel.set_xticks([-0.5, 0.0, 0.5])
    panel.fill_between(curve["x"], parts[f"{mediator}.low"]["y"], parts[f"{mediator}.high"]["y"], color=POINT,
                       alpha=0.18, linewidth=0)  # fmt: skip
    panel.axhline(0, color=ALARM, linewidth=0.7, linestyle=(0, (4, 3)))
    panel.axvline(0, color=SOFT, linewidth=0.6)
    panel.plot(curve["x"], curve["y"], color=POINT, linewidth=1.5)
    usual = curve[curve["x"] == 0]
    panel.plot(usual["x"], usual["y"], linestyle="none", marker="o", markersize=4.5, color=INK)
    zero, ends = parts[f"{mediator}.rho_zero"], [parts[f"{mediator}.rho_{end}"]["x"].iloc[0] for end in ("low", "high")]
    panel.plot(ends, [0, 0], color=LINE, linewidth=2.4, solid_capstyle="butt")
    panel.plot(zero["x"], zero["y"], linestyle="none", marker="D", markersize=5, color=LINE, markeredgecolor="white")
    place = float(zero["x"].iloc[0])
    said = words("sensitivity_zero", rho=decimal(place, 2))[language]
    right = place >= 0
    panel.annotate(said, (place, 0), (4 if right else -4, 8 if right else -8), textcoords="offset points",
                   ha="left" if right else "right", va="bottom" if right else "top", color=LINE, fontsize=8,
                   path_effects=HALO)  # fmt: skip
