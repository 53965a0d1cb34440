"""A printed table on a screen: wrapped to the width of a terminal, one line a row elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbe_assets.publish.grid import Cell, Line
    from cbe_assets.publish.wording import Language

GAP = 2
NARROW = 14
"""Columns of texts no wider than this many half-width characters are never wrapped."""
STYLES = {"group": "bold", "formula": "italic", "remark": "dim"}
INDENTS = {"formula": 2, "remark": 4}


def show(
    heads: Sequence[Line], lines: Sequence[Line], language: Language, styles: Mapping[str, str], *, aligned: bool
) -> None:
    """Prints a table's body; cells over all columns stand between the rows.

    Args:
        heads: one line of heads.
        lines: as a Grid holds them.
        language: zh or en.
        styles: `term` of a cell -> how a terminal shows it.
        aligned: columns are as wide in all groups; else each group has widths of its own.
    """
    groups = [list(lines)] if aligned else _groups(lines)
    if sys.stdout.isatty():
        _on_terminal(heads, groups, language, styles)
    else:
        print("\n".join(plain(heads, groups, language)))


def plain(heads: Sequence[Line], groups: Sequence[Sequence[Line]], language: Language) -> list[str]:
    """A line per row, columns as wide as their widest text within a group; a blank line before each group head."""
    out: list[str] = []
    for group in groups:
        widths = natural_widths([*heads, *group], language)
        out += [_row(head, widths, language) for head in heads] if not out else []
        for line in group:
            if line[0].columns == 1:
                out.append(_row(line, widths, language))
                continue
            out += [""] if line[0].kind == "group" else []
            out.append(" " * INDENTS.get(line[0].kind, 0) + line[0].text[language])
    return out


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = [[]]
    for line in lines:
        if line[0].kind == "group" and groups[-1]:
            groups.append([])
        groups[-1].append(line)
    return groups


def _row(line: Line, widths: Sequence[int], language: Language) -> str:
    from cbe_assets.publish.grid import display_width

    texts = []
    for cell in line:
        text = cell.text[language]
        blanks = " " * (widths[cell.column] - display_width(text))
        texts.append(text + blanks if cell.align == "left" else blanks + text)
    return (" " * GAP).join(texts).rstrip()


def natural_widths(lines: Iterable[Line], language: Language) -> list[int]:
    """Widest text of each column; cells over several do not count."""
    from cbe_assets.publish.grid import display_width

    widths: dict[int, int] = {}
    for line in lines:
        for cell in line:
            if cell.columns == 1:
                widths[cell.column] = max(widths.get(cell.column, 0), display_width(cell.text[language]))
    return [widths[column] for column in sorted(widths)]


def fitted(natural: Sequence[int], room: int) -> list[int]:
    """Widths that fit into `room`: wide columns share what narrow ones leave, none below NARROW."""
    room -= GAP * (len(natural) - 1)
    if sum(natural) <= room:
        return list(natural)
    widths = {column: width for column, width in enumerate(natural) if width <= NARROW}
    wide = sorted((column for column in range(len(natural)) if column not in widths), key=lambda c: (natural[c], c))
    for position, column in enumerate(wide):
        share = (room - sum(widths.values())) // (len(wide) - position)
        widths[column] = max(NARROW, min(natural[column], share))
    return [widths[column] for column in range(len(natural))]


def _on_terminal(
    heads: Sequence[Line], groups: Sequence[Sequence[Line]], language: Language, styles: Mapping[str, str]
) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for number, group in enumerate(groups):
        widths = fitted(natural_widths([*heads, *group], language), console.width)
        if number == 0:
            console.print(_table(heads, widths, language, styles, style="bold underline"))
        for spanning, rows in groupby(group, key=lambda line: line[0].columns > 1):
            if not spanning:
                console.print(_table(list(rows), widths, language, styles))
                continue
            for (cell,) in rows:
                text, above = Text(cell.text[language], style=STYLES.get(cell.kind, "")), int(cell.kind == "group")
                console.print(Padding(text, (above, 0, 0, INDENTS.get(cell.kind, 0))))


def _table(
    rows: Sequence[Line], widths: Sequence[int], language: Language, styles: Mapping[str, str], style: str = ""
) -> Any:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0), style=style)
    for cell, width in zip(rows[0], widths, strict=True):
        table.add_column(width=width, justify="left" if cell.align == "left" else "right", overflow="fold")
    for row in rows:
        table.add_row(*(_shown(cell, language, styles) for cell in row))
    return table


def _shown(cell: Cell, language: Language, styles: Mapping[str, str]) -> Any:
    from rich.text import Text

    return Text(cell.text[language], style=styles.get(cell.term, ""))


def loud(text: str) -> None:
    """A sentence nobody may overlook: framed on a terminal, a line of its own elsewhere."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    Console(highlight=False).print(Panel(Text(text, style="bold red"), border_style="red"))
