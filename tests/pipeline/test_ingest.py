"""cbe read and cbe ingest as programs: what they print, what they write, and their exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cbe_assets.assets.graph import build
from cbe_assets.study import Study
from cbe_assets.yearbook import writing
from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[2]
CBE = str(Path(sys.executable).with_name("cbe"))
GAZETTEER = Gazetteer.from_csv((ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))
PROVINCES = [province.name for province in GAZETTEER.provinces]


def cbe(*arguments: object, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "CBE_LANG": "en", "LC_ALL": "C.UTF-8"} | variables
    return subprocess.run([CBE, *map(str, arguments)], capture_output=True, env=environment, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The repository's study with a simulated yearbook of its own and no official file."""
    folder = tmp_path / "study root"
    for part in ("study", "sql", "expectations", "data/reference"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "data/sample").mkdir()
    (folder / "data/sample/truth.yaml").write_text("seed: 1\n")
    return folder


def values(level: float = 5000.0) -> pd.DataFrame:
    cells = {
        year: [round(level * (1 + 0.1 * at) * 1.07 ** (year - 2013), 2) for at in range(31)]
        for year in range(2013, 2023)
    }
    return pd.DataFrame(cells, index=PROVINCES)


def classic(frame: pd.DataFrame, indicator: str = "地区生产总值", unit: str = "亿元") -> bytes:
    return writing.write_classic_csv(frame, indicator=indicator, unit=unit, gazetteer=GAZETTEER)


def test_read_prints_a_header_for_people_csv_and_json_for_programs(root):
    path = root / "分省年度数据 (1).csv"
    path.write_bytes(classic(values()))
    shown = cbe("read", path, "--root", root)
    assert shown.returncode == 0 and "gb18030" in shown.stdout.decode() and "L5C2" in shown.stdout.decode()
    as_csv = cbe("read", path, "--csv", "--root", root, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert as_csv.returncode == 0
    assert len(list(csv.DictReader(io.StringIO(as_csv.stdout.decode("utf-8"))))) == 310
    as_json = json.loads(cbe("read", path, "--json", "--root", root).stdout)
    assert as_json["counts"]["observations"] == 310 and as_json["layout"] == "A"


def test_read_says_what_is_wrong_with_a_file_in_the_language_of_the_user(root):
    path = root / "x.csv"
    path.write_bytes(b"")
    done = cbe("read", path, "--root", root, CBE_LANG="zh")
    assert done.returncode == 2 and "x.csv" in done.stderr.decode() and "文件为空" in done.stderr.decode()
    assert cbe("read", path, "--csv", "--json", "--root", root).returncode == 2
    said = json.loads(cbe("read", path, "--json", "--root", root).stdout)
    assert said["code"] == 2 and said["faults"][0]["message"] == "file_empty"


def test_a_batch_with_a_zip_and_strange_names_is_judged_file_by_file(root):
    folder = root / 'my "own" downloads'
    folder.mkdir()
    (folder / "地区\n生产总值.csv").write_bytes(classic(values()))
    (folder / "wrong.csv").write_bytes(classic(values(), "人口密度", "人"))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("人口.csv", classic(values(2000), "年末常住人口", "万人"))
        archive.writestr("table.exe", b"MZ\x90\x00")
    done = cbe("ingest", *sorted(folder.iterdir()), "--root", root)
    shown = done.stdout.decode()
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert "地区\\n生产总值.csv" in shown and "more.zip!人口.csv" in shown and "人口密度" in shown
    assert "2 filed into data/yearbooks, 2 not." in shown and "yearbooks: data/yearbooks" in shown
    filed = {path.relative_to(root / "data/yearbooks").as_posix() for path in (root / "data/yearbooks").rglob("*.csv")}
    assert filed == {"gdp/2023.csv", "population/2023.csv"}
    assert [path.name for path in (root / "data/sample").iterdir()] == ["truth.yaml"]


def test_json_says_everything_and_a_dry_run_writes_nothing(root):
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    done = cbe("ingest", path, "--dry-run", "--json", "--root", root)
    said = json.loads(done.stdout)
    (file,) = said["files"]
    assert done.returncode == 0 and said["dry_run"] and not (root / "data/yearbooks").exists()
    assert (file["verdict"], file["table"], file["edition"], file["edition_from"]) == (
        "would", "gdp", "2023", "edition_by_rule",
    )  # fmt: skip
    assert file["comparison"]["new"] == {"cells": 310, "years": list(range(2013, 2023))}


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--table", "gpd"], 2, "gpd"),
        (["--edition", "soon"], 2, "soon"),
        (["--edition", "2019"], 1, "2019"),
        (["--table", "population"], 1, "年末常住人口"),
        (["--unit", "万元"], 2, "万元"),
        (["--yearbooks", "data/sample"], 2, "simulated"),
    ],
)
def test_wrong_use_is_2_and_a_failed_check_1_and_nothing_is_written(root, options, code, word):
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    options = [str(root / option) if option == "data/sample" else option for option in options]
    done = cbe("ingest", path, *options, "--root", root)
    assert done.returncode == code and word in (done.stdout + done.stderr).decode()
    assert not list((root / "data").rglob("*.csv.meta.yaml"))


def test_of_two_at_once_one_files_and_the_other_finds_it_filed(root):
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    command = [CBE, "ingest", str(path), "--json", "--root", str(root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    said = [json.loads(one.communicate()[0])["files"][0] for one in both]
    assert sorted(one.returncode for one in both) == [0, 1]
    assert sorted(one["verdict"] for one in said) == ["filed", "refused"]
    (refused,) = [one for one in said if one["faults"]]
    assert [item["message"] for item in refused["faults"]] == ["already_filed"]


def test_what_is_filed_is_what_the_raw_table_holds(root):
    several = writing.write_json_rows(
        {("地区生产总值", "亿元"): values(), ("人口密度", "人"): values(9), ("年末常住人口", "万人"): values(2000)},
        gazetteer=GAZETTEER,
    )
    (root / "answers.csv").write_bytes(several)
    done = cbe("ingest", root / "answers.csv", "--root", root)
    assert done.returncode == 0, done.stdout.decode()
    graph = build(Study.load(root, root / "data/yearbooks"))
    for table, level in (("gdp", 5000.0), ("population", 2000.0)):
        raw = graph.nodes[f"raw/{table}"].make(None).frame
        wide = raw.pivot(index="province", columns="year", values="value").loc[PROVINCES]
        assert (wide.to_numpy() == values(level).to_numpy()).all()
        assert set(raw["file"]) == {f"{table}/2023.csv"} and not raw["simulated"].any()
