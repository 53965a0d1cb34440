"""Printed numbers as intervals: what a figure can have been before it was rounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any


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
    place: str
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
        content: the file as a mapping.
    """

    def __init__(self, content: Mapping[str, Any]):
        self.content = content
        self.cells: dict[tuple[str, str], Cell] = {
            (name, term): Cell(
                name, column["place"], term, Printed.of(cell["estimate"]), cell["stars"], Printed.of(cell["t"])
            )
            for name, column in content["columns"].items()
            for term, cell in column["terms"].items()
        }

    def column(self, specification: str) -> dict[str, Cell]:
        """The cells of one printed column by term."""
        return {term: cell for (name, term), cell in self.cells.items() if name == specification}

    def statistic(self, specification: str, name: str) -> Printed:
        """A further statistic of a column, such as r2; counts are exact."""
        text = self.content["columns"][specification]["statistics"][name]
        return Printed.count(text) if name == "n" else Printed.of(text)

    def place(self, specification: str) -> str:
        """`Table 4 (3)`."""
        return self.content["columns"][specification]["place"]

    def description(self, variable: str, name: str) -> Printed:
        """mean, sd, min, max (three decimals, trailing zeros dropped), vif or n of Table 3."""
        text = self.content["descriptives"][variable][name]
        if name == "n":
            return Printed.count(text)
        return Printed.of(text, None if name == "vif" else 3)

    @property
    def groups(self) -> int:
        """Number of provinces."""
        return int(self.content["provinces"])
