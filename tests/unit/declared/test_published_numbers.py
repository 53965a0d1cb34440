"""published.yaml: printed numbers keep their digits, and every name in it is one that the study knows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest

from cbe_assets.assets import paper
from cbe_assets.assets.graph import build
from cbe_assets.declared.published import CELLS, Check
from cbe_assets.faults import Fault, StudyFault
from cbe_assets.statistics.paper_claims import CHECKS
from cbe_assets.study import Study

ROOT = Path(__file__).resolve().parents[3]
FILE = "study/published.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for part in ("study", "sql", "data/reference", "data/sample"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


def edit(root: Path, old: str, new: str, file: str = FILE) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(root: Path) -> list[Fault]:
    with pytest.raises(StudyFault) as caught:
        build(Study.load(root))
    assert caught.value.code == 2
    return caught.value.faults


def test_the_numbers_are_kept_digit_by_digit():
    published = Study.load(ROOT).published
    assert published.columns["table5_2"].terms["Net"].estimate == "0.130"
    assert published.descriptives["Fisca"].min == ".159"
    assert sum(len(column.terms) for column in published.columns.values()) == 84
    assert {name: len(slopes) for name, slopes in published.slopes.items()} == {"east": 11, "central": 8, "west": 11}


def test_the_checks_a_statement_may_name_are_those_there_are():
    assert set(get_args(Check)) == set(CHECKS) and set(CELLS) <= set(CHECKS)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('estimate: "0.130"', "estimate: 0.130", "columns.table5_2.terms.Net.estimate"),
        ('estimate: "8.757"', 'estimate: "8,757"', "columns.table4_1.terms.ECI.estimate"),
        ('t: "14.99"', 't: "(14.99)"', "columns.table4_1.terms.ECI.t"),
        ('stars: "***", t: "14.99"', 'stars: "****", t: "14.99"', "columns.table4_1.terms.ECI.stars"),
        ('provinces: "30"', "provinces: 30", "provinces"),
        ('"*": "1%"', '"*": "0.01"', "star_note.*"),
        ('hausman_stars: "***"', "hausman_stars: null", "columns.table4_3.statistics"),
        ("    verdict: wrong\n", "    verdict: doubtful\n", "statements.reference_table5.verdict"),
        ("    check: regional_means\n", "    check: regional_mean\n", "statements.regional_slopes.check"),
        ("    check: star_note\n", "    check: star_note\n    verdict: wrong\n", "statements.star_note"),
        ("cells: [[table4_1, ECI]]", "cells: []", "statements.unit_reading"),
        ('    claimed: "8.757"\n', "", "statements.unit_reading"),
        ("  weights: {zh: 表1, en: Table 1}\n", "", None),
        ("slopes_of: table7_ols\n", "", None),
        ('star_note: {"*": "1%", "**": "5%", "***": "10%"}\n', "", None),
    ],
)
def test_a_wrong_value_names_file_line_and_key(root, old, new, key):
    edit(root, old, new)
    (fault,) = faults(root)
    assert (fault.message, fault.facts["file"]) == ("wrong_value", FILE)
    assert key is None or fault.facts["key"] == key
    assert fault.facts["line"].startswith("line ") and "Value error" not in fault.text()


def test_an_unknown_key_names_the_nearest_known_one(root):
    edit(root, "mediations:", "mediation:")
    (fault,) = faults(root)
    assert (fault.message, fault.facts["key"], fault.facts["expected"]) == ("unknown_key", "mediation", "mediations")


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("  pilot_zones: ", "  pilot_zone: ", "weights.pilot_zone", "pilot_zones"),
        ("  Infr: {n:", "  Infra: {n:", "descriptives.Infra", "Infr"),
        ("  table4_1:\n", "  table41:\n", "columns.table41", "table4_1"),
        ("index: ECI", "index: EC", "index", "ECI"),
        ("slopes_of: table7_ols", "slopes_of: table7_old", "slopes_of", "table7_ols"),
    ],
)
def test_a_name_no_study_file_defines_is_named_with_the_nearest(root, old, new, key, near):
    edit(root, old, new)
    named = [fault for fault in faults(root) if fault.message == "undefined_name"]
    assert [fault.facts["key"] for fault in named] == [key] and near in named[0].facts["expected"]


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("      NumCPZ: {", "      ECI: {", "columns.table5_1.terms", "NumCPZ"),
        ("    outcome: EXP_share", "    outcome: EXP", "columns.table5_2.outcome", "EXP_share"),
        ("mediator: Inus, total", "mediator: Tec, total", "mediations[0]", "Inus"),
        ("direct: table6_4", "direct: table6_5", "mediations[1]", "table6_4"),
        ("cells: [[table4_2, Infr]]", "cells: [[table4_2, Inf]]", "statements.infr_sign.cells", "Infr"),
        ("listed: [天津, ", "listed: [天津市, ", "statements.insignificant_provinces.listed", "天津"),
    ],
)
def test_a_name_that_does_not_stand_where_it_must_is_named(root, old, new, key, near):
    edit(root, old, new)
    found = [fault for fault in faults(root) if fault.facts["key"] == key]
    assert {fault.message for fault in found} == {"stands_not_there"} and near in found[0].facts["expected"]


def test_a_province_the_reference_table_has_not_or_has_elsewhere_is_named(root):
    edit(root, "    北京: {", "    北平: {")
    edit(root, "    山西: {", "    陕西: {")
    unknown, moved = faults(root)
    assert (unknown.message, unknown.facts["found"]) == ("printed_unknown_province", "北平")
    assert (moved.message, moved.facts["found"], moved.facts["expected"]) == ("printed_wrong_region", "陕西", "central")


def test_a_study_without_a_paper_has_none_of_its_assets(root):
    (root / FILE).unlink()
    found = faults(root)
    assert {fault.message for fault in found} == {"exhibit_without_paper"}
    assert {fault.facts["key"] for fault in found} == {"exhibits.tablea8", "exhibits.tablea9"}
    text = (root / "study/exhibits.yaml").read_text(encoding="utf-8")
    before, rest = text.split("  tablea8:\n")
    text = before + "  report:\n" + rest.split("  report:\n", 1)[1].replace(",\n         tablea8, tablea9]", "]")
    (root / "study/exhibits.yaml").write_text(text, encoding="utf-8")
    assert not set(paper.KEYS) & set(build(Study.load(root)).nodes)
