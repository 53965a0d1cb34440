"""A grid as a LaTeX table environment to be pulled in with \\input: booktabs rules, notes in a threeparttable.

Chinese tables are for xelatex with ctex, English ones for pdflatex; the packages stand in a comment on top.
"""

from __future__ import annotations

import re

from cbe_assets.publish.grid import Cell, Grid, Line, covered_columns, filled
from cbe_assets.publish.wording import Language, words

LONGEST = 22
"""A column wider than this many half-width characters becomes a paragraph column."""
TEXT_WIDTH = 90
"""Half-width characters that fit on a line of text at \\small."""

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "\u2212": r"$-$",
    "\u00d7": r"$\times$", "\u00b1": r"$\pm$", "\u00b2": r"\textsuperscript{2}", "\u00b3": r"\textsuperscript{3}",
    "\u2013": "--", "\u2014": "---", "\u2018": "`", "\u2019": "'", "\u201c": "``", "\u201d": "''",
    "\u03c7": r"$\chi$", "\u0394": r"$\Delta$", "\u03b2": r"$\beta$", "\u03b1": r"$\alpha$",
    "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u2260": r"$\neq$", "\u221e": r"$\infty$",
    "\u2026": r"\dots{}", "\u00a0": "~", "\u00b7": r"$\cdot$", '"': r"\textquotedbl{}", "\u00b0": r"\textdegree{}",
}  # fmt: skip
_STARS = re.compile(r"(?<=\d)(\*{1,3})$")
_CHI_SQUARED = ("\u03c7\u00b2", "\x00")

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
    rows = [
        _PREAMBLE[language] + ", \\usepackage{booktabs,threeparttable,multirow,array}",
        r"\begin{table}[htbp]", r"\centering", r"\small", r"\begin{threeparttable}",
        rf"\caption{{{escaped(grid.title[language])}}}", rf"\label{{tab:{grid.name}}}",
        rf"\begin{{tabular}}{{@{{}}{_columns(grid, language)}@{{}}}}", r"\toprule",
    ]  # fmt: skip
    for line in grid.heads:
        rows += _head(line, grid.width, language)
    rows.append(r"\midrule")
    for line, hidden in zip(grid.lines, covered_columns(grid.lines), strict=True):
        rows.append(_body(line, grid.width, hidden, language))
    rows += [r"\bottomrule", r"\end{tabular}"]
    if grid.notes:
        rows += [r"\begin{tablenotes}[flushleft]", r"\footnotesize"]
        for number, note in enumerate(grid.notes):
            said = (words("note")[language] if number == 0 else "") + note[language]
            strong = r"\item \textbf{%s}" if "SIMULATED" in said else r"\item %s"
            rows.append(strong % escaped(said))
        rows.append(r"\end{tablenotes}")
    return "\n".join([*rows, r"\end{threeparttable}", r"\end{table}", ""])


def _columns(grid: Grid, language: Language) -> str:
    """l, c, or a paragraph column with a share of the text width for long texts."""
    natural = grid.widths(language, 60)
    fixed = sum(width for width in natural if width <= LONGEST) + 2 * grid.width
    long = sum(width for width in natural if width > LONGEST)
    room = max(0.25, 1 - fixed / TEXT_WIDTH)
    parts = []
    for width, align in zip(natural, grid.alignments(), strict=True):
        share = min(room * width / long, width / TEXT_WIDTH) if width > LONGEST else 0
        paragraph = rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}"
        parts.append(paragraph if width > LONGEST else align[0])
    return "".join(parts)


def _head(line: Line, width: int, language: Language) -> list[str]:
    cells, rules = [], []
    for cell in filled(line, width, set()):
        text = _cell_text(cell.text[language])
        align = "l" if cell.align == "left" else "c"
        cells.append(rf"\multicolumn{{{cell.columns}}}{{{align}}}{{{text}}}" if text else "")
        if cell.rule:
            rules.append(rf"\cmidrule(lr){{{cell.column + 1}-{cell.column + cell.columns}}}")
    return [" & ".join(cells) + r" \\", *([" ".join(rules)] if rules else [])]


def _body(line: Line, width: int, covered: set[int], language: Language) -> str:
    at = {cell.column: cell for cell in filled(line, width, covered)}
    cells, column = [], 0
    while column < width:
        cell = at.get(column)
        cells.append(_body_cell(cell, language) if cell else "")
        column += cell.columns if cell else 1
    return " & ".join(cells) + r" \\"


def _body_cell(cell: Cell, language: Language) -> str:
    text = _cell_text(cell.text[language])
    if cell.columns > 1:
        return rf"\multicolumn{{{cell.columns}}}{{{cell.align[0]}}}{{\textit{{{text}}}}}"
    return rf"\multirow[t]{{{cell.rows}}}{{*}}{{{text}}}" if cell.rows > 1 else text
