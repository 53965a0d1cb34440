"""A reason names what changed: files one by one, the part of the definition, the inputs and their columns."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cbe_assets.assets.node import Node, Output
from cbe_assets.faults import catalogue
from cbe_assets.refresh.reasons import Reason, columns_read, definition_reasons, file_reasons, input_reasons
from cbe_assets.study import Text
from cbe_assets.warehouse import Record, column_types, column_versions, joined_columns

PANEL = pd.DataFrame({"province": ["北京", "上海"], "year": [2020, 2020], "EXP": [1.0, 2.0], "FDI": [3.0, 4.0]})


def stored(key: str, frame: pd.DataFrame = PANEL, **further) -> Record:
    contents = column_versions(frame)
    return Record(key, joined_columns(contents), "", {}, len(frame), column_types(frame), contents=contents, **further)


def node(*deps: str, **further) -> Node:
    return Node("model/x", deps, {"sql": "select 1", "versions": {"numpy": "2"}, "other": 1}, ("faults",), (),
                Text(zh="", en=""), lambda inputs: Output(inputs("panel/p")), **further)  # fmt: skip


def messages(reasons) -> dict[str, object]:
    return {reason.message: next(iter(reason.facts.values())) for reason in reasons}


def test_files_are_named_as_new_changed_and_removed():
    record = stored("raw/gdp", sources={"gdp/2021.csv": "a", "gdp/2022.csv": "b", "gdp/2020.csv": "c"})
    files = {"gdp/2021.csv": "a", "gdp/2022.csv": "B", "gdp/2023.csv": "d"}
    assert messages(file_reasons(record, ["source/gdp"], files)) == {
        "file_new": ["gdp/2023.csv"], "file_changed": ["gdp/2022.csv"], "file_removed": ["gdp/2020.csv"]
    }  # fmt: skip


def test_where_the_record_knows_no_files_the_table_is_named():
    assert messages(file_reasons(stored("raw/gdp"), ["source/gdp"], {"gdp/2023.csv": "d"})) == {
        "file_changed": ["source/gdp"]
    }


@pytest.mark.parametrize(
    ("definition", "suite", "message"),
    [
        ({"sql": "select 2"}, 1, "sql_changed"),
        ({"other": 2}, 1, "specification_changed"),
        ({"versions": {"numpy": "3"}}, 1, "libraries_changed"),
        ({}, 2, "suite_changed"),
    ],
)
def test_the_part_of_the_definition_that_changed_is_named(definition, suite, message):
    before = node("panel/p")
    after = replace(before, definition=before.definition | definition)
    record = stored("model/x", definition=before.parts(1))
    assert [reason.message for reason in definition_reasons(record, after.parts(suite))] == [message]
    assert after.code_version(suite) != before.code_version(1)


def test_code_that_changed_is_named_by_its_package():
    record = stored("model/x", definition=node().parts(1) | {"code faults": "another"})
    assert messages(definition_reasons(record, node().parts(1))) == {"code_changed": ["faults"]}


def test_inputs_that_changed_are_new_or_gone_are_told_apart():
    inputs = {"panel/p": "old", "panel/gone": "v", "source/gdp": "v"}
    record = replace(stored("model/x"), inputs=inputs)
    records = {"panel/p": stored("panel/p"), "panel/new": stored("panel/new"), "panel/lost": None}
    found = messages(input_reasons(record, node("panel/p", "panel/new", "panel/lost"), records))
    assert found == {"input_changed": ["panel/p"], "input_new": ["panel/new"], "input_gone": ["panel/gone"]}


@pytest.mark.parametrize(("column", "message"), [("FDI", "input_elsewhere"), ("EXP", "input_changed")])
def test_a_change_in_a_column_that_is_not_read_is_told_from_one_that_is(column, message):
    reader = node("panel/p", reads={"panel/p": ("province", "year", "EXP")})
    before = stored("panel/p")
    record = replace(
        stored("model/x"),
        inputs={"panel/p": before.data_version},
        columns_read={"panel/p": columns_read(reader, before)},
    )
    after = stored("panel/p", PANEL.assign(**{column: [9.0, 9.0]}))
    assert messages(input_reasons(record, reader, {"panel/p": after})) == {message: ["panel/p"]}


def test_rows_in_another_order_are_another_content_of_every_column():
    reader = node("panel/p", reads={"panel/p": ("EXP",)})
    assert columns_read(reader, stored("panel/p")) != columns_read(reader, stored("panel/p", PANEL.iloc[::-1]))


def test_a_reason_shows_a_few_names_and_counts_the_rest():
    text = Reason("file_new", {"files": [f"gdp/{year}.csv" for year in range(2010, 2020)]}).text("en")
    assert text.endswith("gdp/2013.csv +6")


def test_every_reason_has_words_in_both_languages():
    told = {key for key in catalogue() if key.startswith("stale_")}
    for part in ("sql", "specification", "suite", "libraries", "code", "definition", "file", "input"):
        assert f"stale_{part}_changed" in told
    assert all({"zh", "en"} == set(catalogue()[key]) for key in told)
