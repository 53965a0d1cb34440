"""Study roots for tests: copies of the repository's study, one of them refreshed once, and the official exports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEFINITION = ("study", "sql", "expectations", "data/reference", "data/sample")
MADE = ("data/warehouse", "data/exports")


def copy_study(source: Path, target: Path, parts: tuple[str, ...]) -> Path:
    for part in parts:
        shutil.copytree(source / part, target / part)
    return target


@pytest.fixture(autouse=True)
def own_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the Dagster home that another one left in the environment."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository, which is the study root of the paper."""
    return ROOT


@pytest.fixture
def study_copy(tmp_path: Path) -> Path:
    """A study root of the test's own, nothing made yet."""
    return copy_study(ROOT, tmp_path / "study root", DEFINITION)


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study root after one refresh, shared by all tests: to be read, never written."""
    from cbe_assets.assets.graph import build
    from cbe_assets.refresh.run import refresh
    from cbe_assets.study import Study

    root = copy_study(ROOT, tmp_path_factory.mktemp("refreshed") / "study root", DEFINITION)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", str(root / ".dagster"))
        outcome = refresh(build(Study.load(root)))
    assert outcome.code == 0, "\n".join(fault.text() for fault in outcome.faults)
    return root


@pytest.fixture
def refreshed_copy(refreshed: Path, tmp_path: Path) -> Path:
    """A refreshed study root of the test's own, with what Dagster knows of it."""
    return copy_study(refreshed, tmp_path / "study root", (*DEFINITION, *MADE, ".dagster"))


@pytest.fixture(scope="session")
def shared_real() -> Path:
    """The folder of real figures, which is no part of the repository."""
    folder = ROOT.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip(f"no official exports in {folder}")
    return folder
