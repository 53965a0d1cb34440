"""The change of a coefficient in exact parts: revised values, coverage, specification, code, in this order.

The panel is rebuilt step by step and the coefficient estimated at each step with the code of today:

    0  the old cells under the old definitions
    1  revised values put into the cells that both states have
    2  cells added and gone: new years and provinces
    3  the new cells under the new definitions: specification, SQL, settings, gap policies

Each part is the difference of two steps, so another order would give other parts.  Old code cannot be run again; what
today's code makes of a stored state, against what was stored, is the part of the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Key = tuple[str, str]
"""Specification and term."""
Estimates = Mapping[Key, float]


@dataclass(frozen=True)
class Attribution:
    """One coefficient.

    Attributes:
        specification, term: which.
        old, new: as stored in the two states.
        revised: part of revised values of existing cells (step 1 less step 0).
        coverage: part of new years and provinces (step 2 less step 1).
        specification_change: part of changed definitions (step 3 less step 2).
        code: what is left: changed code and libraries.
    """

    specification: str
    term: str
    old: float
    new: float
    revised: float
    coverage: float
    specification_change: float
    code: float

    @property
    def total(self) -> float:
        return self.new - self.old

    @property
    def definition(self) -> float:
        """Changed specification or code together."""
        return self.specification_change + self.code

    @property
    def parts(self) -> tuple[float, float, float]:
        """Revised values, coverage, specification or code; they sum to the total up to rounding."""
        return self.revised, self.coverage, self.definition


def attributed(old: Estimates, new: Estimates, steps: Sequence[Estimates]) -> list[Attribution]:
    """The parts of every coefficient that both states have and all steps give.

    Args:
        old, new: as stored.
        steps: estimates at the four steps.
    """
    start, revised, covered, end = steps
    keys = [key for key in new if all(key in known for known in (old, *steps))]
    return [
        Attribution(
            *key,
            old=old[key],
            new=new[key],
            revised=revised[key] - start[key],
            coverage=covered[key] - revised[key],
            specification_change=end[key] - covered[key],
            code=(new[key] - end[key]) + (start[key] - old[key]),
        )
        for key in keys
    ]
