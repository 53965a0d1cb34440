"""regressions.yaml, typed: variables, specifications, tests of them, and the robustness battery.

A specification, a test and an entry of the battery each become the asset model/<its key>.  Which further keys a test or
an entry has depends on its `kind`: one class below per kind.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cbe_assets.declared.text import Text
from cbe_assets.declared.typed_yaml import Declared

Percent = Annotated[float, Field(ge=0, lt=50)]
Years = Annotated[int, Field(ge=1)]
Step = Annotated[float, Field(gt=0)]
WeightingMethod = Literal["entropy", "entropy_per_year", "pca", "critic", "variation", "equal", "printed"]
"""Names of statistics/index.py's WEIGHTING."""


class Variable(Declared):
    """A column of panel/estimation.

    Attributes:
        log: whether it is a natural logarithm, so that a coefficient on it is a semi-elasticity.
        step: how much more of it a table gives the effect of: 0.01 of an index or a share, 1 of a count.
    """

    role: Literal["outcome", "regressor", "control", "alternative", "mediator", "grouping"]
    title: Text
    description: Text
    source: Text
    log: bool = False
    step: Step = 0.01


class Sample(Declared):
    """A part of the panel: the side of a median split over the observations, the province-years without a filled cell.

    Attributes:
        split, at, side: the variable that is cut, where, and the side kept.
        without_filled: leave out province-years in which a cell of any table was filled (column `filled` of the panel).
    """

    split: str | None = None
    at: Literal["median"] = "median"
    side: Literal["high", "low"] | None = None
    without_filled: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Sample:
        if (self.split is None) != (self.side is None):
            raise ValueError("split and side belong together: {split: FinDev, side: high}")
        if self.split is None and not self.without_filled:
            raise ValueError("a sample needs a split, or without_filled: true")
        return self


class Specification(Declared):
    outcome: str
    regressors: list[str]
    controls: list[str] = []
    estimator: Literal["pooled_ols", "fixed_effects", "province_slopes_ols", "province_slopes_lsdv", "swamy"]
    effects: list[Literal["province", "year"]] = []
    covariance: Literal["conventional", "hc1", "clustered"]
    sample: Sample | None = None

    @property
    def variables(self) -> list[str]:
        """Every variable the specification reads, outcome first."""
        names = [self.outcome, *self.regressors, *self.controls]
        return names + [self.sample.split] if self.sample and self.sample.split else names


class Of(Declared):
    """About one specification."""

    of: str

    @property
    def specifications(self) -> list[str]:
        """The specifications it is about, in the order given."""
        return [self.of]

    @property
    def variables(self) -> list[str]:
        """Variables it names beside those of its specifications."""
        return []


class OneSpecification(Of):
    __test__ = False
    kind: Literal["f_test", "hausman", "vif", "slope_homogeneity", "effect_sizes", "diagnostics", "partial_pooling"]


class TwoSpecifications(Declared):
    """The two sides of a split; `permutation_equal_coefficients` hands the splitting variable round the provinces."""

    __test__ = False
    kind: Literal["equal_coefficients", "permutation_equal_coefficients"]
    of: Annotated[list[str], Field(min_length=2, max_length=2)]
    variables: list[str] = Field(default=[], max_length=0)

    @property
    def specifications(self) -> list[str]:
        """Both sides."""
        return self.of


class Mediation(Declared):
    """Three steps through one mediator: the total, the mediator's and the direct regression."""

    kind: Literal["mediation"]
    total: str
    mediator: str
    direct: str
    variables: list[str] = Field(default=[], max_length=0)

    @property
    def specifications(self) -> list[str]:
        """Total, mediator's, direct."""
        return [self.total, self.mediator, self.direct]


class JointMediation(Declared):
    """Several mediators at once (`joint_mediation`), or how much confounding one path stands (`sensitivity`)."""

    kind: Literal["joint_mediation", "mediation_sensitivity"]
    total: str
    mediators: Annotated[list[str], Field(min_length=1)]

    @property
    def specifications(self) -> list[str]:
        """The total regression."""
        return [self.total]

    @property
    def variables(self) -> list[str]:
        """The mediators."""
        return self.mediators


class Descriptives(Declared):
    kind: Literal["descriptives"]
    variables: list[str]
    vif_of: str | None = None

    @property
    def specifications(self) -> list[str]:
        """The one whose VIF is given."""
        return [self.vif_of] if self.vif_of else []


Test = Annotated[
    OneSpecification | TwoSpecifications | Mediation | JointMediation | Descriptives, Field(discriminator="kind")
]
"""A test or summary of specifications."""


class Battery(Of):
    """An entry of the battery about one specification and one of its regressors.

    Attributes:
        title: what is varied.
        of: the specification.
        term: the regressor; None for the specification's first.
    """

    title: Text
    term: str | None = None

    @property
    def variables(self) -> list[str]:
        """Variables it names beside those of its specification."""
        return [self.term] if self.term else []


class PlainVariant(Battery):
    kind: Literal["further_effects", "leave_one_out", "driscoll_kraay", "placebo", "index_uncertainty"]


class WinsorLimits(Battery):
    kind: Literal["winsor_limits"]
    percents: Annotated[list[Percent], Field(min_length=1)]


class OtherYears(Battery):
    """`lagged_regressor`: the regressor of so many years before; `long_differences`: differences over so many years."""

    kind: Literal["lagged_regressor", "long_differences"]
    years: Annotated[list[Years], Field(min_length=1)]


class WithoutProvinces(Battery):
    kind: Literal["without_provinces"]
    provinces: Annotated[list[str], Field(min_length=1)]


class Without(Declared):
    """The index without some of its indicators."""

    title: Text
    indicators: Annotated[list[str], Field(min_length=1)]


class IndexVariants(Battery):
    """The index by other weights, and without some indicators."""

    kind: Literal["index_variants"]
    weights: list[WeightingMethod]
    without: dict[str, Without] = {}


class EventStudy(Battery):
    """Adoption in the first year in which `dose` is above zero."""

    kind: Literal["event_study"]
    dose: str

    @property
    def variables(self) -> list[str]:
        """The dose, and the term where one is named."""
        return [*super().variables, self.dose]


class ShiftShare(Battery):
    """Instrument: `share` of the base year times the other provinces' mean of `shift`.

    Attributes:
        share, shift: indicators or variables.
        base_year: whose shares count.
    """

    kind: Literal["shift_share"]
    share: str
    shift: str
    base_year: int


class SpecificationCurve(Battery):
    """All subsets of the controls x effects x winsor limits x weights x outcomes; or its joint permutation test."""

    kind: Literal["specification_curve", "curve_permutation"]
    outcomes: Annotated[list[str], Field(min_length=1)]
    weights: Annotated[list[WeightingMethod], Field(min_length=1)]
    effects: Annotated[list[Literal["province_year", "province_trends", "region_by_year"]], Field(min_length=1)]
    winsor: Annotated[list[Percent], Field(min_length=1)]

    @property
    def variables(self) -> list[str]:
        """The outcomes, and the term where one is named."""
        return [*super().variables, *self.outcomes]


class Several(Declared):
    """About several specifications: variants of one another, or the family of tests reported."""

    title: Text
    kind: Literal["alternatives", "multiple_testing"]
    of: Annotated[list[str], Field(min_length=2)]
    variables: list[str] = Field(default=[], max_length=0)

    @property
    def specifications(self) -> list[str]:
        """All of them."""
        return self.of


Robustness = Annotated[
    PlainVariant
    | WinsorLimits
    | OtherYears
    | WithoutProvinces
    | IndexVariants
    | EventStudy
    | ShiftShare
    | SpecificationCurve
    | Several,
    Field(discriminator="kind"),
]
"""An entry of the robustness battery."""


class Regressions(Declared):
    """regressions.yaml."""

    variables: dict[str, Variable]
    controls: list[str] = []
    specifications: dict[str, Specification]
    tests: dict[str, Test] = {}
    robustness: dict[str, Robustness] = {}
