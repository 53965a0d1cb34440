"""The study files (study/*.yaml), typed and checked.

A study root is a folder with study/, sql/, expectations/ and data/.  `Study.load` reads its YAML, reports every unknown
key, wrong type and dangling name of all files together, and never touches data.
"""

from __future__ import annotations

import os
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cbe_assets.declared import Declared, load_yaml
from cbe_assets.faults import StudyFault, fault, say
from cbe_assets.study_names import undefined_names
from cbe_assets.yearbook.edition import as_of_date, edition_date, edition_name
from cbe_assets.yearbook.expression import names


def _or_value_error(check: Any, given: str) -> Any:
    """pydantic turns a ValueError into a fault with file, line and key."""
    try:
        return check(given)
    except StudyFault as found:
        raise ValueError("; ".join(say(f.message, **f.facts) for f in found.faults)) from found


def _an_edition(given: str) -> str:
    _or_value_error(edition_date, given)
    return given


class Text(Declared):
    """A text in both languages of the study."""

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return getattr(self, language)


class Paper(Declared):
    citation: str
    doi: str


class Seeds(Declared):
    simulate: int
    bootstrap: int


class Settings(Declared):
    """study.yaml."""

    name: str
    title: Text
    paper: Paper | None = None
    yearbooks: str
    reference: str = "data/reference"
    excluded_provinces: list[str] = []
    years: tuple[int, int]
    winsor: tuple[Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(ge=0, le=100)]]
    seeds: Seeds

    @model_validator(mode="after")
    def _ordered(self) -> Settings:
        if self.years[0] > self.years[1] or self.winsor[0] >= self.winsor[1]:
            raise ValueError("years and winsor are [lower, upper]")
        return self


Edition = Annotated[str, BeforeValidator(edition_name), AfterValidator(_an_edition)]


class GapPolicy(Declared):
    """What happens to a missing cell; in YAML a word (`interpolate`) or a mapping (`{policy: carry, edition: 2022}`).

    Attributes:
        policy: error; leave missing; interpolate linearly between the province's neighbouring years; carry the latest
            earlier value forward; compute from other tables.
        edition: for carry, the edition the value is taken from (default: the newest that has it).
        expression: for compute, arithmetic over the clean values of other tables, each in its stored unit.
    """

    policy: Literal["error", "leave", "interpolate", "carry", "compute"] = "error"
    edition: Edition | None = None
    expression: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _word(cls, given: Any) -> Any:
        return {"policy": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _belongs_together(self) -> GapPolicy:
        if (self.policy == "compute") != (self.expression is not None):
            raise ValueError("policy compute, and no other, needs an expression such as gdp * 10000 / population")
        if self.edition is not None and self.policy != "carry":
            raise ValueError("an edition can be named with policy carry only")
        if self.expression is not None:
            _or_value_error(names, self.expression)
        return self

    @property
    def names(self) -> list[str]:
        """The tables its expression reads."""
        return names(self.expression) if self.expression else []


class Table(Declared):
    """An entry of tables.yaml under `tables`: one official indicator."""

    title: Text
    indicator: str
    aliases: list[str] = []
    codes: list[str] = []
    scope: Literal["province", "nation"] = "province"
    unit: str
    accepts: list[str]
    unit_unstated: str | None = None
    range: tuple[float, float]
    gaps: GapPolicy = GapPolicy()
    family: str | None = None
    source: Text


ColumnType = Literal["integer", "number", "text", "date"]


class ReferenceTable(Declared):
    """An entry of tables.yaml under `reference_tables`: a CSV of public record in the reference folder."""

    title: Text
    file: str
    columns: dict[str, ColumnType]
    key: list[str]
    source: Text


class Tables(Declared):
    tables: dict[str, Table]
    reference_tables: dict[str, ReferenceTable] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Tables:
        """Expressions name other tables of the same scope, no table depends on itself, a family has one scope."""
        families: dict[str, str] = {}
        for name, table in self.tables.items():
            if table.family and families.setdefault(table.family, table.scope) != table.scope:
                raise ValueError(f"{name}: all tables of family {table.family} have one scope")
            for other in table.gaps.names:
                if other not in self.tables or self.tables[other].scope != table.scope:
                    raise ValueError(f"{name}: gaps.expression names {other}, which is no table of scope {table.scope}")
        for name in self.tables:
            self._no_cycle(name, ())
        return self

    def _no_cycle(self, name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"gaps.expression leads back to itself: {' -> '.join((*above, name))}")
        for other in self.tables[name].gaps.names:
            self._no_cycle(other, (*above, name))


class IndexMethod(Declared):
    name: str
    normalize: Literal["min_max"] = "min_max"
    weights: Literal["entropy", "pca", "critic", "variation", "equal", "printed"] = "entropy"
    aggregate: Literal["linear"] = "linear"


class Indicator(Declared):
    group: str
    title: Text
    description: Text
    unit: Text
    direction: Literal["positive", "negative"]
    printed_weight: float | None = None


class Indicators(Declared):
    """indicators.yaml."""

    index: IndexMethod
    groups: dict[str, Text]
    indicators: dict[str, Indicator]


class Variable(Declared):
    role: Literal["outcome", "regressor", "control", "alternative", "mediator", "grouping"]
    title: Text
    description: Text
    source: Text


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


TestKind = Literal[
    "f_test", "hausman", "vif", "slope_homogeneity", "equal_coefficients", "mediation", "effect_sizes", "descriptives"
]


class Test(Declared):
    """A test or summary of specifications; which of its keys are used depends on the kind."""

    __test__ = False
    kind: TestKind
    of: str | list[str] | None = None
    total: str | None = None
    mediator: str | None = None
    direct: str | None = None
    variables: list[str] = []
    vif_of: str | None = None

    @property
    def specifications(self) -> list[str]:
        """The specifications it is about, in the order given."""
        of = [self.of] if isinstance(self.of, str) else list(self.of or [])
        return of + [name for name in (self.total, self.mediator, self.direct, self.vif_of) if name]


class Regressions(Declared):
    """regressions.yaml."""

    variables: dict[str, Variable]
    controls: list[str] = []
    specifications: dict[str, Specification]
    tests: dict[str, Test] = {}


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
    "report",
    "drift",
]
Statistic = Literal["f_test", "hausman", "province_effects", "year_effects", "n", "groups", "r2", "r2_within"]


class Exhibit(Declared):
    """An entry of exhibits.yaml; which of its keys are used depends on the kind."""

    kind: ExhibitKind
    title: Text
    columns: list[str] = []
    heads: list[Head] = []
    terms: list[str] = []
    statistics: list[Statistic] = []
    tests: list[str] = []
    notes: list[Text] = []
    reading: list[Text] = []
    bars: list[str] = []
    line: Line | None = None
    x: str | None = None
    y: str | None = None
    of: list[str] = []


class Exhibits(Declared):
    exhibits: dict[str, Exhibit]


_FILES: dict[str, type[Declared]] = {
    "study": Settings,
    "tables": Tables,
    "indicators": Indicators,
    "regressions": Regressions,
    "exhibits": Exhibits,
}


class Study:
    """A study root with its checked YAML.

    Attributes:
        root: the folder.
        settings: study.yaml.
        tables, reference_tables: tables.yaml.
        index, groups, indicators: indicators.yaml.
        variables, specifications, tests: regressions.yaml.
        exhibits: exhibits.yaml.
        as_of: YYYY-MM-DD, when the study is to be as it would have been on that day; else None.
    """

    def __init__(self, root: Path, parsed: dict[str, Any], yearbooks: Path | None = None, as_of: date | None = None):
        self.root = root
        self.as_of = as_of.isoformat() if as_of else None
        self.settings: Settings = _known_by(parsed["study"], as_of) if as_of else parsed["study"]
        self.tables: dict[str, Table] = parsed["tables"].tables
        self.reference_tables: dict[str, ReferenceTable] = parsed["tables"].reference_tables
        self.index: IndexMethod = parsed["indicators"].index
        self.groups: dict[str, Text] = parsed["indicators"].groups
        self.indicators: dict[str, Indicator] = parsed["indicators"].indicators
        self.variables: dict[str, Variable] = parsed["regressions"].variables
        self.specifications: dict[str, Specification] = parsed["regressions"].specifications
        self.tests: dict[str, Test] = parsed["regressions"].tests
        self.exhibits: dict[str, Exhibit] = parsed["exhibits"].exhibits
        self.yearbooks = (yearbooks or root / self.settings.yearbooks).resolve()
        self.reference = (root / self.settings.reference).resolve()

    @classmethod
    def load(
        cls, root: Path | str | None = None, yearbooks: Path | str | None = None, as_of: str | None = None
    ) -> Study:
        """Reads and checks study/*.yaml of `root` (default: CBE_ROOT, else the nearest study root above the cwd).

        Args:
            root: the folder.
            yearbooks: instead of those of study.yaml.
            as_of: a day, month or year (2022-06-30, 2022-06, 2022) whose last day counts.

        Raises:
            StudyFault: with every fault of all files.
        """
        folder = find_root(root)
        day = _day(as_of) if as_of else None
        parsed, faults = {}, []
        for name, model in _FILES.items():
            loaded, found = load_yaml(folder / "study" / f"{name}.yaml", model, folder)
            parsed[name] = loaded
            faults += found
        if not faults:
            faults = undefined_names(parsed)
        if faults:
            raise StudyFault(faults)
        return cls(folder, parsed, Path(yearbooks) if yearbooks else None, day)

    @cached_property
    def years(self) -> list[int]:
        return list(range(self.settings.years[0], self.settings.years[1] + 1))

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse"

    @property
    def exports(self) -> Path:
        return self.data / "exports"


def _day(as_of: str) -> date:
    try:
        return as_of_date(as_of)
    except StudyFault as error:
        raise StudyFault([fault("as_of_malformed", key="--as-of", found=as_of)]) from error


def _known_by(settings: Settings, day: date) -> Settings:
    """The settings with the years that were over on that day: no edition can hold a later one.

    Raises:
        StudyFault: not one of them was.
    """
    first, last = settings.years
    if day.year <= first:
        facts = {"found": day.isoformat(), "expected": f"{first + 1}-01-01"}
        raise StudyFault([fault("as_of_too_early", key="--as-of", **facts)])
    return settings.model_copy(update={"years": (first, min(last, day.year - 1))})


def find_root(root: Path | str | None = None) -> Path:
    """The study root meant: `root`, else CBE_ROOT, else the nearest folder from here upwards with study/study.yaml."""
    given = root or os.environ.get("CBE_ROOT")
    if given:
        folder = Path(given).resolve()
        if not (folder / "study" / "study.yaml").is_file():
            raise StudyFault([fault("not_a_study_root", file=str(given))])
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "study" / "study.yaml").is_file():
            return folder
    raise StudyFault([fault("not_a_study_root", file=str(here))])
