"""What the figures of the robustness battery plot: rows of series, x, y, label.  No drawing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cbe_assets.publish.material import Material
from cbe_assets.publish.variants import term_of, with_cv3_interval

INFLUENTIAL = 3
"""Provinces left out with the largest change that are named in the note and set off in the plot."""
GAP = 2
"""Empty places between the provinces and the years."""
BARS = 60
"""About as many bars has a histogram."""
SHOWN = 300
"""About as many specifications of a curve are drawn: each has a place of a point's width."""
DIMENSIONS = ("outcome", "index", "winsor", "effects")


def left_out(material: Material) -> list[tuple]:
    """Estimates and ends of intervals in order of size, provinces then years; `full` is the whole sample at x = 0."""
    (entry,) = material.exhibit.columns
    frame = with_cv3_interval(material.inputs[f"model/{entry}"])
    full = frame[frame["left_out"] == "none"].iloc[0]
    rows = _with_interval("full", 0, full)
    start = 1
    for kind, most in (("province", INFLUENTIAL), ("year", 1)):
        part = frame[frame["left_out"] == kind].sort_values(["estimate", "variant"]).reset_index(drop=True)
        far = (part["estimate"] - full["estimate"]).abs().nlargest(most).index
        for place, row in part.iterrows():
            rows += _with_interval(kind, start + place, row, str(row["variant"]))
            if place in far:
                rows.append((f"far_{kind}", start + place, float(row["estimate"]), str(row["variant"])))
        start += len(part) + GAP
    return rows


def _with_interval(series: str, x: float, row: pd.Series, label: str = "") -> list[tuple]:
    ends = (("", "estimate"), ("_low", "cv3_low"), ("_high", "cv3_high"))
    return [(f"{series}{end}", x, float(row[key]), label if not end else "") for end, key in ends]


def placebo(material: Material) -> list[tuple]:
    """Bars as (middle, count), those at least as far from 0 as the sample's estimate apart; edges lie on it."""
    (entry,) = material.exhibit.columns
    frame = material.inputs[f"model/{entry}"]
    own = float(frame.loc[frame["draw"] == 0, "estimate"].iloc[0])
    draws = frame.loc[frame["draw"] > 0, "estimate"].to_numpy(float)
    span = 2 * float(np.abs(draws).max())
    width = abs(own) / max(1, round(abs(own) / (span / BARS))) if own else span / BARS
    last = math.ceil(np.abs(draws).max() / width + 1e-9)
    counts, edges = np.histogram(draws, bins=np.arange(-last, last + 1) * width)
    rows = [("own", own, 0.0, "")]
    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        beyond = min(abs(low), abs(high)) >= abs(own) * (1 - 1e-9)
        rows.append(("bar_beyond" if beyond else "bar", (low + high) / 2, float(count), ""))
    return rows


def event_study(material: Material) -> list[tuple]:
    """Effects with interval by relative year, the reference, and how many provinces carry each year."""
    (entry,) = material.exhibit.columns
    frame = material.inputs[f"model/{entry}"]
    rows = []
    for row in frame[frame["row"] == "effect"].sort_values("relative_year").itertuples():
        year = float(row.relative_year)
        if math.isnan(row.estimate):
            continue
        rows.append(("provinces", year, float(row.provinces), ""))
        if math.isnan(row.std_error):
            rows.append(("reference", year, float(row.estimate), ""))
            continue
        ends = (("effect", row.estimate), ("low", row.conf_low), ("high", row.conf_high))
        rows += [(series, year, float(value), "") for series, value in ends]
    return rows


def specification_curve(material: Material) -> list[tuple]:
    """Specifications evenly drawn from the curve: effect, ends of the interval, and a mark per choice.

    x is the rank of the specification among all.  Series of choices are `<dimension>=<option>`, y is 1; a control
    stands where it is in.  The paper's own is drawn whatever its rank; `median` is that of all.
    """
    curve = ranked(material.inputs[f"model/{material.exhibit.columns[0]}"])
    rows = [("median", 0.0, float(curve["standardized"].median()), "")]
    for row in curve[curve["paper"]].itertuples():
        rows.append(("paper", float(row.rank), float(row.standardized), ""))
    step = spacing(len(curve))
    drawn = curve[(curve["rank"] % step == step // 2) | curve["paper"]]
    for row in drawn.itertuples():
        series = "significant" if row.wcr_p < 0.05 else "insignificant"
        rows.append((series, float(row.rank), float(row.standardized), ""))
        rows += [(end, float(row.rank), float(getattr(row, end)), "") for end in ("low", "high")]
    for dimension in DIMENSIONS:
        for option in dict.fromkeys(curve[dimension]):
            places = drawn.loc[drawn[dimension] == option, "rank"]
            rows += [(f"{dimension}={option}", float(place), 1.0, "") for place in places]
    chosen = drawn["controls"].str.split("+")
    for control in controls(material):
        places = drawn.loc[chosen.map(lambda names, control=control: control in names), "rank"]
        rows += [(f"control={control}", float(place), 1.0, "") for place in places]
    return rows


def spacing(count: int) -> int:
    """Every so many-th specification is drawn."""
    return max(1, math.ceil(count / SHOWN))


def ranked(curve: pd.DataFrame) -> pd.DataFrame:
    """Estimable specifications in order of their standardized effect, with `rank` from 0, `low` and `high`."""
    known = curve[curve["standardized"].notna() & curve["cv3"].notna()]
    ordered = known.sort_values("standardized", kind="stable").reset_index(drop=True)
    ratio = ordered["standardized"] / ordered["estimate"].where(ordered["estimate"] != 0)
    numbers = {end: ordered[f"conf_{end}"] * ratio for end in ("low", "high")}
    return ordered.assign(rank=range(len(ordered)), winsor=ordered["winsor"].astype(float), **numbers)


def controls(material: Material) -> list[str]:
    """Controls that a curve takes in or leaves out."""
    entry = material.study.robustness[material.exhibit.columns[0]]
    return material.study.specifications[entry.of].controls


def mediation_sensitivity(material: Material) -> list[tuple]:
    """Per mediator the curve with its band, and where it is zero with that point's interval."""
    rows = []
    for name in material.exhibit.columns:
        frame = material.inputs[f"model/{name}"]
        mediator, first = str(frame["mediator"].iloc[0]), frame.iloc[0]
        for series, key in (("indirect", "indirect"), ("low", "conf_low"), ("high", "conf_high")):
            rows += [(f"{mediator}.{series}", float(x), float(y), "") for x, y in frame[["rho", key]].to_numpy()]
        for series in ("rho_zero", "rho_low", "rho_high"):
            rows.append((f"{mediator}.{series}", float(first[series]), 0.0, ""))
    return rows


def left_out_term(material: Material) -> str:
    """The regressor whose coefficient a plot of a single entry shows."""
    return term_of(material, material.exhibit.columns[0])


DATA = {
    "leave_one_out_plot": left_out,
    "placebo_plot": placebo,
    "event_study_plot": event_study,
    "specification_curve_plot": specification_curve,
    "mediation_sensitivity_plot": mediation_sensitivity,
}
"""Kind of exhibit -> its rows."""
