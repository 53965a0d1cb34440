"""The study's exhibits rendered once from made-up frames, as simulated data."""

from __future__ import annotations

import made_up
import pytest

from cbe_assets.publish.render import Rendered
from cbe_assets.study import Study


@pytest.fixture(scope="session")
def exhibits() -> dict[str, Rendered]:
    return made_up.rendered_exhibits(simulated=True)


@pytest.fixture(scope="session")
def files(exhibits) -> dict[str, bytes]:
    return {path: data for rendered in exhibits.values() for path, data in rendered.files.items()}


@pytest.fixture(scope="session")
def study() -> Study:
    return Study.load(made_up.ROOT)
