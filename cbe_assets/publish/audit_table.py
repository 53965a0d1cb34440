"""The paper's audit as a table: a group per kind of check, its formula over it, what it means below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import pandas as pd

from cbe_assets.publish.grid import Cell, Grid, Line
from cbe_assets.publish.material import Material
from cbe_assets.publish.numbers import MINUS
from cbe_assets.publish.wording import enumerated, joined, words
from cbe_assets.statistics.paper_rows import VERDICTS
from cbe_assets.study import Text

Row = dict[str, Any]
SOURCE = "audit/published"
HEADS = ("audit_place", "audit_values", "audit_tolerance", "audit_verdict")
_NEGATIVE = re.compile(r"(?<![A-Za-z0-9_.)'-])-(?=[\d.])")


def audit_table(material: Material) -> Grid:
    """The grid of an exhibit of kind `audit`."""
    frame = material.inputs[SOURCE]
    notes = [words("audit_no_simulated")] if material.context.simulated else []
    if paper := material.study.settings.paper:
        notes.append(words("audit_source", citation=paper.citation))
    notes += [joined([words("audit_checks", count=len(frame)), counted(frame)]), words("audit_legend")]
    # The printed numbers are nobody's simulation: the title carries no mark.
    notes += material.exhibit.notes
    return Grid(material.name, material.numbered(), audit_heads(), audit_lines(frame), tuple(notes))


def audit_heads() -> tuple[Line, ...]:
    """One line of heads."""
    return (tuple(Cell(column, words(key), "head", align="left") for column, key in enumerate(HEADS)),)


def counted(frame: pd.DataFrame) -> Text:
    """How many checks have which verdict, those without any left out."""
    found = frame["verdict"].value_counts()
    shown = [name for name in VERDICTS if found.get(name, 0)]
    return enumerated(words(f"count_{name}", count=int(found[name])) for name in shown)


def audit_lines(frame: pd.DataFrame) -> tuple[Line, ...]:
    """Groups in the order of the audit.

    Args:
        frame: statistics.paper_audit.audit's rows.
    """
    lines: list[Line] = []
    for group, part in groupby(frame.to_dict("records"), key=_group):
        members = list(part)
        counts = counted(pd.DataFrame(members))
        title = joined([words(f"audit_{group}"), words("audit_group_counts", counts=counts)])
        lines.append(_across(title, "group"))
        lines += _statements(members) if group == "statement" else _identities(members)
    return tuple(lines)


def _group(row: Row) -> str:
    return "statement" if row["identity"].startswith("statement_") else row["identity"]


def _identities(members: list[Row]) -> Iterator[Line]:
    """Formula, the checks it is used in, and what they mean, said once for each run of the same."""
    for _, part in groupby(members, key=lambda row: row["formula_en"]):
        same_formula = list(part)
        yield _across(_text(same_formula[0], "formula"), "formula")
        for _, run in groupby(same_formula, key=lambda row: row["meaning_en"]):
            alike = list(run)
            yield from (_check(row, _text(row, "values")) for row in alike)
            yield _across(_text(alike[0], "meaning"), "remark")


def _statements(members: Iterable[Row]) -> Iterator[Line]:
    """Each statement with its arithmetic, its words where tolerances stand, and its meaning."""
    for row in members:
        said = [_text(row, part) for part in ("formula", "values")]
        yield _check(row, joined(said, Text(zh="：", en=": ")) if row["formula_en"] else said[1])
        yield _across(_text(row, "meaning"), "remark")


def _check(row: Row, values: Text) -> Line:
    verdict = row["verdict"]
    texts = (_text(row, "place"), values, _text(row, "tolerance"))
    cells = [Cell(column, text, align="left") for column, text in enumerate(texts)]
    cells[1] = Cell(1, values, value=float(row["printed"]), align="left", source=SOURCE, term=row["identity"])
    return (*cells, Cell(3, words(f"verdict_{verdict}"), "verdict", align="left", source=SOURCE, term=verdict))


def _across(text: Text, kind: Any) -> Line:
    return (Cell(0, text, kind, columns=len(HEADS), align="left"),)


def _text(row: Row, part: str) -> Text:
    """Both languages, with a real minus sign before numbers."""
    return Text(**{language: _NEGATIVE.sub(MINUS, row[f"{part}_{language}"]) for language in ("zh", "en")})
