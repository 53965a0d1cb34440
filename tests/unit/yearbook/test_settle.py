"""One clean table out of all editions, or every reason why not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_tables import GAZETTEER, PROVINCES, ROOT, full, messages, raw, table, typed

from cbe_assets.faults import StudyFault
from cbe_assets.study import Tables
from cbe_assets.yearbook.gaps import imputations, spans
from cbe_assets.yearbook.settle import needs, needs_clean, settle
from cbe_assets.yearbook.vintage import revisions

YEARS = [2013, 2014, 2015]
COLUMNS = ["province", "year", "gdp", "unit", "edition", "first_published", "revised", "method", "note"]


def settled(frame, years=YEARS, provinces=PROVINCES, clean=None, corrections=(), as_of=None, **entry):
    return settle("gdp", {"gdp": frame}, {"gdp": table(**entry)}, provinces, years, as_of, corrections, clean)


def faults_of(*args, **kwargs):
    with pytest.raises(StudyFault) as caught:
        settled(*args, **kwargs)
    messages(caught.value)
    return caught.value.faults


def cells_but(*absent, value="100.5", years=YEARS):
    return {cell: text for cell, text in full(value, years).items() if cell not in absent}


def test_a_clean_table_has_every_province_and_year_in_the_order_of_the_gazetteer():
    frame = raw({"2023": full("100.5", YEARS) | {("全国", 2013): "9999.9"}}).sample(frac=1, random_state=1)
    result = settled(frame)
    assert result.frame.columns.tolist() == COLUMNS
    assert list(zip(result.frame["province"], result.frame["year"], strict=True)) == [
        (province, year) for province in PROVINCES for year in YEARS
    ]
    assert result.frame["gdp"].eq(100.5).all() and result.frame["note"].eq("").all()
    assert result.counts["observed"] == 93 and result.editions == {"2023": 93}
    assert result.frame["revised"].dtype == bool and result.frame["gdp"].dtype == "float64"


def test_a_table_of_the_nation_has_the_nation_only():
    result = settled(raw({"2023": full("5", YEARS) | full("70", YEARS, ["全国"])}), scope="nation")
    assert result.frame["province"].tolist() == ["全国"] * 3 and result.frame["gdp"].eq(70).all()
    [found] = faults_of(raw({"2023": {("全国", 2013): 1}}), scope="nation")
    assert (found.message, found.facts["province"], found.facts["year"]) == ("cells_missing", "全国", "2014-2015")


def test_every_edition_is_converted_by_the_unit_it_states():
    frame = pd.concat(
        [raw({"2022": full("1005000", YEARS)}, unit="万元"), raw({"2023": {("北京", 2015): "100.7"}}, unit=" (亿元) ")]
    )
    result = settled(frame)
    assert set(result.frame["gdp"]) == {100.5, 100.7} and result.frame["unit"].eq("亿元").all()
    assert result.counts["revised"] == 1 and result.counts["older_edition"] == 92


def test_the_declared_unit_is_used_where_the_file_states_none():
    assert settled(raw({"2023": full("1005000", YEARS)}, unit=None), unit_unstated="万元").frame["gdp"].eq(100.5).all()


@pytest.mark.parametrize(
    ("unit", "message"), [(None, "unit_missing"), ("公里", "unit_of_another_kind"), ("万亿元", "unit_not_accepted")]
)
def test_a_unit_of_no_use_is_one_fault_per_file(unit, message):
    found = faults_of(raw({"2022": full("1", YEARS), "2023": full("1", YEARS)}, unit=unit))
    assert [f.message for f in found] == [message, message]
    assert found[0].facts["file"] == "t/2022.csv" and found[0].facts["expected"] == "亿元"


def test_a_synonym_of_an_accepted_unit_is_accepted():
    assert settled(raw({"2023": full("3", YEARS)}, unit="公里"), unit="公里", accepts=["千米"]).counts["observed"] == 93


def test_a_malformed_edition_is_a_fault_beside_the_others():
    cells = cells_but(("北京", 2013), ("海南", 2013))
    frame = raw({"2023": cells, "v2": {("北京", 2013): "1"}, "2023-13": {("北京", 2013): "1"}})
    assert [f.message for f in faults_of(frame)] == ["edition_malformed"] * 2 + ["cells_missing"]


def test_the_same_cell_twice_is_fine_when_equal_and_a_fault_when_not():
    frame = raw({"2023": full("100.5", YEARS)})
    same = raw({"2023": {("北京", 2013): "1005000", ("上海", 2013): None}}, unit="万元", name="again")
    assert settled(pd.concat([frame, same])).counts["observed"] == 93
    other = raw({"2023": {("北京", 2013): "100.6"}}, name="again")
    found = faults_of(pd.concat([frame, other]))
    assert [f.message for f in found] == ["cell_twice"]
    assert found[0].facts["first"] == "t/2023.csv L5C2" and found[0].facts["file"] == "again/2023.csv"


def test_a_value_out_of_range_names_its_cell_and_the_unit_it_looks_like():
    cells = full("100.5", YEARS) | {("广东", 2014): "1021000"}
    [found] = faults_of(raw({"2023": cells}), range=[10, 5000])
    assert found.message == "value_out_of_range_unit" and found.facts["likely"] == "万元"
    assert (found.facts["province"], found.facts["year"], found.facts["file"]) == ("广东", 2014, "t/2023.csv")
    assert "1021000" in found.text("zh") and "L" in str(found.facts["cell"])


@pytest.mark.parametrize(
    ("printed", "message"),
    [("10050", "value_out_of_range_power"), ("-3", "value_out_of_range"), ("0", "value_out_of_range")],
)
def test_a_slip_of_magnitude_is_recognised_and_nonsense_is_not(printed, message):
    found = faults_of(raw({"2023": full("100.5", YEARS) | {("广东", 2014): printed}}), range=[10, 5000])
    assert [f.message for f in found] == [message]


def test_a_file_in_the_wrong_unit_is_some_faults_and_a_count():
    found = faults_of(raw({"2023": full("1005000", YEARS)}), range=[10, 5000])
    assert [f.message for f in found] == ["value_out_of_range_unit"] * 5 + ["more_of_the_same"]
    assert found[-1].facts["count"] == 88


def test_values_outside_of_the_study_years_are_not_judged():
    frame = raw({"2023": full("100.5", YEARS) | full("1", [1993])})
    assert settled(frame, range=[10, 5000]).counts["observed"] == 93


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ([(p, 2015) for p in PROVINCES], [("year_missing", None, "2015")]),
        ([("海南", y) for y in YEARS], [("province_missing", "海南", None)]),
        ([("海南", 2014), ("青海", 2014)], [("cells_missing", "海南, 青海", "2014")]),
        ([("海南", 2013), ("海南", 2015)], [("cells_missing", "海南", "2013, 2015")]),
        (
            [(p, 2015) for p in PROVINCES] + [("西藏", 2013), ("西藏", 2014), ("海南", 2014)],
            [("year_missing", None, "2015"), ("province_missing", "西藏", None), ("cells_missing", "海南", "2014")],
        ),
        ([(p, y) for p in PROVINCES for y in YEARS], [("table_without_values", None, "2013-2015")]),
    ],
)
def test_missing_cells_are_told_in_as_few_faults_as_say_which(absent, expected):
    found = faults_of(raw({"2023": cells_but(*absent) | {("全国", 2013): "1"}}))
    assert [(f.message, f.facts.get("province"), f.facts.get("year")) for f in found] == expected


@pytest.mark.parametrize("given", [{}, {"gdp": raw({"2023": full("1", YEARS)}).iloc[:0]}])
def test_a_table_without_any_observation_is_one_fault(given):
    with pytest.raises(StudyFault) as caught:
        settle("gdp", given, {"gdp": table()}, PROVINCES, YEARS)
    assert messages(caught.value) == ["table_without_values"]


def test_a_lone_cell_printed_as_missing_is_placed_in_its_file():
    [found] = faults_of(raw({"2023": full("100", YEARS) | {("海南", 2014): "…"}}))
    assert found.facts["file"] == "t/2023.csv" and found.facts["cell"] == "L66C2"


def test_all_faults_are_raised_together():
    cells = cells_but(("海南", 2014)) | {("广东", 2014): "-1"}
    frame = pd.concat(
        [raw({"2023": cells}), raw({"2023": {("北京", 2013): "7"}}), raw({"oops": {("北京", 2013): "7"}})]
    )
    found = [f.message for f in faults_of(frame)]
    assert found == ["edition_malformed", "cell_twice", "value_out_of_range", "cells_missing"]


def test_policy_leave_keeps_the_row_and_says_missing():
    result = settled(raw({"2023": cells_but(("海南", 2014))}), gaps="leave")
    row = result.frame[result.frame["method"] == "missing"].iloc[0]
    assert row["province"] == "海南" and np.isnan(row["gdp"]) and len(result.frame) == 93
    assert result.counts["missing"] == 1


def test_interpolation_is_linear_by_year_and_names_its_neighbours():
    cells = full("100", [2013, 2014, 2015, 2016]) | {("海南", 2013): "10", ("海南", 2016): "40"}
    del cells["海南", 2014], cells["海南", 2015]
    result = settled(raw({"2023": cells}), [2013, 2014, 2015, 2016], gaps="interpolate")
    filled = imputations("gdp", result.frame)
    assert filled.columns.tolist() == ["table", "province", "year", "value", "method", "neighbours"]
    assert filled.drop(columns="table").values.tolist() == [
        ["海南", 2014, 20.0, "interpolated", "2013, 2016"], ["海南", 2015, 30.0, "interpolated", "2013, 2016"],
    ]  # fmt: skip


def test_interpolation_uses_years_beyond_the_study_and_judges_them():
    cells = cells_but(("海南", 2015)) | {("海南", 2016): "104.5"}
    result = settled(raw({"2023": cells}), gaps="interpolate")
    assert imputations("gdp", result.frame)["value"].tolist() == [102.5]
    found = faults_of(raw({"2023": cells | {("海南", 2016): "1e8"}}), gaps="interpolate", range=[10, 5000])
    assert [(f.message, f.facts["year"]) for f in found] == [("value_out_of_range_power", 2016)]


def test_interpolation_does_not_reach_beyond_the_ends():
    [found] = faults_of(raw({"2023": cells_but(("海南", 2015))}), gaps="interpolate")
    assert (found.message, found.facts["province"], found.facts["year"]) == ("cells_missing", "海南", "2015")


def test_a_filled_cell_belongs_to_the_newest_edition_it_needs():
    cells = cells_but(("海南", 2014))
    frame = raw({"2022": cells, "2023": {("海南", 2015): "120.5"}, "2021": {("海南", 2013): "100.5"}})
    row = settled(frame, gaps="interpolate").frame.set_index(["province", "year"]).loc[("海南", 2014)]
    assert (row["gdp"], row["edition"], row["first_published"], row["revised"]) == (110.5, "2023", "2022", True)


def test_carrying_takes_the_latest_earlier_value():
    frame = raw({"2023": cells_but(("海南", 2014), ("海南", 2015)) | {("海南", 2013): "7"}})
    filled = imputations("gdp", settled(frame, gaps="carry").frame)
    assert filled[["year", "value", "method", "neighbours"]].values.tolist() == [
        [2014, 7.0, "carried", "2013"], [2015, 7.0, "carried", "2013"],
    ]  # fmt: skip
    [found] = faults_of(raw({"2023": cells_but(("海南", 2013))}), gaps="carry")
    assert found.message == "cells_missing"


def test_carrying_from_a_named_edition_takes_it_from_there():
    frame = raw({"2020": {("海南", 2013): "7"}, "2023": cells_but(("海南", 2014), ("海南", 2015))})
    row = (
        settled(frame, gaps={"policy": "carry", "edition": 2020})
        .frame.set_index(["province", "year"])
        .loc[("海南", 2015)]
    )
    assert (row["gdp"], row["edition"], row["note"]) == (7.0, "2020", "2013")
    found = faults_of(frame, gaps={"policy": "carry", "edition": "2019"})
    assert [f.message for f in found] == ["carry_edition_unknown", "cells_missing"]


def test_computing_fills_from_other_clean_tables():
    others = {name: table() for name in ("per_head", "people")}
    spec = others | {"gdp": table(gaps={"policy": "compute", "expression": "per_head * people / 10000"})}
    clean = {name: settle(name, {name: raw({"2022": full(v, YEARS)})}, others, PROVINCES, YEARS).frame
             for name, v in (("per_head", "50000"), ("people", "20"))}  # fmt: skip
    frame = raw({"2021": cells_but(("海南", 2014))})
    result = settle("gdp", {"gdp": frame}, spec, PROVINCES, YEARS, clean=clean)
    row = result.frame.set_index(["province", "year"]).loc[("海南", 2014)]
    assert (row["gdp"], row["edition"], row["method"], row["note"]) == (
        100.0, "2022", "computed", "per_head * people / 10000",
    )  # fmt: skip
    assert needs_clean(spec, "gdp") == ["per_head", "people"] and needs(spec, "gdp") == ["gdp"]


def test_a_computed_value_out_of_range_or_undefined_is_a_fault():
    spec = {"a": table(), "gdp": table(gaps={"policy": "compute", "expression": "1 / a"}, range=[10, 5000])}
    clean = {"a": settle("a", {"a": raw({"2022": full("0", YEARS)})}, spec, PROVINCES, YEARS).frame}
    frame = raw({"2021": cells_but(("海南", 2014))})
    with pytest.raises(StudyFault) as caught:
        settle("gdp", {"gdp": frame}, spec, PROVINCES, YEARS, clean=clean)
    assert messages(caught.value) == ["cells_missing"]
    clean["a"]["a"] = 1.0
    with pytest.raises(StudyFault) as caught:
        settle("gdp", {"gdp": frame}, spec, PROVINCES, YEARS, clean=clean)
    assert messages(caught.value) == ["filled_value_out_of_range"]


def test_as_of_rebuilds_the_older_state():
    frame = raw({"2022": full("100.5", YEARS), "2025": full("107.5", YEARS)})
    then, now = settled(frame, as_of="2024-06-30"), settled(frame)
    assert then.frame["gdp"].eq(100.5).all() and not then.frame["revised"].any()
    assert now.frame["gdp"].eq(107.5).all() and now.frame["revised"].all()
    assert [f.message for f in faults_of(frame, as_of="2021")] == ["table_without_values"]


PARTS = ["gdp", "value_added_primary", "value_added_secondary", "value_added_tertiary"]
FAMILY = {name: table(family="national_accounts") for name in PARTS}


def accounts(edition_values):
    """Raw tables of GDP and its industries: {edition: {table: {province: value}}} for 2022."""
    return {
        name: raw({e: {(p, 2022): v for p, v in given.get(name, {}).items()} for e, given in edition_values.items()})
        for name in PARTS
    }


FIRST = dict(zip(PARTS, ["129118.6", "5340.4", "52843.5", "70934.7"], strict=True))
REVISED = dict(zip(PARTS, ["132547.1", "5342.3", "53115.1", "74089.7"], strict=True))


def test_a_family_waits_for_all_its_parts():
    whole = {name: {"广东": value, "海南": "100"} for name, value in FIRST.items()}
    only_total = {"gdp": {"广东": REVISED["gdp"], "海南": "101"}}
    tables = accounts({"2023": whole, "2025": only_total})
    result = {name: settle(name, tables, FAMILY, ["广东", "海南"], [2022]) for name in PARTS}
    value = {name: item.frame.set_index("province").loc["广东", name] for name, item in result.items()}
    assert value["gdp"] == 129118.6 and sum(value[name] for name in PARTS[1:]) == pytest.approx(129118.6)
    assert {edition for item in result.values() for edition in item.frame["edition"]} == {"2023"}
    revised = {name: {"广东": value, "海南": "101"} for name, value in REVISED.items()}
    after = settle("gdp", accounts({"2023": whole, "2025": revised}), FAMILY, ["广东", "海南"], [2022])
    assert after.frame["gdp"].tolist() == [132547.1, 101] and after.frame["revised"].all()
    assert revisions("gdp", result["gdp"].observations).loc[0, ["old", "new"]].tolist() == [129118.6, 132547.1]


def test_a_family_without_a_whole_edition_is_a_fault_that_says_what_lacks():
    tables = accounts({"2023": {"gdp": {"广东": "1"}}, "2025": {name: {"广东": "1"} for name in PARTS[1:]}})
    with pytest.raises(StudyFault) as caught:
        settle("gdp", tables, FAMILY, ["广东"], [2022])
    assert messages(caught.value) == ["family_incomplete"]
    assert caught.value.faults[0].facts["found"].startswith("2025: gdp; 2023: value_added_primary,")


def test_a_family_year_that_no_edition_has_is_a_missing_year():
    tables = accounts({"2023": {name: {"广东": "1", "海南": "1"} for name in PARTS}})
    with pytest.raises(StudyFault) as caught:
        settle("gdp", tables, FAMILY, ["广东", "海南"], [2022, 2023])
    assert messages(caught.value) == ["year_missing"]


def test_a_family_gap_that_a_policy_fills_is_filled_within_the_edition():
    spec = FAMILY | {"value_added_primary": table(family="national_accounts", gaps="leave")}
    given = {name: {"广东": "1", "海南": "1"} for name in PARTS} | {"value_added_primary": {"广东": "1"}}
    older = {"value_added_primary": {"海南": "9"}}
    frame = settle(
        "value_added_primary", accounts({"2022": older, "2023": given}), spec, ["广东", "海南"], [2022]
    ).frame
    assert frame["method"].tolist() == ["observed", "missing"]
    assert needs(spec, "gdp") == PARTS


def test_the_result_keeps_nothing_of_the_order_of_rows():
    frame = raw({"2022": full("100.5", YEARS), "2023": cells_but(("海南", 2014), value="101.5")})
    shuffled = typed(frame.sample(frac=1, random_state=3).reset_index(drop=True))
    pd.testing.assert_frame_equal(settled(frame).frame, settled(shuffled).frame)


@given(st.sets(st.tuples(st.sampled_from(["北京", "海南"]), st.integers(2013, 2018)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_interpolation_agrees_with_pandas(absent):
    years = list(range(2013, 2019))
    cells = {(p, y): None if (p, y) in absent else (y - 2010) ** 2 + len(p) for p in ("北京", "海南") for y in years}
    try:
        result = settled(raw({"2023": cells}), years, ["北京", "海南"], gaps="interpolate").frame
    except StudyFault:
        result = None
    wide = pd.Series(cells, dtype=float).unstack()
    expected = wide.interpolate(axis=1, method="index", limit_area="inside")
    if expected.isna().any(axis=None):
        assert result is None
    else:
        np.testing.assert_allclose(result["gdp"], expected.to_numpy().ravel(), rtol=1e-13)


def test_years_are_said_in_spans():
    assert spans([2016, 2014, 2017, 2018, 2020]) == "2014, 2016-2018, 2020"


def gap_faults(**gaps):
    entry = table().model_dump() | {"gaps": gaps}
    with pytest.raises(ValueError) as caught:
        Tables.model_validate({"tables": {"gdp": entry, "a": table().model_dump()}})
    return str(caught.value)


def test_gap_policies_are_checked_when_the_study_is_loaded():
    assert "interpolate" in gap_faults(policy="guess")
    assert "needs an expression" in gap_faults(policy="compute")
    assert "carry only" in gap_faults(policy="leave", edition="2022")
    assert "no edition" in gap_faults(policy="carry", edition="22")
    assert "cannot be computed" in gap_faults(policy="compute", expression="a.b")
    assert "names nothing" in gap_faults(policy="compute", expression="nothing + 1")
    assert "gdp -> gdp" in gap_faults(policy="compute", expression="gdp * 2")
    carry = table(gaps={"policy": "carry", "edition": 2022}).gaps
    assert (carry.policy, carry.edition) == ("carry", "2022") and table(gaps="leave").gaps.policy == "leave"


REAL = ROOT / ".." / "shared/real/exports"


@pytest.mark.skipif(not REAL.is_dir(), reason="shared/real is absent")
def test_the_two_real_editions_of_gdp_settle_and_show_the_census_revision():
    reading = pytest.importorskip("cbe_assets.yearbook.reading")
    frames = []
    for edition, name in (("2018", "as-published_1993-2017"), ("2025", "revised_2006-2024")):
        file = f"classic-csv_gdp-{name}.csv"
        seen = reading.read((REAL / file).read_bytes(), file=file, gazetteer=GAZETTEER).observations
        frames.append(seen.assign(edition=edition, file=file))
    frame = typed(pd.concat(frames, ignore_index=True))
    years = list(range(2007, 2025))
    result = settled(frame, years, unit_unstated="亿元", accepts=["亿元"], range=[300, 300000])
    clean = result.frame.set_index(["province", "year"])
    assert clean.loc[("广东", 2022), "gdp"] == 132547.1
    assert clean.loc[("北京", 2016), ["gdp", "edition", "first_published", "revised"]].tolist() == [
        28438.7, "2025", "2018", True,
    ]  # fmt: skip
    assert result.editions == {"2025": 31 * 18}
    found = revisions("gdp", result.observations).set_index(["province", "year"])
    assert found.loc[("北京", 2016), ["old", "new"]].tolist() == [25669.13, 28438.7]
    assert found.index.get_level_values("year").max() == 2017
    before = settled(frame, list(range(2013, 2018)), as_of="2019", range=[300, 300000]).frame
    assert before.set_index(["province", "year"]).loc[("北京", 2016), "gdp"] == 25669.13
