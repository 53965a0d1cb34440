"""A panel of a sheet cut into blocks: heading rows and the data rows under them; 续表 opens a further block."""

from __future__ import annotations

from dataclasses import dataclass, field

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.grid import Grid, Panel
from cbe_assets.yearbook.headlines import is_continuation, is_title
from cbe_assets.yearbook.observations import Collection

_NOT_A_YEAR = ("平均", "增长", "合计", "累计", "时期", "average", "growth")


@dataclass
class Block:
    """One table: its heading rows and its data rows."""

    head: list[int]
    body: list[int] = field(default_factory=list)


@dataclass
class _Cutter:
    """The state of one walk down a panel."""

    grid: Grid
    panel: Panel
    into: Collection
    blocks: list[Block] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    noted: bool = False

    def walk(self) -> list[Block]:
        for row in range(len(self.grid.rows)):
            inside = self.grid.filled(row, self.panel.first, self.panel.last)
            if not inside and not (self.grid.filled(row) and self._takes_outside()):
                continue
            if self._is_data(row):
                self._data(row)
            elif self._is_note(row):
                pass
            elif self.blocks and not self._is_heading(row) and self._has_number(row):
                self._unnamed(row)
            else:
                self.pending.append(row)
        self._skip_pending()
        return self.blocks

    def _takes_outside(self) -> bool:
        """The first panel takes lines that stand beside it; the others only titles and units above their tables."""
        return self.panel.first == 0 or not self.blocks

    def _is_data(self, row: int) -> bool:
        panel, grid = self.panel, self.grid
        others = [column for column in grid.filled(row, panel.first, panel.last) if column != panel.key]
        if panel.kind == "place":
            if grid.place(row, panel.key) is None:
                return self._continues_place(row)
            beside = any(column > panel.key for column in others)
            return bool(self.blocks) or (beside and not any(cells.unit_line(grid.text(row, one)) for one in others))
        cell = grid.rows[row][panel.key]
        if panel.kind == "year":
            others = [column for column in others if column > panel.key]
            return cells.year(cell) is not None and bool(self.blocks or self._has_number(row) or others)
        named = isinstance(cell, str) and not cells.is_blank(cell) and not cells.is_note(cell)
        return named and self._has_number(row) and not self._is_heading(row)

    def _continues_place(self, row: int) -> bool:
        """A row without a name belongs to the place above where a merged cell says so, or a year or an indicator
        stands beside it, as in the row above.
        """
        panel, grid = self.panel, self.grid
        if not self.blocks or not grid.blank(row, panel.key) or not self._has_number(row):
            return False
        if isinstance(grid.label(row, panel.key), str) and not cells.is_blank(grid.label(row, panel.key)):
            return True
        last = self.blocks[-1].body[-1]
        near = [column for column in range(panel.first, min(panel.key + 2, panel.last)) if column != panel.key]
        return any(_alike(grid.rows[row][column], grid.rows[last][column]) for column in near)

    def _has_number(self, row: int) -> bool:
        columns = self.grid.filled(row, self.panel.key + 1, self.panel.last)
        return any(cells.is_number(self.grid.rows[row][column]) for column in columns)

    def _is_heading(self, row: int) -> bool:
        """Whether a row heads a table: years or a unit in it, 续表, or several texts and no other number."""
        columns = self.grid.filled(row, self.panel.first, self.panel.last)
        texts = [self.grid.text(row, column) for column in columns]
        if any(cells.unit_line(text) or is_continuation(text) for text in texts):
            return True
        numbers = [column for column in columns if cells.is_number(self.grid.rows[row][column])]
        years = [column for column in columns if cells.year(self.grid.rows[row][column]) is not None]
        if set(numbers) - set(years):
            return False
        return bool(years) or len([text for text in texts if text not in cells.MISSING]) > 1

    def _is_note(self, row: int) -> bool:
        columns = self.grid.filled(row)
        texts = [self.grid.text(row, column) for column in columns]
        opening = cells.is_note(texts[0]) or cells.is_source(texts[0])
        under = self.noted and not self._is_heading(row) and not self._has_number(row) and not is_title(texts[0])
        if not opening and not under and not (self.blocks and len(texts) == 1 and cells.is_note_item(texts[0])):
            return False
        if self.panel.first == 0:
            # An unquoted comma in a note has cut it into cells; a note is one line again.
            joined = ("," if self.grid.sheet.lines is not None else " ").join(texts)
            if not self.into.line(joined):
                self.into.notes.append(joined)
        self.noted = bool(self.blocks) and not cells.is_source(texts[0])
        return True

    def _data(self, row: int) -> None:
        heads = [other for other in self.pending if self._is_heading(other)]
        if not self.blocks or heads or (self.noted and self.pending):
            self.blocks.append(Block(self.pending))
            self.pending = []
        else:
            self._skip_pending()
        self.noted = False
        self.blocks[-1].body.append(row)

    def _unnamed(self, row: int) -> None:
        """A row of numbers whose name is not a place or a year."""
        grid, panel, sheet = self.grid, self.panel, self.grid.sheet
        address, text = sheet.cell(row, panel.key), grid.text(row, panel.key)
        if panel.kind == "year" and any(word in text.lower() for word in _NOT_A_YEAR):
            self.into.skip(address, sheet.name, text, "skipped_not_one_year", len(grid.filled(row)) - 1)
        elif not text:
            first = grid.filled(row, panel.first, panel.last)[0]
            message = "row_without_name" if panel.kind == "place" else "row_without_year"
            self.into.fault(message, sheet=sheet.name, cell=sheet.cell(row, first), found=grid.text(row, first))
        else:
            message = "place_unknown" if panel.kind == "place" else "not_a_year"
            if panel.kind == "year" and cells.is_part_of_year(text):
                message = "not_annual"
            self.into.fault(message, sheet=sheet.name, cell=address, found=text)

    def _skip_pending(self) -> None:
        for row in self.pending:
            first = self.grid.filled(row)[0]
            if self.panel.first == 0 and not self.into.line(self.grid.text(row, first)):
                address = self.grid.sheet.cell(row, first)
                self.into.skip(address, self.grid.sheet.name, self.grid.text(row, first), "skipped_text")
        self.pending = []


def _alike(one: cells.Cell, other: cells.Cell) -> bool:
    """Whether both are years, or both are texts that are neither numbers nor missing marks."""
    if cells.year(one) is not None and cells.year(other) is not None:
        return True
    texts = [cells.text_of(cell) for cell in (one, other) if isinstance(cell, str)]
    return len(texts) == 2 and all(text not in cells.MISSING and cells.is_chinese(text) for text in texts)


def cut(grid: Grid, panel: Panel, into: Collection) -> list[Block]:
    """The blocks of a panel, top to bottom; notes and source lines between them are taken, other lines skipped.

    A row of numbers without a name, or with a name that is no place and no year, is a fault.
    """
    return _Cutter(grid, panel, into).walk()
