"""The warehouse: whole tables or none, equal content equal version, damage seen."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cbe_assets.faults import StudyFault
from cbe_assets.warehouse import Record, Warehouse, column_types, content_version, write_atomically

FRAME = pd.DataFrame({"province": ["北京", "上海", None], "year": [2013, 2014, 2015], "gdp": [1.5, np.nan, -0.0]})


def record(frame: pd.DataFrame, key: str = "clean/gdp") -> Record:
    return Record(key, content_version(frame), "code", {"raw/gdp": "v"}, len(frame), column_types(frame))


def test_a_stored_table_comes_back_equal_with_its_record(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.store(FRAME, record(FRAME))
    assert content_version(warehouse.read("clean/gdp")) == content_version(FRAME)
    assert warehouse.record("clean/gdp") == record(FRAME)
    assert warehouse.stored() == ["clean/gdp"]


def test_a_flag_that_is_missing_in_places_stays_a_flag(tmp_path):
    frame = FRAME.assign(same=pd.array([True, None, False], dtype="boolean"), whole=[True, False, True])
    warehouse = Warehouse(tmp_path)
    warehouse.store(frame, record(frame))
    back = warehouse.read("clean/gdp")
    assert (str(back["same"].dtype), str(back["whole"].dtype)) == ("boolean", "bool")
    assert back["same"].isna().tolist() == [False, True, False] and warehouse.intact(record(frame))
    assert content_version(frame.assign(same=pd.array([True, False, False], dtype="boolean"))) != content_version(frame)


@pytest.mark.parametrize(
    "other",
    [
        FRAME.assign(gdp=[1.5, np.nan, 1e-300]),
        FRAME.assign(province=["北京", "上海", ""]),
        FRAME.rename(columns={"gdp": "GDP"}),
        FRAME.iloc[::-1],
        FRAME[["year", "province", "gdp"]],
        FRAME.assign(year=FRAME["year"].astype(float)),
        FRAME.iloc[:2],
    ],
)
def test_any_change_of_content_changes_the_version(other):
    assert content_version(other) != content_version(FRAME)


def test_negative_zero_and_index_and_missing_marks_do_not_count():
    same = FRAME.assign(gdp=[1.5, None, 0.0], province=["北京", "上海", np.nan]).set_axis([5, 6, 7])
    assert content_version(same) == content_version(FRAME)


def test_the_version_does_not_depend_on_the_process():
    code = (
        "import pandas as pd, numpy as np; from cbe_assets.warehouse import content_version;"
        "print(content_version(pd.DataFrame({'province': ['北京', '上海', None], 'year': [2013, 2014, 2015],"
        " 'gdp': [1.5, np.nan, -0.0]})))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == content_version(FRAME)


def test_a_damaged_file_is_seen(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.store(FRAME, record(FRAME))
    path = warehouse.path("clean/gdp")
    data = bytearray(path.read_bytes())
    data[20] ^= 0xFF
    path.write_bytes(data)
    stored = warehouse.record("clean/gdp")
    assert stored is not None and not warehouse.intact(stored)
    path.write_bytes(b"PAR1 torn")
    assert warehouse.record("clean/gdp") is None
    with pytest.raises(StudyFault, match="damaged"):
        warehouse.read("clean/gdp")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "table.csv"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["table.csv"]


def test_rejected_candidates_are_kept_until_one_is_accepted(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.reject("clean/gdp", FRAME, [{"expectation": "expect_x", "observed": "3 rows"}])
    assert [path.suffix for path in warehouse.rejected("clean/gdp")] == [".parquet", ".json"]
    assert warehouse.stored() == []
    warehouse.store(FRAME, record(FRAME))
    assert warehouse.rejected("clean/gdp") == []


def test_a_reader_keeps_its_view_while_the_database_is_swapped(tmp_path):
    import duckdb

    warehouse = Warehouse(tmp_path)
    warehouse.store(FRAME, record(FRAME))
    warehouse.publish_database(["clean/gdp"])
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        assert reader.execute("select count(*) from clean.gdp").fetchall() == [(3,)]
        shorter = FRAME.iloc[:2]
        warehouse.store(shorter, record(shorter))
        warehouse.publish_database(["clean/gdp"])
        assert reader.execute("select count(*) from clean.gdp").fetchall() == [(3,)]
    with duckdb.connect(str(warehouse.database), read_only=True) as reader:
        assert reader.execute("select count(*) from clean.gdp").fetchall() == [(2,)]
