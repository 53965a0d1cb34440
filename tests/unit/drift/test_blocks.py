"""A column comes back from its block as it was, under an address that its content alone decides."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbe_assets.faults import StudyFault
from cbe_assets.history.blocks import Pack, address, column_block, column_of
from cbe_assets.warehouse import column_types, content_version

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=1, max_size=20)
NUMBERS = st.lists(st.one_of(st.just(float("nan")), st.floats(allow_nan=False)), min_size=1, max_size=20)


def came_back(column: pd.Series) -> pd.Series:
    return column_of(column_block(column), column_types(column.to_frame("x"))["x"])


@given(NUMBERS)
def test_numbers_come_back_to_the_last_bit(values):
    column = pd.Series(values, dtype="float64")
    np.testing.assert_array_equal(came_back(column), column)


@given(TEXTS)
def test_texts_come_back_with_what_is_missing(values):
    column = pd.Series(values, dtype="str")
    assert content_version(came_back(column).to_frame("x")) == content_version(column.to_frame("x"))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, -2, 3], dtype="int32"),
        pd.Series([True, False]),
        pd.Series(pd.to_datetime(["2015-03-07", "2022-11-14"])),
    ],
)
def test_other_kinds_come_back_with_the_same_content(column):
    assert content_version(came_back(column).to_frame("x")) == content_version(column.to_frame("x"))


def test_a_block_is_plain_json_that_any_reader_opens():
    assert json.loads(column_block(pd.Series(["北京", None], dtype="str"))) == ["北京", None]


def test_the_address_does_not_depend_on_the_compression():
    block = column_block(pd.Series([1.5, 2.5] * 50))
    hard = Pack("0" * 24, {address(block): zlib.compress(block, 9)})
    assert Pack.read(hard.data, "x").block(address(block)) == block


def test_equal_packs_are_equal_bytes_whatever_the_order():
    blocks = {address(data): data for data in (b"[1]", b"[2]", b"[3]")}
    turned = dict(reversed(blocks.items()))
    assert Pack.of("0" * 24, blocks).data == Pack.of("0" * 24, turned).data


@pytest.mark.parametrize("at", [0, 20, 60, -1])
def test_one_changed_byte_anywhere_is_noticed(at):
    data = bytearray(Pack.of("0" * 24, {address(b"[1]"): b"[1]"}).data)
    data[at] ^= 1
    with pytest.raises(StudyFault) as caught:
        Pack.read(bytes(data), "000001-x.pack")
    assert caught.value.faults[0].facts["file"] == "000001-x.pack"
