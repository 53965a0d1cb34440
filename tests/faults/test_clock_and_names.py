"""Promise: content counts, not the clock; and any name a file system allows is read, or said in one line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import small_study
from stored_state import database, stored

PAST, FUTURE = 300_000_000, 4_000_000_000
NAMES = ["with blank", "it's", '"quoted"', "年鉴　2022", "line\nbreak", "per%cent?#&", "-rf"]


@pytest.mark.parametrize("moment", [PAST, FUTURE])
def test_times_of_files_in_the_past_or_future_make_nothing_stale(root, cbe, moment):
    for path in [*(root / "data").rglob("*"), *(root / "study").rglob("*"), *(root / "sql").rglob("*")]:
        os.utime(path, (moment, moment))
    done = cbe("refresh", "--root", str(root), "--json")
    assert done.wait() == 0 and done.json()["made"] == []


def test_a_change_is_seen_when_the_clock_was_set_back(root, cbe):
    path = next((root / "data/yearbooks/gdp").iterdir())
    old = path.stat()
    small_study.write_edition(root, "gdp", name=path.name, change=1.0)
    assert path.stat().st_size == old.st_size
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns - 10**9 * 3600))
    done = cbe("refresh", "--root", str(root), "--json")
    assert done.wait() == 0, done.said
    made = {item["asset"]: item["changed"] for item in done.json()["made"]}
    assert made["raw/gdp"] and made["model/table4_1"]


def test_a_study_lives_in_a_folder_of_any_name(unmade, made, cbe, tmp_path):
    # Dagster makes the address of its own database of the path, where ? and % mean something else.
    name = "".join(letter for letter in "".join(NAMES) if letter not in "?%")
    root = Path(shutil.copytree(unmade, tmp_path / name))
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 0, done.said
    assert stored(root) == stored(made)
    assert database(root) == database(made)


@pytest.mark.parametrize("name", ["what?", "50%"])
def test_a_folder_in_which_dagster_cannot_keep_records_is_refused_before_anything_is_made(unmade, cbe, tmp_path, name):
    root = Path(shutil.copytree(unmade, tmp_path / name))
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 2
    assert name in done.said and "DAGSTER_HOME" in done.said
    assert not (root / ".dagster").exists() and not list(root.glob("data/warehouse/*/*.parquet"))


def test_files_of_strange_names_are_said_in_one_line_and_change_nothing_else(root, cbe):
    before = stored(root)
    for name in NAMES:
        shutil.copy(root / "data/yearbooks/gdp/2023.csv", root / "data/yearbooks" / f"{name}.csv")
    status = cbe("status", "--root", str(root), "--json")
    done = cbe("refresh", "--root", str(root))
    assert status.wait() == 0 and done.wait() == 0, done.said
    said = status.json()
    assert said["stale"] == {}
    assert sorted(said["unknown_files"]) == sorted(f"{name}.csv".replace("\n", "\\n") for name in NAMES)
    (line,) = [line for line in done.printed.splitlines() if "belong to no table" in line]
    assert all(f"{name}.csv".replace("\n", "\\n") in line for name in NAMES)
    assert stored(root) == before


def test_table_files_whose_names_are_no_dates_are_named_and_stop_their_table_only(root, cbe):
    before = stored(root)
    for name in NAMES:
        small_study.write_edition(root, "gdp", name=f"{name}.csv")
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 2
    said = [line for line in done.said.splitlines() if "is no edition" in line]
    for name in NAMES:
        shown = name.replace("\n", "\\n")
        assert any(f"gdp/{shown}.csv" in line for line in said), said
    assert stored(root)["data/warehouse/clean/gdp.parquet"] == before["data/warehouse/clean/gdp.parquet"]
    assert "Traceback" not in done.said
