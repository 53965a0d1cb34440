"""exhibits.yaml, typed: every table and figure, which results it shows, in which rows, under which words."""

from __future__ import annotations

from typing import Any, Literal

from cbe_assets.declared.text import Text
from cbe_assets.declared.typed_yaml import Declared
from cbe_assets.faults import Fault, fault


class Head(Text):
    span: int = 1


class Line(Declared):
    numerator: list[str]
    denominator: str


ExhibitKind = Literal[
    "weights",
    "variables",
    "descriptives",
    "regression",
    "province_slopes",
    "bars_and_line",
    "scatter_with_fit",
    "regional_means",
    "variants",
    "index_variants",
    "index_uncertainty",
    "diagnostics",
    "multiple_testing",
    "event_study",
    "instruments",
    "leave_one_out_plot",
    "placebo_plot",
    "event_study_plot",
    "specification_curve_plot",
    "mediation_sensitivity_plot",
    "audit",
    "comparison",
    "report",
    "drift",
]
Statistic = Literal["f_test", "hausman", "province_effects", "year_effects", "n", "groups", "r2", "r2_within"]
InferenceRow = Literal["cv3", "wcr", "effective_clusters", "r2_within", "step_effect", "elasticity_at_mean"]
"""Rows under a regression table that the paper does not print."""


class Exhibit(Declared):
    """An entry of exhibits.yaml; which of its keys are used depends on the kind."""

    kind: ExhibitKind
    title: Text
    columns: list[str] = []
    heads: list[Head] = []
    terms: list[str] = []
    statistics: list[Statistic] = []
    tests: list[str] = []
    inference: list[InferenceRow] = []
    notes: list[Text] = []
    reading: list[Text] = []
    bars: list[str] = []
    line: Line | None = None
    x: str | None = None
    y: str | None = None
    of: list[str] = []


class Exhibits(Declared):
    exhibits: dict[str, Exhibit]


SEVERAL = {
    "variants": [
        "winsor_limits", "alternatives", "lagged_regressor", "long_differences", "further_effects", "without_provinces",
        "driscoll_kraay",
    ],
    "mediation_sensitivity_plot": ["mediation_sensitivity"],
}  # fmt: skip
"""Kind of exhibit -> kinds of results it shows, as many as there are."""
EXACTLY = {
    "index_variants": ["index_variants"],
    "index_uncertainty": ["index_uncertainty"],
    "diagnostics": ["diagnostics"],
    "multiple_testing": ["multiple_testing"],
    "event_study": ["event_study"],
    "instruments": ["shift_share"],
    "leave_one_out_plot": ["leave_one_out"],
    "placebo_plot": ["placebo"],
    "event_study_plot": ["event_study"],
    "specification_curve_plot": ["specification_curve", "curve_permutation"],
}
"""Kind of exhibit -> the kinds of its columns, one by one."""


def unfit_exhibits(parsed: dict[str, Any]) -> list[Fault]:
    """Exhibits whose columns are not of the kinds they show.

    Args:
        parsed: the study files by name, in which every name is defined.
    """
    regressions, found = parsed["regressions"], []
    results = {**regressions.tests, **regressions.robustness}
    for name, exhibit in parsed["exhibits"].exhibits.items():
        kinds = [getattr(results.get(column), "kind", "specification") for column in exhibit.columns]
        several, exactly = SEVERAL.get(exhibit.kind), EXACTLY.get(exhibit.kind)
        unfit = (several and not (kinds and set(kinds) <= set(several))) or (exactly and kinds != exactly)
        if unfit:
            facts = {"kind": exhibit.kind, "found": ", ".join(kinds), "expected": ", ".join(several or exactly or [])}
            found.append(fault("exhibit_columns", file="study/exhibits.yaml", key=f"exhibits.{name}.columns", **facts))
    return found
