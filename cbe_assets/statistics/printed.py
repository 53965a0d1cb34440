"""Printed numbers as intervals: what a figure can have been before it was rounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any, ClassVar

from cbe_assets.declared.text import Text


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Attributes:
        text: as printed.
        value: its value.
        half: half a unit of its last digit: the true number lies within value +- half.
    """

    text: str
    value: float
    half: float

    @classmethod
    def of(cls, text: str, decimals: int | None = None) -> Printed:
        """From the digits as printed; `decimals` where trailing zeros were dropped."""
        number = Decimal(str(text))
        digits = max(0, -int(number.as_tuple().exponent)) if decimals is None else decimals
        return cls(str(text), float(number), 0.5 * 10.0**-digits)

    @classmethod
    def count(cls, text: str) -> Printed:
        """A count, which is exact."""
        return cls(str(text), float(text), 0.0)

    @property
    def low(self) -> float:
        return self.value - self.half

    @property
    def high(self) -> float:
        return self.value + self.half

    def meets(self, low: float, high: float) -> bool:
        """Whether some number that prints like this lies in [low, high]."""
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        return self.low <= high + slack and self.high >= low - slack


def span(formula: Callable[..., float], *numbers: Printed) -> tuple[float, float]:
    """Least and greatest value of `formula` at the corners of the numbers' intervals.

    Right for formulas that are monotone in each number over its interval, as all of the audit's are.
    """
    corners = [(number.low, number.high) if number.half else (number.value,) for number in numbers]
    values = [formula(*corner) for corner in product(*corners)]
    return min(values), max(values)


def total(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Sum of independent intervals."""
    lows, highs = zip(*spans, strict=True)
    return math.fsum(lows), math.fsum(highs)


@dataclass(frozen=True)
class Cell:
    """A printed coefficient with its stars and t."""

    specification: str
    place: Text
    term: str
    estimate: Printed
    stars: str
    t: Printed

    @property
    def std_error(self) -> float:
        """|estimate / t|; infinite if t prints as 0."""
        return abs(self.estimate.value / self.t.value) if self.t.value else math.inf

    def std_errors(self) -> tuple[float, float]:
        """What the standard error can have been."""
        low, high = sorted((abs(self.t.low), abs(self.t.high)))
        least = 0.0 if self.t.low <= 0 <= self.t.high else low
        estimates = sorted((abs(self.estimate.low), abs(self.estimate.high)))
        return estimates[0] / high, (estimates[1] / least if least else math.inf)


class Published:
    """study/published.yaml, parsed: its cells and statistics by name.

    Args:
        content: the file as a mapping; keys that a paper without such a table leaves out are empty.
    """

    NAMES: ClassVar[dict[str, str]] = {"f_test": "F", "hausman": "Hausman"}
    """Tests under a column, as their statistic is called in both languages."""

    def __init__(self, content: Mapping[str, Any]):
        self.content = {"weights": {}, "descriptives": {}, "slopes": {}, "statements": {}, **content}
        self.cells: dict[tuple[str, str], Cell] = {
            (name, term): Cell(
                name, self.place(name), term, Printed.of(cell["estimate"]), cell["stars"], Printed.of(cell["t"])
            )
            for name, column in content["columns"].items()
            for term, cell in column["terms"].items()
        }
        # Some tables drop trailing zeros: all their numbers are to the digits of the longest.
        texts = [row[name] for row in self.content["descriptives"].values() for name in ("mean", "sd", "min", "max")]
        self._decimals = max((len(text.partition(".")[2]) for text in texts), default=0)

    @property
    def groups(self) -> int:
        """Number of provinces."""
        return int(self.content["provinces"])

    @property
    def years(self) -> int:
        """Number of years."""
        return int(self.content["years"])

    @property
    def mediations(self) -> list[Mapping[str, str]]:
        """Each with mediator, total, path and direct: the mediator's name and three columns."""
        return list(self.content.get("mediations", ()))

    def of_kind(self, kind: str) -> list[str]:
        """The printed columns that are `pooled`, `fixed_effects` or `split`."""
        return [name for name, column in self.content["columns"].items() if column["kind"] == kind]

    def described(self, kind: str) -> list[str]:
        """The columns of a kind with a constant, whose outcome and regressors all have descriptive statistics."""
        known = {*self.content["descriptives"], "_cons"}
        return [
            name for name in self.of_kind(kind)
            if "_cons" in self.column(name) and {self.outcome(name), *self.column(name)} <= known
        ]  # fmt: skip

    def outcome(self, specification: str) -> str:
        """Dependent variable of a column."""
        return self.content["columns"][specification]["outcome"]

    def column(self, specification: str) -> dict[str, Cell]:
        """The cells of one printed column by term."""
        return {term: cell for (name, term), cell in self.cells.items() if name == specification}

    def has(self, specification: str, name: str) -> bool:
        """Whether the column prints this statistic."""
        return name in self.content["columns"][specification]["statistics"]

    def statistic(self, specification: str, name: str) -> Printed:
        """A further statistic of a column, such as r2; counts are exact."""
        text = self.content["columns"][specification]["statistics"][name]
        return Printed.count(text) if name == "n" else Printed.of(text)

    def residual_df(self, specification: str) -> float:
        """Residual degrees of freedom of a column with province effects and year dummies."""
        slopes = len(self.column(specification)) - 1
        return self.statistic(specification, "n").value - self.groups - (self.years - 1) - slopes

    def place(self, specification: str) -> Text:
        """Where a column is printed: `Table 4 (1)`."""
        return _text(self.content["columns"][specification]["place"])

    def table(self, part: str) -> Text:
        """Where `weights`, `descriptives` or `slopes` are printed."""
        return _text(self.content["places"][part])

    def description(self, variable: str, name: str) -> Printed:
        """mean, sd, min, max (to the decimals of the longest of them), vif or n of a variable."""
        text = self.content["descriptives"][variable][name]
        if name == "n":
            return Printed.count(text)
        return Printed.of(text, None if name == "vif" else self._decimals)


def _text(place: Text | Mapping[str, str]) -> Text:
    return place if isinstance(place, Text) else Text(**place)
