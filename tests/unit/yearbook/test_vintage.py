"""Which edition a cell is taken from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_tables import messages, raw

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook.edition import as_of_date, edition_date, edition_order
from cbe_assets.yearbook.vintage import choose_vintage, family_editions, in_order, published_by, revisions


@pytest.mark.parametrize(
    ("edition", "expected"),
    [
        ("2022", date(2022, 12, 31)),
        ("2022-02", date(2022, 2, 28)),
        ("2024-02", date(2024, 2, 29)),
        ("2022-06-30", date(2022, 6, 30)),
    ],
)
def test_an_edition_is_out_on_the_last_day_of_the_period_it_names(edition, expected):
    assert edition_date(edition) == expected


@pytest.mark.parametrize(
    "edition", ["", "22", "2022-13", "2022-6", "2022-02-30", "2022-06-30-1", "２０２２", "2022\n", "v1"]
)
def test_a_malformed_edition_is_a_fault(edition):
    with pytest.raises(StudyFault) as caught:
        edition_date(edition)
    assert messages(caught.value) == ["edition_malformed"]


def test_editions_are_ordered_by_date_then_name():
    assert in_order(["2023-01", "2022-12-31", "2022", "2022-12", "2022-11", "2022"]) == [
        "2022-11", "2022", "2022-12", "2022-12-31", "2023-01",
    ]  # fmt: skip
    assert edition_order("2022") < edition_order("2022-12")


def test_as_of_keeps_what_was_certainly_out():
    frame = raw({"2022": {("北京", 2021): 1}, "2023-06": {("北京", 2021): 2}, "2023-07-01": {("北京", 2021): 3}})
    assert published_by(frame, "2023-06-30")["edition"].tolist() == ["2022", "2023-06"]
    assert published_by(frame, date(2023, 6, 29))["edition"].tolist() == ["2022"]
    assert published_by(frame, None) is frame
    assert as_of_date("2023") == date(2023, 12, 31)


def test_the_newest_edition_that_has_the_cell_wins():
    frame = raw(
        {
            "2018": {("北京", 2016): "25669.13", ("上海", 2016): "28178.65", ("广东", 2016): "80854.91"},
            "2025": {("北京", 2016): "28438.7", ("上海", 2016): None},
        }
    )
    chosen = choose_vintage(frame).set_index("province")
    assert chosen.loc["北京", ["value", "edition", "first_published", "revised"]].tolist() == [
        28438.7,
        "2025",
        "2018",
        True,
    ]
    assert chosen.loc["上海", ["value", "edition", "first_published", "revised"]].tolist() == [
        28178.65,
        "2018",
        "2018",
        False,
    ]
    assert chosen.loc["广东", "text"] == "80854.91"


def test_a_coarser_print_of_the_same_figure_is_no_revision():
    old = {("北京", 2016): "25669.13", ("上海", 2016): "28178.65"}
    frame = raw({"2018": old, "2025": {("北京", 2016): "25669.1", ("上海", 2016): "28178.7"}})
    assert not choose_vintage(frame)["revised"].any()
    assert revisions("gdp", frame).empty
    frame = raw({"2018": old, "2025": {("北京", 2016): "25669.2", ("上海", 2016): "28179"}})
    assert choose_vintage(frame).set_index("province")["revised"].to_dict() == {"北京": True, "上海": True}


def test_rounding_is_that_of_the_edition_where_trailing_zeros_are_dropped():
    frame = raw({"2018": {("北京", 2016): "45", ("上海", 2016): "44.97"}, "2025": {("北京", 2016): "45.3"}})
    assert choose_vintage(frame).set_index("province").loc["北京", "revised"]


def test_revisions_name_both_editions_and_the_relative_change():
    frame = raw(
        {
            "2023": {("广东", 2022): "129118.6", ("北京", 2022): "41610.9"},
            "2024": {("广东", 2022): "129118.6"},
            "2025": {("广东", 2022): "132547.1", ("北京", 2022): "45222.4"},
        }
    )
    found = revisions("gdp", frame).set_index("province")
    assert found.loc["广东", ["old", "new", "old_edition", "new_edition"]].tolist() == [
        129118.6,
        132547.1,
        "2024",
        "2025",
    ]
    assert found.loc["广东", "relative_change"] == pytest.approx(0.0265531, abs=1e-6)
    assert found.loc["北京", ["old_edition", "new_edition"]].tolist() == ["2023", "2025"]
    assert found["table"].eq("gdp").all()
    assert revisions("gdp", frame, ["北京", "广东"])["province"].tolist() == ["北京", "广东"]
    assert revisions("gdp", frame, ["广东", "北京"])["province"].tolist() == ["广东", "北京"]


def test_relative_change_from_zero_is_undefined():
    found = revisions("t", raw({"2020": {("北京", 2019): "0"}, "2021": {("北京", 2019): "5"}}))
    assert found["old"].tolist() == [0.0] and np.isnan(found["relative_change"].iloc[0])


def test_no_observations_give_empty_tables_with_all_columns():
    empty = raw({"2022": {("北京", 2020): None}})
    assert choose_vintage(empty).empty and {"first_published", "revised"} <= set(choose_vintage(empty))
    assert revisions("t", empty).columns.tolist() == [
        "table", "province", "year", "old", "new", "relative_change", "old_edition", "new_edition",
    ]  # fmt: skip


EDITIONS = ["2019", "2020-06", "2020", "2021-03-01", "2022"]
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(EDITIONS[1:]), st.sampled_from(["北京", "上海", "西藏"]), st.integers(2015, 2018)),
    st.one_of(st.none(), st.integers(1, 5)),
    min_size=1,
    max_size=30,
)


def frame_of(cells):
    editions: dict[str, dict] = {}
    for (edition, province, year), value in cells.items():
        editions.setdefault(edition, {})[province, year] = value
    return raw(editions)


@given(CELLS)
@settings(max_examples=60, deadline=None)
def test_the_choice_is_what_the_rule_says_cell_by_cell(cells):
    chosen = choose_vintage(frame_of(cells))
    expected = {}
    for (edition, province, year), value in sorted(cells.items(), key=lambda item: edition_order(item[0][0])):
        if value is not None:
            expected.setdefault((province, year), []).append((edition, value))
    found = {(row.province, row.year): row for row in chosen.itertuples()}
    assert found.keys() == expected.keys()
    for cell, held in expected.items():
        row = found[cell]
        assert (row.edition, row.value) == held[-1] and row.first_published == held[0][0]
        assert row.revised == any(value != held[-1][1] for _, value in held)


@given(CELLS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(cells, random):
    frame = frame_of(cells)
    shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))].reset_index(drop=True)
    pd.testing.assert_frame_equal(choose_vintage(frame), choose_vintage(shuffled))
    pd.testing.assert_frame_equal(revisions("t", frame), revisions("t", shuffled))


@given(CELLS, st.dictionaries(st.tuples(st.sampled_from(["北京", "上海"]), st.integers(2015, 2018)), st.integers(1, 5)))
@settings(max_examples=40, deadline=None)
def test_adding_an_older_edition_never_changes_a_value(cells, older):
    before = choose_vintage(frame_of(cells)).set_index(["province", "year"])
    after = choose_vintage(frame_of(cells | {("2019", *cell): value for cell, value in older.items()}))
    after = after.set_index(["province", "year"]).loc[before.index]
    assert before[["value", "edition"]].equals(after[["value", "edition"]])
    assert (after["revised"] >= before["revised"]).all()


@given(CELLS, st.sampled_from(EDITIONS))
@settings(max_examples=30, deadline=None)
def test_as_of_is_the_same_as_never_having_had_the_later_editions(cells, as_of):
    kept = {cell: value for cell, value in cells.items() if edition_date(cell[0]) <= edition_date(as_of)}
    expected = choose_vintage(frame_of(kept)) if kept else None
    found = choose_vintage(published_by(frame_of(cells), as_of))
    assert found.empty if expected is None else found.equals(expected)


def test_a_family_takes_each_year_from_the_newest_edition_that_is_whole():
    old, new = {("北京", 2021): 1, ("上海", 2021): 1, ("北京", 2022): 1, ("上海", 2022): 1}, {("北京", 2022): 2}
    family = family_editions(
        {"gdp": raw({"2022": old, "2023": old}), "secondary": raw({"2022": old, "2023": new})},
        ["北京", "上海"],
        [2021, 2022],
    )
    assert family.editions == {2021: "2022", 2022: "2022"} and family.lacking == {}


def test_a_family_without_a_whole_edition_says_what_each_lacks():
    family = family_editions(
        {"gdp": raw({"2023": {("北京", 2022): 1}}), "secondary": raw({"2022": {("北京", 2022): 1}})},
        ["北京"],
        [2022, 2023],
    )
    assert family.editions == {2022: "2023"}
    assert family.lacking == {2022: {"2023": {"secondary": ["北京"]}, "2022": {"gdp": ["北京"]}}}
