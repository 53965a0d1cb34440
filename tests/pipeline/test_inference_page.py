"""docs/inference.md: its example is the table as exported, and it names every entry of the battery."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from cbe_assets.study import Study

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/inference.md").read_text(encoding="utf-8")


def test_the_example_on_the_page_is_table_4_as_exported(refreshed):
    text = (refreshed / "data/exports/tables/table4.en.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    start = next(number for number, row in enumerate(rows) if row[0].startswith("Beyond the paper"))
    shown = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")
    ]
    assert shown[2 : 2 + len(rows) - start - 1] == rows[start + 1 :]


def test_every_entry_of_the_battery_and_every_test_beyond_the_paper_is_explained():
    study = Study.load(ROOT)
    kinds = {
        "partial_pooling",
        "permutation_equal_coefficients",
        "joint_mediation",
        "mediation_sensitivity",
        "diagnostics",
    }
    further = [name for name, test in study.tests.items() if test.kind in kinds]
    explained = set(re.findall(r"`(\w+)`", PAGE))
    assert not {*study.robustness, *further} - explained


def test_the_guides_lead_to_the_page():
    for name in ("README.md", "README.zh-CN.md", "docs/study.md"):
        assert "inference.md" in (ROOT / name).read_text(encoding="utf-8")
