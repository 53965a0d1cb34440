"""The study files (study/*.yaml), typed and checked; the types of the larger ones are in declared/.

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

from cbe_assets.declared.battery import unfit_entries
from cbe_assets.declared.exhibits import Exhibit, Exhibits, unfit_exhibits
from cbe_assets.declared.names import undefined_names
from cbe_assets.declared.published import PublishedPaper
from cbe_assets.declared.regressions import Regressions, Robustness, Specification, Test, Variable
from cbe_assets.declared.text import Text
from cbe_assets.declared.typed_yaml import Declared, load_yaml
from cbe_assets.faults import StudyFault, fault, say
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


class Paper(Declared):
    citation: str
    doi: str


class Seeds(Declared):
    """Where every random draw starts from.

    Attributes:
        simulate: the simulated yearbook.
        bootstrap: cluster and wild cluster bootstrap.
        permutation: permutations of paths among provinces.
        monte_carlo: the design over the choices behind the index.
    """

    simulate: int
    bootstrap: int
    permutation: int = 20250716
    monte_carlo: int = 20250717


class Draws(Declared):
    """How many draws each resampling takes.

    Attributes:
        bootstrap: cluster bootstrap of indirect effects.
        wild_bootstrap: of the p value and interval of a coefficient.
        permutation: of paths among provinces.
        curve: wild bootstrap of each specification of a curve.
        curve_permutation: curves under permuted paths.
        monte_carlo: points of the design over the choices behind the index, a power of two.
    """

    bootstrap: Annotated[int, Field(ge=99)] = 2000
    wild_bootstrap: Annotated[int, Field(ge=99)] = 9999
    permutation: Annotated[int, Field(ge=99)] = 10000
    curve: Annotated[int, Field(ge=99)] = 999
    curve_permutation: Annotated[int, Field(ge=99)] = 499
    monte_carlo: Annotated[int, Field(ge=16)] = 512

    @model_validator(mode="after")
    def _power_of_two(self) -> Draws:
        if self.monte_carlo & (self.monte_carlo - 1):
            raise ValueError("monte_carlo is a power of two: 256, 512, 1024")
        return self


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
    draws: Draws = Draws()

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


_FILES: dict[str, type[Declared]] = {
    "study": Settings,
    "tables": Tables,
    "indicators": Indicators,
    "regressions": Regressions,
    "exhibits": Exhibits,
}
_OPTIONAL: dict[str, type[Declared]] = {
    "published": PublishedPaper,
}
"""Files that not every study has."""


class Study:
    """A study root with its checked YAML.

    Attributes:
        root: the folder.
        settings: study.yaml.
        tables, reference_tables: tables.yaml.
        index, groups, indicators: indicators.yaml.
        variables, specifications, tests, robustness: regressions.yaml.
        exhibits: exhibits.yaml.
        published: published.yaml, the numbers of the paper that the study repeats; None without a paper.
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
        self.robustness: dict[str, Robustness] = parsed["regressions"].robustness
        self.exhibits: dict[str, Exhibit] = parsed["exhibits"].exhibits
        self.published: PublishedPaper | None = parsed.get("published")
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
        for name, model in (_FILES | _OPTIONAL).items():
            path = folder / "study" / f"{name}.yaml"
            if name in _OPTIONAL and not path.exists():
                continue
            loaded, found = load_yaml(path, model, folder)
            parsed[name] = loaded
            faults += found
        if not faults:
            faults = undefined_names(parsed) or [*unfit_entries(parsed), *unfit_exhibits(parsed)]
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
