"""The study's exhibits rendered once from made-up frames, as simulated data."""

from __future__ import annotations

from pathlib import Path

import made_up
import pytest

from cbe_assets.publish.material import Context
from cbe_assets.publish.render import Rendered, inputs_of, render
from cbe_assets.study import Study
from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[3]


def rendered_exhibits(simulated: bool) -> dict[str, Rendered]:
    """Every exhibit of the repository's study, the report last."""
    study = Study.load(ROOT)
    gazetteer = Gazetteer.from_csv((study.reference / "provinces.csv").read_text(encoding="utf-8"))
    frames, made, files = made_up.frames(study, gazetteer), {}, {}
    editions = {table: "2023-12" for table in study.tables} | {"gdp": "2024-10", "population": "2024-10"}
    context = Context(simulated, editions, gazetteer, 12, files.__getitem__)
    for name, exhibit in sorted(study.exhibits.items(), key=lambda item: item[1].kind == "report"):
        made[name] = render(study, name, {key: frames[key] for key in inputs_of(study, name)}, context)
        frames[f"exhibit/{name}"] = made[name].grid
        files |= made[name].files
        assert exhibit
    return made


@pytest.fixture(scope="session")
def exhibits() -> dict[str, Rendered]:
    return rendered_exhibits(simulated=True)


@pytest.fixture(scope="session")
def files(exhibits) -> dict[str, bytes]:
    return {path: data for rendered in exhibits.values() for path, data in rendered.files.items()}


@pytest.fixture(scope="session")
def study() -> Study:
    return Study.load(ROOT)
