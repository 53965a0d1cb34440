"""docs/new-study.md followed literally gives a study that runs; the studies of the repository are whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cbe_assets.assets.graph import build
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse


def commands(page: Path) -> str:
    blocks = re.findall(r"^```bash\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return "set -euo pipefail\n" + "\n".join(blocks)


def test_the_page_on_new_studies_can_be_typed_as_it_stands(repository, tmp_path):
    here = tmp_path / "repository"
    shutil.copytree(repository / "sql", here / "sql")
    for part in ("reference", "sample"):
        shutil.copytree(repository / "data" / part, here / "data" / part)
    environment = {**os.environ, "CBE_LANG": "en", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", commands(repository / "docs/new-study.md")], cwd=here, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    root = here / "studies/my-study"
    assert "SIMULATED" in (root / "data/exports/tables/table2.en.md").read_text(encoding="utf-8")
    assert len(Warehouse(root / "data/warehouse").read("panel/estimation")) == 300
    assert "internet_users/2023.csv" in done.stdout


def test_every_table_of_the_real_study_has_a_suite(repository):
    graph = build(Study.load(repository / "studies/real-trade"))
    assert Planner(graph).suite_faults == {}
    drafts = [path.name for path in (graph.study.root / "expectations").rglob("*.json") if "draft" in path.read_text()]
    assert drafts == []


def test_the_real_study_holds_no_data(repository):
    held = {path.name for path in (repository / "studies/real-trade").iterdir()} - {"data", ".dagster"}
    assert held == {"study", "sql", "expectations"}
