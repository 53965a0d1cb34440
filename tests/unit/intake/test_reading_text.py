"""What cbe read prints holds every observation with its place, and every word of what was skipped."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from incoming_files import GAZETTEER, NATION, ROOT, classic, new_site, study_root, values

from cbe_assets.faults import StudyFault
from cbe_assets.intake.look import look
from cbe_assets.intake.reading_text import (
    aligned,
    observations_csv,
    read_lines,
    reading_dict,
    skipped_lines,
    years_text,
)
from cbe_assets.study import Study
from cbe_assets.yearbook import writing
from cbe_assets.yearbook.reading import read


def table() -> pd.DataFrame:
    frame = pd.concat([values().sum().to_frame(NATION).T, values()])
    frame.loc["浙江", 2015] = np.nan
    return frame


def sheet() -> bytes:
    return writing.write_yearbook_sheet(values(), title="3-9 各地区生产总值", unit="亿元", gazetteer=GAZETTEER)


def test_csv_has_every_observation_with_code_and_cell_and_no_byte_order_mark():
    data = observations_csv(read(classic(table()), file="f", gazetteer=GAZETTEER), GAZETTEER)
    assert data.startswith(b"indicator,unit,region,province,code,year,value,text,cell\n")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    assert len(rows) == 32 * 10
    assert list(rows[0].values())[:6] == ["地区生产总值", "亿元", "全国", "全国", "100000", "2022"]
    assert rows[0]["value"] == rows[0]["text"] and rows[0]["cell"] == "L5C2"
    missing = next(row for row in rows if (row["province"], row["year"]) == ("浙江", "2015"))
    assert missing["value"] == "" and missing["code"] == "330000"
    assert sum(float(row["value"]) for row in rows if row["value"]) == pytest.approx(np.nansum(table()))


def test_json_is_complete_and_plain():
    reading = read(sheet(), file="f", gazetteer=GAZETTEER)
    said = json.loads(json.dumps(reading_dict(reading, GAZETTEER, "f", Study.load(ROOT)), allow_nan=False))
    assert said["layout"] == "H" and said["encoding"] is None and said["source_line"]
    assert said["series"] == [{"indicator": "地区生产总值", "unit": "亿元", "code": None, "tables": ["gdp"]}]
    assert len(said["observations"]) == said["counts"]["observations"] == 310
    assert all(one["cell"].startswith("Sheet1!") for one in said["observations"])
    regions = [one for one in said["skipped"] if one["reason"] == "skipped_region"]
    assert {one["text"].replace(" ", "") for one in regions} >= {"东部地区", "西部地区"}
    assert all(one["en"] and one["zh"] and one["cell"] for one in said["skipped"])


def test_lines_say_layout_series_years_regions_first_rows_and_what_was_skipped(root):
    path = root / "x.csv"
    path.write_bytes(classic(table().assign(**{"2023": np.nan}).rename(columns={"2023": 2023})))
    name, reading, study, places = look(path, root)
    text = "\n".join(read_lines(reading, places, name, study))
    for part in ("gb18030", "地区生产总值", "亿元", "gdp", "2013-2022", "31 provinces + 全国", "L5C3", "32 cells"):
        assert part in text, part


def test_what_the_file_does_not_say_is_taken_from_the_user(root):
    path = root / "x.csv"
    path.write_bytes(new_site(values()))
    _, reading, _, _ = look(path, root, indicator="地区生产总值", unit="亿元")
    assert set(reading.observations["indicator"]) == {"地区生产总值"}


def test_a_file_that_is_no_table_is_a_fault_with_its_name(root, tmp_path):
    study_root(tmp_path / "other")
    path = root / "notes\n.csv"
    path.write_bytes("只有文字\n".encode())
    with pytest.raises(StudyFault, match=r"notes\\n\.csv"):
        look(path, root)


def test_skipped_things_are_grouped_by_reason_and_counted():
    reading = read(sheet(), file="f", gazetteer=GAZETTEER)
    lines = skipped_lines(reading)
    assert str(sum(one.count for one in reading.skipped)) in lines[1]
    assert len(lines) == 2 + len({one.reason for one in reading.skipped})


def test_years_are_said_as_spans():
    assert years_text([2016, 2013, 2014, 2019, 2015]) == "2013-2016, 2019"


def test_chinese_is_two_wide_in_columns():
    assert aligned([("北京", 1), ("ab", 22)], right=(1,)) == ["  北京   1", "  ab    22"]
