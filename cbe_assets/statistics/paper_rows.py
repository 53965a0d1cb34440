"""The shape of an audit's row."""

from __future__ import annotations

from typing import Any

from cbe_assets.statistics.printed import Printed

COLUMNS = (
    "identity", "place", "formula", "values", "tolerance", "printed", "low", "high", "verdict", "meaning_zh",
    "meaning_en",
)  # fmt: skip
VERDICTS = ("holds", "refuted", "implied", "wrong", "open")
NAN = float("nan")


def row(
    identity: str,
    place: str,
    formula: str,
    values: str,
    tolerance: str,
    verdict: str,
    meaning_zh: str,
    meaning_en: str,
    *,
    printed: float = NAN,
    bounds: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """One line of the audit.

    Args:
        identity: kind of check.
        place: table and cell, or section.
        values: what was put into the formula.
        tolerance: what the number may be, given the rounding of the others.
        verdict: one of `VERDICTS`.
        printed: the number checked.
        bounds: the interval it must meet.
    """
    low, high = bounds or (NAN, NAN)
    found = (identity, place, formula, values, tolerance, printed, low, high, verdict, meaning_zh, meaning_en)
    return dict(zip(COLUMNS, found, strict=True))


def identity(
    kind: str,
    place: str,
    formula: str,
    values: str,
    printed: Printed,
    bounds: tuple[float, float],
    meaning_zh: str,
    meaning_en: str,
) -> dict[str, Any]:
    """A number that must lie in `bounds` up to its own rounding: `holds` or `refuted`."""
    tolerance = f"[{bounds[0]:.4f}, {bounds[1]:.4f}] +- {printed.half:g}"
    verdict = "holds" if printed.meets(*bounds) else "refuted"
    return row(
        kind, place, formula, values, tolerance, verdict, meaning_zh, meaning_en, printed=printed.value, bounds=bounds
    )
