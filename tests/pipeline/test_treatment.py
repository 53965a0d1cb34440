"""What was done to official figures: as of a day, revised, filled, corrected, odd; listed, counted and noted."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from commands import cbe, upstream

from cbe_assets.assets.graph import Graph, build
from cbe_assets.faults import StudyFault
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse


def made(graph: Graph, *keys: str) -> None:
    outcome = refresh(graph, select=upstream(graph, *keys))
    assert outcome.failed == {}, [fault.text() for fault in outcome.faults]


@pytest.fixture(scope="module")
def a_year_later(refreshed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study a year on: every edition of the sample, and those of 2024 that revise it."""
    root = tmp_path_factory.mktemp("later") / "study root"
    shutil.copytree(refreshed, root)
    done = cbe("simulate", "--root", str(root), "--out", str(root / "data/later"), "--through", "2023")
    assert done.returncode == 0, done.stderr
    shutil.copytree(root / "data/later", root / "data/sample", dirs_exist_ok=True)
    path = root / "study/study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[2013, 2022]", "[2013, 2023]"), encoding="utf-8")
    return root


def test_as_of_a_day_gives_the_panel_of_that_day_byte_for_byte_and_says_so(a_year_later, refreshed, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(a_year_later / ".dagster"))
    graph = build(Study.load(a_year_later, as_of="2023-12-31"))
    (a_year_later / "data/warehouse/panel/variables.parquet").unlink()
    made(graph, "panel/estimation", "clean/revisions", "exhibit/table4")
    then, before = Warehouse(a_year_later / "data/warehouse"), Warehouse(refreshed / "data/warehouse")
    for key in ("panel/estimation", "panel/variables", "index/weights", "clean/gdp", "clean/revisions"):
        assert then.record(key).data_version == before.record(key).data_version, key
    assert set(then.read("audit/editions")["as_of"]) == {"2023-12-31"}
    assert "As of 2023-12-31" in (a_year_later / "data/exports/tables/table4.en.md").read_text(encoding="utf-8")
    assert "截至2023-12-31" in (a_year_later / "data/exports/tables/table4.zh.md").read_text(encoding="utf-8")
    said = cbe("status", "--root", str(a_year_later)).stdout
    assert "as of 2023-12-31" in said
    stale = Planner(build(Study.load(a_year_later))).plan().stale
    assert "clean/gdp" in stale, "a refresh without --as-of must bring the newest state back"


def test_a_day_before_any_year_was_over_or_no_day_at_all_is_wrong_use(refreshed):
    for day in ("2013-06-30", "2022-02-30", "yesterday"):
        with pytest.raises(StudyFault) as error:
            Study.load(refreshed, as_of=day)
        assert error.value.code == 2


def test_years_not_over_by_the_day_are_left_out(refreshed):
    study = Study.load(refreshed, as_of="2019-06-30")
    assert study.years == list(range(2013, 2019)) and study.as_of == "2019-06-30"
    assert Study.load(refreshed, as_of="2022").as_of == "2022-12-31"


def test_an_edition_not_out_by_the_day_is_missing_not_guessed(refreshed_copy):
    outcome = refresh(build(Study.load(refreshed_copy, as_of="2022-12-31")), select={"clean/fdi", "clean/gdp"})
    assert list(outcome.made) == ["clean/gdp"] and outcome.code == 2
    assert [fault.message for fault in outcome.failed["clean/fdi"]] == ["table_without_values"]
    assert set(Warehouse(refreshed_copy / "data/warehouse").read("clean/gdp")["edition"]) == {"2022"}


def test_the_revisions_table_lists_each_changed_cell_once(refreshed):
    warehouse = Warehouse(refreshed / "data/warehouse")
    revisions = warehouse.read("clean/revisions")
    assert len(revisions) > 0
    for table in revisions["table"].unique():
        clean = warehouse.read(f"clean/{table}").set_index(["province", "year"])
        mine = revisions[revisions["table"].eq(table)].set_index(["province", "year"])
        inside = mine[mine.index.isin(clean.index)]
        assert set(inside.index) == set(clean.index[clean["revised"]])
        assert (clean.loc[inside.index, table].to_numpy() == inside["new"].to_numpy()).all()


def test_filled_cells_are_listed_counted_in_the_panel_and_noted(refreshed):
    warehouse = Warehouse(refreshed / "data/warehouse")
    filled, panel = warehouse.read("clean/imputations"), warehouse.read("panel/estimation")
    flagged = panel[panel["filled"] > 0]
    inside = filled[filled["province"].ne("西藏")]
    assert sorted(zip(flagged["province"], flagged["year"], strict=True)) == sorted(
        zip(inside["province"], inside["year"], strict=True)
    )
    for row in filled.itertuples():
        clean = warehouse.read(f"clean/{row.table}").set_index(["province", "year"])
        assert clean.loc[(row.province, row.year), "method"] == row.method == "interpolated"
    for name in ("table1", "table3", "table4", "table7"):
        note = (refreshed / f"data/exports/tables/{name}.en.md").read_text(encoding="utf-8")
        assert f"{len(filled)} cells of the raw tables were" in note
        assert re.search(r"[0-9]+ cells differ in the newest edition", note)


def test_imputed_share_counts_the_province_years_of_a_variable_that_rest_on_filled_cells(refreshed):
    shares = Warehouse(refreshed / "data/warehouse").read("audit/imputed_share").set_index(["panel", "variable"])
    assert shares.loc[("panel/estimation", "ECI"), "filled"] == 3
    assert shares.loc[("panel/estimation", "HC"), "imputed_share"] == pytest.approx(1 / 300)
    assert shares.loc[("panel/estimation", "EXP"), "imputed_share"] == 0
    assert "population" in shares.loc[("panel/estimation", "Net"), "tables"]


def test_oddities_are_warnings_and_stay_in_the_panel(refreshed):
    warehouse = Warehouse(refreshed / "data/warehouse")
    odd = warehouse.read("clean/oddities")
    assert ("long_distance_cable", "海南", 2018) in set(zip(odd["table"], odd["province"], odd["year"], strict=True))
    warnings = warehouse.record("clean/oddities").warnings
    assert len(warnings) == 1 and "long_distance_cable" in warnings[0]
    assert set(warehouse.read("clean/long_distance_cable")["method"]) == {"observed"}


def test_a_specification_without_filled_cells_leaves_their_province_years_out(refreshed_copy):
    path = refreshed_copy / "study/regressions.yaml"
    text = path.read_text(encoding="utf-8")
    entry = re.search(r"  table4_3: (\{.*\})", text).group(1)
    more = f"  table4_3_observed: {entry[:-1]}, sample: {{without_filled: true}}}}\n"
    path.write_text(text.replace("  table5_1:", more + "  table5_1:", 1), encoding="utf-8")
    suites = refreshed_copy / "expectations/model"
    done = cbe("draft", "--root", str(refreshed_copy))
    assert done.returncode == 0 and (suites / "table4_3_observed.json").is_file()
    exhibits = refreshed_copy / "study/exhibits.yaml"
    listed = exhibits.read_text(encoding="utf-8").replace(
        "table4_2, table4_3]", "table4_2, table4_3, table4_3_observed]"
    )
    exhibits.write_text(listed, encoding="utf-8")
    made(build(Study.load(refreshed_copy)), "model/table4_3_observed", "exhibit/table4")
    result = json.loads((refreshed_copy / "data/exports/results/table4_3_observed.json").read_text(encoding="utf-8"))
    assert result["n"] == 296 and result["sample"]["excluded"] == 4
    note = (refreshed_copy / "data/exports/tables/table4.en.md").read_text(encoding="utf-8")
    assert "(4) leaves out province-years in which a cell of any table was filled" in note


def test_a_sample_that_says_nothing_or_half_is_wrong(study_copy):
    path = study_copy / "study/regressions.yaml"
    text = path.read_text(encoding="utf-8")
    entry = "sample: {split: FinDev, at: median, side: high}"
    for wrong in ("{}", "{side: high}", "{split: FinDev}"):
        path.write_text(text.replace(entry, f"sample: {wrong}"), encoding="utf-8")
        with pytest.raises(StudyFault, match="regressions.yaml"):
            Study.load(study_copy)


def test_a_correction_is_applied_flagged_and_counted(treated):
    clean = Warehouse(treated / "data/warehouse").read("clean/fdi").set_index(["province", "year"])
    cell = clean.loc[("新疆", 2018)]
    assert cell["fdi"] == 54905 and cell["method"] == "corrected" and "a digit too many" in cell["note"]
    assert (clean["method"] == "corrected").sum() == 1


def test_a_correction_fails_loudly_when_the_edition_prints_something_else(refreshed_copy):
    text = "corrections:\n  - {table: fdi, province: 新疆, year: 2018, edition: 2023, printed: 1, corrected: 2,\n"
    text += "     reason: a slip, reference: a letter}\n"
    (refreshed_copy / "data/corrections.yaml").write_text(text, encoding="utf-8")
    before = (refreshed_copy / "data/warehouse/clean/fdi.parquet").read_bytes()
    outcome = refresh(build(Study.load(refreshed_copy)), select={"clean/fdi"})
    (said,) = outcome.failed["clean/fdi"]
    assert said.message == "correction_stale" and said.facts["province"] == "新疆" and said.code == 2
    assert (refreshed_copy / "data/warehouse/clean/fdi.parquet").read_bytes() == before


def test_every_column_of_a_settled_table_knows_where_it_comes_from(refreshed):
    graph = build(Study.load(refreshed))
    warehouse = Warehouse(refreshed / "data/warehouse")
    for key, node in graph.nodes.items():
        if node.layer not in ("clean", "panel", "index"):
            continue
        lineage, stored = node.lineage(), warehouse.record(key)
        computed = {column for column in stored.columns if column in lineage}
        constant = {"table", "group", "direction", "filled"}
        assert set(stored.columns) - computed <= constant, key
        for pairs in lineage.values():
            for source, column in pairs:
                assert source in node.deps, f"{key} names {source}, which is no input"
                found = warehouse.record(source)
                assert found is None or column in found.columns, f"{key} names {source}.{column}"
