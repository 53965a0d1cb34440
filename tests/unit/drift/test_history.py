"""The history keeps each column once, forgets only what nobody needs, and says what is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from cbe_assets.faults import StudyFault
from cbe_assets.history.blocks import address, column_block
from cbe_assets.history.snapshot import KeptTable, Snapshot
from cbe_assets.history.store import History
from cbe_assets.warehouse import column_types, content_version, write_atomically


def filed(folder: Path, **tables: pd.DataFrame) -> Snapshot:
    """Adds a snapshot of these tables, as a refresh does."""
    history, blocks, kept = History(folder), {}, {}
    for name, frame in tables.items():
        columns = []
        for column, kind in column_types(frame).items():
            block = column_block(frame[column])
            blocks[address(block)] = block
            columns.append((column, kind, address(block)))
        kept[f"clean/{name}"] = KeptTable(content_version(frame), "code", len(frame), tuple(columns))
    text = b"name: cbe\n"
    blocks[address(text)] = text
    snapshot = Snapshot("cbe", True, kept, {}, {}, {"study/study.yaml": address(text)})
    for path, data in history.addition(snapshot, blocks).items():
        write_atomically(folder / path, data)
    return snapshot


def table(value: float) -> pd.DataFrame:
    return pd.DataFrame({"province": ["北京", "天津"] * 200, "value": [value + row for row in range(400)]})


def test_a_snapshot_comes_back_with_its_tables_and_texts(tmp_path):
    snapshot = filed(tmp_path, gdp=table(1.0))
    history = History(tmp_path)
    again = history.snapshot(history.entries[0].snapshot)
    assert again == snapshot
    pd.testing.assert_frame_equal(history.frame(again, "clean/gdp"), table(1.0), check_dtype=False)
    assert history.texts(again) == {"study/study.yaml": "name: cbe\n"}


def test_the_same_state_is_not_filed_twice(tmp_path):
    filed(tmp_path, gdp=table(1.0))
    filed(tmp_path, gdp=table(1.0))
    assert [entry.number for entry in History(tmp_path).entries] == [1]


def test_a_column_that_did_not_change_costs_nothing(tmp_path):
    filed(tmp_path, gdp=table(1.0))
    filed(tmp_path, gdp=table(1.0), fdi=table(1.0))
    first, second = History(tmp_path).entries
    assert second.size < first.size / 2


def test_a_state_that_comes_back_is_listed_again_and_compared_with_the_one_between(tmp_path):
    one, two = filed(tmp_path, gdp=table(1.0)), filed(tmp_path, gdp=table(2.0))
    filed(tmp_path, gdp=table(1.0))
    history = History(tmp_path)
    assert [entry.snapshot for entry in history.entries] == [one.id, two.id, one.id]
    assert history.before(history.entries[-1]).number == 2
    assert history.last_other_than(one.id).number == 2
    assert history.entries[-1].size < 300
    assert history.before(history.entries[0]) is None


def test_pruning_keeps_whatever_the_kept_ones_need_and_their_time(tmp_path):
    for value in (1.0, 2.0, 3.0):
        filed(tmp_path, gdp=table(value), fdi=table(9.0))
    before = {entry.number: entry.time for entry in History(tmp_path).entries}
    history = History(tmp_path)
    assert [entry.number for entry in history.prune(2)] == [1]
    history = History(tmp_path)
    assert [entry.number for entry in history.entries] == [2, 3]
    for entry, value in zip(history.entries, (2.0, 3.0), strict=True):
        snapshot = history.snapshot(entry.snapshot)
        assert history.frame(snapshot, "clean/gdp")["value"].iloc[0] == value
        assert history.frame(snapshot, "clean/fdi")["value"].iloc[0] == 9.0
        assert entry.time == pytest.approx(before[entry.number], abs=1e-3)
    assert filed(tmp_path, gdp=table(4.0)).id == History(tmp_path).entries[-1].snapshot
    assert History(tmp_path).entries[-1].number == 4


def test_a_damaged_file_is_said_and_the_next_refresh_does_not_rely_on_it(tmp_path):
    filed(tmp_path, gdp=table(1.0))
    lost = filed(tmp_path, gdp=table(2.0))
    path = History(tmp_path).entries[-1].path
    path.write_bytes(path.read_bytes()[:-3] + b"???")
    history = History(tmp_path)
    assert [fault.facts["file"] for fault in history.damaged] == [path.name]
    with pytest.raises(StudyFault) as caught:
        history.snapshot(lost.id)
    assert {fault.message for fault in caught.value.faults} == {"history_block_lost", "history_damaged"}
    again = filed(tmp_path, gdp=table(2.0))
    history = History(tmp_path)
    assert history.frame(history.snapshot(again.id), "clean/gdp")["value"].iloc[0] == 2.0


def test_a_snapshot_is_found_by_number_or_first_digits_and_nothing_else(tmp_path):
    one = filed(tmp_path, gdp=table(1.0))
    filed(tmp_path, gdp=table(2.0))
    history = History(tmp_path)
    assert history.find("2").number == 2
    assert history.find(one.id[:10].upper()).number == 1
    for given in ("7", "", "nonsense"):
        with pytest.raises(StudyFault):
            history.find(given)


def test_no_byte_depends_on_the_clock(tmp_path):
    filed(tmp_path / "a", gdp=table(1.0))
    filed(tmp_path / "b", gdp=table(1.0))
    first, second = (History(tmp_path / name).entries[0].path for name in "ab")
    os.utime(second, (0, 0))
    assert first.name == second.name and first.read_bytes() == second.read_bytes()
