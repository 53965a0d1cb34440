"""`cbe status` says why each asset is stale, and an asset whose columns did not change is confirmed, not made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import small_study
from commands import cbe
from dagster_view import unsynced

from cbe_assets.assets.graph import build
from cbe_assets.refresh.plan import Plan, Planner
from cbe_assets.refresh.run import Outcome, refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

UNREAD = {"panel/variables": ("as PGDP", "as PGDP, population as residents"),
          "panel/estimation": ("PGDP from", "PGDP, residents from")}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study whose estimation panel has a column that no model reads, after one refresh: to be copied."""
    root = small_study.write(tmp_path_factory.mktemp("made") / "root")
    for key, (old, new) in UNREAD.items():
        edit(root / "sql" / f"{key}.sql", old, new)
    assert refreshed(root).code == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "root"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def refreshed(root: Path) -> Outcome:
    return refresh(build(Study.load(root)))


def plan(root: Path) -> Plan:
    return Planner(build(Study.load(root))).plan()


def why(root: Path, key: str) -> dict[str, dict]:
    found = plan(root)
    return {reason.message: reason.facts for reason in (found.stale | found.later)[key]}


def test_new_changed_and_removed_files_are_named(root):
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    assert why(root, "raw/gdp") == {"file_new": {"files": ["gdp/2024.csv"]}}
    assert refreshed(root).code == 0
    small_study.write_edition(root, "gdp", edition="2024", change=700.0)
    (root / "data/yearbooks/gdp/2023.csv").unlink()
    assert why(root, "raw/gdp") == {
        "file_changed": {"files": ["gdp/2024.csv"]}, "file_removed": {"files": ["gdp/2023.csv"]}
    }  # fmt: skip


def test_sql_specification_and_suite_are_told_apart_and_a_comment_is_none_of_them(root):
    edit(root / "sql/panel/variables.sql", "ln(exports) as EXP", "ln(exports + 1) as EXP")
    edit(root / "study/regressions.yaml", "covariance: clustered", "covariance: conventional")
    edit(root / "sql/panel/indicators.sql", "-- The two indicators.", "-- Two indicators,\n--   as before.")
    suite = small_study.read_suite(root, "clean/gdp")
    small_study.write_suite(root, "clean/gdp", [suite[0] | {"kwargs": {"min_value": 1}}])
    assert set(why(root, "panel/variables")) == {"sql_changed"}
    assert set(why(root, "clean/gdp")) == {"suite_changed"}
    assert set(why(root, "model/table4_1")) == {"specification_changed"}
    assert why(root, "panel/indicators") == {}
    said = cbe("status", "--root", str(root)).stdout
    assert "its SQL changed: sql/panel/variables.sql" in said and "its specification in study/ changed" in said


def test_a_failed_run_is_said_until_it_is_mended(root):
    path = small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert list(refreshed(root).failed) == ["raw/gdp"]
    assert set(why(root, "raw/gdp")) == {"file_new", "failed"}
    reasons = json.loads((root / "data/warehouse/failed/raw/gdp.json").read_text(encoding="utf-8"))
    assert "gdp/2024.csv" in reasons[0]["file"]
    path.write_bytes(whole)
    assert refreshed(root).code == 0
    assert plan(root).stale == {} and not (root / "data/warehouse/failed/raw/gdp.json").exists()


def test_a_failed_file_that_is_taken_away_again_leaves_nothing_stale(root):
    path = small_study.write_edition(root, "gdp", edition="2024")
    path.write_bytes(b"")
    assert refreshed(root).failed
    path.unlink()
    assert plan(root).stale == {}


def test_a_model_is_confirmed_where_only_columns_changed_that_it_does_not_read(root):
    warehouse = Warehouse(root / "data/warehouse")
    before = warehouse.record("model/table4_1")
    edit(root / "sql/panel/variables.sql", "population as residents", "population * 2 as residents")
    assert refresh(build(Study.load(root)), select={"panel/variables", "panel/estimation"}).code == 0
    assert set(why(root, "model/table4_1")) == {"input_elsewhere"}
    assert plan(root).marked == unsynced(root)
    outcome = refreshed(root)
    assert outcome.confirmed == ["model/table4_1"] and "model/table4_1" not in outcome.made
    after = warehouse.record("model/table4_1")
    assert after.data_version == before.data_version and after.inputs != before.inputs
    assert warehouse.intact(after)
    assert plan(root).marked == unsynced(root) == set()
    assert refreshed(root).runs == []


def test_a_model_is_made_where_a_column_that_it_reads_changed_too(root):
    edit(root / "sql/panel/variables.sql", "population as residents", "population * 2 as residents")
    edit(root / "sql/panel/variables.sql", "ln(gdp / population) as PGDP", "ln(gdp) as PGDP")
    outcome = refreshed(root)
    assert outcome.confirmed == [] and outcome.made["model/table4_1"]


def test_what_a_model_does_not_declare_to_read_it_is_not_given(root):
    graph = build(Study.load(root))
    warehouse = Warehouse(root / "data/warehouse")
    node = graph.nodes["model/table4_1"]
    given = warehouse.read("panel/estimation", node.reads["panel/estimation"])
    assert set(given) == {"province", "year", "EXP", "ECI", "PGDP"}


def test_json_holds_the_reasons_of_what_runs_now_and_of_what_runs_after(root):
    edit(root / "sql/panel/variables.sql", "ln(exports) as EXP", "ln(exports + 1) as EXP")
    said = json.loads(cbe("status", "--root", str(root), "--json").stdout)
    (reason,) = said["stale"]["panel/variables"]
    assert reason["reason"] == "sql_changed" and reason["text"] == "its SQL changed: sql/panel/variables.sql"
    assert said["later"]["panel/estimation"] == [] and "raw/gdp" in said["fresh"]
