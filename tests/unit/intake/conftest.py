"""A study root of one's own, and where real exports lie if they are there."""

from pathlib import Path

import incoming_files
import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return incoming_files.study_root(tmp_path / "study root")


@pytest.fixture(scope="session")
def exports() -> Path:
    if not incoming_files.EXPORTS.is_dir():
        pytest.skip("real exports (../shared/real/exports) are not here")
    return incoming_files.EXPORTS
