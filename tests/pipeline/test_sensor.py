"""The sensor on the yearbooks folder: when it asks for a refresh, of what, and what it says when it does not."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import small_study

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.home import instance
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.run import refresh
from cbe_assets.refresh.sensor import recorded, yearbooks_sensor
from cbe_assets.refresh.stale_job import JOB, config, stale_job
from cbe_assets.refresh.watch import Asked, Cursor, Failed, Folder, Run, Sight, decide
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse


class Clock:
    """A wall clock and a steady one, moved by hand; the wall clock starts well after the files were written."""

    def __init__(self) -> None:
        self.wall, self.ran = time.time() + 3600, 0.0

    def folder(self, root: Path) -> Folder:
        return Folder(Study.load(root), now=lambda: self.wall, steady=lambda: self.ran)

    def passes(self, seconds: float) -> None:
        self.wall, self.ran = self.wall + seconds, self.ran + seconds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study after one refresh: to be copied."""
    root = small_study.write(tmp_path_factory.mktemp("made") / "root")
    outcome = refresh(build(Study.load(root)))
    assert outcome.code == 0, [item.text() for item in outcome.faults]
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(made, tmp_path / "root"))
    monkeypatch.setenv("DAGSTER_HOME", str(copy / ".dagster"))
    return copy


class Ticks:
    """The study's sensor, ticked by hand on its real instance; `run` does what the daemon does with a request."""

    def __init__(self, root: Path, opened: dg.DagsterInstance):
        self.root, self.instance, self.cursor, self.clock = root, opened, None, Clock()
        self.definitions = definitions(Planner(build(Study.load(root))))
        self.sensor = yearbooks_sensor(build(Study.load(root)), stale_job(root), self.clock.folder(root))

    def tick(self, after: float = 60.0) -> dg.SensorResult:
        """A tick so many seconds from now."""
        self.clock.wall = time.time() + after
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, definitions=self.definitions)
        result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        return result

    def run(self, request: dg.RunRequest) -> bool:
        job = self.definitions.resolve_job_def(JOB)
        tags = {**request.tags, "dagster/run_key": request.run_key}
        done = job.execute_in_process(request.run_config, self.instance, tags=tags, raise_on_error=False)
        return done.success


@pytest.fixture
def ticks(root: Path) -> Iterator[Ticks]:
    with instance(root) as opened:
        yield Ticks(root, opened)


def asked_tables(result: dg.SensorResult) -> list[list[str]]:
    return [item.run_config["ops"]["refresh_what_is_stale"]["config"]["tables"] for item in result.run_requests]


# The folder


def test_a_file_younger_than_some_seconds_waits(root):
    clock = Clock()
    folder = clock.folder(root)
    before = folder.look()
    path = small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    clock.wall = path.stat().st_ctime + 1.0
    half = folder.look()
    assert half.unsettled == ["gdp/2024.csv"] and "gdp" not in half.versions
    assert half.versions["population"] == before.versions["population"]
    clock.wall += 3.0
    whole = folder.look()
    assert whole.unsettled == [] and whole.versions["gdp"] not in (None, before.versions["gdp"])


def test_a_file_that_changes_between_looks_waits_until_it_rests(root):
    clock = Clock()
    folder = clock.folder(root)
    path = small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    data = path.read_bytes()
    for end in (200, 400, len(data)):
        path.write_bytes(data[:end])
        clock.wall = path.stat().st_ctime + 2.0
        assert "gdp" not in folder.look().versions
    clock.wall += 2.0
    assert folder.look().versions["gdp"] == Planner(build(Study.load(root))).source_versions["source/gdp"]


def test_a_sidecar_still_being_written_makes_its_file_wait(root):
    clock = Clock()
    folder = clock.folder(root)
    folder.look()
    path = root / "data/yearbooks/gdp/2023.csv.meta.yaml"
    path.write_text("unit: 亿元\n", encoding="utf-8")
    clock.wall = path.stat().st_ctime + 1.0
    assert folder.look().unsettled == ["gdp/2023.csv"]


def test_times_in_the_future_wait_until_the_file_was_seen_unchanged(root):
    """As after the clock was set back, or on a share whose clock is ahead."""
    path = small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    os.utime(path, (4_000_000_000, 4_000_000_000))
    clock = Clock()
    folder = clock.folder(root)
    assert folder.look().unsettled == ["gdp/2024.csv"]
    clock.passes(4.0)
    assert folder.look().unsettled == []


def test_what_the_sensor_sees_is_what_status_sees(root):
    small_study.write_edition(root, "gdp", edition="2022")
    seen = Clock().folder(root).look().versions
    assert {f"source/{name}": version for name, version in seen.items()} == Planner(
        build(Study.load(root))
    ).source_versions


_opened: list[str] = []
sys.addaudithook(lambda event, facts: _opened.append(str(facts[0])) if event == "open" else None)


def test_thousands_of_files_tick_in_under_a_second_and_only_changed_ones_are_read(root):
    for table in small_study.TABLES:
        template = (root / f"data/yearbooks/{table}/2023.csv").read_bytes()
        for number in range(1000):
            name = f"{1990 + number // 336}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}.csv"
            (root / f"data/yearbooks/{table}" / name).write_bytes(template)
    folder = Clock().folder(root)
    folder.look()
    os.utime(root / "data/yearbooks/gdp/1990-01-01.csv")
    small_study.write_edition(root, "population", name="1991-02-03.csv", change=1.0)
    _opened.clear()
    begun = time.perf_counter()
    sight = folder.look()
    seconds = time.perf_counter() - begun
    read = sorted(Path(name).name for name in _opened if str(root) in name)
    assert read == ["1990-01-01.csv", "1991-02-03.csv"]
    assert len(sight.versions) == 3 and seconds < 1.0


# What follows from a look

RECORDED = {"gdp": "A", "population": "P"}


def look(**versions: str | None) -> Sight:
    return Sight({**RECORDED, **versions})


def test_nothing_is_asked_for_where_the_warehouse_has_the_content():
    decision = decide(Cursor(), look(), RECORDED, None)
    assert decision.request is None and decision.notice[0] == "sensor_nothing"


def test_every_change_has_a_key_of_its_own_even_back_to_an_old_content():
    cursor, keys = Cursor(), []
    for content, stored in (("B", "A"), ("A", "B"), ("B", "A")):
        decision = decide(cursor, look(gdp=content), {**RECORDED, "gdp": stored}, Run("r", "succeeded"))
        assert decision.request.versions == {"gdp": content}
        keys.append(decision.request.run_key)
        cursor = decision.cursor
    assert len(set(keys)) == 3


def test_a_cursor_reset_by_hand_repeats_no_key():
    first = decide(Cursor(), look(gdp="B"), RECORDED, None).request
    again = decide(Cursor(), look(gdp="B"), RECORDED, None, taken=lambda key: key == first.run_key).request
    assert again.run_key != first.run_key


def test_nothing_more_is_asked_for_while_a_run_goes_on():
    asked = decide(Cursor(), look(gdp="B"), RECORDED, None).cursor
    decision = decide(asked, look(gdp="C"), RECORDED, Run("r", "running"))
    assert decision.request is None and decision.notice == ("sensor_running", {"run": "r"})
    assert decision.cursor.asked == asked.asked and decision.observe == {"gdp": "C"}


def test_a_failed_refresh_is_asked_for_once_more_and_then_reported():
    cursor = decide(Cursor(), look(gdp="B"), RECORDED, None).cursor
    second = decide(cursor, look(gdp="B"), {**RECORDED, "gdp": "B"}, Run("r1", "failed"))
    assert second.request.versions == {"gdp": "B"} and second.request.attempt == 2
    assert second.request.run_key != cursor.asked.run_key
    third = decide(second.cursor, look(gdp="B"), {**RECORDED, "gdp": "B"}, Run("r2", "failed"))
    assert third.request is None
    assert third.notice == ("sensor_gave_up", {"tables": "gdp", "runs": "r2"})
    fourth = decide(Cursor.parse(third.cursor.dump()), look(gdp="B"), RECORDED, None)
    assert fourth.request is None and fourth.notice[0] == "sensor_gave_up"
    changed = decide(fourth.cursor, look(gdp="C"), RECORDED, None)
    assert changed.request.versions == {"gdp": "C"} and changed.request.attempt == 1
    assert changed.cursor.given_up == {}


def test_a_file_changed_while_its_refresh_failed_starts_afresh():
    cursor = decide(Cursor(), look(gdp="B"), RECORDED, None).cursor
    decision = decide(cursor, look(gdp="C"), RECORDED, Run("r1", "failed"))
    assert decision.request.versions == {"gdp": "C"} and decision.request.attempt == 1


def test_a_failed_refresh_waits_for_files_that_are_being_replaced():
    cursor = decide(Cursor(), look(gdp="B"), RECORDED, None).cursor
    writing = Sight({"population": "P"}, ["gdp/2024.csv"])
    decision = decide(cursor, writing, RECORDED, Run("r1", "failed"))
    assert decision.request is None and decision.cursor.asked == cursor.asked
    assert decision.notice[0] == "sensor_unsettled"


def test_the_cursor_says_again_what_it_said():
    cursor = Cursor(3, Asked({"gdp": None}, "k-3", 2), {"population": Failed("P", "r")}, {"gdp": None})
    assert Cursor.parse(cursor.dump()) == cursor


# The sensor, with real runs


def test_a_new_edition_asks_for_its_table_and_the_run_makes_what_depends_on_it(ticks, root):
    assert ticks.tick().run_requests == []
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    waiting = ticks.tick(after=1.0)
    assert waiting.run_requests == [] and "gdp/2024.csv" in waiting.skip_message
    result = ticks.tick()
    assert asked_tables(result) == [["gdp"]]
    (seen,) = result.asset_events
    version = Planner(build(Study.load(root))).source_versions["source/gdp"]
    assert seen.asset_key.path == ["source", "gdp"] and seen.tags["dagster/data_version"] == version
    assert ticks.run(result.run_requests[0])
    assert recorded(build(Study.load(root)))["gdp"] == version
    assert Planner(build(Study.load(root))).plan().stale == {}
    after = ticks.tick()
    assert after.run_requests == [] and after.asset_events == []


def test_touching_a_file_asks_for_nothing(ticks, root):
    ticks.tick()
    os.utime(root / "data/yearbooks/gdp/2023.csv")
    assert ticks.tick(after=1.0).run_requests == []
    settled = ticks.tick()
    assert settled.run_requests == [] and settled.asset_events == []


def test_back_and_forth_fires_each_time(ticks, root):
    path = root / "data/yearbooks/gdp/2023.csv"
    first, keys = path.read_bytes(), []
    small_study.write_edition(root, "gdp", name=path.name, change=500.0)
    second = path.read_bytes()
    for content in (second, first, second):
        path.write_bytes(content)
        result = ticks.tick()
        (request,) = result.run_requests
        keys.append(request.run_key)
        assert ticks.run(request)
        assert ticks.tick().run_requests == []
    assert len(set(keys)) == 3


def test_a_file_that_cannot_be_read_is_tried_twice_and_then_reported_until_it_is_replaced(ticks, root):
    path = small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    whole = path.read_bytes()
    before = Warehouse(root / "data/warehouse").record("raw/gdp")
    path.write_bytes(b"")
    for _ in range(2):
        (request,) = ticks.tick().run_requests
        assert not ticks.run(request)
    reported = ticks.tick()
    assert reported.run_requests == [] and "gdp" in reported.skip_message
    assert ticks.tick().skip_message == reported.skip_message
    assert Warehouse(root / "data/warehouse").record("raw/gdp") == before
    path.write_bytes(whole)
    (request,) = ticks.tick().run_requests
    assert ticks.run(request)
    assert Planner(build(Study.load(root))).plan().stale == {}


def test_removed_files_are_seen(ticks, root):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    assert ticks.run(ticks.tick().run_requests[0])
    (root / "data/yearbooks/gdp/2024.csv").unlink()
    result = ticks.tick()
    assert asked_tables(result) == [["gdp"]] and ticks.run(result.run_requests[0])
    (root / "data/yearbooks/gdp/2023.csv").unlink()
    result = ticks.tick()
    assert asked_tables(result) == [["gdp"]]
    assert result.asset_events[0].tags["dagster/data_version"] == "no files"
    assert not ticks.run(result.run_requests[0])


def test_a_run_whose_process_is_gone_is_closed_and_asked_for_again(ticks, root, monkeypatch):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    (request,) = ticks.tick().run_requests
    lost = ticks.instance.create_run_for_job(
        ticks.definitions.resolve_job_def(JOB),
        run_config=request.run_config,
        tags={**request.tags, "dagster/run_key": request.run_key},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert "still going on" in ticks.tick().skip_message
    monkeypatch.setattr("cbe_assets.refresh.lost_runs.START_SECONDS", -1)
    ticks.tick()
    again = ticks.tick()
    assert ticks.instance.get_run_by_id(lost.run_id).status == dg.DagsterRunStatus.FAILURE
    assert asked_tables(again) == [["gdp"]] and again.run_requests[0].run_key != request.run_key


# The job and what is off


def run_job(root: Path, **wanted: object) -> dg.ExecuteInProcessResult:
    job = definitions(Planner(build(Study.load(root)))).resolve_job_def(JOB)
    with instance(root) as opened:
        return job.execute_in_process(config(**wanted), opened, raise_on_error=False)


def test_the_job_makes_only_what_comes_from_the_tables_named_and_lets_others_wait(root):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    shutil.rmtree(root / "data/yearbooks/exports")
    warehouse = Warehouse(root / "data/warehouse")
    before = {key: warehouse.record(key) for key in ("raw/gdp", "clean/gdp", "panel/indicators")}
    assert run_job(root, tables=["gdp"]).success
    changed = {key for key, record in before.items() if warehouse.record(key).data_version != record.data_version}
    assert changed == {"raw/gdp", "clean/gdp"}
    assert not run_job(root).success


def test_everything_that_runs_by_itself_is_off_until_switched_on(made):
    loaded = definitions(Planner(build(Study.load(made)))).get_repository_def()
    assert {item.name for item in loaded.sensor_defs} == {"yearbooks", "follow_changes"}
    assert {item.default_status for item in loaded.sensor_defs} == {dg.DefaultSensorStatus.STOPPED}
    assert {item.name for item in loaded.schedule_defs} == {"refresh_monthly", "remake_yearly"}
    assert {item.default_status for item in loaded.schedule_defs} == {dg.DefaultScheduleStatus.STOPPED}
    assert {item.cron_schedule for item in loaded.schedule_defs} == {"0 6 5 * *", "0 6 15 12 *"}


def due(root: Path, opened: dg.DagsterInstance, cursor: object) -> tuple[set[str], object]:
    """Assets that the automation condition asks for, and the cursor for the next evaluation."""
    found = dg.evaluate_automation_conditions(definitions(Planner(build(Study.load(root)))), opened, cursor=cursor)
    return {"/".join(item.key.path) for item in found.results if item.true_subset.size}, found.cursor


def test_the_automation_condition_stops_where_data_versions_do_not_change(root):
    path = root / "data/yearbooks/gdp/2023.csv"
    materialize: Callable = lambda key, opened: (  # noqa: E731
        definitions(Planner(build(Study.load(root))))
        .resolve_job_def("__ASSET_JOB")
        .execute_in_process(instance=opened, asset_selection=[dg.AssetKey(key.split("/"))])
    )
    with instance(root) as opened:
        _, cursor = due(root, opened, None)
        asked, cursor = due(root, opened, cursor)
        assert asked == set()
        path.write_bytes(path.read_bytes() + b"\r\n")
        materialize("raw/gdp", opened)
        asked, cursor = due(root, opened, cursor)
        assert asked <= {"raw/gdp"}
        small_study.write_edition(root, "gdp", name=path.name, change=500.0)
        materialize("raw/gdp", opened)
        asked, cursor = due(root, opened, cursor)
        assert asked - {"raw/gdp"} == {"clean/gdp", "clean/revisions", "audit/editions", "audit/manifest"}
