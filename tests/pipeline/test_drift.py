"""A newer edition of the embedded yearbook arrives and a setting is edited: what moved, and exactly why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cbe_assets.assets.drift import between
from cbe_assets.assets.graph import build
from cbe_assets.cli import app
from cbe_assets.gate import make
from cbe_assets.history.store import History
from cbe_assets.simulated_files import write_yearbook
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse, content_version

CBE = str(Path(sys.executable).with_name("cbe"))
TWO_MIB = 2 * 2**20
HEADLINE = [
    ("table4_3", "ECI"), ("table6_1", "ECI"), ("table6_2", "ECI"), ("table6_2", "Inus"), ("table6_3", "ECI"),
    ("table6_4", "ECI"), ("table6_4", "Tec"),
]  # fmt: skip


def cbe(*arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "CBE_LANG": "en"}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.run([CBE, *arguments], capture_output=True, text=True, env=environment, check=False)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def copied(source: Path, target: Path) -> Path:
    """A study root of its own with all that was made; times of files are kept."""
    for part in ("study", "sql", "expectations", "data"):
        shutil.copytree(source / part, target / part)
    return target


def add_edition(root: Path, folder: Path) -> None:
    """Puts the edition that prints 2023 and revises years before into the yearbooks."""
    write_yearbook(root, folder, None, 2023)
    shutil.copytree(folder, root / "data/sample", dirs_exist_ok=True)


@pytest.fixture(scope="module")
def moved(refreshed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The study after one refresh that met a new edition, a new year and another winsor limit; and what it printed."""
    folder = tmp_path_factory.mktemp("drift")
    root = copied(refreshed, folder / "root")
    add_edition(root, folder / "edition")
    replace(root / "study/study.yaml", "years: [2013, 2022]", "years: [2013, 2023]")
    replace(root / "study/study.yaml", "winsor: [1, 99]", "winsor: [2, 98]")
    done = cbe("refresh", "--root", str(root))
    assert done.returncode == 0, done.stderr
    return root, done.stdout


def compared(root: Path, old: str = "1", new: str = "2"):
    study = Study.load(root)
    history = History(study.warehouse)
    return between(study, history, history.find(old), history.find(new), study.exhibits["drift"].columns)


@pytest.fixture(scope="module")
def drift(moved):
    return compared(moved[0])


def stored(root: Path, name: str, term: str) -> float:
    frame = Warehouse(root / "data/warehouse").read(f"model/{name}").set_index("term")
    return float(frame.at[term, "estimate"])


def test_all_three_parts_are_there_and_sum_to_the_change_of_every_headline_coefficient(refreshed, moved, drift):
    assert [(item.specification, item.term) for item in drift.attribution] == HEADLINE
    for item in drift.attribution:
        assert item.old == stored(refreshed, item.specification, item.term)
        assert item.new == stored(moved[0], item.specification, item.term)
        assert abs(sum(item.parts) - item.total) < 1e-10
        assert all(abs(part) > 1e-6 for part in item.parts), item
        assert item.code == 0.0


def test_states_rebuilt_in_memory_give_the_stored_coefficients(moved, monkeypatch):
    # As if the code were another, so that nothing stored is taken for what today's code would give.
    monkeypatch.setattr("cbe_assets.assets.drift._same_code", lambda *_: False)
    for item in compared(moved[0]).attribution:
        assert abs(item.code) < 1e-10
        assert abs(sum(item.parts) - item.total) < 1e-10


def test_cells_are_those_that_the_two_clean_tables_differ_in(refreshed, moved, drift):
    for table in ("gdp", "population", "exports", "fdi"):
        old, new = (
            Warehouse(root / "data/warehouse").read(f"clean/{table}").set_index(["province", "year"])[table]
            for root in (refreshed, moved[0])
        )
        both = old.index.intersection(new.index)
        found = drift.cells[drift.cells["table"].eq(table)]
        counts = found["change"].value_counts().to_dict()
        assert counts.get("revised", 0) == int((old[both] != new[both]).sum())
        assert counts["new"] == len(new) - len(both) == 31
        revised = found[found["change"].eq("revised")]
        assert set(revised["old_edition"]) <= {"2023"} and set(revised["new_edition"]) <= {"2024"}
        for row in revised.itertuples():
            assert (old[row.province, int(row.year)], new[row.province, int(row.year)]) == (row.old, row.new)


def test_marks_of_coefficients_follow_from_the_stored_tables(refreshed, moved, drift):
    before, after = (Warehouse(root / "data/warehouse") for root in (refreshed, moved[0]))
    for name, part in drift.coefficients.groupby("specification"):
        old, new = (side.read(f"model/{name}").set_index("term") for side in (before, after))
        part = part.set_index("term")
        assert set(part.index) == set(new.index)
        for term, row in part.iterrows():
            assert row["sign"] == (np.sign(old.at[term, "estimate"]) == -np.sign(new.at[term, "estimate"]))
            assert row["stars"] == (old.at[term, "stars"] != new.at[term, "stars"])
            assert row["significance"] == ((old.at[term, "p_value"] < 0.05) != (new.at[term, "p_value"] < 0.05))


def test_files_and_definitions_that_changed_are_named(drift):
    assert set(drift.files["change"]) == {"new"} and set(drift.files["edition"]) == {"2024"}
    assert drift.files["table"].nunique() == 29
    assert drift.definitions[["what", "change"]].to_numpy().tolist() == [["study/study.yaml", "changed"]]


def test_a_refresh_ends_with_five_lines_that_the_page_repeats(moved):
    root, printed = moved
    lines = printed.splitlines()[-5:]
    assert [line.split()[0] for line in lines] == ["Data:", "Weights:", "Ranks:", "Coefficients:", "table4_3"]
    page = (root / "data/exports/report/drift.en.html").read_text(encoding="utf-8")
    for line in lines:
        assert f"<li>{line}</li>" in page
    assert "SIMULATED" in page and "http" not in page.replace("http://www.w3.org", "")
    chinese = (root / "data/exports/report/drift.zh.md").read_text(encoding="utf-8")
    assert "模拟数据" in chinese and "修订" in chinese


def test_a_snapshot_is_small_whole_and_has_no_clock(moved, refreshed):
    history = History(moved[0] / "data/warehouse")
    assert [entry.number for entry in history.entries] == [1, 2]
    assert all(entry.size < TWO_MIB for entry in history.entries)
    first = History(refreshed / "data/warehouse").entries[0]
    assert history.entries[0].path.read_bytes() == first.path.read_bytes()
    for entry in history.entries:
        snapshot = history.snapshot(entry.snapshot)
        for key, table in snapshot.tables.items():
            assert content_version(history.frame(snapshot, key)) == table.data_version, key


def test_making_the_history_anew_files_nothing_and_says_the_same(moved):
    # A refresh killed after the snapshot was filed and before its table was stored goes on from here.
    graph = build(Study.load(moved[0]))
    warehouse = Warehouse(moved[0] / "data/warehouse")
    for key in ("audit/history", "exhibit/drift"):
        output, record = make(graph.nodes[key], warehouse)
        assert output.kept == {}
        assert record.data_version == warehouse.record(key).data_version
        assert record.files == warehouse.record(key).files


def test_the_commands_compare_list_and_forget(moved, tmp_path, monkeypatch):
    monkeypatch.setenv("CBE_LANG", "en")
    root = copied(moved[0], tmp_path / "root")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--root", str(root)])

    said = json.loads(run("drift", "1", "--json").stdout)
    assert said["old"]["number"] == 1 and said["new"]["number"] == 2 and len(said["attribution"]) == len(HEADLINE)
    listed = json.loads(run("history", "--json").stdout)
    assert [item["number"] for item in listed["snapshots"]] == [1, 2] and not listed["damaged"]
    assert run("history", "prune", "--keep", "0").exception.code == 2
    assert run("history", "prune", "--keep", "1").exit_code == 0
    assert [entry.number for entry in History(root / "data/warehouse").entries] == [2]
    assert "is the first of this study" in run("drift").stdout
    # No digit: a snapshot may begin with it.
    wrong = run("drift", "x").exception
    assert wrong.code == 2 and "2 (" in wrong.faults[0].facts["expected"]


@pytest.mark.slow
def test_each_part_is_what_a_real_refresh_of_that_step_alone_changes(moved, refreshed, tmp_path):
    root = copied(refreshed, tmp_path / "root")
    add_edition(root, tmp_path / "edition")
    estimates = [{key: stored(refreshed, *key) for key in HEADLINE}]
    for old, new in (("", ""), ("years: [2013, 2022]", "years: [2013, 2023]"), ("winsor: [1, 99]", "winsor: [2, 98]")):
        replace(root / "study/study.yaml", old, new) if old else None
        done = cbe("refresh", "--root", str(root))
        assert done.returncode == 0, done.stderr
        estimates.append({key: stored(root, *key) for key in HEADLINE})
    for item in compared(moved[0]).attribution:
        values = [step[item.specification, item.term] for step in estimates]
        assert np.abs(np.diff(values) - np.array(item.parts)).max() < 1e-10
