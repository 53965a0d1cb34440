"""A grid as a LaTeX table environment to be pulled in with \\input: booktabs rules, notes in a threeparttable.

A table longer than a page is a longtable.  Chinese tables, and English ones that quote Chinese, are for xelatex with
ctex, the others for pdflatex; the packages stand in a comment on top.
"""

from __future__ import annotations

import math
import re

from cbe_assets.publish.grid import Cell, Grid, Line, covered_columns, display_width, filled
from cbe_assets.publish.material import number_of
from cbe_assets.publish.wording import Language, words

LONGEST = 22
"""A column wider than this many half-width characters becomes a paragraph column."""
PAGE = 50
"""A table of more lines than this is set over several pages."""
TEXT_WIDTH = 90
"""Half-width characters that fit on a line of text at \\small."""
GAP = 2.6
"""Half-width characters between two columns."""
TIGHT_WIDTH, TIGHT_GAP = 102, 1.5
"""The same at \\footnotesize with the columns moved together, for tables that \\small does not hold."""
TALLEST = 46
"""A table of more lines, those of its notes included, is set smaller, so that it fits on a page."""
CROWDED = 60
"""A table of more lines still has its lines set closer."""
NOTE_WIDTH = 110
"""Half-width characters that fit on a line of the notes."""

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "\u2212": r"$-$",
    "\u00d7": r"$\times$", "\u00b1": r"$\pm$", "\u00b2": r"\textsuperscript{2}", "\u00b3": r"\textsuperscript{3}",
    "\u2013": "--", "\u2014": "---", "\u2018": "`", "\u2019": "'", "\u201c": "``", "\u201d": "''",
    "\u03c7": r"$\chi$", "\u0394": r"$\Delta$", "\u03b2": r"$\beta$", "\u03b1": r"$\alpha$",
    "\u03c1": r"$\rho$", "\u03c4": r"$\tau$",
    "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u2260": r"$\neq$", "\u221e": r"$\infty$",
    "\u2026": r"\dots{}", "|": r"\textbar{}", "\u221a": r"$\surd$", "\u03a3": r"$\Sigma$",
    "\u2080": r"\textsubscript{0}", "\u00a0": "~", "\u00b7": r"$\cdot$", '"': r"\textquotedbl{}",
    "\u00b0": r"\textdegree{}",
}  # fmt: skip
_STARS = re.compile(r"(?<=\d)(\*{1,3})$")
_CHI_SQUARED = ("\u03c7\u00b2", "\x00")

_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")
_PREAMBLE = {
    "zh": "% xelatex; \\documentclass{ctexart} or \\usepackage{ctex}",
    "en": "% pdflatex; \\usepackage[T1]{fontenc}",
}


def escaped(text: str) -> str:
    """`text` with everything LaTeX would take for a command replaced."""
    text = "".join(_SIGNS.get(char, char) for char in text.replace(*_CHI_SQUARED))
    # A bracket right after \\ or \midrule would be taken for an optional argument.
    return text.replace("\x00", r"$\chi^2$").replace("[", "{[}").replace("]", "{]}")


def _cell_text(text: str) -> str:
    stars = _STARS.search(text)
    body = escaped(text[: stars.start()] if stars else text)
    return f"{body}\\textsuperscript{{{stars[1]}}}" if stars else body


def latex(grid: Grid, language: Language) -> str:
    """The table environment, with caption, label `tab:<exhibit>` and notes."""
    text = _long(grid, language) if len(grid.lines) > PAGE else _floating(grid, language)
    package = "longtable" if len(grid.lines) > PAGE else "threeparttable"
    preamble = _PREAMBLE["zh" if _CHINESE.search(text) else "en"]
    return f"{preamble}, \\usepackage{{booktabs,{package},multirow,array}}\n{text}"


def _long(grid: Grid, language: Language) -> str:
    """Over several pages, the heads on each; notes below."""
    heads = [row for line in grid.heads for row in _head(line, grid.width, language)]
    rows = [
        r"\begingroup", r"\small", rf"\begin{{longtable}}{{@{{}}{_columns(grid, language)}@{{}}}}",
        rf"\caption{{{escaped(_caption(grid, language))}}}\label{{tab:{grid.name}}}\\",
        r"\toprule", *heads, r"\midrule", r"\endfirsthead",
        r"\toprule", *heads, r"\midrule", r"\endhead", r"\bottomrule", r"\endlastfoot",
    ]  # fmt: skip
    for line, hidden in zip(grid.lines, covered_columns(grid.lines), strict=True):
        rows.append(_body(line, grid.width, hidden, language))
    rows += [r"\end{longtable}", r"\footnotesize"]
    rows += [rf"\par\noindent {text}" for text in _notes(grid, language)]
    return "\n".join([*rows, r"\par", r"\endgroup", ""])


def _notes(grid: Grid, language: Language) -> list[str]:
    """The notes, the mark of simulated data strong."""
    said = []
    for number, note in enumerate(grid.notes):
        text = (words("note")[language] if number == 0 else "") + note[language]
        said.append(rf"\textbf{{{escaped(text)}}}" if "SIMULATED" in text else escaped(text))
    return said


def _floating(grid: Grid, language: Language) -> str:
    """On one page."""
    opening, closing = _tabular(grid, language)
    size, small = r"\small", r"\footnotesize"
    if (tall := _height(grid, language)) > TALLEST:
        stretch = 0.9 if tall <= CROWDED else 0.82
        size, small = rf"\footnotesize\renewcommand{{\arraystretch}}{{{stretch}}}", r"\scriptsize"
    rows = [
        r"\begin{table}[htbp]", r"\centering", size, r"\begin{threeparttable}",
        rf"\caption{{{escaped(_caption(grid, language))}}}", rf"\label{{tab:{grid.name}}}",
        opening, r"\toprule",
    ]  # fmt: skip
    for line in grid.heads:
        rows += _head(line, grid.width, language)
    rows.append(r"\midrule")
    for line, hidden in zip(grid.lines, covered_columns(grid.lines), strict=True):
        rows.append(_body(line, grid.width, hidden, language))
    rows += [r"\bottomrule", closing]
    if grid.notes:
        rows += [r"\begin{tablenotes}[flushleft]", small]
        rows += [rf"\item {text}" for text in _notes(grid, language)]
        rows.append(r"\end{tablenotes}")
    return "\n".join([*rows, r"\end{threeparttable}", r"\end{table}", ""])


def _height(grid: Grid, language: Language) -> int:
    """Lines of table and notes."""
    below = sum(math.ceil(display_width(note[language]) / NOTE_WIDTH) for note in grid.notes)
    return len(grid.heads) + len(grid.lines) + below


def _caption(grid: Grid, language: Language) -> str:
    """The title without its number: LaTeX counts by itself."""
    return grid.title[language].removeprefix(number_of(grid.name)[language]).lstrip(". ")


def _tabular(grid: Grid, language: Language) -> tuple[str, str]:
    """Opening and end: columns of numbers are spread over the line, so that the notes below have room."""
    columns = _columns(grid, language)
    narrow = r"\footnotesize\setlength{\tabcolsep}{3pt}" + "\n" if _tight(grid, language) else ""
    if "p{" in columns:
        return rf"{narrow}\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\end{tabular}"
    width = r"\linewidth" if grid.width > 4 else r"0.8\linewidth"
    return rf"{narrow}\begin{{tabular*}}{{{width}}}{{@{{\extracolsep{{\fill}}}}{columns}@{{}}}}", r"\end{tabular*}"


def _tight(grid: Grid, language: Language) -> bool:
    """Whether the columns leave a column of long texts less than a quarter of the line, or do not fit at all."""
    natural, long = grid.widths(language, 60), _paragraphs(grid, language)
    rigid = sum(width for width, wraps in zip(natural, long, strict=True) if not wraps)
    return rigid + GAP * grid.width > TEXT_WIDTH * (1 - 0.25 * min(2, sum(long)))


def _paragraphs(grid: Grid, language: Language) -> list[bool]:
    """Columns of long texts, which are set in paragraphs."""
    columns = zip(grid.widths(language, 60), grid.alignments(), strict=True)
    return [width > LONGEST and align == "left" for width, align in columns]


def _columns(grid: Grid, language: Language) -> str:
    """l, c, or, for long texts, a paragraph column with its share of the room."""
    natural, aligns, long = grid.widths(language, 60), grid.alignments(), _paragraphs(grid, language)
    whole, gap = (TIGHT_WIDTH, TIGHT_GAP) if _tight(grid, language) else (TEXT_WIDTH, GAP)
    flexible = sum(width for width, wraps in zip(natural, long, strict=True) if wraps)
    room = max(0.25, 1 - (sum(natural) - flexible + gap * grid.width) / whole)
    parts = []
    for width, align, wraps in zip(natural, aligns, long, strict=True):
        share = min(room * width / flexible, 1.1 * width / whole) if wraps else 0
        parts.append(rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}" if wraps else align[0])
    return "".join(parts)


def _head(line: Line, width: int, language: Language) -> list[str]:
    cells, rules = [], _rules(line)
    for cell in filled(line, width, set()):
        text = _cell_text(cell.text[language])
        align = ("@{}" if cell.column == 0 else "") + ("l" if cell.align == "left" else "c")
        cells.append(rf"\multicolumn{{{cell.columns}}}{{{align}}}{{{text}}}" if text else "")
    return [" & ".join(cells) + r" \\", *([" ".join(rules)] if rules else [])]


def _rules(line: Line) -> list[str]:
    """Thin rules under the cells of a line that have one."""
    return [rf"\cmidrule(lr){{{cell.column + 1}-{cell.column + cell.columns}}}" for cell in line if cell.rule]


def _body(line: Line, width: int, covered: set[int], language: Language) -> str:
    at = {cell.column: cell for cell in filled(line, width, covered)}
    cells, column = [], 0
    while column < width:
        cell = at.get(column)
        cells.append(_body_cell(cell, language) if cell else "")
        column += cell.columns if cell else 1
    return " & ".join(cells) + r" \\" + "".join(f" {rule}" for rule in _rules(line))


def _body_cell(cell: Cell, language: Language) -> str:
    text = _cell_text(cell.text[language])
    if cell.kind == "remark":
        return rf"\multicolumn{{{cell.columns}}}{{@{{}}p{{0.95\linewidth}}}}{{\footnotesize {text}\strut}}"
    if cell.kind == "group":
        return rf"\multicolumn{{{cell.columns}}}{{@{{}}l}}{{\textbf{{{text}}}}}"
    if cell.columns > 1:
        leaning = rf"\textit{{{text}}}" if language == "en" and cell.column == 0 else text
        return rf"\multicolumn{{{cell.columns}}}{{{cell.align[0]}}}{{{leaning}}}"
    return rf"\multirow[t]{{{cell.rows}}}{{*}}{{{text}}}" if cell.rows > 1 else text
