"""A table on a screen: it fits the width, and plain lines line up in both languages."""

from __future__ import annotations

import pytest

from cbe_assets.grid_screen import GAP, NARROW, fitted, plain
from cbe_assets.publish.grid import Cell, display_width
from cbe_assets.publish.wording import same


@pytest.mark.parametrize("room", [60, 80, 120])
@pytest.mark.parametrize("natural", [[22, 87, 79, 7], [12, 40, 26, 7], [30, 11, 11, 10, 7, 4, 5]])
def test_columns_fit_the_terminal_and_narrow_ones_are_never_cut(natural, room):
    widths = fitted(natural, room)
    assert sum(widths) + GAP * (len(widths) - 1) <= room or all(width <= NARROW for width in widths)
    assert all(width == wanted for width, wanted in zip(widths, natural, strict=True) if wanted <= NARROW)
    assert all(width <= wanted for width, wanted in zip(widths, natural, strict=True))


def test_columns_that_fit_keep_their_widths():
    assert fitted([10, 30, 20], 80) == [10, 30, 20]


def test_plain_rows_line_up_by_display_width_and_groups_stand_apart():
    group = (Cell(0, same("表4"), "group", columns=2, align="left"),)
    rows = [(Cell(0, same(name), align="left"), Cell(1, same(number))) for name, number in
            [("常数项", "1.0"), ("ECI", "−12.34***")]]  # fmt: skip
    lines = plain([(Cell(0, same("项目"), "head", align="left"), Cell(1, same("n"), "head"))], [[group, *rows]], "zh")
    assert lines[1:3] == ["", "表4"]
    assert len({display_width(line) for line in (lines[0], *lines[3:])}) == 1
