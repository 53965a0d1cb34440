"""Promise: a full disk and a folder that cannot be written are said in one line; what was stored before stands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_study
from stored_state import database, stored

from cbe_assets.refresh.dagster_runs import _storage_fault

DISK = 64 * 2**20


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting needs the rights of root: {done.stderr.strip()}")


@pytest.fixture
def small_disk(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A made study with a changed file on a disk of 64 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place))
    try:
        root = Path(shutil.copytree(made, place / "root"))
        small_study.write_edition(root, "gdp", edition="2024", change=500.0)
        yield root
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path, left: int) -> Path:
    """A file that leaves so many bytes of the disk free."""
    filler = place / "filler"
    state = os.statvfs(place)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - left)
    return filler


def test_an_input_output_error_is_a_full_disk_only_where_there_is_no_room(small_disk):
    place = small_disk.parent
    filler = fill(place, 0)
    assert _storage_fault("disk I/O error", place) == "disk_full"
    filler.unlink()
    assert _storage_fault("disk I/O error", place) == "disk_failing"


@pytest.mark.parametrize(
    ("records", "left"),
    [
        ("elsewhere", 40_000),
        ("on the same disk", 0),
        pytest.param("elsewhere", 0, marks=pytest.mark.slow),
        pytest.param("elsewhere", 200_000, marks=pytest.mark.slow),
        pytest.param("on the same disk", 40_000, marks=pytest.mark.slow),
        pytest.param("on the same disk", 200_000, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_said_and_keeps_the_old_state(small_disk, cbe, tmp_path, left, records):
    root = small_disk
    home = (
        {}
        if records == "on the same disk"
        else {"DAGSTER_HOME": str(shutil.copytree(root / ".dagster", tmp_path / "h"))}
    )
    before, read = stored(root), database(root)
    filler = fill(root.parent, left)
    done = cbe("refresh", "--root", str(root), **home)
    assert done.wait() == 1, done.said
    assert "no space left on the disk" in done.said and "Traceback" not in done.said
    after = stored(root)
    changed = [name for name in after if after[name] != before.get(name)]
    assert set(before) <= set(after) and not [name for name in after if name.endswith(".part")]
    assert database(root) == read
    filler.unlink()
    again = cbe("refresh", "--root", str(root), **home)
    assert again.wait() == 0, again.said
    # What had found room before the disk was full is not made again.
    assert not {name for name in changed if stored(root)[name] != after[name]}
    assert cbe("refresh", "--root", str(root), "--json", **home).wait() == 0


def test_a_read_only_folder_is_said_and_nothing_changes(made, cbe, tmp_path):
    root = Path(shutil.copytree(made, tmp_path / "root"))
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    before = stored(root)
    _mount("--bind", str(root), str(root))
    try:
        _mount("-o", "remount,ro,bind", str(root))
        done, status = cbe("refresh", "--root", str(root)), cbe("status", "--root", str(root))
        assert done.wait() == 1 and status.wait() == 0
        assert "cannot be written" in done.said and str(root / "data/warehouse") in done.said
        assert "Traceback" not in done.said + status.said
        assert "raw/gdp" in status.printed
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)
    assert stored(root) == before


def test_a_read_only_home_of_dagster_is_said(made, cbe, tmp_path):
    root = Path(shutil.copytree(made, tmp_path / "root"))
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    before = stored(root)
    home = str(root / ".dagster")
    _mount("--bind", home, home)
    try:
        _mount("-o", "remount,ro,bind", home)
        done = cbe("refresh", "--root", str(root))
        assert done.wait() == 1
        assert "cannot be written" in done.said and home in done.said and "Traceback" not in done.said
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)
    assert stored(root) == before
