"""A sheet as a grid with merged cells, and which way its table lies: provinces, years or indicators down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cbe_assets.yearbook import cells
from cbe_assets.yearbook.containers import Sheet
from cbe_assets.yearbook.gazetteer import Gazetteer, Place

Key = Literal["place", "year", "text"]
_UNNAMED_TOTALS = ("总计", "合计", "total")


@dataclass
class Grid:
    """Cells by row and column; every row has the same width.

    Args:
        sheet: the rows as read.
        gazetteer: the names of provinces.
    """

    sheet: Sheet
    gazetteer: Gazetteer
    width: int = field(init=False)
    rows: list[list[cells.Cell]] = field(init=False)
    _origin: dict[tuple[int, int], tuple[int, int]] = field(init=False, default_factory=dict)
    _spans: dict[tuple[int, int], tuple[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.width = max((len(row) for row in self.sheet.rows), default=0)
        self.rows = [[*row, *([""] * (self.width - len(row)))] for row in self.sheet.rows]
        for (top, left), (bottom, right) in self.sheet.merged:
            if (bottom - top + 1) * (right - left + 1) > 100_000:
                continue
            self._spans[top, left] = (bottom, right)
            for row in range(top, min(bottom + 1, len(self.rows))):
                for column in range(left, min(right + 1, self.width)):
                    self._origin[row, column] = (top, left)

    def text(self, row: int, column: int) -> str:
        """The cell as printed, blanks at its ends cut."""
        return cells.text_of(self.rows[row][column])

    def blank(self, row: int, column: int) -> bool:
        """Whether nothing is printed in the cell itself."""
        return cells.is_blank(self.rows[row][column])

    def label(self, row: int, column: int) -> cells.Cell:
        """The cell, or the merged cell it is part of."""
        top, left = self._origin.get((row, column), (row, column))
        return self.rows[top][left]

    def merged(self, row: int, column: int) -> bool:
        """Whether the cell is part of a merged one."""
        return (row, column) in self._origin

    def span(self, row: int, column: int) -> tuple[int, int]:
        """First and last column of the merged cell that (row, column) opens."""
        _, right = self._spans.get((row, column), (row, column))
        return column, right

    def place(self, row: int, column: int) -> Place | None:
        """The place a text cell names."""
        cell = self.rows[row][column]
        return self.gazetteer.find(cell) if isinstance(cell, str) and not cells.is_blank(cell) else None

    def filled(self, row: int, first: int = 0, last: int | None = None) -> list[int]:
        """Columns of the row, from `first` to before `last`, in which something is printed."""
        end = self.width if last is None else last
        return [column for column in range(first, end) if not self.blank(row, column)]


@dataclass(frozen=True)
class Panel:
    """Columns that hold one table, and the column that says what each row is.

    Args:
        kind: what the rows are: places, years, or indicators (text).
        key: the column of their names.
        first: first column of the panel.
        last: the column after its last.
        aliases: columns that repeat the places (English names).
        across: the columns are places.
    """

    kind: Key
    key: int
    first: int
    last: int
    aliases: frozenset[int] = frozenset()
    across: bool = False


def panels(grid: Grid) -> list[Panel]:
    """The tables that stand side by side (provinces 1-16 beside 17-31 are two); empty where there is none."""
    down = [_places_in_column(grid, column) for column in range(grid.width)]
    most_down = max(map(len, down), default=0)
    most_across = max((_places_in_row(grid, row) for row in range(len(grid.rows))), default=0)
    across = most_across > 0
    column = _year_column(grid)
    if most_down and most_down >= most_across:
        place = next(place for place, rows in enumerate(down) if len(rows) == most_down)
        # One place alone heads its column where the years stand left of it, and names its row where they do not.
        if not (most_down == most_across == 1 and column is not None and column < place):
            return _side_by_side(grid, down, most_down)
    if column is not None:
        return [Panel("year", column, 0, grid.width, across=across)]
    column = _text_column(grid)
    if column is None or not (across or _has_year_row(grid)):
        return []
    return [Panel("text", column, 0, grid.width, across=across)]


def _places_in_column(grid: Grid, column: int) -> dict[int, str]:
    """Row -> name of the provinces (and the nation) named in a column, in rows that hold more than that."""
    found = {}
    for row in range(len(grid.rows)):
        place = grid.place(row, column)
        if place and place.province and (found or len(grid.filled(row)) > 1):
            found[row] = place.name
    return found


def _places_in_row(grid: Grid, row: int) -> int:
    places = [grid.place(row, column) for column in range(grid.width)]
    named = [place for place in places if place and place.province]
    texts = [grid.text(row, column) for column, place in enumerate(places) if place and place.province]
    return 0 if len(named) == 1 and texts[0].replace(" ", "").lower() in _UNNAMED_TOTALS else len(named)


def _side_by_side(grid: Grid, down: list[dict[int, str]], most: int) -> list[Panel]:
    columns = [column for column, places in enumerate(down) if len(places) * 3 >= most]
    main: list[int] = []
    aliases: dict[int, set[int]] = {}
    for column in columns:
        same = [
            before
            for before in main
            if sum(down[column].get(row) == name for row, name in down[before].items()) * 2 > len(down[column])
        ]
        if same:
            aliases[same[0]].add(column)
        else:
            main.append(column)
            aliases[column] = set()
    firsts = [0, *main[1:]]
    lasts = [*main[1:], grid.width]
    return [
        Panel("place", key, first, last, frozenset(aliases[key]))
        for key, first, last in zip(main, firsts, lasts, strict=True)
    ]


def _year_column(grid: Grid) -> int | None:
    """The column that names a year in most rows that hold something else than years, or None."""
    best, most = None, 0
    for column in range(grid.width):
        count = 0
        for row in range(len(grid.rows)):
            if cells.year(grid.rows[row][column]) is None:
                continue
            others = [other for other in grid.filled(row) if other != column]
            if any(cells.year(grid.rows[row][other]) is None for other in others if other > column):
                count += 1
        if count > most:
            best, most = column, count
    return best


def _text_column(grid: Grid) -> int | None:
    for column in range(grid.width):
        for row in range(len(grid.rows)):
            named = isinstance(grid.rows[row][column], str) and not grid.blank(row, column)
            if named and any(cells.is_number(grid.rows[row][other]) for other in grid.filled(row, column + 1)):
                return column
    return None


def _has_year_row(grid: Grid) -> bool:
    return any(
        any(cells.year(grid.rows[row][column]) is not None for column in grid.filled(row))
        for row in range(len(grid.rows))
    )
