"""A grid as a Word document: an editable three-line table, 宋体 and Times New Roman, caption above, notes below."""

from __future__ import annotations

import io
from dataclasses import dataclass
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
"""Sizes in points; a table too wide for the page in BODY is set in SMALL."""
ROOM = {"portrait": 16.0, "landscape": 24.7}
"""Width of the text on A4, cm."""
PER_CHARACTER = 0.0187
"""Width of a half-width character per point of its size, cm."""
LONG = 16
"""Columns of texts longer than this many half-width characters may be wrapped; numbers never are."""
_ALARM = "B00020"
_SHAPES = {"group": "keep", "formula": "keep", "remark": '<w:ind w:left="340"/>'}
"""Cells over all columns: what they announce stays on their page, what they remark is set in."""


def word(grid: Grid, language: Language) -> bytes:
    """The document as bytes."""
    document = Document()
    _page(document, grid, language)
    body = document.element.body
    end = body.sectPr
    title, red = grid.title[language], _ALARM if grid.simulated else ""
    end.addprevious(_paragraph(title, CAPTION, "center", bold=True, color=red))
    end.addprevious(parse_xml(_table(grid, language)))
    for number, note in enumerate(grid.notes):
        text = (words("note")[language] if number == 0 else "") + note[language]
        alarm = "SIMULATED" in text
        end.addprevious(_paragraph(text, SMALL, "left", bold=alarm, color=_ALARM if alarm else ""))
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "cbe_assets", grid.title[language], ""
    properties.language = {"zh": "zh-CN", "en": "en-GB"}[language]
    properties.created = properties.modified = EPOCH
    stream = io.BytesIO()
    document.save(stream)
    return repeatable(stream.getvalue())


def _natural(grid: Grid, language: Language, size: float) -> list[float]:
    """Width of each column in cm, its longest text on one line of at most 40 characters.

    Heads are set in several lines where even SMALL is too large for the page.
    """

    def wide(broken_heads: bool) -> list[float]:
        widths = grid.widths(language, broken_heads=broken_heads)
        return [size * PER_CHARACTER * width + 0.4 for width in widths]

    whole = wide(broken_heads=False)
    return whole if size > SMALL or sum(whole) <= ROOM["portrait"] else wide(broken_heads=True)


def _size(grid: Grid, language: Language) -> float:
    return BODY if sum(_natural(grid, language, BODY)) <= ROOM["portrait"] else SMALL


def _orientation(grid: Grid, language: Language) -> str:
    """Landscape only where a portrait page would squeeze the columns to less than two thirds."""
    return "landscape" if sum(_natural(grid, language, _size(grid, language))) > 1.5 * ROOM["portrait"] else "portrait"


def _columns(grid: Grid, language: Language, size: float) -> list[int]:
    """Width of each column in twentieths of a point; where the page is too narrow, columns of long texts give way."""
    natural, room = _natural(grid, language, size), ROOM[_orientation(grid, language)]
    long = [
        width > LONG and align == "left"
        for width, align in zip(grid.widths(language), grid.alignments(), strict=True)
    ]  # fmt: skip
    flexible = sum(width for width, wraps in zip(natural, long, strict=True) if wraps)
    if not flexible:
        return [round(567 * width * min(1.0, room / sum(natural))) for width in natural]
    scale = min(1.0, (room - (sum(natural) - flexible)) / flexible)
    return [round(567 * width * (scale if wraps else 1.0)) for width, wraps in zip(natural, long, strict=True)]


def _page(document, grid: Grid, language: Language) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    if _orientation(grid, language) == "landscape":
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE)


def _properties(size: float, bold: bool = False, italic: bool = False, color: str = "") -> str:
    half = round(2 * size)
    fonts = f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{CHINESE}"/>'
    look = ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "") + (f'<w:color w:val="{color}"/>' if color else "")
    return f'<w:rPr>{fonts}{look}<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'


def _text(
    text: str, align: str, properties: str, before: int = 0, after: int = 0, declare: str = "", shape: str = ""
) -> str:
    run = f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    spacing = f'<w:spacing w:before="{before}" w:after="{after}" w:line="240" w:lineRule="auto"/>'
    keep, indent = ("<w:keepNext/>", "") if shape == "keep" else ("", shape)
    return f'<w:p {declare}><w:pPr>{keep}{spacing}{indent}<w:jc w:val="{align}"/></w:pPr>{run}</w:p>'


def _paragraph(text: str, size: float, align: str, *, bold: bool, color: str):
    properties = _properties(size, bold, color=color)
    return parse_xml(_text(text, align, properties, 40, 60 if align == "center" else 0, nsdecls("w")))


def _table(grid: Grid, language: Language) -> str:
    size = _size(grid, language)
    widths = _columns(grid, language, size)
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    margins = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
    setting = _Setting(language, size, widths)
    rows, last, foot = [], len(grid.lines) - 1, len(grid.heads) - 1
    for number, line in enumerate(grid.heads):
        rows.append(setting.row(line, set(), {}, _Rules(number == 0, number == foot), head=True))
    continued = _continued(grid.lines)
    for number, (line, hidden) in enumerate(zip(grid.lines, covered_columns(grid.lines), strict=True)):
        rows.append(setting.row(line, hidden, continued[number], _Rules(False, False, thick=number == last)))
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _leans(cell: Cell) -> bool:
    """A cell that stands over the lines below it, other than a group head, which is bold."""
    return cell.column == 0 and cell.columns > 1 and cell.kind != "group"


def _border(side: str, eighths: int) -> str:
    """A border of so many eighths of a point."""
    return f'<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="000000"/>' if eighths else ""


class _Rules:
    """The rules of a line: top and bottom of the table are thick, the one under the heads is thin."""

    def __init__(self, top: bool, thin: bool, thick: bool = False):
        self.top = _border("top", 12 if top else 0)
        self.bottom = _border("bottom", 12 if thick else 6 if thin else 0)

    def of(self, cell: Cell) -> str:
        bottom = self.bottom or _border("bottom", 4 if cell.rule else 0)
        return f"<w:tcBorders>{self.top}{bottom}</w:tcBorders>" if self.top or bottom else ""


def _continued(lines) -> list[dict[int, Cell]]:
    """For each line, the cells of earlier lines that reach into it, by column: Word wants them said again."""
    found: list[dict[int, Cell]] = [{} for _ in lines]
    for number, line in enumerate(lines):
        for cell in line:
            for below in range(number + 1, min(number + cell.rows, len(lines))):
                found[below][cell.column] = cell
    return found


@dataclass(frozen=True)
class _Setting:
    """How the lines of one table are set: language, size in points, widths in twentieths of a point."""

    language: Language
    size: float
    widths: list[int]

    def row(self, line: Line, hidden: set[int], above: dict[int, Cell], rules: _Rules, head: bool = False) -> str:
        cells = {cell.column: (cell, False) for cell in filled(line, len(self.widths), hidden)}
        cells |= {column: (cell, True) for column, cell in above.items()}
        said = [self.cell(cell, again, rules) for _, (cell, again) in sorted(cells.items())]
        repeat = "<w:tblHeader/>" if head else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(said)}</w:tr>"

    def look(self, cell: Cell) -> str:
        """Group heads are bold, remarks small, that of simulated data loud; other heads of lines lean in English."""
        if cell.kind == "group":
            return _properties(self.size, bold=True)
        if cell.kind == "remark":
            loud = "SIMULATED" in cell.text[self.language]
            return _properties(min(self.size, SMALL), bold=loud, color=_ALARM if loud else "")
        return _properties(self.size, italic=_leans(cell) and self.language == "en")

    def cell(self, cell: Cell, again: bool, rules: _Rules) -> str:
        width = sum(self.widths[cell.column : cell.column + cell.columns])
        span = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
        merge = ("<w:vMerge/>" if again else '<w:vMerge w:val="restart"/>') if cell.rows > 1 else ""
        properties = self.look(cell)
        place = f'<w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{rules.of(cell)}<w:vAlign w:val="center"/>'
        text = "" if again else cell.text[self.language]
        before = 100 if cell.kind == "group" else 10
        after = 50 if cell.kind == "remark" else 10
        shape = _SHAPES.get(cell.kind, "")
        return f"<w:tc><w:tcPr>{place}</w:tcPr>{_text(text, cell.align, properties, before, after, shape=shape)}</w:tc>"
