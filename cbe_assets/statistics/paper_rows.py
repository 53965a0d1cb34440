"""The shape of an audit's row, and its verdicts."""

from __future__ import annotations

from typing import Any

from cbe_assets.declared.text import Text
from cbe_assets.statistics.printed import Printed

Said = Text | str
"""Words in both languages, or signs that are the same in both."""
TEXTS = ("place", "formula", "values", "tolerance", "meaning")
COLUMNS = (
    "identity", "place_zh", "place_en", "formula_zh", "formula_en", "values_zh", "values_en", "tolerance_zh",
    "tolerance_en", "printed", "low", "high", "verdict", "meaning_zh", "meaning_en",
)  # fmt: skip
VERDICTS = ("holds", "broken", "refuted", "implied", "wrong", "open")
"""holds; broken: printed numbers contradict one another; refuted: a supposition about how a number was made cannot be
right; implied: no check, a number that follows; wrong: a statement of the text; open: what the paper leaves out."""
BROKEN = Text(
    zh="所印数字在此相互矛盾：先核对study/published.yaml与原文，再考虑印刷错误或各列样本不同。",
    en="The printed numbers contradict one another here: first hold study/published.yaml against the page, then think "
    "of a misprint, or of columns from different samples.",
)
NAN = float("nan")


def text(said: Said) -> Text:
    """Both languages of something said."""
    return said if isinstance(said, Text) else Text(zh=said, en=said)


def at(place: Text, what: str) -> Text:
    """A place and the variable or province in it."""
    return Text(zh=f"{place.zh}：{what}", en=f"{place.en}: {what}")


def row(
    identity: str,
    place: Text,
    formula: Said,
    values: Said,
    tolerance: Said,
    verdict: str,
    meaning: Text,
    *,
    printed: float = NAN,
    bounds: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """One line of the audit.

    Args:
        identity: kind of check.
        place: table and cell, or section.
        formula: what is checked.
        values: what was put into the formula.
        tolerance: what the number may be, given the rounding of the others; of a statement, its words.
        verdict: one of `VERDICTS`.
        meaning: what follows; a broken identity has the same meaning everywhere.
        printed: the number checked.
        bounds: the interval it must meet.
    """
    low, high = bounds or (NAN, NAN)
    said = dict(zip(TEXTS, map(text, (place, formula, values, tolerance, meaning)), strict=True))
    if verdict == "broken":
        said["meaning"] = BROKEN
    found: dict[str, Any] = {"identity": identity, "printed": printed, "low": low, "high": high, "verdict": verdict}
    for name, both in said.items():
        found |= {f"{name}_zh": both.zh, f"{name}_en": both.en}
    return {column: found[column] for column in COLUMNS}


def identity(
    kind: str, place: Text, formula: Said, values: Said, printed: Printed, bounds: tuple[float, float], meaning: Text
) -> dict[str, Any]:
    """A number that must lie in `bounds`, which its own rounding widens: `holds` or `broken`."""
    wide = (bounds[0] - printed.half, bounds[1] + printed.half)
    tolerance, verdict = f"[{wide[0]:.4f}, {wide[1]:.4f}]", holds(printed.meets(*bounds))
    return row(kind, place, formula, values, tolerance, verdict, meaning, printed=printed.value, bounds=wide)


def holds(met: bool) -> str:
    """The verdict on printed numbers that must agree."""
    return "holds" if met else "broken"
