"""A printed table before it takes a format: heads, lines and notes in both languages, and the frame it is stored as.

Every cell knows its place, what it covers, the unrounded number behind it and the result it comes from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

import pandas as pd

from cbe_assets.publish.wording import Language, joined, same, words
from cbe_assets.study import Text

Kind = Literal["title", "head", "text", "coefficient", "statistic", "note", "verdict", "group", "formula", "remark"]
Align = Literal["left", "center"]
NAN = float("nan")
NOTHING = same("")

COLUMNS = (
    "row", "column", "kind", "label_zh", "label_en", "head_zh", "head_en", "value", "text_zh", "text_en",
    "source", "term", "columns", "rows", "align", "rule",
)  # fmt: skip
"""Columns of `Grid.frame()`: place, what stands there, its row's label and column's head, unrounded value, texts,
asset key and term it comes from, columns and rows it covers, alignment, and whether a thin rule stands under it."""


@dataclass(frozen=True)
class Cell:
    """One printed cell.

    Attributes:
        column: the first column it stands in, from 0.
        text: as printed, in both languages.
        kind: `head`, `text`, `coefficient`, `statistic` (t, p, F, N, R2, weights, means) or `verdict`; over all
            columns also `group` (what the lines below are about), `formula` and `remark` (what those above mean).
        value: the number behind it, unrounded; NaN for words.
        columns, rows: how many columns and lines it covers.
        align: of the text.
        rule: a thin rule under it (a head over several columns).
        source: asset key of the result, such as `model/table4_3`.
        term: coefficient or statistic within the source.
    """

    column: int
    text: Text
    kind: Kind = "text"
    value: float = NAN
    columns: int = 1
    rows: int = 1
    align: Align = "center"
    rule: bool = False
    source: str = ""
    term: str = ""


Line = tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table: its number and title, heads over the columns, lines, and notes below."""

    name: str
    title: Text
    heads: Sequence[Line]
    lines: Sequence[Line]
    notes: Sequence[Text] = field(default_factory=tuple)

    @property
    def width(self) -> int:
        """Number of columns."""
        return max(cell.column + cell.columns for line in (*self.heads, *self.lines) for cell in line)

    @property
    def simulated(self) -> bool:
        """Whether the title carries the mark of simulated data."""
        return words("simulated_suffix").en in self.title.en

    def head_of(self, column: int) -> Text:
        """All heads over a column, top to bottom."""
        over = [c.text for line in self.heads for c in line if c.column <= column < c.column + c.columns and c.text.en]
        return joined(over, " ")

    def widths(self, language: Language, longest: int = 40) -> list[int]:
        """Widest text of each column in half-width characters, at most `longest`; spanning cells do not count."""
        widest = [4] * self.width
        for line in (*self.heads, *self.lines):
            for cell in line:
                if cell.columns == 1:
                    widest[cell.column] = max(widest[cell.column], min(longest, display_width(cell.text[language])))
        return widest

    def alignments(self) -> list[Align]:
        """Alignment of each column: that of its first cell in the body that covers it alone."""
        found: dict[int, Align] = {}
        for line in self.lines:
            for cell in line:
                if cell.columns == 1:
                    found.setdefault(cell.column, cell.align)
        return [found.get(column, "center") for column in range(self.width)]

    def frame(self) -> pd.DataFrame:
        """Long form with `COLUMNS`: the title is row 0, heads and lines follow, notes come last."""
        rows = [_record(0, Cell(0, self.title, "title", columns=self.width), NOTHING, NOTHING)]
        labels = _labels(self.lines)
        for number, line in enumerate((*self.heads, *self.lines), start=1):
            body = number - 1 - len(self.heads)
            for cell in line:
                label = labels[body] if body >= 0 else NOTHING
                head = self.head_of(cell.column) if body >= 0 else NOTHING
                rows.append(_record(number, cell, label, head))
        below = 1 + len(self.heads) + len(self.lines)
        for number, note in enumerate(self.notes, start=below):
            rows.append(_record(number, Cell(0, note, "note", columns=self.width, align="left"), NOTHING, NOTHING))
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": float, "rule": bool})

    @classmethod
    def from_frame(cls, name: str, frame: pd.DataFrame) -> Grid:
        """The grid `frame` was made of."""
        title, heads, lines, notes = NOTHING, [], [], []
        for _, part in groupby(frame.sort_values(["row", "column"]).to_dict("records"), key=lambda row: row["row"]):
            cells = tuple(_cell(row) for row in part)
            kind = cells[0].kind
            if kind == "title":
                title = cells[0].text
            elif kind == "note":
                notes.append(cells[0].text)
            else:
                (heads if kind == "head" else lines).append(cells)
        return cls(name, title, tuple(heads), tuple(lines), tuple(notes))


def display_width(text: str) -> int:
    """Width in half-width characters: a Chinese one counts two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def filled(line: Line, width: int, covered: set[int]) -> Iterator[Cell]:
    """The cells of a line with empty ones where nothing stands; columns in `covered` belong to a cell above."""
    at = {cell.column: cell for cell in line}
    column = 0
    while column < width:
        if column in at:
            yield at[column]
            column += at[column].columns
            continue
        if column not in covered:
            yield Cell(column, NOTHING)
        column += 1


def covered_columns(lines: Sequence[Line]) -> list[set[int]]:
    """For each line, the columns that a cell of an earlier line covers."""
    covered: list[set[int]] = [set() for _ in lines]
    for number, line in enumerate(lines):
        for cell in line:
            for below in range(number + 1, min(number + cell.rows, len(lines))):
                covered[below].update(range(cell.column, cell.column + cell.columns))
    return covered


def _labels(lines: Sequence[Line]) -> list[Text]:
    """The label of each line: its first text that is its alone, or the label above it (a t statistic)."""
    labels, last = [], NOTHING
    for line in lines:
        own = (cell for cell in line if cell.kind == "text" and cell.rows == 1 and cell.column <= 1 and cell.text.en)
        last = next((cell.text for cell in own), last)
        labels.append(last)
    return labels


def _record(row: int, cell: Cell, label: Text, head: Text) -> tuple:
    return (
        row, cell.column, cell.kind, label.zh, label.en, head.zh, head.en, cell.value, cell.text.zh, cell.text.en,
        cell.source, cell.term, cell.columns, cell.rows, cell.align, cell.rule,
    )  # fmt: skip


def _cell(row: dict) -> Cell:
    return Cell(
        int(row["column"]), Text(zh=row["text_zh"], en=row["text_en"]), row["kind"], float(row["value"]),
        int(row["columns"]), int(row["rows"]), row["align"], bool(row["rule"]), row["source"], row["term"],
    )  # fmt: skip
