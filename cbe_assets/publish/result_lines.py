"""Tables that list results: a column says how it prints a number of a stored row, a line is a row of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cbe_assets.declared.text import Text
from cbe_assets.publish import numbers
from cbe_assets.publish.grid import NOTHING, Cell, Kind, Line
from cbe_assets.publish.wording import same, words
from cbe_assets.statistics.result import stars

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        key: column of the stored frame.
        head: its head, a key of words.yaml or a text.
        printed: a row -> what stands in the cell.
        over: a head over this column and its neighbours with the same one.
        kind: of its cells.
    """

    key: str
    head: str | Text
    printed: Callable[[Row], str]
    over: str | Text = ""
    kind: Kind = "statistic"


def number(key: str, head: str | Text, places: int = 3, over: str | Text = "") -> Column:
    """Decimals."""
    return Column(key, head, lambda row: numbers.decimal(row[key], places), over)


def p_column(key: str, head: str | Text) -> Column:
    """A p value."""
    return Column(key, head, lambda row: numbers.p_value(row[key]))


def count(key: str, head: str | Text, over: str | Text = "") -> Column:
    """Whole numbers."""
    return Column(key, head, lambda row: numbers.integer(row[key]), over)


def estimate(head: str | Text = "coefficient") -> Column:
    """The estimate with the stars of `p_value`."""
    return Column("estimate", head, starred, kind="coefficient")


def starred(row: Row) -> str:
    """The estimate with its stars."""
    return numbers.starred(row["estimate"], stars(row["p_value"]))


def limits(low: str = "conf_low", high: str = "conf_high", over: str = "interval_95") -> tuple[Column, Column]:
    """Both ends of an interval, each in its column: a program reads them as numbers."""
    return number(low, "low", over=over), number(high, "high", over=over)


def heads(labels: Sequence[str], columns: Sequence[Column]) -> tuple[Line, ...]:
    """One line of heads, or two where columns share one.

    Args:
        labels: heads of the columns of words on the left.
        columns: of numbers.
    """
    first = len(labels)
    under = [Cell(place, _said(key), "head", align="left") for place, key in enumerate(labels)]
    under += [Cell(place, _said(column.head), "head") for place, column in enumerate(columns, start=first)]
    if not any(column.over for column in columns):
        return (tuple(under),)
    over, place = [Cell(0, NOTHING, "head")], 0
    while place < len(columns):
        shared = columns[place].over
        span = 1
        while shared and place + span < len(columns) and columns[place + span].over == shared:
            span += 1
        if shared:
            over.append(Cell(first + place, _said(shared), "head", columns=span, rule=True))
        place += span
    return tuple(over), tuple(under)


def line(labels: Sequence[Text], row: Row, columns: Sequence[Column], source: str, term: str) -> Line:
    """A row of results; a column that the row does not have stays empty.

    Args:
        labels: words on the left.
        row: of the stored frame.
        columns: of numbers.
        source: asset key of the frame.
        term: names the row in it.
    """
    cells = [Cell(place, text, align="left") for place, text in enumerate(labels)]
    for place, column in enumerate(columns, start=len(labels)):
        if column.key in row:
            value = row[column.key]
            value = float("nan") if value is None else float(value)
            cells.append(Cell(place, same(column.printed(row)), column.kind, value, source=source, term=term))
    return tuple(cells)


def panel(title: Text, width: int) -> Line:
    """A line of words over the lines of one part of the table."""
    return (Cell(0, title, "group", columns=width, align="left"),)


def _said(head: str | Text) -> Text:
    return words(head) if isinstance(head, str) else head
