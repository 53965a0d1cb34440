"""One step of a trace: a value, what it is, and the steps it was made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """A traced value.

    Attributes:
        kind: winsorized, expression, index, indicator, table (a cell of a settled table), edition (a printed cell),
            reference (a row of public record); coefficient, column, source where no single cell is meant.
        asset: `layer/name`.
        column: of that asset.
        value: its value; None where no single cell is meant or the cell is missing.
        province, year: the cell; None where it has none of its own, as a rate of the whole nation.
        unit: of the value, where it has one.
        facts: what there is to say about it, as JSON would hold it.
        inputs: what it was made of.
    """

    kind: str
    asset: str
    column: str
    value: Any = None
    province: str | None = None
    year: int | None = None
    unit: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[Step, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; facts stand beside the rest, what is None is left out."""
        head = {
            "kind": self.kind, "asset": self.asset, "column": self.column, "province": self.province,
            "year": self.year, "value": self.value, "unit": self.unit,
        }  # fmt: skip
        known = {name: value for name, value in head.items() if value is not None or name == "value"}
        return known | self.facts | {"inputs": [step.as_dict() for step in self.inputs]}

    def walk(self) -> list[Step]:
        """Itself and all steps below it, depth first."""
        return [self, *(below for step in self.inputs for below in step.walk())]
