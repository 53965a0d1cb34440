"""The table behind all formats, and the frame it is stored as."""

import math

import pandas as pd
import pytest

from cbe_assets.publish.grid import COLUMNS, Cell, Grid, covered_columns, display_width
from cbe_assets.publish.wording import same
from cbe_assets.study import Text

KINDS = {"title", "head", "text", "coefficient", "statistic", "note", "verdict", "group", "formula", "remark"}


def tables(exhibits):
    return {name: made.grid for name, made in exhibits.items() if name.startswith("table")}


def test_every_table_is_stored_with_the_same_columns_and_known_kinds(exhibits):
    for frame in tables(exhibits).values():
        assert tuple(frame.columns) == COLUMNS
        assert set(frame["kind"]) <= KINDS
        assert not frame.duplicated(["row", "column"]).any()


def test_a_stored_table_gives_back_the_table(exhibits):
    for name, frame in tables(exhibits).items():
        pd.testing.assert_frame_equal(Grid.from_frame(name, frame).frame(), frame)


def test_a_coefficient_keeps_its_unrounded_value_its_source_and_its_label(exhibits):
    frame = exhibits["table4"].grid
    of_model = frame[(frame["source"] == "model/table4_3") & (frame["kind"] == "coefficient")]
    row = of_model[of_model["term"] == "ECI"].iloc[0]
    assert (row["label_en"], row["head_en"], row["text_en"], row["value"]) == ("ECI", "(3) EXP", "1.093**", 1.093)


def test_every_printed_coefficient_is_its_value_rounded_with_stars(exhibits):
    for frame in tables(exhibits).values():
        for row in frame[frame["kind"] == "coefficient"].itertuples():
            printed = row.text_en.rstrip("*").replace("\u2212", "-")
            half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
            assert half <= 0.005 and float(printed) == pytest.approx(row.value, abs=half * 1.000001)


def test_a_term_that_is_in_no_model_leaves_empty_cells_and_no_number(exhibits):
    frame = exhibits["table4"].grid
    first = frame[(frame["head_en"] == "(1) EXP") & (frame["label_en"] == "PGDP")]
    assert first.empty


def test_a_cell_over_lines_covers_its_column_below():
    lines = ((Cell(0, same("a"), rows=2), Cell(1, same("b"))), (Cell(1, same("c")),), (Cell(0, same("d")),))
    assert covered_columns(lines) == [set(), {0}, set()]


def test_a_chinese_character_is_two_wide():
    assert display_width("熵 e") == 4


def test_heads_over_a_column_are_read_top_to_bottom():
    over = (Cell(1, Text(zh="甲", en="A"), "head", columns=2),)
    under = (Cell(1, same("x"), "head"), Cell(2, same("y"), "head"))
    grid = Grid("table9", same("t"), (over, under), ((Cell(0, same("row")), Cell(2, same("1"), "statistic", 1.0)),))
    assert grid.head_of(2).en == "A y"
    assert math.isnan(grid.frame()["value"].iloc[0])
