"""The lines under the figures of the robustness battery: how to read them and the numbers that a plot cannot give."""

from __future__ import annotations

import pandas as pd

from cbe_assets.publish import tested
from cbe_assets.publish.battery_data import ranked, spacing
from cbe_assets.publish.identification_tables import event_notes, few_provinces
from cbe_assets.publish.material import Material, place_of
from cbe_assets.publish.numbers import decimal, interval, p_value
from cbe_assets.publish.variants import of, province_or_year, term_of, with_cv3_interval
from cbe_assets.publish.wording import enumerated, p_is, words
from cbe_assets.study import Text


def left_out(material: Material, data: pd.DataFrame) -> list[Text]:
    """What is drawn; who matters most; how many intervals hold 0."""
    (entry,) = material.exhibit.columns
    frame = with_cv3_interval(material.inputs[f"model/{entry}"])
    whole = frame["left_out"] == "none"
    full, rest = frame[whole].iloc[0], frame[~whole]
    facts = {"full": decimal(full["estimate"]), "interval": interval(full["cv3_low"], full["cv3_high"])}
    said = words("left_out_note", term=term_of(material, entry), place=place_of(material.study, of(material, entry)),
                 **facts)  # fmt: skip
    far = data[data["series"].isin(["far_province", "far_year"])]
    far = far.assign(by=(far["y"] - float(full["estimate"])).abs()).sort_values("by", ascending=False)
    names = [
        words("left_out_one", name=province_or_year(material, row.label), estimate=decimal(row.y))
        for row in far.itertuples()
    ]
    zero = int(((rest["cv3_low"] <= 0) & (rest["cv3_high"] >= 0)).sum())
    facts = {"range": interval(rest["estimate"].min(), rest["estimate"].max()), "zero": zero, "count": len(rest)}
    return [said, words("left_out_most", list=enumerated(names), **facts)]


def placebo(material: Material, data: pd.DataFrame) -> list[Text]:
    """How often the permuted estimate is as large, and the p values of estimate and t."""
    (entry,) = material.exhibit.columns
    frame = material.inputs[f"model/{entry}"]
    own, draws = frame[frame["draw"] == 0].iloc[0], frame[frame["draw"] > 0]
    share = (draws["estimate"].abs() >= abs(own["estimate"]) * (1 - 1e-10)).mean()
    facts = {"draws": len(draws), "estimate": decimal(own["estimate"]), "share": decimal(100 * share, 1)}
    place = place_of(material.study, of(material, entry))
    p_values = {"p": p_is(own["p_value"]), "p_t": p_value(own["p_value_t"])}
    return [
        words("placebo_note", term=term_of(material, entry), place=place, **facts), words("placebo_p", **p_values)
    ]  # fmt: skip


def event_study(material: Material, data: pd.DataFrame) -> list[Text]:
    """What is drawn, the overall effect, and how treatment and comparison are defined."""
    (entry,) = material.exhibit.columns
    frame = material.inputs[f"model/{entry}"]
    overall = frame[frame["row"] == "overall"].iloc[0]
    facts = {"overall": decimal(overall["estimate"]), "p": p_is(overall["p_value"])}
    said = words("event_note", interval=interval(overall["conf_low"], overall["conf_high"]), **facts)
    return [said, event_notes(material, frame)[0], *few_provinces(frame)]


def specification_curve(material: Material, data: pd.DataFrame) -> list[Text]:
    """How many specifications, how many are drawn, the shares and the joint permutation test."""
    curve = ranked(material.inputs[f"model/{material.exhibit.columns[0]}"])
    test = material.test(material.exhibit.columns[1])
    drawn = int(data["series"].isin(["significant", "insignificant"]).sum())
    first = words("curve_note", count=len(curve), step=spacing(len(curve)), shown=drawn)
    significant, positive = curve["wcr_p"] < 0.05, curve["standardized"] > 0
    shares = {"positive": positive, "above": significant & positive, "below": significant & ~positive}
    facts = {name: decimal(100 * float(inside.mean()), 1) for name, inside in shares.items()}
    median = {"median": decimal(test["median"]["value"]), "p": p_is(test["median"]["p_value"])}
    null = interval(test["null_5"]["value"], test["null_95"]["value"])
    return [first, words("curve_shares", null=null, **median, **facts)]


def mediation_sensitivity(material: Material, data: pd.DataFrame) -> list[Text]:
    """The method, then per mediator the correlation that takes the effect away."""
    first = material.study.tests[material.exhibit.columns[0]]
    said = [words("sensitivity_note", total=place_of(material.study, first.total))]
    return [*said, *(tested.bound(material, name) for name in material.exhibit.columns)]


NOTES = {
    "leave_one_out_plot": left_out,
    "placebo_plot": placebo,
    "event_study_plot": event_study,
    "specification_curve_plot": specification_curve,
    "mediation_sensitivity_plot": mediation_sensitivity,
}
"""Kind of exhibit -> what its notes say."""
