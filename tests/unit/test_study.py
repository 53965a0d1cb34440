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
