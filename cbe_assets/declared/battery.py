"""What entries of the robustness battery ask for and their study cannot give: said when the study is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cbe_assets.declared.names import nearest
from cbe_assets.faults import Fault, fault

FILE = "study/regressions.yaml"
OF_THE_INDEX = ("index_variants", "index_uncertainty", "specification_curve", "curve_permutation")
"""Kinds that vary how the index is built: nothing else can be their term."""
POOLED_TOO = ("winsor_limits", "alternatives", "lagged_regressor", "leave_one_out", "without_provinces",
              "multiple_testing")  # fmt: skip
"""Kinds that need no province effects."""


def unfit_entries(parsed: dict[str, Any]) -> list[Fault]:
    """Faults of all entries.

    Args:
        parsed: the study files by name, in which every name is defined.
    """
    specifications, found = parsed["regressions"].specifications, []
    for name, entry in parsed["regressions"].robustness.items():
        key, about = f"robustness.{name}", {item: specifications[item] for item in entry.specifications}
        found += [*_estimators(key, entry, about), *_years(key, entry, parsed["study"].years)]
        if hasattr(entry, "term"):
            found += _term(key, entry, about[entry.of], parsed["indicators"].index.name)
        if "printed" in getattr(entry, "weights", ()):
            found += _printed(key, parsed["indicators"].indicators)
    return found


def _printed(key: str, indicators: dict[str, Any]) -> list[Fault]:
    """All indicators, if none has a printed weight; one that the paper does not have weighs nothing in its index."""
    if any(item.printed_weight for item in indicators.values()):
        return []
    return [fault("statistics_no_printed_weight", file=FILE, key=key, found=name) for name in indicators]


def _estimators(key: str, entry: Any, about: dict[str, Any]) -> Iterator[Fault]:
    fits = ["fixed_effects", *(["pooled_ols"] if entry.kind in POOLED_TOO else [])]
    for name, item in about.items():
        if item.estimator not in fits:
            facts = {"found": f"{name}: {item.estimator}", "expected": ", ".join(fits)}
            yield fault("battery_estimator", file=FILE, key=key, kind=entry.kind, **facts)


def _term(key: str, entry: Any, specification: Any, index: str) -> Iterator[Fault]:
    term, known = entry.term or specification.regressors[0], [*specification.regressors, *specification.controls]
    if term not in known:
        yield fault("undefined_name", file=FILE, key=f"{key}.term", found=term, expected=nearest(term, known))
    elif entry.kind in OF_THE_INDEX and term != index:
        yield fault("battery_not_the_index", file=FILE, key=key, kind=entry.kind, found=term, expected=index)


def _years(key: str, entry: Any, limits: tuple[int, int]) -> Iterator[Fault]:
    first, last = limits
    if entry.kind == "shift_share" and not first <= entry.base_year <= last:
        facts = {"found": entry.base_year, "expected": f"{first}-{last}"}
        yield fault("battery_year", file=FILE, key=f"{key}.base_year", **facts)
    # One year more has to be left for a regression with year effects than for one cross-section of differences.
    longest = {"lagged_regressor": last - first - 1, "long_differences": last - first}.get(entry.kind)
    for years in entry.years if longest is not None else ():
        if years > longest:
            yield fault("battery_too_many_years", file=FILE, key=f"{key}.years", found=years, expected=longest)


def unknown_provinces(robustness: dict[str, Any], provinces: list[str]) -> Iterator[Fault]:
    """Provinces left out by name that the panel does not have.

    Args:
        robustness: the entries.
        provinces: of the panel.
    """
    for name, entry in robustness.items():
        for province in entry.provinces if entry.kind == "without_provinces" else ():
            if province not in provinces:
                facts = {"found": province, "expected": nearest(province, provinces)}
                yield fault("undefined_name", file=FILE, key=f"robustness.{name}.provinces", **facts)
