"""Suites are read strictly, run whole and split by severity; the study's own expectations tell good from bad."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cbe_assets.faults import FAILED, StudyFault
from cbe_assets.study import Study
from cbe_assets.validation import failures, parameters, read_suite, validate

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "severity": "critical"}


def expectation(kind: str, severity: str = "critical", /, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity}


@pytest.fixture
def study(study_copy: Path) -> Study:
    return Study.load(study_copy)


def write(study: Study, content: Any, key: str = "clean/gdp") -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (study.root / "expectations" / f"{key}.json").write_text(text, encoding="utf-8")


def refused(study: Study, content: Any) -> list[str]:
    write(study, content)
    with pytest.raises(StudyFault) as caught:
        read_suite(study, "clean/gdp")
    assert all(fault.facts["file"] == "expectations/clean/gdp.json" for fault in caught.value.faults)
    return [fault.message for fault in caught.value.faults]


# Reading


def test_an_asset_without_a_suite_is_a_fault(study):
    with pytest.raises(StudyFault) as caught:
        read_suite(study, "clean/nothing")
    assert [fault.message for fault in caught.value.faults] == ["suite_missing"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"expectations": {}}', '{"expectations": [1]}', "null"])
def test_a_file_that_is_no_suite_is_a_fault(study, content):
    assert refused(study, content) == ["suite_unreadable"]


def test_an_empty_suite_is_a_fault(study):
    assert refused(study, {"name": "clean/gdp", "expectations": []}) == ["suite_empty"]


def test_a_suite_without_a_row_count_is_a_fault(study):
    item = expectation("expect_column_values_to_not_be_null", column="gdp")
    assert refused(study, {"expectations": [item]}) == ["suite_without_row_count"]


@pytest.mark.parametrize("severity", [None, "error", "Critical", 1])
def test_an_unknown_severity_is_a_fault(study, severity):
    assert refused(study, {"expectations": [ROWS | {"severity": severity}]}) == ["suite_severity"]


def test_a_stray_key_is_a_fault_in_an_entry_and_beside_the_entries(study):
    assert refused(study, {"expectations": [ROWS | {"severty": "critical"}]}) == ["suite_stray_key"]
    assert refused(study, {"expectations": [ROWS], "expectation": []}) == ["suite_stray_key"]


def test_all_faults_of_a_suite_are_reported_together_with_their_places(study):
    content = {"expectations": [{"kwargs": {}, "severity": "loud"}, {"type": "a", "severity": "critical", "why": ""}]}
    write(study, content)
    with pytest.raises(StudyFault) as caught:
        read_suite(study, "clean/gdp")
    said = [(fault.message, fault.facts.get("key")) for fault in caught.value.faults]
    assert said == [
        ("suite_severity", "expectations[1]"),
        ("suite_stray_key", "expectations[2]"),
        ("suite_without_row_count", None),
    ]


# Loading


@pytest.mark.parametrize(
    "item",
    [
        expectation("expect_nothing"),
        {"kwargs": {}, "severity": "critical"},
        expectation("expect_column_values_to_be_between", column="gdp", min_value=0, maximum=1),
        expectation("expect_column_values_to_be_between", column="gdp"),
        expectation("expect_column_values_to_be_between", min_value=0),
        expectation("expect_column_values_to_be_between", column="gdp", min_value="low"),
        expectation("expect_yearly_change_to_be_between", column="gdp", min_factor=1),
        expectation("expect_yearly_change_to_be_between", column="gdp", min_factor=1, max_factor=2, most=1),
        expectation("expect_columns_to_lie_between", ranges={"gdp": "0 to 1"}),
        {"type": "expect_table_row_count_to_equal", "kwargs": [], "severity": "critical"},
    ],
    ids=lambda item: f"{item.get('type')}",
)
def test_an_expectation_that_great_expectations_would_drop_is_a_fault(item):
    with pytest.raises(StudyFault) as caught:
        validate({"expectations": [ROWS, item]}, "clean/gdp", pd.DataFrame({"gdp": [1.0]}), {})
    (fault,) = caught.value.faults
    assert fault.message == "suite_entry" and fault.facts["key"].startswith("expectations[2]")


def test_every_unknown_parameter_is_named_with_those_that_are_known():
    items = [expectation("expect_table_row_count_to_equal", value={"$PARAMETER": name}) for name in ("rows", "panel")]
    with pytest.raises(StudyFault) as caught:
        validate({"expectations": items}, "clean/gdp", pd.DataFrame({"gdp": [1.0]}), {"panel_rows": 300})
    assert [fault.message for fault in caught.value.faults] == ["suite_parameter", "suite_parameter"]
    assert [fault.facts["found"] for fault in caught.value.faults] == ["rows", "panel"]
    assert "panel_rows" in caught.value.faults[0].text()


def test_parameters_follow_the_years_and_provinces_of_the_study(study):
    values = parameters(study, provinces=31)
    assert (values["provinces"], values["years"], values["province_years"]) == (31, 10, 310)
    assert (values["panel_provinces"], values["panel_rows"], values["half_panel_rows"]) == (30, 300, 150)
    assert (values["panel_rows_without_a_province"], values["panel_rows_without_a_year"]) == (290, 270)
    assert (values["leave_one_out_rows"], values["permutations"]) == (41, 10000)
    assert (values["first_year"], values["last_year"]) == (2013, 2022)
    assert (values["indicators"], values["tables"]) == (12, 29)


def test_parameters_stand_for_numbers_anywhere_in_the_arguments():
    limits = {"gdp": [{"$PARAMETER": "low"}, {"$PARAMETER": "high"}]}
    suite = {"expectations": [expectation("expect_columns_to_lie_between", ranges=limits)]}
    frame = pd.DataFrame({"gdp": [1.0, 2.0]})
    assert validate(suite, "clean/gdp", frame, {"low": 1, "high": 2}).accepted
    assert not validate(suite, "clean/gdp", frame, {"low": 1, "high": 1.5}).accepted


# Running


def test_checks_come_in_the_order_of_the_suite_with_its_own_arguments():
    frame = pd.DataFrame({"gdp": [1.0, -1.0], "name": ["a", "b"]})
    items = [
        expectation("expect_column_values_to_be_between", column="gdp", min_value=0),
        expectation("expect_column_values_to_be_unique", column="name"),
        expectation("expect_column_values_to_be_between", column="gdp", min_value=-1),
        expectation("expect_table_row_count_to_equal", value=2),
        expectation("expect_column_values_to_be_in_set", "warning", column="name", value_set=["b"]),
        expectation("expect_columns_to_lie_between", "info", ranges={"gdp": [0, 1]}),
    ]
    checks = validate({"expectations": items}, "clean/gdp", frame, {}).checks
    assert [(check.expectation, check.expected, check.severity) for check in checks] == [
        (item["type"], item["kwargs"], item["severity"]) for item in items
    ]
    assert [check.success for check in checks] == [False, True, True, True, False, False]


def test_a_warning_does_not_keep_a_table_out_and_a_critical_failure_does():
    frame = pd.DataFrame({"gdp": [-1.0]})
    below = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "gdp", "min_value": 0}}
    warned = validate({"expectations": [ROWS, below | {"severity": "warning"}]}, "clean/gdp", frame, {})
    assert warned.accepted and len(warned.failed("warning")) == 1 and failures("clean/gdp", warned) == []
    rejected = validate({"expectations": [ROWS, below | {"severity": "critical"}]}, "clean/gdp", frame, {})
    assert not rejected.accepted
    (fault,) = failures("clean/gdp", rejected)
    assert fault.code == FAILED and fault.facts["key"] == "clean/gdp"
    assert "expect_column_values_to_be_between(column=gdp, min_value=0): 1 of 1 rows, e.g. -1.0" in fault.text("en")


def test_a_missing_column_fails_the_check_and_says_so():
    frame = pd.DataFrame({"province": ["北京"], "year": [2013], "population": [1.0]})
    items = [
        expectation("expect_column_values_to_be_between", column="gdp", min_value=0),
        expectation("expect_yearly_change_to_be_between", column="gdp", min_factor=0.5, max_factor=2),
    ]
    native, own = validate({"expectations": items}, "clean/gdp", frame, {}).checks
    assert not native.success and native.raised and "gdp" in native.observed
    assert not own.success and own.raised
    assert "lacks a column" in own.observed and "gdp" in own.observed


def test_a_value_that_is_missing_from_a_set_is_named():
    item = expectation("expect_column_distinct_values_to_equal_set", column="term", value_set=["ECI", "HC", "_cons"])
    (check,) = validate({"expectations": [item]}, "model/x", pd.DataFrame({"term": ["ECI", "_cons"]}), {}).checks
    assert check.observed == "missing HC"


def test_an_empty_table_fails_its_row_count_only():
    items = [ROWS, expectation("expect_column_values_to_not_be_null", column="gdp")]
    checks = validate(
        {"expectations": items}, "clean/gdp", pd.DataFrame({"gdp": pd.Series([], dtype=float)}), {}
    ).checks
    assert [check.success for check in checks] == [False, True]


# The study's own expectations

YEARS = [2013, 2014, 2015]
GOOD = pd.DataFrame(
    {
        "province": ["北京"] * 3 + ["西藏"] * 3,
        "year": YEARS * 2,
        "gdp": [100.0, 110.0, 121.0, 10.0, 0.0, 30.0],
        "primary": [10.0, 10.0, 11.0, 4.0, 0.0, 10.0],
        "rest": [90.0, 100.0, 110.0, 6.0, 0.0, 20.0],
        "per_head": [1.0, 1.1, 1.26, 0.1, 0.0, 0.29],
        "population": [100, 100, 100, 100, 100, 100],
        "share": [0.5, 0.2, 0.1, 0.1, 0.05, 0.05],
        "p_value": [0.001, 0.01, 0.049, 0.05, 0.1, np.nan],
        "stars": ["***", "**", "**", "*", "", ""],
        "edition": ["2014", "2015-06", "2015-12-31", "2023", "2023", "2023"],
        "kind": ["title", "coefficient", "coefficient", "note", "head", "coefficient"],
        "text_zh": ["表", "1.000***", "−0.123", "注", "", "0.456*"],
        "text_en": ["Table", "1.000***", "−0.123", "Note", "", "0.456*"],
    }
)
SPAN = {"first_year": 2013, "last_year": 2015}
COEFFICIENT = {"kind": "coefficient", "regex": r"−?[0-9]+\.[0-9]{3}\*{0,3}"}


def cell(row: int, column: str, value: Any) -> pd.DataFrame:
    frame = GOOD.astype({"year": object, column: object})
    frame.at[row, column] = value
    return frame.infer_objects()


CASES = {
    "expect_every_province_every_year": (
        SPAN | {"column": "gdp"},
        [GOOD.drop(index=1), pd.concat([GOOD, GOOD.tail(1)]), cell(1, "gdp", np.nan), cell(5, "year", 2016)],
        [2, 4, 1, 3],
    ),
    "expect_yearly_change_to_be_between": (
        {"column": "gdp", "min_factor": 0.0, "max_factor": 1.2},
        [cell(1, "gdp", 150.0), cell(2, "gdp", np.nan), GOOD.assign(gdp=GOOD["gdp"].replace(0.0, 13.0))],
        [1, 1, 2],
    ),
    "expect_columns_to_sum_to_total": (
        {"parts": ["primary", "rest"], "total": "gdp", "tolerance": 0.005},
        [cell(0, "rest", 90.6), cell(0, "rest", np.nan), cell(4, "primary", 1.0)],
        [1, 1, 1],
    ),
    "expect_column_product_to_equal": (
        {"left": "per_head", "right": "population", "factor": 1.0, "product": "gdp", "tolerance": 0.05},
        [cell(2, "per_head", 1.28), cell(0, "population", 90), cell(4, "per_head", 0.1), cell(3, "gdp", np.nan)],
        [1, 1, 1, 1],
    ),
    "expect_column_to_sum_to": (
        {"column": "share", "value": 1, "tolerance": 1e-9},
        [cell(0, "share", 0.5 + 2e-9), cell(0, "share", np.nan)],
        [6, 6],
    ),
    "expect_columns_to_lie_between": (
        {"ranges": {"share": [0.05, 0.5], "gdp": [0, 121]}},
        [cell(0, "share", 0.51), cell(3, "gdp", -0.1), cell(1, "share", np.nan)],
        [1, 1, 1],
    ),
    "expect_named_rows_to_lie_between": (
        {"column": "gdp", "by": "province", "ranges": {"北京": [100, None], "西藏": [None, 30]}},
        [cell(0, "gdp", 99.0), cell(5, "gdp", 31.0), cell(3, "gdp", np.nan)],
        [1, 1, 1],
    ),
    "expect_cells_of_kind_to_match": (
        COEFFICIENT,
        [cell(1, "text_zh", "nan"), cell(1, "text_en", ""), cell(2, "text_en", None), cell(0, "kind", "coefficient")],
        [1, 1, 1, 1],
    ),
    "expect_columns_to_ascend": (
        {"columns": ["primary", "gdp", "year"]},
        [cell(0, "primary", 101.0), cell(0, "gdp", 3000.0), cell(0, "gdp", np.nan)],
        [1, 1, 1],
    ),
    "expect_stars_to_follow_p_values": (
        {},
        [cell(0, "stars", "**"), cell(1, "p_value", 0.0099), cell(4, "stars", "*"), cell(3, "stars", None)],
        [1, 1, 1, 1],
    ),
    "expect_edition_to_cover_year": (
        {"edition": "edition", "year": "year"},
        [cell(2, "edition", "2014"), cell(0, "edition", "newest"), cell(5, "edition", None)],
        [1, 1, 1],
    ),
}


def verdict_of(kind: str, kwargs: dict[str, Any], frame: pd.DataFrame):
    suite = json.loads(json.dumps({"expectations": [expectation(kind, **kwargs)]}, ensure_ascii=False))
    (check,) = validate(suite, "clean/gdp", frame.reset_index(drop=True), {}).checks
    assert not check.raised, check.observed
    return check


def test_every_expectation_of_the_study_is_tested_here():
    from cbe_assets.domain_expectations import REGISTERED

    assert {item.expectation_type for item in REGISTERED} == set(CASES)


@pytest.mark.parametrize("kind", CASES)
def test_expectation_holds_on_a_good_table(kind):
    kwargs, _, _ = CASES[kind]
    assert verdict_of(kind, kwargs, GOOD).success


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, number) for kind, (_, bad, _) in CASES.items() for number in range(len(bad))]
)
def test_expectation_fails_on_a_bad_table_and_counts_the_rows(kind, number):
    kwargs, bad, counts = CASES[kind]
    check = verdict_of(kind, kwargs, bad[number])
    assert not check.success
    if kind != "expect_column_to_sum_to":
        assert check.observed.startswith(f"{counts[number]} of {len(bad[number])} rows")


@pytest.mark.parametrize(
    ("kind", "kwargs", "column"),
    [
        ("expect_columns_to_lie_between", {"ranges": {"share": [0, None]}}, "share"),
        ("expect_columns_to_ascend", {"columns": ["primary", "gdp"]}, "gdp"),
    ],
)
def test_a_rule_about_named_rows_leaves_the_others_free(kind, kwargs, column):
    named = kwargs | {"rows": {"province": ["北京"], "year": [2013, 2014]}}
    free, meant = cell(3, column, np.nan), cell(1, column, np.nan)
    assert verdict_of(kind, named, free).success and not verdict_of(kind, kwargs, free).success
    assert verdict_of(kind, named, meant).observed.startswith("1 of 6 rows")


def test_failed_rows_are_named_by_province_and_year():
    check = verdict_of("expect_columns_to_lie_between", {"ranges": {"gdp": [50, 120]}}, GOOD)
    assert check.examples == ("北京 2015", "西藏 2013", "西藏 2014", "西藏 2015")


def test_a_sum_that_is_off_says_what_it_is():
    check = verdict_of("expect_column_to_sum_to", {"column": "share", "value": 2, "tolerance": 1e-9}, GOOD)
    assert check.observed.startswith("1.0")


@pytest.mark.parametrize("edition", ["2022", "2023-06", "2030-01-01"])
def test_an_edition_covers_a_year_given_as_a_number(edition):
    frame = pd.DataFrame({"newest": [edition]})
    assert verdict_of("expect_edition_to_cover_year", {"edition": "newest", "year": 2022}, frame).success
    assert not verdict_of("expect_edition_to_cover_year", {"edition": "newest", "year": 2031}, frame).success


@pytest.mark.parametrize("kind", CASES)
def test_expectation_is_the_same_after_a_round_through_json(kind):
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    import cbe_assets.domain_expectations  # noqa: F401

    made = get_expectation_impl(kind)(**CASES[kind][0], severity="critical")
    written = json.dumps(gx.ExpectationSuite(name="suite", expectations=[made]).to_json_dict(), ensure_ascii=False)
    (read,) = gx.ExpectationSuite(**json.loads(written)).expectations
    assert read == made


def test_every_suite_of_the_study_is_native(repository):
    """Great Expectations itself reads the files and writes the same expectations, parameters in place."""
    import great_expectations as gx

    import cbe_assets.domain_expectations  # noqa: F401

    for path in sorted((repository / "expectations").glob("*/*.json")):
        written = json.loads(path.read_text(encoding="utf-8"))
        read = gx.ExpectationSuite(**written)
        assert [item.expectation_type for item in read.expectations] == [i["type"] for i in written["expectations"]]


# Without repeated work


def test_results_are_those_of_great_expectations_left_alone(monkeypatch):
    frame = pd.DataFrame({"province": ["北京", "上海", "天津"], "year": [2020, 2020, 2021], "gdp": [1.0, np.nan, -3.0]})
    items = [
        ROWS,
        expectation("expect_column_values_to_be_between", column="gdp", min_value=0),
        expectation("expect_column_values_to_not_be_null", "warning", column="gdp", mostly=0.5),
        expectation("expect_column_values_to_be_in_set", column="year", value_set=[2020]),
        expectation("expect_column_mean_to_be_between", column="gdp", min_value=0, max_value=9),
        expectation("expect_column_values_to_not_be_null", column="nowhere"),
        expectation("expect_yearly_change_to_be_between", column="gdp", min_factor=0.5, max_factor=2),
        expectation("expect_compound_columns_to_be_unique", column_list=["province", "year"]),
    ]
    ours = validate({"expectations": items}, "clean/gdp", frame, {})
    monkeypatch.setattr("cbe_assets.suite_run.remembered", contextlib.nullcontext)
    assert validate({"expectations": items}, "clean/gdp", frame, {}) == ours
    assert sorted(check.success for check in ours.checks) == [False] * 4 + [True] * 4
