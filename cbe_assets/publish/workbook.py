"""A grid as an Excel workbook: the table as printed, and a second sheet with the unrounded numbers behind it."""

from __future__ import annotations

import io
import math

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from cbe_assets.publish.archive import EPOCH, repeatable
from cbe_assets.publish.grid import Cell, Grid, covered_columns, display_width, filled
from cbe_assets.publish.material import number_of
from cbe_assets.publish.wording import Language, words

_FONT = {"zh": "宋体", "en": "Times New Roman"}
_NUMBERS = {"zh": "数值", "en": "Numbers"}
_HEADS = {
    "zh": ("行", "列", "类型", "数值", "表中文本", "来源", "项"),
    "en": ("row", "column", "kind", "value", "as printed", "source", "term"),
}
PAGE = 50
"""A table of more lines than this keeps its heads in sight."""
_THICK, _THIN = Side(style="medium"), Side(style="thin")


def workbook(grid: Grid, language: Language) -> bytes:
    """The workbook as bytes."""
    book = Workbook()
    sheet = book.active
    sheet.title = number_of(grid.name)[language] or grid.name[:31]
    _printed(sheet, grid, language)
    _numbers(book.create_sheet(_NUMBERS[language]), grid, language)
    book.properties.creator, book.properties.title = "cbe_assets", grid.title[language]
    book.properties.created = EPOCH
    stream = io.BytesIO()
    book.save(stream)
    return repeatable(stream.getvalue())


def _printed(sheet: Worksheet, grid: Grid, language: Language) -> None:
    """Title, heads, lines, notes; three rules."""
    name, width = _FONT[language], grid.width
    small = Font(name=name, size=9)
    bold, lean = Font(name=name, size=10.5, bold=True), Font(name=name, size=10.5, italic=True)
    fonts = {"text": Font(name=name, size=10.5), "group": bold, "formula": lean, "remark": small}
    alarm = Font(name=name, size=9, bold=True, color="FFB00020")
    _across(sheet, 1, width, grid.title[language], Font(name=name, size=12, bold=True), "center")
    lines = [*grid.heads, *grid.lines]
    covered = [set()] * len(grid.heads) + covered_columns(grid.lines)
    for row, (line, hidden) in enumerate(zip(lines, covered, strict=True), start=2):
        for cell in filled(line, width, hidden):
            _place(sheet, row, cell, language, fonts)
    last = 1 + len(lines)
    room = sum(_widths(sheet, grid, language))
    # Excel fits the height of a line to its texts, but not to one in merged cells.
    for row, line in enumerate(grid.lines, start=2 + len(grid.heads)):
        if line and line[0].columns == width and width > 1:
            sheet.row_dimensions[row].height = _height(line[0].text[language], room, 14)
    _rule(sheet, 2, width, top=_THICK)
    _rule(sheet, 1 + len(grid.heads), width, bottom=_THIN)
    _rule(sheet, last, width, bottom=_THICK)
    for number, note in enumerate(grid.notes):
        text = (words("note")[language] if number == 0 else "") + note[language]
        row = last + 1 + number
        _across(sheet, row, width, text, alarm if "SIMULATED" in text else small, "left")
        sheet.row_dimensions[row].height = _height(text, room, 12.5)
    if len(grid.lines) > PAGE:
        sheet.freeze_panes = sheet.cell(2 + len(grid.heads), 1)
        sheet.print_title_rows = f"2:{1 + len(grid.heads)}"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "portrait", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _height(text: str, room: float, line: float) -> float:
    """Points that a text takes over all columns."""
    return line * max(1, math.ceil(display_width(text) / (room * 1.05)))


def _place(sheet: Worksheet, row: int, cell: Cell, language: Language, fonts: dict[str, Font]) -> None:
    column = cell.column + 1
    if cell.columns > 1 or cell.rows > 1:
        end = {"end_row": row + cell.rows - 1, "end_column": column + cell.columns - 1}
        sheet.merge_cells(start_row=row, start_column=column, **end)
    if not cell.text[language]:
        return
    placed = sheet.cell(row, column)
    # Text, also where Excel would see a formula or, in (2.12), a negative number.
    placed.value, placed.data_type, placed.font = cell.text[language], "s", fonts.get(cell.kind, fonts["text"])
    vertical, indent = "top" if cell.rows > 1 else "center", int(cell.kind == "remark")
    placed.alignment = Alignment(horizontal=cell.align, vertical=vertical, wrap_text=True, indent=indent)
    if cell.rule:
        for position in range(column, column + cell.columns):
            sheet.cell(row, position).border = Border(bottom=_THIN)


def _across(sheet: Worksheet, row: int, width: int, text: str, font: Font, align: str) -> None:
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    cell = sheet.cell(row, 1)
    cell.value, cell.data_type, cell.font = text, "s", font
    cell.alignment = Alignment(horizontal=align, vertical="top", wrap_text=True)


def _rule(sheet: Worksheet, row: int, width: int, **sides: Side) -> None:
    for column in range(1, width + 1):
        cell = sheet.cell(row, column)
        cell.border = Border(top=sides.get("top") or cell.border.top, bottom=sides.get("bottom") or cell.border.bottom)


def _widths(sheet: Worksheet, grid: Grid, language: Language) -> list[float]:
    widths = [max(9.0, 1.1 * width + 2) for width in grid.widths(language)]
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    return widths


def _numbers(sheet: Worksheet, grid: Grid, language: Language) -> None:
    """One line per number: what it is, the number itself, where it comes from."""
    sheet.append(_HEADS[language])
    frame = grid.frame()
    for row in frame[frame["value"].notna()].to_dict("records"):
        label, head = row[f"label_{language}"], row[f"head_{language}"]
        sheet.append((label, head, row["kind"], row["value"], row[f"text_{language}"], row["source"], row["term"]))
    for column, width in zip("ABCDEFG", (18, 24, 12, 22, 14, 22, 22), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
