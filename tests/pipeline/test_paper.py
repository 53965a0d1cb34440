"""The paper held to account on the refreshed study: two assets, two exhibits, `cbe audit` and `cbe compare`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import cbe

from cbe_assets.assets.graph import build
from cbe_assets.commands.compare import code_of
from cbe_assets.refresh.plan import Planner
from cbe_assets.statistics.comparison import SENTENCES
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

LOUD = "THE COMPUTED NUMBERS COME FROM SIMULATED DATA"
COUNTS = {"holds": 129, "broken": 0, "refuted": 10, "implied": 3, "wrong": 11, "open": 10}


@pytest.fixture
def definition(repository: Path, tmp_path: Path) -> Path:
    """A study without data, nothing made."""
    for part in ("study", "sql", "data/reference"):
        shutil.copytree(repository / part, tmp_path / part)
    return tmp_path


def edit(root: Path, old: str, new: str) -> None:
    path = root / "study/published.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def stored(root: Path, key: str):
    return Warehouse(root / "data/warehouse").read(key)


def test_the_stored_audit_has_the_expected_verdicts(refreshed):
    table = stored(refreshed, "audit/published")
    assert table["verdict"].value_counts().to_dict() == {name: count for name, count in COUNTS.items() if count}
    by_identity = table.groupby(["identity", "verdict"]).size().to_dict()
    assert by_identity[("mediation", "holds")] == 16 and by_identity[("stars", "holds")] == 58
    assert by_identity[("constant", "holds")] == 2 and by_identity[("conventional_error", "refuted")] == 10
    wrong = set(table.loc[table["verdict"] == "wrong", "identity"])
    assert wrong >= {f"statement_{name}" for name in (
        "star_note", "unit_reading", "percent_reading", "reference_table5", "reference_table8", "reference_figure3"
    )}  # fmt: skip


def test_every_printed_number_stands_beside_the_stored_result(refreshed):
    table = stored(refreshed, "audit/comparison")
    assert len(table) == 197 and table["computed"].notna().all()
    model = stored(refreshed, "model/table4_3").set_index("term")
    cells = table[(table["specification"] == "table4_3") & (table["statistic"] == "coefficient")].set_index("term")
    for term, row in cells.iterrows():
        assert row["computed"] == model.at[term, "estimate"] and row["computed_stars"] == model.at[term, "stars"]
        assert row["same_sign"] == (row["computed"] * row["printed"] > 0)
    weights = stored(refreshed, "index/weights").set_index("indicator")["weight"]
    printed = table[table["statistic"] == "weight"].set_index("term")["computed"]
    assert (printed == 100 * weights[printed.index]).all()
    f_test = stored(refreshed, "model/f_test").set_index("statistic").at["f_province_effects", "value"]
    assert table.set_index("statistic").at["f_test", "computed"] == f_test


def test_both_are_exported_as_json(refreshed):
    results = refreshed / "data/exports/results"
    audit = json.loads((results / "paper_audit.json").read_text(encoding="utf-8"))
    assert audit["verdicts"] == COUNTS and len(audit["checks"]) == sum(COUNTS.values())
    comparison = json.loads((results / "paper_comparison.json").read_text(encoding="utf-8"))
    assert comparison["verdict"] == "simulated" and len(comparison["numbers"]) == comparison["cells"] == 197


def test_the_exhibits_are_in_the_report_and_say_what_is_simulated(refreshed):
    exports = refreshed / "data/exports"
    audit = (exports / "tables/tablea8.en.md").read_text(encoding="utf-8")
    assert "Table A8." in audit and "SIMULATED DATA: none in this table." in audit
    comparison = (exports / "tables/tablea9.zh.md").read_text(encoding="utf-8")
    assert "表A9" in comparison and comparison.count("SIMULATED") == 3
    report = (exports / "report/index.en.html").read_text(encoding="utf-8")
    assert 'id="tablea8"' in report and 'id="tablea9"' in report and LOUD in report


def test_audit_prints_every_check_and_ends_with_0_whatever_the_text_claims(definition):
    said = cbe("audit", "--root", str(definition))
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert sum(line.endswith("  holds") for line in lines) == COUNTS["holds"]
    assert sum(line.endswith("  wrong") for line in lines) == COUNTS["wrong"]
    assert "163 checks: 129 hold, 10 refuted, 3 implied, 11 wrong, 10 open" in lines
    assert any("1.093 = 0.283 + 0.208 × 3.890" in line and "[1.0891, 1.0952]" in line for line in lines)
    assert lines[-1] == "No printed number contradicts another."


def test_audit_ends_with_1_where_printed_numbers_contradict(definition):
    edit(definition, 'Inus: {estimate: "3.890"', 'Inus: {estimate: "3.980"')
    said = cbe("audit", "--root", str(definition))
    assert said.returncode == 1 and "Mediation identity (9 hold, 7 broken)" in said.stdout
    assert "hold study/published.yaml against the page" in said.stdout.splitlines()[-1]
    found = json.loads(cbe("audit", "--json", "--root", str(definition)).stdout)
    assert found["code"] == 1 and found["verdicts"]["broken"] >= 1


def test_audit_speaks_chinese(definition):
    said = cbe("audit", "--root", str(definition), CBE_LANG="zh").stdout
    assert "中介恒等式（16项成立）" in said and "共163项检查：129项成立、10项排除、3项推知、11项有误、10项未决" in said


def test_a_study_without_a_paper_is_told_so(repository):
    for command in ("audit", "compare"):
        said = cbe(command, "--root", str(repository / "studies/real-trade"))
        assert said.returncode == 2 and "study/published.yaml" in said.stderr


def test_compare_says_first_and_last_that_simulated_data_confirms_nothing(refreshed):
    said = cbe("compare", "--root", str(refreshed))
    lines = [line for line in said.stdout.splitlines() if line]
    assert said.returncode == 0 and lines[0].startswith(LOUD) and lines[-1] == lines[0]
    assert "STALE" not in said.stdout and "197 printed numbers, 197 of them computed here." in lines
    row = next(line.split() for line in lines[lines.index("Table 4 (3)") :] if line.startswith("ECI"))
    assert row[1] == "1.093**" and row[-2:] == ["Yes", "Yes"]
    found = json.loads(cbe("compare", "--json", "--root", str(refreshed)).stdout)
    assert (found["verdict"], found["code"], found["stale"], len(found["numbers"])) == ("simulated", 0, [], 197)


def test_compare_before_the_first_refresh_says_what_to_run(definition):
    said = cbe("compare", "--root", str(definition))
    assert said.returncode == 2 and "cbe refresh" in said.stderr


def test_compare_says_that_its_numbers_are_stale(refreshed_copy):
    edit(refreshed_copy, 'ECI: {estimate: "1.093"', 'ECI: {estimate: "1.193"')
    said = cbe("compare", "--root", str(refreshed_copy)).stdout
    assert said.count("STALE: audit/comparison would be made anew. Run `cbe refresh` first") == 2


def test_an_edited_statement_makes_the_audit_and_its_exhibit_stale_and_nothing_else(refreshed_copy):
    edit(refreshed_copy, '"It means Table 8."', '"It means Table 8 (1)."')
    plan = Planner(build(Study.load(refreshed_copy))).plan()
    assert plan.marked == {"audit/published"}
    assert set(plan.later) == {"exhibit/tablea8", "exhibit/report", "audit/manifest"}


def test_an_edited_number_reaches_the_comparison(refreshed_copy):
    edit(refreshed_copy, 't: "2.12"', 't: "2.13"')
    plan = Planner(build(Study.load(refreshed_copy))).plan()
    assert plan.marked == {"audit/published", "audit/comparison"}


def test_only_a_comparison_with_official_data_can_fail():
    codes = {"simulated": 0, "reproduced": 0, "close": 0, "different": 1, "nothing compared": 1}
    assert {verdict: code_of(verdict) for verdict in SENTENCES} == codes
