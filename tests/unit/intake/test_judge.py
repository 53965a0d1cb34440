"""What refuses a file, with the reason and nothing written; what is said and filed all the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from incoming_files import (
    GAZETTEER,
    PROVINCES,
    YEARS,
    batch,
    classic,
    filed,
    messages,
    nation,
    new_site,
    one,
    values,
)

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook import writing

SLIPS = [(10, "10"), (1e3, "1,000"), (1e4, "10,000"), (0.1, "1/10"), (1e-4, "1/10,000")]
WRONG = [{"table": "gpd"}, {"edition": "spring"}, {"edition": "2023-13"}, {"accessed": "2023"}]


def warnings(judgement) -> list[str]:
    assert messages(judgement) == []
    return [item.message for item in judgement.warnings]


def refused(root, data: bytes, **said) -> list[str]:
    """The reasons; a refused file changes nothing that is filed."""
    before = filed(root) if (root / "data/yearbooks").is_dir() else []
    judgement = one(root, data, name="incoming.csv", **said)
    assert judgement.faults and {item.code for item in judgement.faults} <= {1, 2}
    assert (filed(root) if (root / "data/yearbooks").is_dir() else []) == before
    return messages(judgement)


def test_a_series_of_no_table_is_refused_naming_the_nearest(root):
    judgement = one(root, classic(values(), "地区生产总值增速", "%"))
    assert messages(judgement) == ["table_unknown"]
    assert judgement.faults[0].code == 1 and "gdp" in judgement.faults[0].text("en")


@pytest.mark.parametrize(
    ("unit", "reason"),
    [("万吨", "unit_of_another_kind"), ("亿美元", "unit_of_another_kind"), ("元", "unit_not_accepted")],
)
def test_a_unit_that_does_not_convert_or_is_not_accepted_is_refused(root, unit, reason):
    assert refused(root, classic(values(), unit=unit)) == [reason]


def test_a_file_without_unit_is_refused_where_the_table_has_no_usual_one_and_taken_with_unit(root):
    data = new_site(values(1.0))
    assert refused(root, data, table="long_distance_cable") == ["unit_not_said"]
    assert messages(one(root, data, table="long_distance_cable", unit="万公里")) == []
    assert filed(root) == ["long_distance_cable/2023.csv"]


def test_missing_provinces_are_refused_by_name(root):
    judgement = one(root, classic(values().drop(index=["浙江", "西藏"])))
    assert messages(judgement) == ["provinces_missing"]
    assert "浙江" in judgement.faults[0].text("zh") and "西藏" in judgement.faults[0].text("en")


def test_a_province_without_any_value_is_missing_and_single_cells_are_only_said(root):
    frame = values()
    frame.loc["浙江"] = np.nan
    assert refused(root, classic(frame)) == ["provinces_missing"]
    frame = values()
    frame.loc["浙江", 2015] = np.nan
    assert warnings(one(root, classic(frame))) == ["cells_without_value"]


def test_a_value_out_of_range_in_the_study_years_is_refused_with_its_cell(root):
    frame = values()
    frame.loc["广东", 2020] *= 1e4
    judgement = one(root, classic(frame))
    assert messages(judgement) == ["value_out_of_range_unit"]
    assert {"广东", 2020} <= set(judgement.faults[0].facts.values())


def test_many_values_out_of_range_are_counted_and_still_a_failed_check(root):
    judgement = one(root, classic(values(1e6)))
    assert messages(judgement)[-1] == "more_of_the_same" and {item.code for item in judgement.faults} == {1}


def test_values_out_of_range_before_the_study_are_said_and_filed(root):
    frame = values(years=range(1993, 2023))
    frame[1993] = 1.5
    assert "early_out_of_range" in warnings(one(root, classic(frame)))


def test_a_correction_that_is_declared_lets_the_edition_in(root):
    frame = values()
    right = frame.loc["广东", 2020]
    frame.loc["广东", 2020] = 5e7
    (root / "data/corrections.yaml").write_text(
        "corrections:\n- {table: gdp, province: 广东, year: 2020, edition: 2023, printed: 50000000, "
        f"corrected: {right}, reason: slip, reference: call}}\n",
        encoding="utf-8",
    )
    assert messages(one(root, classic(frame))) == []
    assert refused(root, classic(frame * 1.01), edition="2024") == ["value_out_of_range_power"]


@pytest.mark.parametrize(("factor", "said"), SLIPS)
def test_a_factor_of_ten_thousand_and_ten_against_the_last_edition_is_a_unit_error(root, factor, said):
    level = 3e6
    assert messages(one(root, classic(values(level), "经营单位所在地出口总额", "千美元"))) == []
    data = classic(values(level * factor * 1.03), "经营单位所在地出口总额", "千美元")
    judgement = one(root, data, edition="2024")
    slips = [item for item in judgement.faults if item.message.startswith("slip_file")]
    assert [item.facts["found"] for item in slips] == [said] and slips[0].code == 1
    assert len(filed(root)) == 1


def test_a_unit_error_names_the_unit_that_it_looks_like(root):
    one(root, classic(values(3e6), "经营单位所在地出口总额", "千美元"))
    judgement = one(root, classic(values(3e5), "经营单位所在地出口总额", "千美元"), edition="2024")
    assert [item.facts.get("likely") for item in judgement.faults] == ["万美元"]


def test_a_unit_error_is_seen_without_a_cell_in_common(root):
    one(root, classic(values(3e6, range(2013, 2020)), "经营单位所在地出口总额", "千美元"))
    later = classic(values(3e6, range(2013, 2023)).loc[:, 2020:] / 1e3, "经营单位所在地出口总额", "千美元")
    assert refused(root, later) == ["slip_file_unit"]
    right = classic(values(3e6, range(2013, 2023)).loc[:, 2020:], "经营单位所在地出口总额", "千美元")
    assert messages(one(root, right)) == []


def test_a_year_or_a_province_in_another_unit_is_refused_and_a_single_cell_is_said(root):
    level, kind = 3e6, ("经营单位所在地出口总额", "千美元")
    one(root, classic(values(level), *kind))
    frame = values(level)
    frame[2020] /= 10
    assert refused(root, classic(frame, *kind), edition="2024") == ["slip_part"]
    frame = values(level)
    frame.loc["海南"] /= 10
    assert refused(root, classic(frame, *kind), edition="2024") == ["slip_part"]
    frame = values(level)
    frame.loc["海南", 2022] /= 10
    assert warnings(one(root, classic(frame, *kind), edition="2024")) == ["slip_cell"]


def test_a_large_revision_is_no_unit_error(root):
    one(root, classic(values()))
    frame = values() * 1.03
    frame.loc["天津"] *= 0.65
    judgement = one(root, classic(frame.round(2)), edition="2024")
    assert warnings(judgement) == [] and len(judgement.found.revised) == 310


def test_another_series_under_a_stated_table_is_refused(root):
    one(root, classic(values(4000)))
    another = values(4000).iloc[::-1].set_axis(PROVINCES)
    assert refused(root, new_site(another), table="gdp", edition="2024") == ["series_unlike"]


def test_the_same_file_is_refused_in_any_edition(root):
    data = classic(values())
    one(root, data)
    assert refused(root, data) == ["already_filed"]
    assert refused(root, data, edition="2024") == ["already_filed"]


def test_the_same_observations_in_the_same_edition_are_refused_whatever_the_layout(root):
    one(root, classic(values()))
    assert refused(root, new_site(values()), table="gdp") == ["same_observations"]
    assert refused(root, classic(values() * 1e4, unit="万元")) == ["same_observations"]


def test_an_edition_with_other_content_stands_and_another_edition_is_asked_for(root):
    one(root, classic(values()))
    frame = values()
    frame.loc["北京", 2022] += 1
    assert refused(root, classic(frame)) == ["edition_taken"]
    judgement = one(root, classic(frame), edition="2023-11")
    assert warnings(judgement) == [] and len(judgement.found.revised) == 1
    assert filed(root) == ["gdp/2023-11.csv", "gdp/2023.csv"]


def test_an_edition_older_than_its_values_is_refused(root):
    assert refused(root, classic(values()), edition="2021-06") == ["edition_too_old"]


def test_all_reasons_come_together(root):
    frame = values().drop(index="浙江")
    frame.loc["广东", 2020] = 1e9
    assert sorted(refused(root, classic(frame), edition="2020")) == [
        "edition_too_old", "provinces_missing", "value_out_of_range_power",
    ]  # fmt: skip


def test_two_series_with_names_of_one_table_are_a_question_not_a_guess(root):
    data = writing.write_json_rows(
        {("年末常住人口", "万人"): values(2000), ("年末总人口", "万人"): values(1900)}, gazetteer=GAZETTEER
    )
    assert refused(root, data) == ["series_alike"]


def test_of_one_series_in_two_units_the_stored_unit_is_taken(root):
    data = writing.write_json_rows(
        {("地区生产总值", "万元"): values(5e7).round(-2), ("地区生产总值", "亿元"): values()}, gazetteer=GAZETTEER
    )
    judgement = one(root, data)
    assert warnings(judgement) == [] and set(judgement.rows["unit"]) == {"亿元"}
    assert [str(other) for other in judgement.others] == ["地区生产总值 (万元)"]


def test_a_series_that_goes_on_under_another_name_is_one_edition(root):
    early, late = (frame.reindex(columns=list(YEARS)) / 3 for frame in (values().loc[:, :2015], values().loc[:, 2016:]))
    data = writing.write_json_rows(
        {("年末总人口", "万人"): early, ("年末常住人口", "万人"): late},
        gazetteer=GAZETTEER,
    )
    judgement = one(root, data, edition="2024")
    assert messages(judgement) == [] and judgement.found.as_dict()["new"]["cells"] == 310


def test_tables_of_the_nation_need_the_nation(root):
    assert messages(one(root, classic(nation(3e5), "货物进出口总额"))) == []
    assert filed(root) == ["goods_trade/2023.csv"]


def test_new_revised_and_gone_are_counted_against_the_edition_before(root):
    one(root, classic(values(years=range(2010, 2020))))
    frame = values(years=range(2013, 2023))
    frame.loc["北京", 2015] *= 1.1
    frame.loc["海南", 2016] = np.nan
    found = one(root, classic(frame)).found
    said = found.as_dict()
    assert said["against"] == "2020" and not said["against_is_newer"]
    assert said["overlap"] == 31 * 7 - 1
    assert said["new"] == {"cells": 93, "years": [2020, 2021, 2022]}
    assert said["gone"] == {"cells": 94, "years": [2010, 2011, 2012, 2016]}
    assert found.gone_inside.to_dict("records") == [{"province": "海南", "year": 2016}]
    (cell,) = said["revised"]["list"]
    assert (cell["province"], cell["year"]) == ("北京", 2015)
    assert said["revised"]["median_change"] == pytest.approx(0.1, abs=1e-5)


def test_an_older_edition_is_compared_with_the_next_newer_one(root):
    one(root, classic(values() * 1.02))
    found = one(root, classic(values(years=range(2013, 2018)))).found
    assert found.newer and found.against == "2023" and len(found.revised) == 31 * 5


def test_simulated_figures_stay_marked(root):
    data = classic(values(), source_line="数据来源：模拟数据 SIMULATED")
    assert warnings(one(root, data)) == ["simulated_file"]
    assert "simulated: true" in (root / "data/yearbooks/gdp/2023.csv.meta.yaml").read_text(encoding="utf-8")


def test_values_far_from_both_neighbours_are_said_and_kept(root):
    frame = values()
    frame.loc["海南", 2018] = 900.0
    assert warnings(one(root, classic(frame))) == ["odd_values"]


def test_hints_name_the_tables_that_agree_and_decide_nothing(root):
    one(root, classic(values()))
    judgement = one(root, new_site(values()))
    assert messages(judgement) == ["table_not_said"] and judgement.faults[0].code == 2
    assert judgement.hints[0].message == "hint_agrees" and judgement.hints[0].facts["key"] == "gdp"


@pytest.mark.parametrize("said", WRONG)
def test_what_the_user_says_wrongly_is_wrong_use_before_anything_is_read(root, said):
    with pytest.raises(StudyFault) as failure:
        one(root, classic(values()), **said)
    assert failure.value.code == 2


def test_two_faulty_series_of_a_file_do_not_hide_each_other(root):
    bad = pd.DataFrame(-1.0, index=PROVINCES, columns=list(YEARS))
    data = writing.write_json_rows(
        {("地区生产总值", "亿元"): bad, ("第一产业增加值", "亿元"): values(500), ("第二产业增加值", "吨"): values()},
        gazetteer=GAZETTEER,
    )
    path = root / "all.json"
    path.write_bytes(data)
    results = {judgement.table: messages(judgement) for judgement in batch(root, path).judgements}
    assert results["value_added_primary"] == []
    assert results["value_added_secondary"] == ["unit_of_another_kind"]
    assert "value_out_of_range" in results["gdp"]
    assert filed(root) == ["value_added_primary/2023.csv"]
