"""The names of the provinces, and where real exports lie if they are there."""

from pathlib import Path

import pytest

from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[3]
EXPORTS = ROOT / ".." / "shared" / "real" / "exports"


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return Gazetteer.from_csv((ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def real_exports() -> Path:
    if not EXPORTS.is_dir():
        pytest.skip("real exports (../shared/real/exports) are not here")
    return EXPORTS
