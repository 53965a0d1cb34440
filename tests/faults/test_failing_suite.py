"""Promise: what is stored has passed.  A suite that starts failing keeps the old table and stops what reads it."""

from __future__ import annotations

import json

import small_study
from stored_state import database, stored

TOO_HIGH = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "ECI", "max_value": 0.01}}


def test_a_suite_that_starts_failing(root, cbe, monkeypatch):
    before, read = stored(root), database(root)
    suite = small_study.read_suite(root, "panel/variables")
    small_study.write_suite(root, "panel/variables", [*suite, TOO_HIGH | {"severity": "critical"}])
    small_study.write_edition(root, "exports", edition="2024", change=90000.0)
    done = cbe("refresh", "--root", str(root), "--json")
    assert done.wait() == 1
    said = done.json()
    made = {item["asset"] for item in said["made"]}
    assert list(said["failed"]) == ["panel/variables"]
    assert {"raw/exports", "clean/exports", "index/eci"} <= made
    assert not made & {"panel/estimation", "model/table4_1", "audit/manifest"}
    assert {"panel/estimation", "model/table4_1"} <= set(said["plan"]["blocked"])

    after = stored(root)
    for key in ("panel/variables", "panel/estimation", "model/table4_1"):
        assert after[f"data/warehouse/{key}.parquet"] == before[f"data/warehouse/{key}.parquet"]
    assert database(root)["panel/variables"] == read["panel/variables"]
    reasons = json.loads(after["data/warehouse/rejected/panel/variables.json"])
    assert [item["expectation"] for item in reasons] == ["expect_column_max_to_be_between"]
    assert "data/warehouse/rejected/panel/variables.parquet" in after

    status = cbe("status", "--root", str(root))
    status.wait()
    assert "panel/variables" in status.printed and "last candidate was rejected" in status.printed
    assert failed_check(root, "panel/variables") == ("critical", ["1 expect_column_max_to_be_between"])
    assert planned_in_failed_run(root) == {"panel/variables"}

    small_study.write_suite(root, "panel/variables", suite)
    mended = cbe("refresh", "--root", str(root), "--json")
    assert mended.wait() == 0, mended.said
    assert not (root / "data/warehouse/rejected/panel/variables.json").exists()
    assert {"panel/variables", "panel/estimation", "model/table4_1"} <= {
        item["asset"] for item in mended.json()["made"]
    }


def planned_in_failed_run(root) -> set[str]:
    """The assets that the newest run, which failed, had planned: those that the UI shows as failed."""
    from dagster import DagsterEventType, DagsterRunStatus

    from cbe_assets.refresh.home import instance

    with instance(root) as opened:
        (run,) = opened.get_runs(limit=1)
        assert run.status == DagsterRunStatus.FAILURE
        planned = opened.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
        return {"/".join(entry.dagster_event.asset_key.path) for entry in planned}


def failed_check(root, key: str) -> tuple[str, list[str]]:
    """The newest failed check of an asset in Dagster, and the expectations it names."""
    from dagster import AssetCheckKey, AssetKey

    from cbe_assets.refresh.home import instance

    with instance(root) as opened:
        check = AssetCheckKey(AssetKey(key.split("/")), "critical")
        (newest,) = opened.event_log_storage.get_asset_check_execution_history(check, limit=1)
        evaluation = newest.event.dagster_event.event_specific_data
        assert not evaluation.passed
        return evaluation.check_name, list(evaluation.metadata)
