"""Fixtures of the pipeline tests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from commands import upstream

from cbe_assets.assets.graph import build
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

CORRECTION = """
corrections:
  - {{table: fdi, province: 新疆, year: 2018, edition: 2023, printed: {printed}, corrected: 54905,
     reason: a digit too many, reference: a letter}}
"""
POLICIES = {
    "express_outlets": "carry",
    "employed_bachelor_share": "{policy: compute, expression: 20 * fiscal_revenue / fiscal_expenditure}",
}


@pytest.fixture(scope="session")
def treated(refreshed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A refreshed study with a correction, one gap carried forward, one computed, the others interpolated."""
    root = tmp_path_factory.mktemp("treated") / "study root"
    shutil.copytree(refreshed, root)
    fdi = Warehouse(root / "data/warehouse").read("clean/fdi").set_index(["province", "year"])["fdi"]
    (root / "data/corrections.yaml").write_text(CORRECTION.format(printed=fdi["新疆", 2018]), encoding="utf-8")
    path = root / "study/tables.yaml"
    text = path.read_text(encoding="utf-8")
    for table, policy in POLICIES.items():
        text = re.sub(rf"(  {table}:.*?gaps: )interpolate", rf"\g<1>{policy}", text, count=1, flags=re.DOTALL)
    path.write_text(text, encoding="utf-8")
    graph = build(Study.load(root))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", str(root / ".dagster"))
        outcome = refresh(graph, select=upstream(graph, "panel/estimation", "clean/revisions"))
    assert outcome.failed == {}
    return root
