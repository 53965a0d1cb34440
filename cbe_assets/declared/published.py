"""published.yaml: the numbers a paper prints, as printed, and the statements of its text; typed and checked.

A study without a paper has no such file.  Which names it may use is checked in declared/names.py.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from cbe_assets.declared.text import Text
from cbe_assets.declared.typed_yaml import Declared
from cbe_assets.faults import say

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)")
_COUNT = re.compile(r"\d+")
_LEVEL = re.compile(r"\d+(?:\.\d+)?%")


def _digits(pattern: re.Pattern[str], message: str) -> AfterValidator | BeforeValidator:
    """A text of these digits; a bare YAML number has lost its trailing zeros, so it must stand in quotes."""

    def check(given: object) -> str:
        if not isinstance(given, str) or not pattern.fullmatch(given):
            raise ValueError(say(message))
        return given

    return BeforeValidator(check)


Number = Annotated[str, _digits(_NUMBER, "printed_number")]
Count = Annotated[str, _digits(_COUNT, "printed_count")]
Level = Annotated[str, _digits(_LEVEL, "printed_level")]
Stars = Literal["", "*", "**", "***"]
Check = Literal[
    "star_note",
    "semi_elasticity",
    "elasticity",
    "was_significant",
    "same_stars",
    "insignificant_slopes",
    "regional_means",
    "group_difference",
    "direct_interval",
    "indirect_shares",
    "error_ratio",
]
"""Arithmetic of statistics/paper_claims.py that decides a statement."""
CELLS: dict[str, int] = {
    "semi_elasticity": 1,
    "elasticity": 1,
    "was_significant": 1,
    "same_stars": 2,
    "group_difference": 2,
    "direct_interval": 2,
    "indirect_shares": 1,
    "error_ratio": 2,
}
"""Check -> how many cells it is about; the others are about whole tables."""


class Coefficient(Declared):
    """A printed cell: estimate, stars and the t below it."""

    estimate: Number
    stars: Stars
    t: Number


class Statistics(Declared):
    """What stands under a printed column."""

    n: Count
    r2: Number | None = None
    f_test: Number | None = None
    f_test_stars: Stars | None = None
    hausman: Number | None = None
    hausman_stars: Stars | None = None

    @model_validator(mode="after")
    def _with_stars(self) -> Statistics:
        if (self.f_test is None) != (self.f_test_stars is None) or (self.hausman is None) != (
            self.hausman_stars is None
        ):
            raise ValueError(say("printed_test_without_stars"))
        return self


class Column(Declared):
    """A printed column of a regression table.

    Attributes:
        place: where it is printed.
        outcome: its dependent variable.
        kind: pooled; fixed_effects (provinces and years); split (the same on a part of the sample).
        terms: term -> cell.
        statistics: what stands under it.
    """

    place: Text
    outcome: str
    kind: Literal["pooled", "fixed_effects", "split"]
    terms: dict[str, Coefficient]
    statistics: Statistics


class Description(Declared):
    """A row of descriptive statistics."""

    n: Count
    mean: Number
    sd: Number
    min: Number
    max: Number
    vif: Number | None = None


class Slope(Declared):
    """A province's printed slope and its p-value."""

    estimate: Number
    p: Number


class Mediation(Declared):
    """Three columns: total effect, the way to the mediator, direct effect beside the mediator."""

    mediator: str
    total: str
    path: str
    direct: str


class Places(Declared):
    """Where tables that are no regressions are printed."""

    weights: Text | None = None
    descriptives: Text | None = None
    slopes: Text | None = None


class Statement(Declared):
    """What the text says.

    Attributes:
        place: section or table.
        quote: its words, with … for what is left out.
        check: the arithmetic that decides.
        verdict: a reading, where no arithmetic can decide.
        cells: [column, term] pairs that the check is about.
        claimed: the number the text gives.
        listed: the provinces the text lists.
        meaning: what follows.
    """

    place: Text
    quote: str
    check: Check | None = None
    verdict: Literal["holds", "wrong", "open"] | None = None
    cells: list[tuple[str, str]] = []
    claimed: Number | None = None
    listed: list[str] = []
    meaning: Text

    @model_validator(mode="after")
    def _decided_once(self) -> Statement:
        if (self.check is None) == (self.verdict is None):
            raise ValueError(say("statement_check_or_verdict"))
        cells = CELLS.get(self.check or "", 0)
        if len(self.cells) != cells:
            raise ValueError(say("statement_cells", setting=self.check or "verdict", expected=cells))
        if (self.claimed is not None) != (self.check in ("semi_elasticity", "elasticity")):
            raise ValueError(say("statement_claimed"))
        if bool(self.listed) != (self.check == "insignificant_slopes"):
            raise ValueError(say("statement_listed"))
        return self


class PublishedPaper(Declared):
    """published.yaml.

    Attributes:
        provinces, years: size of the printed panel.
        index: the variable that lies between 0 and 1.
        places: where weights, descriptives and slopes are printed.
        star_note: stars -> level, as the paper's note has it.
        weights: indicator -> per cent.
        descriptives: variable -> its row.
        columns: specification -> its printed column.
        mediations: the columns that belong together as total, mediator's and direct effect.
        slopes_of: the specification that stands beside the slopes.
        slopes: region -> province -> slope.
        statements: name -> what the text says.
    """

    provinces: Count
    years: Count
    index: str | None = None
    places: Places = Places()
    star_note: dict[Literal["*", "**", "***"], Level] = {}
    weights: dict[str, Number] = {}
    descriptives: dict[str, Description] = {}
    columns: dict[str, Column]
    mediations: list[Mediation] = []
    slopes_of: str | None = None
    slopes: dict[Literal["east", "central", "west"], dict[str, Slope]] = {}
    statements: dict[str, Statement] = {}

    @model_validator(mode="after")
    def _whole(self) -> PublishedPaper:
        for part in ("weights", "descriptives", "slopes"):
            if getattr(self, part) and getattr(self.places, part) is None:
                raise ValueError(say("printed_nowhere", expected=f"places.{part}"))
        if self.slopes and self.slopes_of is None:
            raise ValueError(say("slopes_beside_nothing"))
        if self._checks("star_note") and not self.star_note:
            raise ValueError(say("check_needs", setting="star_note", expected="star_note"))
        if self._checks("insignificant_slopes") and not self.slopes:
            raise ValueError(say("check_needs", setting="insignificant_slopes", expected="slopes"))
        if self._checks("regional_means") and not ("east" in self.slopes and len(self.slopes) > 1):
            raise ValueError(say("check_needs", setting="regional_means", expected="slopes.east, slopes.west"))
        return self

    def _checks(self, check: str) -> bool:
        return any(item.check == check for item in self.statements.values())

    def content(self) -> dict[str, object]:
        """As cbe_assets.statistics takes it: plain, without what is not printed."""
        return self.model_dump(exclude_none=True)
