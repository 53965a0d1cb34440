"""A grid as CSV and as Markdown.

CSV is for programs and spreadsheets: UTF-8 with a byte-order mark (Excel reads Chinese only so), plain hyphen-minus,
one line of heads, every label repeated.  A t statistic stands without parentheses in a line labelled `ECI (t)`: Excel
would read (2.12) as minus 2.12.  Title and notes are not in it; the mark of simulated data is in the first head.
"""

from __future__ import annotations

import csv
import io

from cbe_assets.publish.grid import Grid, Line, covered_columns, filled
from cbe_assets.publish.numbers import ascii_minus
from cbe_assets.publish.wording import Language, words


def csv_bytes(grid: Grid, language: Language) -> bytes:
    """The table as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    heads = [grid.head_of(column)[language] for column in range(grid.width)]
    if grid.simulated:
        heads[0] = (heads[0] + words("simulated_suffix")[language]).strip()
    writer.writerow(heads)
    covered, above = covered_columns(grid.lines), [""] * grid.width
    last = ""
    for line, hidden in zip(grid.lines, covered, strict=True):
        texts = _texts(line, grid.width, hidden, language)
        above = [above[column] if column in hidden else text for column, text in enumerate(texts)]
        values = [ascii_minus(text) for text in above]
        if _is_t(line):
            values = [value[1:-1] if value.startswith("(") else value for value in values]
            values[0] = words("t_of", term=last)[language]
        last = values[0]
        writer.writerow(values)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _is_t(line: Line) -> bool:
    """A line of t statistics has no label of its own."""
    return bool(line) and line[0].column > 0 and line[0].kind == "statistic" and line[0].text.en.startswith("(")


def _texts(line: Line, width: int, covered: set[int], language: Language) -> list[str]:
    """One text per column; a cell over several columns stands in its first."""
    texts = [""] * width
    for cell in filled(line, width, covered):
        texts[cell.column] = cell.text[language]
    return texts


def markdown(grid: Grid, language: Language, notes: bool = True) -> str:
    """The table as a GitHub-flavoured Markdown table, its title above and its notes below."""
    heads = [escaped(grid.head_of(column)[language]) for column in range(grid.width)]
    rules = [":---" if align == "left" else ":---:" for align in grid.alignments()]
    rows = [heads, rules]
    for line, hidden in zip(grid.lines, covered_columns(grid.lines), strict=True):
        rows.append([escaped(text) for text in _texts(line, grid.width, hidden, language)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    parts = [f"**{escaped(grid.title[language])}**", table]
    if notes and grid.notes:
        said = [escaped(note[language]) for note in grid.notes]
        said[0] = words("note")[language] + said[0]
        parts += said
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """`text` without what Markdown takes for markup, in one line."""
    for char in "\\`*_[]<>|~#":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.splitlines())
