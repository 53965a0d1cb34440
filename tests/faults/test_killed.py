"""Promise: killed at any moment, a refresh leaves every table old or new; the next ends as if nothing had been."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import program
import pytest
import small_study
from dagster_view import unsynced
from stored_state import database, stored

FEW, MANY = 4, 20


@pytest.fixture(scope="session")
def changed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made study with one new edition that no refresh has seen yet."""
    root = Path(shutil.copytree(made, tmp_path_factory.mktemp("changed") / "root"))
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    return root


@pytest.fixture(scope="session")
def undisturbed(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """That study after a refresh that nobody disturbed, and the seconds it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    root = Path(shutil.copytree(changed, folder / "root"))
    done = program.start(folder / "said", "refresh", "--root", str(root))
    assert done.wait() == 0, done.said
    return root, time.monotonic() - done.begun


def moments(count: int) -> list:
    """Fractions of an undisturbed refresh, drawn once for all; the study is in turn a made one and a new one."""
    draw = random.Random(20250714)
    chosen = [(draw.uniform(0.05, 1.0), "changed" if number % 2 == 0 else "unmade") for number in range(count)]
    return [
        pytest.param(*item, id=f"moment {number + 1}", marks=[pytest.mark.slow] if number >= FEW else [])
        for number, item in enumerate(chosen)
    ]


@pytest.mark.parametrize(("fraction", "before"), moments(MANY))
def test_killed_at_a_random_moment(fraction, before, changed, unmade, undisturbed, made, cbe, tmp_path, request):
    wanted, seconds = undisturbed if before == "changed" else (made, undisturbed[1])
    root = Path(shutil.copytree(request.getfixturevalue(before), tmp_path / "root"))
    old, new = stored(root), stored(wanted)
    victim = cbe("refresh", "--root", str(root))
    time.sleep(fraction * seconds)
    victim.kill()
    for name, data in stored(root).items():
        if not name.endswith(".part"):
            assert data in (old.get(name), new.get(name)), f"{name} is neither old nor new"
    assert set(old) <= set(stored(root))
    if (root / "data/warehouse/cbe.duckdb").is_file():
        assert database(root) in ([database(changed)] if before == "changed" else []) + [database(wanted)]
    following = cbe("refresh", "--root", str(root))
    assert following.wait() == 0, following.said
    assert stored(root) == new
    assert database(root) == database(wanted)
    assert open_runs(root) == [] and unsynced(root) == set()


def test_interrupted_by_the_user_it_says_so_and_the_next_goes_on(changed, undisturbed, cbe, tmp_path):
    root = Path(shutil.copytree(changed, tmp_path / "root"))
    stopped = cbe("refresh", "--root", str(root))
    program.until(lambda: stopped.err.is_file() and "raw/gdp" in stopped.said)
    os.kill(stopped.pid, signal.SIGINT)
    assert stopped.wait() == 130
    assert "Interrupted" in stopped.said and "Traceback" not in stopped.said
    following = cbe("refresh", "--root", str(root))
    assert following.wait() == 0, following.said
    assert stored(root) == stored(undisturbed[0])
    assert open_runs(root) == [] and unsynced(root) == set()


def open_runs(root: Path) -> list[str]:
    """Runs that Dagster still believes to be going on."""
    from dagster import DagsterRunStatus, RunsFilter

    from cbe_assets.refresh.home import instance

    with instance(root) as opened:
        wanted = RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.STARTING])
        return [run.run_id for run in opened.get_runs(wanted)]
