"""Promise: the warehouse is the truth.  Without Dagster's records nothing reruns, and Dagster is told again."""

from __future__ import annotations

import shutil

import small_study
from dagster_view import unsynced
from stored_state import stored


def test_lost_records_are_reported_again_and_rerun_nothing(root, cbe):
    before = stored(root)
    shutil.rmtree(root / ".dagster")
    status = cbe("status", "--root", str(root), "--json")
    assert status.wait() == 0 and status.json()["stale"] == {}
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 0, done.said
    assert "nothing ran" in done.printed and "reported to it from the warehouse" in done.printed
    assert stored(root) == before
    assert unsynced(root) == set()
    again = cbe("refresh", "--root", str(root))
    assert again.wait() == 0 and "reported to it from" not in again.printed


def test_with_lost_records_only_what_changed_reruns_and_the_rest_is_reported(root, cbe):
    shutil.rmtree(root / ".dagster")
    path = next((root / "data/yearbooks/population").iterdir())
    path.write_bytes(path.read_bytes() + b"\r\n")
    done = cbe("refresh", "--root", str(root), "--json")
    assert done.wait() == 0, done.said
    assert done.json()["made"] == [{"asset": "raw/population", "changed": False}]
    assert unsynced(root) == set()


def test_a_record_that_is_no_dagster_database_is_said(root, cbe):
    for path in (root / ".dagster/history").iterdir():
        path.unlink()
    (root / ".dagster/history/event_log.db").write_bytes(b"no database at all " * 500)
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    before = stored(root)
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 1
    assert "Traceback" not in done.said and ".dagster" in done.said
    assert stored(root) == before
