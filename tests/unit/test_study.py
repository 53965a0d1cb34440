"""The study files: what is wrong in them is named, all of it, with file, line, key and the nearest right word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cbe_assets.faults import StudyFault
from cbe_assets.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "study", tmp_path / "study")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(root: Path) -> list:
    with pytest.raises(StudyFault) as caught:
        Study.load(root)
    assert caught.value.code == 2
    return caught.value.faults


def test_the_papers_study_loads_with_its_specifications():
    study = Study.load(ROOT)
    assert study.specifications["table4_3"].controls == ["PGDP", "Fisca", "HC", "FDI", "Net", "Infr"]
    assert study.years == list(range(2013, 2023))
    assert abs(sum(item.printed_weight for item in study.indicators.values()) - 99.9) < 1e-9


def test_an_unknown_key_names_file_line_key_and_the_nearest_known_one(root):
    edit(root / "study/study.yaml", "winsor:", "winsorr:")
    found = {item.message: item for item in faults(root)}
    unknown = found["unknown_key"]
    line = 1 + (root / "study/study.yaml").read_text().split("winsorr:")[0].count("\n")
    assert unknown.facts == {"file": "study/study.yaml", "line": f"line {line}", "key": "winsorr", "expected": "winsor"}
    assert found["missing_key"].facts["key"] == "winsor"


def test_a_regression_on_a_variable_that_does_not_exist_is_named(root):
    edit(root / "study/regressions.yaml", "regressors: [NumCPZ]", "regressors: [NumCPS]")
    (fault,) = faults(root)
    assert fault.message == "undefined_name"
    assert fault.facts["found"] == "NumCPS" and "NumCPZ" in fault.facts["expected"]
    assert "table5_1" in fault.facts["key"]


def test_faults_of_all_files_are_reported_together(root):
    edit(root / "study/study.yaml", "years: [2013, 2022]", "years: [2013, soon]")
    edit(root / "study/tables.yaml", "range: [300, 300000]", "rang: [300, 300000]")
    edit(root / "study/exhibits.yaml", "kind: weights", "kind: weight")
    files = {item.facts["file"] for item in faults(root)}
    assert files == {"study/study.yaml", "study/tables.yaml", "study/exhibits.yaml"}


def test_a_key_that_stands_twice_is_not_silently_replaced(root):
    with open(root / "study/study.yaml", "a", encoding="utf-8") as file:
        file.write("winsor: [5, 95]\n")
    (fault,) = faults(root)
    assert fault.message == "key_twice" and fault.facts["key"] == "winsor"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"years: [2013\n", "not_yaml"), ("name: \u5e74".encode("gb18030"), "not_utf8"), (None, "file_missing")],
)
def test_a_file_that_cannot_be_read_is_said_to_be_so(root, content, message):
    path = root / "study/study.yaml"
    path.unlink() if content is None else path.write_bytes(content)
    if content is None:
        with pytest.raises(StudyFault) as caught:
            Study.load(root)
        assert caught.value.faults[0].message == "not_a_study_root"
        return
    assert message in {item.message for item in faults(root)}


def test_winsor_limits_must_ascend(root):
    edit(root / "study/study.yaml", "winsor: [1, 99]", "winsor: [99, 1]")
    assert faults(root)[0].message == "wrong_value"


BATTERY = [
    ("base_year: 2013", "base_year: 2031", "battery_year", "shift_share.base_year", "2013-2022"),
    ("years: [3, 5, 9]", "years: [3, 5, 10]", "battery_too_many_years", "long_differences.years", 9),
    ("years: [1, 2]", "years: [1, 9]", "battery_too_many_years", "lagged_index.years", 8),
    ("share: internet_penetration", "share: internet_penetrations", "undefined_name", "shift_share",
     "internet_penetration"),
    ("indicators: [exports_to_gdp]", "indicators: [export_to_gdp]", "undefined_name", "index_variants",
     "exports_to_gdp"),
    ("dose: NumCPZ", "dose: NumCPS", "undefined_name", "pilot_zone_event_study", "NumCPZ"),
    ("kind: placebo\n    of: table4_3", "kind: placebo\n    of: table4_3\n    term: NumCPZ", "undefined_name",
     "placebo.term", "ECI"),
    ("kind: index_uncertainty\n    of: table4_3", "kind: index_uncertainty\n    of: table5_1", "battery_not_the_index",
     "index_uncertainty", "ECI"),
    ("kind: further_effects\n    of: table4_3", "kind: further_effects\n    of: table4_2", "battery_estimator",
     "further_effects", "fixed_effects"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "key", "expected"), BATTERY, ids=[item[3] for item in BATTERY])
def test_an_entry_of_the_battery_that_cannot_be_is_named_before_anything_runs(
    root, old, new, message, key, expected
):
    edit(root / "study/regressions.yaml", old, new)
    (fault,) = faults(root)
    assert fault.message == message and fault.facts["key"] == f"robustness.{key}"
    assert str(expected) in str(fault.facts["expected"])


@pytest.mark.parametrize("empty", ["outcomes: &outcomes [EXP, EXP_share]", "percents: [0, 1, 2.5, 5]"])
def test_an_entry_with_nothing_to_vary_is_named(root, empty):
    edit(root / "study/regressions.yaml", empty, f"{empty.split('[')[0]}[]")
    found = faults(root)
    assert {item.message for item in found} == {"wrong_value"}
    assert all("robustness" in item.facts["key"] for item in found)


def test_printed_weights_that_no_indicator_has_are_named(root):
    path = root / "study/indicators.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("    printed_weight")), encoding="utf-8")
    found = faults(root)
    assert {item.message for item in found} == {"statistics_no_printed_weight"}
    assert {item.facts["key"].split(".")[1] for item in found} == {
        "index_variants", "specification_curve", "curve_permutation"
    }  # fmt: skip


def test_provinces_left_out_are_those_of_the_panel(root):
    from cbe_assets.assets.graph import build

    for part in ("sql", "data/reference"):
        shutil.copytree(ROOT / part, root / part)
    edit(root / "study/regressions.yaml", "provinces: [北京, 天津, 上海, 重庆]", "provinces: [北京市, 天津, 西藏]")
    with pytest.raises(StudyFault) as caught:
        build(Study.load(root))
    assert [item.facts["found"] for item in caught.value.faults] == ["北京市", "西藏"]
    assert "北京" in caught.value.faults[0].facts["expected"]
    assert {item.facts["key"] for item in caught.value.faults} == {"robustness.without_municipalities.provinces"}


def test_a_step_is_a_hundredth_unless_the_variable_says_otherwise_and_never_nothing(root):
    study = Study.load(root)
    assert (study.variables["ECI"].step, study.variables["NumCPZ"].step) == (0.01, 1)
    edit(root / "study/regressions.yaml", "    step: 1\n", "    step: 0\n")
    (fault,) = faults(root)
    assert fault.facts["key"] == "variables.NumCPZ.step"


def test_a_row_beyond_the_paper_that_does_not_exist_is_named(root):
    edit(root / "study/exhibits.yaml", "inference: [cv3, wcr,", "inference: [cv3, wrc,")
    (fault,) = faults(root)
    assert fault.facts["key"].startswith("exhibits.table4.inference") and "wrc" in str(fault.facts["found"])


def test_every_message_says_the_same_facts_in_both_languages():
    import string

    from cbe_assets.faults import catalogue

    for key, texts in catalogue().items():
        named = {lang: {part[1] for part in string.Formatter().parse(text) if part[1]} for lang, text in texts.items()}
        assert set(texts) == {"en", "zh"}, key
        assert named["en"] == named["zh"], key


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("columns: [leave_one_out]", "columns: [placebo]", "figurea1", "leave_one_out"),
        ("columns: [specification_curve, curve_permutation]", "columns: [specification_curve]", "figurea4",
         "specification_curve, curve_permutation"),
        ("columns: [winsor_limits, alternatives,", "columns: [winsor_limits, table4_3,", "tablea1", "winsor_limits"),
    ],
)  # fmt: skip
def test_an_exhibit_of_results_of_another_kind_is_named_before_anything_runs(root, old, new, key, expected):
    edit(root / "study/exhibits.yaml", old, new)
    (fault,) = faults(root)
    assert (fault.message, fault.facts["key"]) == ("exhibit_columns", f"exhibits.{key}.columns")
    assert expected in fault.facts["expected"]
