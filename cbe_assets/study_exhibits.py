"""exhibits.yaml, typed: every table and figure, which results it shows, in which rows, under which words."""

from __future__ import annotations

from typing import Literal

from cbe_assets.declared import Declared
from cbe_assets.study_text import Text


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
