"""A grid as a Word document: an editable three-line table, 宋体 and Times New Roman, caption above, notes below."""

from __future__ import annotations

import io
from html import escape

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt

from cbe_assets.publish.archive import EPOCH, repeatable
from cbe_assets.publish.grid import Cell, Grid, Line, covered_columns, filled
from cbe_assets.publish.wording import Language, words

LATIN, CHINESE = "Times New Roman", "宋体"
BODY, SMALL, CAPTION = 10.5, 9.0, 10.5
"""Sizes in points."""
ROOM = {"portrait": 16.0, "landscape": 24.7}
"""Width of the text on A4, cm."""
PER_CHARACTER = 0.195
"""Width of a half-width character of the body, cm."""
_ALARM = "B00020"


def word(grid: Grid, language: Language) -> bytes:
    """The document as bytes."""
    document = Document()
    _page(document, grid, language)
    body = document.element.body
    end = body.sectPr
    alarm = "SIMULATED" in grid.title[language]
    end.addprevious(_paragraph(grid.title[language], CAPTION, "center", bold=True, color=_ALARM if alarm else ""))
    end.addprevious(parse_xml(_table(grid, language, _room(grid, language))))
    for number, note in enumerate(grid.notes):
        text = (words("note")[language] if number == 0 else "") + note[language]
        alarm = "SIMULATED" in text
        end.addprevious(_paragraph(text, SMALL, "both", bold=alarm, color=_ALARM if alarm else ""))
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "cbe_assets", grid.title[language], ""
    properties.language = {"zh": "zh-CN", "en": "en-GB"}[language]
    properties.created = properties.modified = EPOCH
    stream = io.BytesIO()
    document.save(stream)
    return repeatable(stream.getvalue())


def _natural(grid: Grid, language: Language) -> list[float]:
    return [PER_CHARACTER * width + 0.45 for width in grid.widths(language)]


def _room(grid: Grid, language: Language) -> float:
    """Landscape only where a portrait page would squeeze the columns to less than two thirds."""
    return ROOM["landscape" if sum(_natural(grid, language)) > 1.5 * ROOM["portrait"] else "portrait"]


def _page(document, grid: Grid, language: Language) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    if _room(grid, language) == ROOM["landscape"]:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE)


def _properties(size: float, bold: bool = False, italic: bool = False, color: str = "") -> str:
    half = round(2 * size)
    return (
        f'<w:rPr><w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{CHINESE}"/>'
        f"{'<w:b/>' if bold else ''}{'<w:i/>' if italic else ''}{f'<w:color w:val={chr(34)}{color}{chr(34)}/>' if color else ''}"
        f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
    )


def _text(text: str, align: str, properties: str, before: int = 0, after: int = 0, declare: str = "") -> str:
    run = f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    spacing = f'<w:spacing w:before="{before}" w:after="{after}" w:line="240" w:lineRule="auto"/>'
    return f'<w:p {declare}><w:pPr>{spacing}<w:jc w:val="{align}"/></w:pPr>{run}</w:p>'


def _paragraph(text: str, size: float, align: str, *, bold: bool, color: str):
    properties = _properties(size, bold, color=color)
    return parse_xml(_text(text, align, properties, 40, 60 if align == "center" else 0, nsdecls("w")))


def _table(grid: Grid, language: Language, room: float) -> str:
    natural = _natural(grid, language)
    scale = min(1.0, room / sum(natural))
    widths = [round(567 * width * scale) for width in natural]
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    margins = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
    rows = [_row(line, set(), grid.width, language, widths, _Rules(number == 0, number == len(grid.heads) - 1), head=True)
            for number, line in enumerate(grid.heads)]  # fmt: skip
    last = len(grid.lines) - 1
    continued: list[dict[int, Cell]] = _continued(grid.lines)
    for number, (line, hidden) in enumerate(zip(grid.lines, covered_columns(grid.lines), strict=True)):
        rules = _Rules(False, False, thick=number == last)
        rows.append(_row(line, hidden, grid.width, language, widths, rules, above=continued[number]))
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


class _Rules:
    """The rules of a line: top and bottom of the table are thick, the one under the heads is thin."""

    def __init__(self, top: bool, thin: bool, thick: bool = False):
        self.top = '<w:top w:val="single" w:sz="12" w:space="0" w:color="000000"/>' if top else ""
        size = 12 if thick else 6 if thin else 0
        self.bottom = f'<w:bottom w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>' if size else ""

    def of(self, cell: Cell) -> str:
        bottom = self.bottom or ('<w:bottom w:val="single" w:sz="4" w:space="0" w:color="000000"/>' if cell.rule else "")
        return f"<w:tcBorders>{self.top}{bottom}</w:tcBorders>" if self.top or bottom else ""


def _continued(lines) -> list[dict[int, Cell]]:
    """For each line, the cells of earlier lines that reach into it, by column: Word wants them said again."""
    found: list[dict[int, Cell]] = [{} for _ in lines]
    for number, line in enumerate(lines):
        for cell in line:
            for below in range(number + 1, min(number + cell.rows, len(lines))):
                found[below][cell.column] = cell
    return found


def _row(line: Line, hidden: set[int], width: int, language: Language, widths: list[int], rules: _Rules, *,
         head: bool = False, above: dict[int, Cell] | None = None) -> str:  # fmt: skip
    cells = {cell.column: (cell, False) for cell in filled(line, width, hidden)}
    cells |= {column: (cell, True) for column, cell in (above or {}).items()}
    said = [_cell(cell, again, language, widths, rules, head) for _, (cell, again) in sorted(cells.items())]
    repeat = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(said)}</w:tr>"


def _cell(cell: Cell, again: bool, language: Language, widths: list[int], rules: _Rules, head: bool) -> str:
    width = sum(widths[cell.column : cell.column + cell.columns])
    span = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
    merge = ('<w:vMerge/>' if again else '<w:vMerge w:val="restart"/>') if cell.rows > 1 else ""
    properties = _properties(BODY, italic=cell.columns > 1 and not head)
    place = f'<w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{rules.of(cell)}<w:vAlign w:val="center"/>'
    text = "" if again else cell.text[language]
    return f"<w:tc><w:tcPr>{place}</w:tcPr>{_text(text, cell.align, properties, 10, 10)}</w:tc>"
