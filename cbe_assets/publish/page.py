"""A grid as HTML: a fragment for the report, and a self-contained page that prints well."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources

from cbe_assets.publish.grid import Cell, Grid, covered_columns, filled
from cbe_assets.publish.wording import Language, words

TAGS = {"zh": "zh-Hans", "en": "en"}
LOOKS = ("group", "formula", "remark", "verdict")
"""Kinds of cells that have a look of their own."""


@cache
def style() -> str:
    """page.css."""
    return resources.files("cbe_assets.publish").joinpath("page.css").read_text(encoding="utf-8")


def document(title: str, language: Language, body: str) -> str:
    """A whole page that asks for nothing from elsewhere."""
    return (
        f'<!DOCTYPE html>\n<html lang="{TAGS[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style()}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def banner(simulated: bool, language: Language) -> str:
    """The mark of simulated data on top of a page."""
    return f'<p class="simulated" role="note">{words("simulated_banner")[language]}</p>\n' if simulated else ""


def table_page(grid: Grid, language: Language) -> str:
    """One table as a page."""
    return document(grid.title[language], language, banner(grid.simulated, language) + table_figure(grid, language))


def table_figure(grid: Grid, language: Language, anchor: str = "") -> str:
    """Caption, table and notes."""
    identifier = f' id="{anchor}"' if anchor else ""
    rows = ["<thead>"]
    for line in grid.heads:
        rows.append(_row(_head(cell, language) for cell in filled(line, grid.width, set())))
    rows.append("</thead>\n<tbody>")
    for line, hidden in zip(grid.lines, covered_columns(grid.lines), strict=True):
        rows.append(_row(_data(cell, language) for cell in filled(line, grid.width, hidden)))
    table = "\n".join([*rows, "</tbody>"])
    caption = f"<figcaption>{escape(grid.title[language])}</figcaption>"
    body = f"{caption}\n<table>\n{table}\n</table>\n{notes(grid, language)}"
    return f'<figure class="table"{identifier}>\n{body}</figure>\n'


def notes(grid: Grid, language: Language) -> str:
    """The notes, the mark of simulated data loud."""
    said = []
    for number, note in enumerate(grid.notes):
        text = escape((words("note")[language] if number == 0 else "") + note[language])
        said.append(f'<p class="alarm">{text}</p>' if "SIMULATED" in text else f"<p>{text}</p>")
    return f'<div class="notes">{"".join(said)}</div>\n' if said else ""


def _row(cells) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _spans(cell: Cell) -> str:
    columns = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return columns + (f' rowspan="{cell.rows}"' if cell.rows > 1 else "")


def _classes(*names: str) -> str:
    given = " ".join(name for name in names if name)
    return f' class="{given}"' if given else ""


def _head(cell: Cell, language: Language) -> str:
    text, rule = escape(cell.text[language]), "rule" if cell.rule else ""
    scope = ' scope="colgroup"' if cell.columns > 1 else ' scope="col"'
    if not text:
        return "<td></td>" if cell.columns == 1 else f"<td{_spans(cell)}></td>"
    return f"<th{scope}{_spans(cell)}{_classes('left' if cell.align == 'left' else '', rule)}>{text}</th>"


def _data(cell: Cell, language: Language) -> str:
    text = escape(cell.text[language])
    number = "number" if cell.kind in ("coefficient", "statistic") else ""
    panel = cell.kind if cell.kind in LOOKS else "panel" if cell.column == 0 and cell.columns > 1 else ""
    loud = "alarm" if cell.columns > 1 and "SIMULATED" in text else ""
    rule, left = "rule" if cell.rule else "", "left" if cell.align == "left" else ""
    return f"<td{_spans(cell)}{_classes(number, panel, loud, rule, left)}>{text}</td>"
