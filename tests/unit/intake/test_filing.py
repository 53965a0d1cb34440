"""Data file and sidecar appear together or not at all, in the right folder, and read back as what was judged."""

from __future__ import annotations

import hashlib
import io
import signal
import subprocess
import sys
import zipfile

import pandas as pd
import pytest
import yaml
from incoming_files import (
    GAZETTEER,
    PROVINCES,
    ROOT,
    batch,
    classic,
    filed,
    messages,
    one,
    study_root,
    values,
)

from cbe_assets.assets.raw import read_edition
from cbe_assets.faults import StudyFault
from cbe_assets.intake.filed import read_filed
from cbe_assets.sources import scan
from cbe_assets.study import Study
from cbe_assets.yearbook import writing

NAME = "地区生产总值"
KILLED = """
import os, signal, sys
from pathlib import Path
from cbe_assets.intake import filing
from cbe_assets.intake.judge import Said

writes = []
whole = filing.write_atomically

def write(path, data):
    writes.append(path)
    if len(writes) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(path, data)

filing.write_atomically = write
filing.ingest([Path(sys.argv[2])], Said(), root=Path(sys.argv[1]))
"""


def official(root) -> Study:
    return Study.load(root, root / "data" / "yearbooks")


def table_of(observations: pd.DataFrame) -> pd.DataFrame:
    wide = observations.pivot(index="province", columns="year", values="value").loc[PROVINCES]
    return wide.rename_axis(index=None, columns=None)


def sidecar(root, name: str) -> dict:
    return yaml.safe_load((root / "data/yearbooks" / f"{name}.meta.yaml").read_text(encoding="utf-8"))


def test_the_file_is_kept_byte_for_byte_with_a_sidecar_that_says_what_it_is(root):
    data = classic(values())
    name = "it's a\nname “1” (1).csv"
    one(root, data, name=name, accessed="2023-04-05", licence="CC BY 4.0")
    assert (root / "data/yearbooks/gdp/2023.csv").read_bytes() == data
    assert sidecar(root, "gdp/2023.csv") == {
        "table": "gdp",
        "edition": "2023",
        "edition_from": "edition_by_rule",
        "indicator": "地区生产总值",
        "unit": "亿元",
        "source_line": "数据来源：国家统计局",
        "layout": "A",
        "original": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "accessed": "2023-04-05",
        "licence": "CC BY 4.0",
    }


def test_nothing_of_the_clock_is_in_a_sidecar(root, tmp_path):
    other = study_root(tmp_path / "other")
    for folder in (root, other):
        one(folder, classic(values()))
    first, second = (folder / "data/yearbooks/gdp/2023.csv.meta.yaml" for folder in (root, other))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("write", "options", "extension"),
    [
        (writing.write_classic_csv, {"indicator": NAME, "unit": "亿元"}, "csv"),
        (writing.write_new_site_csv, {}, "csv"),
        (writing.write_old_api_long, {"indicator": NAME, "code": "A020101"}, "csv"),
        (writing.write_english_csv, {}, "csv"),
        (writing.write_resaved_csv, {"empty_years": [2023]}, "csv"),
        (writing.write_yearbook_sheet, {"title": f"3-9 各{NAME}", "unit": "亿元"}, "xlsx"),
    ],
)
def test_every_layout_is_filed_and_reads_back_equal(root, write, options, extension):
    data = write(values(), gazetteer=GAZETTEER, **options)
    assert messages(one(root, data, name="export", table="gdp")) == []
    assert filed(root) == [f"gdp/2023.{extension}"]
    (file,) = scan(official(root)).editions["gdp"]
    reading = read_edition(official(root), file, GAZETTEER)
    pd.testing.assert_frame_equal(table_of(reading.observations), values(), check_column_type=False)
    assert set(reading.observations["indicator"]) == {NAME} and set(reading.observations["unit"]) == {"亿元"}


def test_of_a_file_with_several_indicators_only_the_table_s_is_read_back(root):
    data = writing.write_json_rows(
        {("地区生产总值", "亿元"): values(), ("人口密度", "人"): values(9)}, gazetteer=GAZETTEER
    )
    judgement = one(root, data)
    assert [str(other) for other in judgement.others] == ["人口密度 (人)"]
    study = official(root)
    (file,) = scan(study).editions["gdp"]
    for known in (file.sidecar, {}):
        reading = read_filed(file.data, file="f", sidecar=known, tables=study.tables, table="gdp", gazetteer=GAZETTEER)
        pd.testing.assert_frame_equal(table_of(reading.observations), values(), check_column_type=False)
        assert [(item.text, item.reason, item.count) for item in reading.skipped] == [
            ("人口密度", "skipped_other_series", 310)
        ]


def test_a_sidecar_that_contradicts_its_file_is_a_fault(root):
    one(root, classic(values()))
    study = official(root)
    for known in ({"indicator": "年末常住人口"}, {"indicator": ["年末常住人口", "人口"]}, {"unit": "万人"}):
        with pytest.raises(StudyFault, match="年末常住人口|万人"):
            read_filed(
                classic(values()), file="f", sidecar=known, tables=study.tables, table="gdp", gazetteer=GAZETTEER
            )


def test_a_killed_filing_leaves_no_edition_and_the_next_one_completes_it(root):
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    done = subprocess.run([sys.executable, "-c", KILLED, root, path], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (root / "data/yearbooks/gdp/2023.csv.meta.yaml").is_file()
    found = scan(official(root))
    assert found.editions == {} and filed(root) == []
    (judgement,) = batch(root, path).judgements
    assert messages(judgement) == [] and filed(root) == ["gdp/2023.csv"]
    assert scan(official(root)).unknown == []


def test_a_data_file_that_cannot_be_written_takes_its_sidecar_along(root):
    (root / "data/yearbooks/gdp").mkdir(parents=True)
    (root / "data/yearbooks/gdp/2023.csv").mkdir()
    judgement = one(root, classic(values()))
    assert judgement.faults and not list((root / "data/yearbooks/gdp").glob("*.meta.yaml"))


def test_a_table_folder_that_leads_out_of_the_yearbooks_is_not_written_through(root, tmp_path):
    (root / "data/yearbooks").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / "data/yearbooks/gdp").symlink_to(tmp_path / "elsewhere")
    assert messages(one(root, classic(values()))) == ["folder_outside"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_dry_run_judges_all_and_writes_nothing(root):
    data = classic(values())
    first, second = root / "a.csv", root / "b.csv"
    first.write_bytes(data)
    second.write_bytes(data)
    result = batch(root, first, second, dry=True)
    assert [messages(item) for item in result.judgements] == [[], ["already_filed"]]
    assert result.judgements[0].path == "gdp/2023.csv" and not (root / "data/yearbooks").exists()


def test_official_files_are_never_put_among_simulated_ones(root):
    sample = root / "data" / "sample"
    sample.mkdir()
    (sample / "truth.yaml").write_text("seed: 1\n")
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    with pytest.raises(StudyFault) as failure:
        batch(root, path, yearbooks=sample)
    assert [item.message for item in failure.value.faults] == ["yearbooks_simulated"] and failure.value.code == 2
    result = batch(root, path)
    assert result.switch == "data/sample" and filed(root) == ["gdp/2023.csv"]
    assert sorted(item.name for item in sample.iterdir()) == ["truth.yaml"]


def test_the_yearbooks_of_study_yaml_are_used_where_they_are_official(root):
    settings = root / "study/study.yaml"
    text = settings.read_text(encoding="utf-8").replace("yearbooks: data/sample", "yearbooks: own/files")
    settings.write_text(text, encoding="utf-8")
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    assert batch(root, path).switch is None
    assert (root / "own/files/gdp/2023.csv").is_file()


def test_a_batch_is_judged_file_by_file_oldest_edition_first(root):
    files = {
        "newer.csv": classic(values(years=range(2013, 2023)) * 1.02),
        "bad.csv": classic(values(), "人口密度"),
        "older.csv": classic(values(years=range(2013, 2022))),
        "broken.xlsx": b"PK\x03\x04 cut off",
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    result = batch(root, *(root / name for name in files))
    assert [messages(item) for item in result.judgements] == [[], ["table_unknown"], [], ["workbook_damaged"]]
    assert result.judgements[0].found.against == "2022" and len(result.judgements[0].found.revised) == 31 * 9
    assert filed(root) == ["gdp/2022.csv", "gdp/2023.csv"]
    assert result.code == 2


def test_codes_are_0_all_filed_1_refused_by_checks_2_unreadable(root):
    good, refused, unreadable = root / "a.csv", root / "b.csv", root / "c.csv"
    good.write_bytes(classic(values()))
    refused.write_bytes(classic(values(), "人口密度"))
    unreadable.write_bytes(b"")
    assert [batch(root, *paths, dry=True).code for paths in ([good], [good, refused], [refused, unreadable])] == [
        0,
        1,
        2,
    ]


def test_a_family_that_is_not_whole_in_an_edition_is_said(root):
    path = root / "gdp.csv"
    path.write_bytes(classic(values()))
    (item,) = batch(root, path).lacking
    assert item.facts["edition"] == "2023" and "value_added_primary" in item.facts["found"]


def test_a_zip_of_exports_is_filed_member_by_member_and_says_where_each_came_from(root):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("下载/分省年度数据.csv", classic(values()))
        archive.writestr("下载/分省年度数据 (1).csv", classic(values(2000), "年末常住人口", "万人"))
        archive.writestr("__MACOSX/._x", b"x")
    path = root / "exports.zip"
    path.write_bytes(target.getvalue())
    result = batch(root, path)
    assert result.code == 0 and filed(root) == ["gdp/2023.csv", "population/2023.csv"]
    said = sidecar(root, "gdp/2023.csv")
    assert (said["archive"], said["original"]) == ("exports.zip", "下载/分省年度数据.csv")


def test_an_edition_that_appears_meanwhile_is_not_overwritten(root):
    from cbe_assets.intake import filing
    from cbe_assets.intake.judge import Said

    judgement = one(root, classic(values()), dry=True)
    folder = root / "data/yearbooks/gdp"
    folder.mkdir(parents=True)
    (folder / "2023.xlsx").write_bytes(b"another")
    with pytest.raises(StudyFault) as failure:
        filing.file_edition(root / "data/yearbooks", judgement, filing.sidecar(judgement, Said(), "x"))
    assert [item.message for item in failure.value.faults] == ["edition_taken"]
    assert sorted(path.name for path in folder.iterdir()) == ["2023.xlsx"]


def test_the_repository_s_own_yearbooks_folder_is_untouched_by_these_tests():
    assert {path.name for path in (ROOT / "data/yearbooks").iterdir()} >= {"README.md"}
    assert not (ROOT / "data/yearbooks/gdp/2023.csv.meta.yaml").exists()
