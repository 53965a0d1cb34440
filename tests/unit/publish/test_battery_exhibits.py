"""The appendix: tables and figures of the robustness battery and of what goes beyond conditional correlation."""

import io
import math

import made_up
import numpy as np
import pytest
from made_up import ROOT
from made_up_battery import event_study, shift_share
from matplotlib import image
from scipy import stats

from cbe_assets.publish import battery_data, drawing
from cbe_assets.publish.grid import display_width
from cbe_assets.publish.identification_tables import anderson_rubin
from cbe_assets.publish.material import Context, Material, in_appendix, place_of
from cbe_assets.publish.render import inputs_of, render
from cbe_assets.publish.variants import variant, with_cv3_interval
from cbe_assets.publish.wording import catalogue, same
from cbe_assets.yearbook.gazetteer import Gazetteer

PLOTS = [f"figurea{number}" for number in range(1, 6)]
INFINITE = math.inf


@pytest.fixture(scope="module")
def stored(study):
    gazetteer = Gazetteer.from_csv((ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))
    return gazetteer, made_up.frames(study, gazetteer)


def material(study, stored, name, **frames):
    gazetteer, made = stored
    inputs = {key: frames.get(key.partition("/")[2], made[key]) for key in inputs_of(study, name)}
    return Material(study, name, inputs, Context(True, {}, gazetteer))


def rendered(study, stored, name, **frames):
    given = material(study, stored, name, **frames)
    return render(study, name, given.inputs, given.context)


def said(frame, language="en"):
    return "\n".join(frame.loc[frame["kind"] == "note", f"text_{language}"])


def line(frame, label):
    """Head -> value of the line with this label."""
    part = frame[(frame["label_en"] == label) & frame["kind"].isin(["coefficient", "statistic"])]
    return dict(zip(part["head_en"], part["value"], strict=True))


# Tables


@pytest.mark.parametrize("table", ["tablea1", "tablea2", "tablea5"])
def test_every_number_of_a_table_of_variants_is_the_stored_one(study, stored, exhibits, table):
    frame = exhibits[table].grid
    for source in [key for key in inputs_of(study, table) if key != "model/table4_3"]:
        rows = stored[1][source].to_dict("records")
        printed = frame[frame["source"] == source]
        for row in rows:
            name = row.get("variant") or f"{row['test']}.{row['term']}"
            if name == "table4_3[ECI]":
                continue
            found = printed.loc[printed["term"] == name, "value"].tolist()
            for key in ("estimate", "cv3", "wcr_p", "per_sd", "spearman", "romano_wolf_p", "benjamini_hochberg_p"):
                if key in row and not math.isnan(row[key]):
                    assert row[key] in found, (source, name, key)


def test_tablea1_begins_with_the_papers_own_column_and_does_not_repeat_it(study, stored, exhibits):
    frame = exhibits["tablea1"].grid
    first = frame[frame["kind"] == "coefficient"].iloc[0]
    assert (first["label_en"], first["text_en"], first["source"]) == (
        "The paper's: Table 4 (3)", "1.093**", "model/table4_3",
    )  # fmt: skip
    own = line(frame, "The paper's: Table 4 (3)")
    row = stored[1]["model/table4_3"].set_index("term").loc["ECI"]
    beside = (row["cv3_std_error"], row["wcr_p_value"], row["cv3_conf_low"])
    assert (own["CV3 SE"], own["WCR p"], own["95 % interval low"]) == beside
    assert not (frame["term"] == "table4_3[ECI]").any()
    assert "At 1 % and 99 % (as the paper)" in set(frame["text_en"])
    assert "1%与99%分位（同原文）" in set(frame["text_zh"])


def test_intervals_of_variants_rest_on_cv3_and_t_of_clusters_less_one(study, stored):
    frame = stored[1]["model/lagged_index"]
    found = with_cv3_interval(frame).iloc[0]
    half = stats.t.ppf(0.975, 29) * found["cv3"]
    assert (found["cv3_low"], found["cv3_high"]) == pytest.approx((found["estimate"] - half, found["estimate"] + half))
    side = with_cv3_interval(stored[1]["model/driscoll_kraay"]).iloc[0]
    assert (side["cv3_low"], side["cv3_high"]) == (side["conf_low"], side["conf_high"])


def test_every_variant_has_words_of_its_own_in_both_languages(study, stored):
    given = material(study, stored, "tablea1")
    for entry in [*study.exhibits["tablea1"].columns, "index_variants"]:
        names = stored[1][f"model/{entry}"]["variant"]
        for language in ("zh", "en"):
            words = [variant(given, entry, name)[language] for name in names]
            assert len(set(words)) == len(words)
            assert not set(words) & set(names)
    assert variant(given, "lagged_index", "lag_1").en == "Lag of 1 year"
    assert variant(given, "alternatives", "table5_1[NumCPZ]").zh == "EXP对NumCPZ，表5(1)"
    assert variant(given, "without_municipalities", "").zh == "不含北京、天津、上海、重庆"


def test_every_method_and_effect_that_a_study_may_name_has_words(study):
    from typing import get_args

    from cbe_assets.declared.regressions import WeightingMethod
    from cbe_assets.statistics.specification_curve import EFFECTS

    assert {f"weights_{name}" for name in get_args(WeightingMethod)} <= set(catalogue())
    assert {f"effects_{name}" for name in EFFECTS} <= set(catalogue())


def test_a_specification_in_no_table_goes_by_its_key(study):
    assert place_of(study, "table4_3").en == "Table 4 (3)"
    assert place_of(study, "table7_ols") == same("table7_ols")


def test_tablea3_gives_both_shares_the_mean_over_ranks_and_the_least_certain_provinces(stored, exhibits):
    frame, source = exhibits["tablea3"].grid, stored[1]["model/index_uncertainty"]
    weights = source[source["factor"] == "weights"].set_index("output")
    found = line(frame, "Weighting")
    assert found["Coefficient per SD First"] == weights.loc["coefficient_per_sd", "first_order"]
    assert found["Ranks (mean) Total"] == pytest.approx(weights["total"].drop("coefficient_per_sd").mean())
    widest = weights["sd"].drop("coefficient_per_sd").idxmax()
    assert frame.loc[frame["kind"] == "head", "text_zh"].tolist()[3] == f"{widest[5:-1]}名次"
    spread = frame[(frame["label_en"] == "5th percentile") & (frame["kind"] == "statistic")]
    assert spread["value"].tolist()[0] == pytest.approx(0.052)
    assert "6 ways of weighting, 3 of normalizing, 4 winsor limits, 2 ways of aggregating" in said(frame)


def test_tablea4_warns_of_the_modified_wald_test_and_says_what_to_do(exhibits):
    frame = exhibits["tablea4"].grid
    row = frame[frame["label_en"] == "Modified Wald"]
    assert "with ten it rejects nearly every true null" in " ".join(row["text_en"])
    assert "几乎总是拒绝" in " ".join(row["text_zh"])
    nulls = [text.replace("\u00a0", " ") for text in frame.loc[frame["column"] == 2, "text_en"]]
    assert nulls[1:6] == ["N(0, 1)", "F(1, 29)", "χ²(30)", "F(29, 270)", "F(2, 29)"]


def test_tablea5_counts_what_is_left_of_the_significant_tests(stored, exhibits):
    frame, rows = exhibits["tablea5"].grid, stored[1]["model/multiple_testing"]
    alone, strict = (int((rows[key] < 0.05).sum()) for key in ("p_value", "romano_wolf_p"))
    assert f"Of {len(rows)} tests, significant at 5 %: {alone} alone" in said(frame)
    assert f"{strict} by Romano-Wolf" in said(frame)
    assert "Table 6 (2)" in set(frame["text_en"])


def test_tablea6_marks_the_reference_year_and_says_treatment_dose_and_comparison(exhibits):
    frame = exhibits["tablea6"].grid
    assert line(frame, "\u22121 (reference)")["Effect"] == 0
    assert line(frame, "0")["Mean dose"] == 1.0
    assert line(frame, "All years from adoption on")["p"] == 0.291
    assert line(frame, "All years before are zero: F(3, 27)") == {"Effect": 5.25, "p": 0.001}
    assert "from the year in which the province has its first zone" in said(frame)
    assert "a second zone changes nothing" in said(frame)
    assert "provinces whose first zone came in 2020 or later, in the years before" in said(frame)
    assert "对照：2020年或以后才有首个综试区的省份" in said(frame, "zh")


def test_years_that_one_or_two_provinces_carry_are_named(study, stored):
    thin = rendered(study, stored, "tablea6", pilot_zone_event_study=event_study(few=2))
    assert "Only one or two provinces carry +3" in said(thin.grid)
    assert "Only one or two" not in said(rendered(study, stored, "tablea6").grid)


def test_without_last_adopters_the_never_treated_are_the_comparison(study, stored):
    frame = event_study().assign(control="never treated")
    made = rendered(study, stored, "tablea6", pilot_zone_event_study=frame)
    assert "Comparison: provinces that never have a zone." in said(made.grid)


@pytest.mark.parametrize(
    ("intervals", "en", "zh"),
    [
        ([(0.4, 4.2)], "[0.400, 4.200]", "[0.400, 4.200]"),
        ([(0.4, INFINITE)], "unbounded on one side", "一端无界"),
        ([(-INFINITE, -2.1), (0.5, INFINITE)], "unbounded, in pieces", "分段且无界"),
        ([(-1.0, 0.2), (0.5, 0.9)], "in several pieces", "由几段组成"),
        ([(-INFINITE, INFINITE)], "the whole line", "整条实数轴"),
        ([], "empty", "空集"),
    ],
)
def test_an_anderson_rubin_set_of_any_shape_is_said_in_words(intervals, en, zh):
    found = anderson_rubin(intervals)
    assert en in found.en and zh in found.zh
    assert found.en.count("\u221e") == sum(math.isinf(end) for interval in intervals for end in interval)
    assert "[\u2212\u221e" not in found.en and "\u221e]" not in found.en


@pytest.mark.parametrize(("strength", "verdict"), [(29.34, "not weak"), (8.5, "the instrument is weak")])
def test_tablea7_gives_a_verdict_on_the_strength_of_the_instrument(study, stored, strength, verdict):
    frame = shift_share([(-INFINITE, -2.1), (0.5, INFINITE)], strength)
    made = rendered(study, stored, "tablea7", shift_share=frame)
    assert verdict in said(made.grid)
    assert "critical value 23.11" in " ".join(made.grid["text_en"])
    assert "(\u2212\u221e, \u22122.100] and [0.500, \u221e)" in " ".join(made.grid["text_en"])
    assert "cannot be tested, only argued" in said(made.grid)


# Figures


def test_figurea1_is_in_order_of_size_and_names_the_most_influential(stored, exhibits):
    data, frame = exhibits["figurea1"].grid, stored[1]["model/leave_one_out"]
    provinces = data[data["series"] == "province"]
    assert provinces["y"].is_monotonic_increasing and len(provinces) == 30
    full = frame.loc[frame["left_out"] == "none", "estimate"].item()
    by = frame[frame["left_out"] == "province"].set_index("variant")["estimate"].sub(full).abs()
    assert set(data.loc[data["series"] == "far_province", "label"]) == set(by.nlargest(3).index)
    years = data[data["series"] == "year"]
    assert years["x"].min() > provinces["x"].max() + 1 and len(years) == 10


def test_bars_of_the_placebo_hold_every_permutation_and_the_dark_ones_are_its_p_value(stored, exhibits):
    data, frame = exhibits["figurea2"].grid, stored[1]["model/placebo"]
    beyond = data.loc[data["series"] == "bar_beyond", "y"].sum()
    assert data.loc[data["series"].str.startswith("bar"), "y"].sum() == len(frame) - 1
    assert (1 + beyond) / len(frame) == pytest.approx(frame["p_value"].iloc[0])


def test_specifications_are_drawn_evenly_with_the_papers_own_among_them(stored, exhibits):
    data, frame = exhibits["figurea4"].grid, stored[1]["model/specification_curve"]
    paper = data[data["series"] == "paper"]
    assert paper["y"].item() == frame.loc[frame["paper"], "standardized"].item()
    drawn = data[data["series"].isin(["significant", "insignificant"])].sort_values("x")
    assert drawn["y"].is_monotonic_increasing and paper["x"].item() in set(drawn["x"])
    steps = np.diff(drawn.loc[drawn["x"] != paper["x"].item(), "x"])
    assert set(steps) <= {24.0, 48.0} and len(drawn) <= battery_data.SHOWN + 1
    marks = data[data["series"].str.startswith("outcome=")]
    assert len(marks) == len(drawn)


def test_a_curve_without_the_papers_column_is_drawn_all_the_same(study, stored):
    frame = stored[1]["model/specification_curve"].assign(paper=False)
    made = rendered(study, stored, "figurea4", specification_curve=frame)
    assert "paper" not in set(made.grid["series"])


@pytest.mark.parametrize("name", PLOTS)
def test_svg_stays_small(files, name):
    for language in ("zh", "en"):
        assert len(files[f"figures/{name}.{language}.svg"]) < 400 * 1024


@pytest.mark.parametrize("name", PLOTS)
def test_nothing_is_cut_off_at_the_edge_of_a_figure(files, name):
    for language in ("zh", "en"):
        picture = image.imread(io.BytesIO(files[f"figures/{name}.{language}.png"]))[:, :, :3]
        edges = (picture[:4], picture[-4:], picture[:, :4], picture[:, -4:])
        assert all((edge == 1).all() for edge in edges), f"{name}.{language}"


@pytest.mark.parametrize("name", PLOTS)
def test_texts_of_a_figure_do_not_overlap(study, stored, name):
    given = material(study, stored, name)
    data = render(study, name, given.inputs, given.context).grid
    for language in ("zh", "en"):
        with drawing.style(name):
            figure = drawing._figure(given, data, language)
            figure.canvas.draw()
            boxes = [box for box in texts(figure) if box[1].width and box[1].height]
        for number, (one, box) in enumerate(boxes):
            for other, second in boxes[number + 1 :]:
                assert not overlap(box, second), f"{name}.{language}: {one!r} and {other!r}"


def texts(figure):
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        shown = text.get_visible() and text.get_text().strip()
        if shown and (text.axes is None or text.axes in figure.axes):
            yield text.get_text(), text.get_window_extent()


def overlap(one, two, slack=1.0):
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    return wide > slack and high > slack


def test_notes_keep_brackets_and_equations_together():
    lines = drawing.wrapped("甲乙丙丁（戊己）p = 0.05，庚辛 95 % 的区间。" * 6, 34)
    assert not any(line.endswith(("（", "=")) or line.startswith(("=", "%", "）", "，")) for line in lines)
    assert max(map(display_width, lines)) <= 40


# Report and study


def test_the_report_has_an_appendix_after_table_8_in_the_contents_too(files, study):
    for language, head in (("zh", "附录：稳健性与识别"), ("en", "Appendix: robustness and identification")):
        page = files[f"report/index.{language}.html"].decode()
        assert page.index('id="table8"') < page.index('<h2 id="appendix">') < page.index('id="tablea1"')
        assert page.count(head) == 2
    listed = study.exhibits["report"].of
    first = next(place for place, name in enumerate(listed) if in_appendix(name))
    assert all(in_appendix(name) for name in listed[first:])


def test_appendix_exhibits_tell_how_to_read_them_in_both_languages(study):
    for name, exhibit in study.exhibits.items():
        if in_appendix(name) and exhibit.kind != "comparison":
            assert exhibit.reading and all(text.zh and text.en for text in exhibit.reading), name
