"""Variants of a specification in plain words, and the interval that a table or figure of them shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from cbe_assets.publish.material import Material, place_of
from cbe_assets.publish.wording import enumerated, same, words
from cbe_assets.study import Text

ROBUST = ("cv3_low", "cv3_high")


def with_cv3_interval(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with cv3_low and cv3_high: estimate -+ t(groups - 1) CV3; where there is no CV3, its own interval."""
    from scipy import stats

    half = stats.t.ppf(0.975, frame["groups"].astype(float) - 1) * frame["cv3"]
    low, high = frame["estimate"] - half, frame["estimate"] + half
    known = frame["cv3"].notna()
    return frame.assign(cv3_low=low.where(known, frame["conf_low"]), cv3_high=high.where(known, frame["conf_high"]))


def paper_row(material: Material, specification: str, term: str) -> dict[str, object]:
    """The paper's own column from model/<specification>, under the names of a table of variants."""
    found = material.model(specification)[term]
    nan = float("nan")
    return {
        **{key: found[key] for key in ("estimate", "std_error", "statistic", "p_value", "n", "groups")},
        "cv3": found.get("cv3_std_error", nan), "wcr_p": found.get("wcr_p_value", nan),
        "cv3_low": found.get("cv3_conf_low", nan), "cv3_high": found.get("cv3_conf_high", nan),
    }  # fmt: skip


def term_of(material: Material, entry: str) -> str:
    """The regressor that an entry of the battery is about."""
    declared = material.study.robustness[entry]
    return getattr(declared, "term", None) or material.study.specifications[declared.specifications[0]].regressors[0]


def of(material: Material, entry: str) -> str:
    """The specification that an entry of the battery starts from."""
    return material.study.robustness[entry].specifications[0]


def variant(material: Material, entry: str, name: str) -> Text:
    """A variant of model/<entry> in words; its own name where there are none for its kind."""
    kind = material.study.robustness[entry].kind
    return WORDS[kind](material, entry, name) if kind in WORDS else same(name)


def _winsor(material: Material, entry: str, name: str) -> Text:
    percent = float(name.removeprefix("winsor_"))
    said = words("variant_winsor", low=f"{percent:g}", high=f"{100 - percent:g}") if percent else words("variant_uncut")
    own = material.study.settings.winsor == (percent, 100 - percent)
    return words("as_the_paper", variant=said) if own else said


def _years(key: str) -> Callable[[Material, str, str], Text]:
    def say(material: Material, entry: str, name: str) -> Text:
        years = int(re.search(r"\d+$", name)[0])
        return words(f"{key}_one" if years == 1 else key, years=years)

    return say


def _swap(material: Material, entry: str, name: str) -> Text:
    """`<specification>[<term>]`: outcome on term, and where the paper prints it."""
    specification, term = re.fullmatch(r"(.+)\[(.+)\]", name).groups()
    outcome = material.study.specifications[specification].outcome
    return words("variant_swap", outcome=outcome, term=term, place=place_of(material.study, specification))


def _without(material: Material, entry: str, name: str) -> Text:
    names = material.study.robustness[entry].provinces
    places = [material.context.gazetteer.named(name) for name in names]
    return words("variant_without", list=enumerated(Text(zh=place.name, en=place.name_en) for place in places))


def index_variant(material: Material, entry: str, name: str) -> Text:
    """The index by another method, or without some indicators."""
    without = material.study.robustness[entry].without
    if name in without:
        return without[name].title
    said = words(f"weights_{name}")
    return words("as_the_paper", variant=said) if name == material.study.index.weights else said


WORDS: dict[str, Callable[[Material, str, str], Text]] = {
    "winsor_limits": _winsor,
    "alternatives": _swap,
    "lagged_regressor": _years("variant_lag"),
    "long_differences": _years("variant_difference"),
    "further_effects": lambda material, entry, name: words(f"variant_{name}"),
    "without_provinces": _without,
    "driscoll_kraay": lambda material, entry, name: words("variant_driscoll_kraay"),
    "index_variants": index_variant,
}
"""Kind of an entry of the battery -> what says its variants."""


def province_or_year(material: Material, name: str) -> Text:
    """The names of a province; a year as it is."""
    if name.isdigit():
        return same(name)
    place = material.context.gazetteer.named(name)
    return Text(zh=place.name, en=place.name_en)
