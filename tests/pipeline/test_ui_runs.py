"""Runs started in Dagster's UI or by `dagster asset materialize`: gate, lock, fresh files, and marks that agree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_study
from dagster import AssetKey, DagsterEventType, DagsterRunStatus, RunsFilter
from dagster_view import unsynced

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.home import instance
from cbe_assets.refresh.lock import writing
from cbe_assets.refresh.plan import Plan, Planner
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

DAGSTER = str(Path(sys.executable).with_name("dagster"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study after one refresh: to be copied."""
    root = small_study.write(tmp_path_factory.mktemp("made") / "root")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", str(root / ".dagster"))
        outcome = refresh(build(Study.load(root)))
    assert outcome.code == 0, [item.text() for item in outcome.faults]
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(made, tmp_path / "root"))
    monkeypatch.setenv("DAGSTER_HOME", str(copy / ".dagster"))
    return copy


def materialize(root: Path, selection: str) -> subprocess.Popen:
    """`dagster asset materialize`, which runs what the UI's button runs, with the executor of the definitions."""
    command = [DAGSTER, "asset", "materialize", "--select", selection, "-m", "cbe_assets.definitions"]
    environment = {**os.environ, "CBE_ROOT": str(root), "DAGSTER_HOME": str(root / ".dagster"), "CBE_LANG": "en"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def plan(root: Path) -> Plan:
    return Planner(build(Study.load(root))).plan()


def observe(root: Path, table: str) -> None:
    """What the button Observe does: Dagster learns what the files hold."""
    job = definitions(Planner(build(Study.load(root)))).resolve_job_def("__ASSET_JOB")
    with instance(root) as opened:
        assert job.execute_in_process(instance=opened, asset_selection=[AssetKey(["source", table])]).success


def started(root: Path) -> bool:
    """Whether the first step of some run has begun."""
    with instance(root) as opened:
        going = opened.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED]))
        return any(opened.all_logs(run.run_id, of_type=DagsterEventType.STEP_START) for run in going)


def published(root: Path, query: str) -> list[tuple]:
    import duckdb

    with duckdb.connect(str(root / "data/warehouse/cbe.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_dagster_marks_what_status_calls_stale_when_all_is_fresh(root):
    assert plan(root).marked == unsynced(root) == set()


def test_dagster_marks_what_status_calls_stale_after_a_file_changed(root):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    observe(root, "gdp")
    assert plan(root).marked == unsynced(root) == {"raw/gdp"}


def test_dagster_marks_what_status_calls_stale_after_a_specification_changed(root):
    path = root / "study/regressions.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("covariance: clustered", "covariance: conventional"))
    assert "model/table4_1" in plan(root).marked and plan(root).marked == unsynced(root)


def test_dagster_marks_what_status_calls_stale_after_one_asset_was_made_alone(root):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    outcome = refresh(build(Study.load(root)), select={"raw/gdp"})
    assert list(outcome.made) == ["raw/gdp"]
    assert {"clean/gdp", "audit/manifest"} <= plan(root).marked and plan(root).marked == unsynced(root)


def test_a_run_of_chosen_assets_reads_fresh_files_waits_its_turn_and_publishes(root):
    before = published(root, "select sum(gdp) from clean.gdp")
    small_study.write_edition(root, "gdp", edition="2024", change=50000.0)
    with writing(root / "data/warehouse"):
        run = materialize(root, 'key:"raw/gdp" or key:"clean/gdp"')
        while not started(root):
            assert run.poll() is None, run.stdout.read()
            time.sleep(0.2)
        time.sleep(1.0)
        assert run.poll() is None
        old = Warehouse(root / "data/warehouse").record("raw/gdp")
        assert old.inputs["source/gdp"] != Planner(build(Study.load(root))).source_versions["source/gdp"]
    said, _ = run.communicate(timeout=90)
    assert run.returncode == 0, said[-3000:]
    assert "clean/gdp" not in plan(root).stale and "raw/gdp" not in plan(root).stale
    assert published(root, "select sum(gdp) from clean.gdp") != before
    assert plan(root).database == "current"
    assert plan(root).marked == unsynced(root) != set()


def test_a_run_of_chosen_assets_meets_the_gate(root):
    suite = small_study.read_suite(root, "panel/variables")
    too_high = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "ECI", "max_value": 0.01}}
    small_study.write_suite(root, "panel/variables", [*suite, too_high | {"severity": "critical"}])
    warehouse = Warehouse(root / "data/warehouse")
    before = {key: warehouse.record(key) for key in ("panel/variables", "panel/estimation")}
    run = materialize(root, 'key:"panel/variables" or key:"panel/estimation"')
    said, _ = run.communicate(timeout=90)
    assert run.returncode != 0 and "expect_column_max_to_be_between" in said
    assert {key: warehouse.record(key) for key in before} == before
    assert warehouse.rejected("panel/variables")
    assert {"suite_changed", "rejected"} == {reason.message for reason in plan(root).stale["panel/variables"]}
