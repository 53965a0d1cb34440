"""A small study before and after its first refresh, and the cbe program to run on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import program
import pytest
import small_study


@pytest.fixture(scope="session")
def unmade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study, nothing made yet: to be copied, never written."""
    return small_study.write(tmp_path_factory.mktemp("unmade") / "root")


@pytest.fixture(scope="session")
def made(unmade: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study after one refresh: to be copied, never written."""
    folder = tmp_path_factory.mktemp("made")
    root = Path(shutil.copytree(unmade, folder / "root"))
    done = program.start(folder / "said", "refresh", "--root", str(root))
    assert done.wait() == 0, done.said
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A made study of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "root"))


@pytest.fixture
def cbe(tmp_path: Path) -> Callable[..., program.Program]:
    """Starts cbe; every one still going at the end of the test is killed."""
    started: list[program.Program] = []

    def start(*arguments: str, **variables: str) -> program.Program:
        started.append(program.start(tmp_path / "said", *arguments, **variables))
        return started[-1]

    yield start
    for item in started:
        if item.process.is_alive():
            item.kill()
