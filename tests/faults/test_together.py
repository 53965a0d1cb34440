"""Promise: refreshes take turns and say so; a reader with cbe.duckdb open neither stops a refresh nor sees it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import small_study
from program import until
from stored_state import database, stored

from cbe_assets.assets.graph import build
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study


def holder_of(root: Path) -> str:
    lock = root / "data/warehouse/.lock"
    return lock.read_text() if lock.is_file() else ""


def test_a_second_refresh_stops_after_its_wait_or_takes_its_turn(root, cbe):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    first = cbe("refresh", "--root", str(root), "--full")
    until(lambda: holder_of(root) == str(first.pid))
    hasty, patient = cbe("refresh", "--root", str(root), "--wait", "0"), cbe("refresh", "--root", str(root))
    assert hasty.wait() == 2
    assert str(first.pid) in hasty.said and "--wait" in hasty.said
    assert patient.wait() == 0, patient.said
    assert first.wait() == 0, first.said
    assert f"(process {first.pid}) is running; waiting" in patient.said
    assert "nothing ran" in patient.printed
    assert holder_of(root) == ""


def test_a_table_replaced_while_a_plan_is_made_counts_as_damaged_in_that_plan_only(root, cbe):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    planner = Planner(build(Study.load(root)))
    before = planner.records()
    assert cbe("refresh", "--root", str(root)).wait() == 0
    (reason, *_) = planner.reasons(planner.graph.nodes["raw/gdp"], before)
    assert reason.message == "damaged"
    assert planner.plan().stale == {}


def test_two_refreshes_started_at_once_end_as_one(root, cbe, made):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    pair = [cbe("refresh", "--root", str(root), "--json") for _ in range(2)]
    assert [item.wait() for item in pair] == [0, 0], [item.said for item in pair]
    made_by = [[asset["asset"] for asset in item.json()["made"]] for item in pair]
    assert sorted(map(len, made_by))[0] == 0 and "raw/gdp" in made_by[0] + made_by[1]


def _read(path: str, pipe) -> None:
    import duckdb

    with duckdb.connect(path, read_only=True) as connection:
        while pipe.recv():
            pipe.send(connection.execute("select sum(gdp), max(gdp) from clean.gdp").fetchall())


def test_a_reader_keeps_its_view_while_a_refresh_swaps_the_database(root, cbe):
    ours, theirs = multiprocessing.get_context("forkserver").Pipe()
    reader = multiprocessing.get_context("forkserver").Process(
        target=_read, args=(str(root / "data/warehouse/cbe.duckdb"), theirs)
    )
    reader.start()
    try:
        ours.send(True)
        seen = ours.recv()
        before = database(root)
        small_study.write_edition(root, "gdp", edition="2024", change=50000.0)
        done = cbe("refresh", "--root", str(root))
        assert done.wait() == 0, done.said
        ours.send(True)
        assert ours.recv() == seen
        assert database(root)["clean/gdp"] != before["clean/gdp"]
    finally:
        ours.send(False)
        reader.join(10)
    assert not [name for name in stored(root) if name.endswith(".part")]
