"""cbe trace: every number on the way follows from the bytes of the files it names."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import pytest
from commands import cbe, cbe_process

from cbe_assets.study import Study
from cbe_assets.trace.step import Step
from cbe_assets.trace.trace import trace
from cbe_assets.warehouse import Warehouse


def printed_at(root: Path, step: Step) -> str:
    """What stands in the file at the cell that a step names, read without the package."""
    path, cell = root / "data/sample" / step.facts["file"], step.facts["cell"]
    if path.suffix == ".xlsx":
        value = openpyxl.load_workbook(path)[step.facts["sheet"]][cell].value
        return str(value)
    data = path.read_bytes()
    unicode = data.startswith((b"\xef\xbb\xbf", b"Region,"))  # the layouts of the new site and in English
    text = data.decode("utf-8-sig" if unicode else "gb18030")
    line, column = (int(part) for part in cell[1:].split("C"))
    return next(csv.reader(io.StringIO(text.splitlines()[line - 1])))[column - 1].strip()


def evaluated(step: Step) -> float:
    """The step's SQL with the values of its inputs in place of their columns."""
    values = {below.column: below.value for below in step.inputs}
    expression = re.sub(r"\b[a-z_]\w*\.(\w+)\b", lambda found: repr(values[found.group(1)]), step.facts["expression"])
    return arithmetic(expression)


def arithmetic(expression: str) -> float:
    with duckdb.connect() as connection:
        return connection.execute(f"select ({expression})::double").fetchall()[0][0]


def follows(root: Path, step: Step) -> None:
    """Asserts that a step's value follows from its inputs, and these from the files."""
    if step.kind == "edition":
        facts, text = step.facts, printed_at(root, step)
        assert float(text) == float(facts["text"]) == facts["printed"]
        if "correction" not in facts:
            assert math.isclose(step.value, facts["printed"] * facts["factor"], rel_tol=1e-12)
    elif step.kind == "table":
        assert math.isclose(step.value, settled(step), rel_tol=1e-12)
    elif step.kind == "winsorized":
        low, high = step.facts["limits"]
        assert step.value == min(max(step.inputs[0].value, low), high)
    elif step.kind == "index":
        assert math.isclose(step.value, math.fsum(below.facts["contribution"] for below in step.inputs), rel_tol=1e-12)
    elif step.kind == "indicator":
        facts = step.facts
        z = (evaluated(step) - facts["minimum"]) / (facts["maximum"] - facts["minimum"])
        assert math.isclose(z * facts["weight"], facts["contribution"], rel_tol=1e-9, abs_tol=1e-15)
    elif step.kind == "expression":
        counted = step.facts["expression"].startswith("CAST(COUNT(")
        found = len(step.inputs[0].facts["rows"]) if counted else evaluated(step)
        assert math.isclose(step.value, found, rel_tol=1e-12)
    elif step.kind == "reference":
        lines = (root / step.facts["file"]).read_text(encoding="utf-8-sig").splitlines()
        for row in step.facts["rows"]:
            assert all(text in lines[row["line"] - 1] for name, text in row.items() if name != "line")
    for below in step.inputs:
        follows(root, below)


def settled(step: Step) -> float:
    """The value of a cell of a settled table, from what its method says it was made of."""
    facts, values = step.facts, [below.value for below in step.inputs]
    if facts["method"] == "interpolated":
        left, right = facts["neighbours"]
        assert [below.year for below in step.inputs] == [left, right]
        return values[0] + (step.year - left) / (right - left) * (values[1] - values[0])
    if facts["method"] == "computed":
        by_name = dict(zip((below.column for below in step.inputs), map(repr, values), strict=True))
        return arithmetic(re.sub(r"[a-z]\w+", lambda found: by_name[found.group()], facts["expression"]))
    used = [below for below in step.inputs if below.facts["used"]]
    assert len(used) == 1 and used[0].facts["edition"] == facts["edition"]
    return facts["correction"]["corrected"] if facts["method"] == "corrected" else used[0].value


CELLS = {
    "revised": ("PGDP", "北京", 2021),
    "interpolated": ("express_volume_per_head", "宁夏", 2016),
    "carried": ("express_outlets", "新疆", 2015),
    "computed": ("HC", "海南", 2017),
    "corrected": ("FDI", "新疆", 2018),
    "in 10000 km": ("long_distance_cable_per_head", "四川", 2020),
    "several tables": ("Inus", "广东", 2019),
    "public record": ("NumCPZ", "广东", 2022),
    "index": ("ECI", "浙江", 2022),
    "outside of the panel": ("gdp", "西藏", 2015),
    "nation": ("goods_trade", "全国", 2020),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_every_traced_number_follows_from_the_bytes_of_the_files(treated, cell):
    variable, province, year = cell
    step = trace(Study.load(treated), variable, province, year)
    stored = Warehouse(treated / "data/warehouse").read(step.asset).set_index(["province", "year"])
    assert step.value == stored.loc[(province, year), step.column]
    assert any(below.kind in ("edition", "reference") for below in step.walk())
    follows(treated, step)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_winsorized_cell_shows_the_limit_and_what_it_was(treated, side):
    warehouse = Warehouse(treated / "data/warehouse")
    after, before = (warehouse.read(f"panel/{name}").set_index(["province", "year"])["EXP"]
                     for name in ("estimation", "variables"))  # fmt: skip
    province, year = (before < after if side == "lower" else before > after).idxmax()
    step = trace(Study.load(treated), "EXP", province, year)
    assert step.facts["drawn_in"] == side
    assert step.value == step.facts["limits"][side == "upper"] == after[province, year]
    assert step.inputs[0].value == before[province, year]
    follows(treated, step)


@pytest.mark.parametrize("kind", ["revised", "interpolated", "carried", "computed", "corrected"])
def test_what_was_done_to_a_figure_is_said(treated, kind):
    variable, province, year = CELLS[kind]
    tables = [step for step in trace(Study.load(treated), variable, province, year).walk() if step.kind == "table"]
    if kind == "revised":
        (step,) = tables
        assert step.facts["revised"] and step.facts["first_published"] == "2022"
        newer, older = step.inputs
        assert newer.facts["edition"] == "2023" and older.facts["edition"] == "2022" and newer.value != older.value
    else:
        assert kind in {step.facts["method"] for step in tables}


@pytest.mark.parametrize("asked", ["table4_3.ECI", "table4.3.ECI"])
def test_a_coefficient_names_its_variables_editions_and_files(refreshed, asked):
    done = cbe("trace", asked, "--root", str(refreshed), "--json")
    assert done.returncode == 0, done.stderr
    traced = json.loads(done.stdout)
    result = json.loads((refreshed / "data/exports/results/table4_3.json").read_text(encoding="utf-8"))
    assert traced["value"] == result["terms"]["ECI"]["estimate"]
    assert [step["column"] for step in traced["inputs"]] == ["EXP", "ECI", "PGDP", "Fisca", "HC", "FDI", "Net", "Infr"]
    files = {file for source in traced["sources"] for file in source["files"]}
    assert {"manufacturing_exports/2023.xlsx", "gdp/2023.csv", "data/reference/exchange_rate.csv"} <= files
    assert not any("deposits" in file for file in files), "what only FinDev needs is not behind Table 4"
    cells = {source["table"]: source.get("cells") for source in traced["sources"]}
    assert cells["gdp"] == 300


def test_a_coefficient_says_what_stands_beside_it_in_both_languages_and_a_control_has_nothing(refreshed):
    result = json.loads((refreshed / "data/exports/results/table4_3.json").read_text(encoding="utf-8"))
    error = f"{result['tests']['cv3[ECI]']['std_error']:.4f}"
    english, chinese = (cbe("trace", "table4.3.ECI", "--root", str(refreshed), CBE_LANG=lang) for lang in ("en", "zh"))
    assert f"CV3 s.e. {error}, from 30 refits that leave out one province each" in english.stdout
    assert f"CV3标准误 {error}（逐一剔除 30 个省份重估而得）" in chinese.stdout
    assert "CV3" not in cbe("trace", "table4.3.PGDP", "--root", str(refreshed), CBE_LANG="en").stdout


def test_a_cell_is_printed_as_lines_with_file_and_cell_in_both_languages(refreshed):
    arguments = ("trace", "HC", "--province", "Hainan", "--year", "2017", "--root", str(refreshed))
    english, chinese = cbe(*arguments), cbe(*arguments, CBE_LANG="zh")
    assert "interpolated linearly between 2016, 2018" in english.stdout and "Hainan 2017" in english.stdout
    assert "线性插补" in chinese.stdout and "海南 2017" in chinese.stdout
    assert "employed_bachelor_share/2023.xlsx" in english.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("PGPD", "--province", "广东", "--year", "2020"), "PGDP"),
        (("PGDP", "--province", "Guangdng", "--year", "2020"), "Guangdong"),
        (("PGDP", "--province", "广东", "--year", "2031"), "2013-2022"),
        (("PGDP", "--province", "西藏", "--year", "2020"), "广东"),
        (("PGDP", "--province", "广东"), "--year"),
        (("table4_9.ECI",), "table4_3"),
        (("table4_3.EIC",), "ECI"),
    ],
)
def test_an_unknown_name_is_wrong_use_and_names_the_nearest(refreshed, arguments, said):
    done = cbe("trace", *arguments, "--root", str(refreshed))
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_a_study_that_was_never_refreshed_says_so(study_copy):
    done = cbe("trace", "EXP", "--province", "广东", "--year", "2020", "--root", str(study_copy))
    assert done.returncode == 1 and "refresh" in done.stderr


def test_a_trace_through_changed_files_says_that_they_changed(refreshed_copy):
    path = refreshed_copy / "data/sample/fdi/2023.xlsx"
    path.write_bytes(path.read_bytes() + b"\0")
    step = trace(Study.load(refreshed_copy), "FDI", "广东", 2020)
    assert step.facts["stale"] == ["raw/fdi"]


def test_a_trace_takes_less_than_two_seconds(refreshed):
    """Of processor time, start of the interpreter included: the clock would measure what else the machine does."""
    took = []
    for asked in (("ECI", "--province", "广东", "--year", "2022"), ("table4.3.ECI",)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert cbe_process("trace", *asked, "--root", str(refreshed)).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert max(took) < 2, took


def test_a_trace_loads_no_framework(refreshed):
    code = (
        "import sys; from cbe_assets.cli import app; "
        f"app(['trace', 'table4_3.ECI', '--root', {str(refreshed)!r}], standalone_mode=False); "
        "heavy = ('dagster', 'great_expectations', 'linearmodels', 'matplotlib', 'duckdb'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
