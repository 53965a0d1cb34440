"""Bad input: one clear message each, all of a run together, the right exit code, and nothing stored changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import cbe, tree

ENCODING = "gb18030"


def newest(root: Path, table: str, suffix: str = ".csv") -> Path:
    return sorted(path for path in (root / "data/sample" / table).glob(f"*{suffix}"))[-1]


def classic(root: Path) -> Path:
    """A file in the classic CSV layout: it prints its indicator and unit."""
    for path in sorted((root / "data/sample").glob("*/*.csv")):
        head = path.read_bytes()[:200].decode(ENCODING, errors="ignore")
        if head.startswith("数据库") and "指标：" in head:
            return path
    raise AssertionError("no classic CSV in data/sample")


def edit(path: Path, change) -> None:
    lines = path.read_bytes().decode(ENCODING).splitlines(keepends=True)
    path.write_bytes("".join(change(lines)).encode(ENCODING))


def row_of(lines: list[str], name: str) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(name))


def with_cell(lines: list[str], row: int, column: int, text: str) -> list[str]:
    cells = lines[row].rstrip("\r\n").split(",")
    cells[column] = text
    return [*lines[:row], ",".join(cells) + "\r\n", *lines[row + 1 :]]


def refused(root: Path, code: int = 2) -> str:
    """Refreshes; the stored tables, exports and reader's database must be as before.  Gives what was said."""
    before = tree(root / "data/exports") | {
        k: v for k, v in tree(root / "data/warehouse").items() if k.startswith("clean/")
    }
    done = cbe("refresh", "--root", str(root))
    after = tree(root / "data/exports") | {
        k: v for k, v in tree(root / "data/warehouse").items() if k.startswith("clean/")
    }
    assert done.returncode == code, done.stderr
    assert after == before
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_missing_table_is_named_with_the_place_where_its_file_goes(refreshed_copy):
    shutil.rmtree(refreshed_copy / "data/sample/fdi")
    said = refused(refreshed_copy)
    assert "实际使用外商直接投资" in said and "data/sample/fdi/<edition>.csv" in said


def test_a_missing_province_is_named_with_table_and_years(refreshed_copy):
    path = classic(refreshed_copy)
    edit(path, lambda lines: [line for line in lines if not line.startswith("浙江")])
    said = refused(refreshed_copy)
    assert "浙江" in said and path.parent.name in said


def test_a_missing_year_is_named(refreshed_copy):
    path = classic(refreshed_copy)

    def without_2017(lines: list[str]) -> list[str]:
        header = row_of(lines, "地区")
        column = lines[header].rstrip("\r\n").split(",").index("2017年")
        cut = []
        for number, line in enumerate(lines):
            cells = line.rstrip("\r\n").split(",")
            keep = number < header or len(cells) <= column
            cut.append(line if keep else ",".join(cells[:column] + cells[column + 1 :]) + "\r\n")
        return cut

    edit(path, without_2017)
    assert "2017" in refused(refreshed_copy)


def test_text_in_a_number_cell_is_named_with_file_and_cell(refreshed_copy):
    path = classic(refreshed_copy)
    edit(path, lambda lines: with_cell(lines, row_of(lines, "河南"), 3, "约三千"))
    said = refused(refreshed_copy)
    assert path.name in said and "约三千" in said


def test_a_unit_that_does_not_convert_is_named(refreshed_copy):
    path = classic(refreshed_copy)
    edit(path, lambda lines: [line.split("(")[0] + "(吨)\r\n" if line.startswith("指标") else line for line in lines])
    said = refused(refreshed_copy)
    assert "吨" in said and path.parent.name in said


def test_a_unit_slip_of_ten_thousand_is_seen_by_the_range(refreshed_copy):
    path = classic(refreshed_copy)

    def times(lines: list[str]) -> list[str]:
        row = row_of(lines, "广东")
        cells = lines[row].rstrip("\r\n").split(",")
        return with_cell(lines, row, 3, str(float(cells[3]) * 10000))

    edit(path, times)
    said = refused(refreshed_copy)
    assert "广东" in said and path.parent.name in said


def test_a_province_that_stands_twice_with_other_numbers_is_an_error(refreshed_copy):
    path = classic(refreshed_copy)

    def twice(lines: list[str]) -> list[str]:
        row = row_of(lines, "湖北")
        return [*with_cell(lines, row, 3, "1.5")[: row + 1], lines[row], *lines[row + 1 :]]

    edit(path, twice)
    assert "湖北" in refused(refreshed_copy)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 truncated workbook", "truncated"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
        (bytes(range(256)) * 8, "noise"),
    ],
)
def test_a_file_that_is_no_official_table_is_refused_by_name(refreshed_copy, content, name):
    path = (
        newest(refreshed_copy, "fdi", ".*")
        if (refreshed_copy / "data/sample/fdi").is_dir()
        else classic(refreshed_copy)
    )
    target = path.with_name("2023.xlsx")
    for old in path.parent.iterdir():
        old.unlink()
    target.write_bytes(content)
    assert "2023.xlsx" in refused(refreshed_copy)


def test_faults_of_several_files_are_reported_in_one_run(refreshed_copy):
    tables = [path for path in sorted((refreshed_copy / "data/sample").glob("*/*.csv"))][:3]
    for path in tables:
        path.write_bytes(b"")
    said = refused(refreshed_copy)
    for path in tables:
        assert f"{path.parent.name}/{path.name}" in said


def test_an_unknown_key_in_the_study_is_wrong_use_and_runs_nothing(refreshed_copy):
    path = refreshed_copy / "study/study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "winsorise: [1, 99]\n", encoding="utf-8")
    said = refused(refreshed_copy)
    assert "study/study.yaml" in said and "winsorise" in said and "winsor" in said


def test_faults_come_as_json_too(refreshed_copy):
    shutil.rmtree(refreshed_copy / "data/sample/loans")
    done = cbe("refresh", "--root", str(refreshed_copy), "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 2 and said["code"] == 2
    assert said["plan"]["faults"][0]["message"] == "table_without_file"


def test_messages_come_in_chinese_where_the_user_reads_chinese(refreshed_copy):
    shutil.rmtree(refreshed_copy / "data/sample/loans")
    done = cbe("status", "--root", str(refreshed_copy), CBE_LANG="zh")
    assert "没有" in done.stderr


def test_a_folder_that_is_no_study_root_is_said_to_be_so(tmp_path):
    done = cbe("status", "--root", str(tmp_path))
    assert done.returncode == 2 and "study/study.yaml" in done.stderr
