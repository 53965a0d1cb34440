"""Corrections apply to what was printed, say so, and fail loudly when the print is another."""

from __future__ import annotations

import pytest
from raw_tables import PROVINCES, full, messages, raw, table

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook.corrections import read_corrections
from cbe_assets.yearbook.settle import settle
from cbe_assets.yearbook.vintage import revisions

YEARS = [2017, 2018, 2019]
TABLES = {"cable": table(unit="公里", accepts=["万公里", "公里"], range=[200, 150000])}
ENTRY = """
corrections:
  - table: cable
    province: 海南
    year: 2018
    edition: 2019
    printed: {printed}
    corrected: {corrected}
    reason: Misprint; the years around it have .34 and .32
    reference: Hainan statistical yearbook 2019, table 15-3
"""


def corrections(printed="0.09", corrected="0.33", text=ENTRY):
    given = text.format(printed=printed, corrected=corrected)
    return read_corrections(given, file="data/corrections.yaml", tables=TABLES, provinces=PROVINCES)


def cable(printed="0.09", **more):
    cells = full("0.34", YEARS) | {("海南", 2018): printed}
    return raw({"2019": cells} | more, unit="万公里", name="cable")


def settled(frame, entries, tables=TABLES, **kwargs):
    return settle("cable", {"cable": frame}, tables, PROVINCES, YEARS, corrections=entries, **kwargs)


def test_a_correction_is_applied_in_the_printed_unit_before_the_range_and_flagged():
    strict = {"cable": TABLES["cable"].model_copy(update={"range": (3000.0, 5000.0)})}
    result = settled(cable(), corrections(), strict)
    row = result.frame.set_index(["province", "year"]).loc[("海南", 2018)]
    assert (row["cable"], row["method"], row["edition"]) == (3300.0, "corrected", "2019")
    assert row["note"].startswith("0.09 -> 0.33 万公里: Misprint")
    assert result.counts["corrected"] == 1


def test_another_printed_value_is_a_loud_fault_with_the_cell():
    with pytest.raises(StudyFault) as caught:
        settled(cable("0.31"), corrections())
    assert messages(caught.value) == ["correction_stale"]
    facts = caught.value.faults[0].facts
    assert (facts["found"], facts["expected"], facts["file"]) == ("0.31", "0.09", "cable/2019.csv")


def test_a_correction_of_an_edition_that_is_not_there_is_a_fault_unless_as_of_excludes_it():
    frame = raw({"2018": full("0.34", YEARS)}, unit="万公里")
    with pytest.raises(StudyFault) as caught:
        settled(frame, corrections())
    assert messages(caught.value) == ["correction_without_cell"]
    assert settled(frame, corrections(), as_of="2018-12-31").counts["corrected"] == 0


def test_a_newer_edition_wins_over_a_corrected_one():
    frame = cable(**{"2020": {("海南", 2018): "0.32"}})
    result = settled(frame, corrections())
    row = result.frame.set_index(["province", "year"]).loc[("海南", 2018)]
    assert (row["cable"], row["method"], row["first_published"]) == (3200.0, "observed", "2019")
    assert revisions("cable", result.observations)["old"].tolist() == [3300.0]


def test_a_missing_print_can_be_corrected_and_a_wrong_one_voided():
    result = settled(cable("…"), corrections(printed="null"))
    assert result.frame.set_index(["province", "year"]).loc[("海南", 2018), "cable"] == 3300.0
    open_ended = {"cable": TABLES["cable"].model_copy(update={"gaps": table(gaps="interpolate").gaps})}
    row = settled(cable(), corrections(corrected="null"), open_ended).frame.set_index(["province", "year"])
    assert row.loc[("海南", 2018), ["cable", "method"]].tolist() == [3400.0, "interpolated"]


def test_corrections_of_other_tables_are_left_aside():
    other = [entry.model_copy(update={"table": "gdp"}) for entry in corrections()]
    assert settled(cable(), other).counts["corrected"] == 0


def test_no_corrections_are_an_empty_file():
    assert (
        corrections(text="") == [] and corrections(text="corrections: []") == [] and corrections(text="# none\n") == []
    )


def test_every_fault_of_the_file_is_told_with_its_place():
    second = ENTRY.replace("corrections:\n", "").replace("table: cable", "table: cables").replace("海南", "海南岛")
    twice = ENTRY.replace("corrections:\n", "")
    with pytest.raises(StudyFault) as caught:
        corrections(text=ENTRY + second + twice)
    assert messages(caught.value) == ["undefined_name", "undefined_name", "correction_twice"]
    with pytest.raises(StudyFault) as caught:
        corrections(text=ENTRY.replace("reason:", "because:").replace("edition: 2019", "edition: 19-2"))
    assert sorted(messages(caught.value)) == ["missing_key", "unknown_key", "wrong_value"]
    assert all(f.facts["line"] for f in caught.value.faults)


@pytest.mark.parametrize("text", ["corrections: [", "corrections:\n  - {table: cable, year: 2018-13-45}"])
def test_broken_yaml_is_a_fault(text):
    with pytest.raises(StudyFault) as caught:
        corrections(text=text.replace("{", "{{").replace("}", "}}"))
    assert messages(caught.value) == ["not_yaml"]
