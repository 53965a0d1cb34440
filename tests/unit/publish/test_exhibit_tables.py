"""What each table shows and what its notes say."""

import made_up
import pytest
from made_up import ROOT

from cbe_assets.publish.material import Context
from cbe_assets.publish.render import inputs_of, render
from cbe_assets.yearbook.gazetteer import Gazetteer


def notes(exhibits, name, language="en"):
    frame = exhibits[name].grid
    return "\n".join(frame.loc[frame["kind"] == "note", f"text_{language}"])


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer.from_csv((ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))


def one(study, gazetteer, name, change=None, **context):
    """An exhibit from made-up frames that `change` may have altered."""
    frames = made_up.frames(study, gazetteer)
    if change:
        change(frames)
    made = Context(**{"simulated": False, "editions": {}, "gazetteer": gazetteer} | context)
    return render(study, name, {key: frames[key] for key in inputs_of(study, name)}, made)


@pytest.mark.parametrize("number", [*range(1, 9), *(f"a{number}" for number in range(1, 8))])
def test_every_table_of_simulated_data_says_so_in_title_and_first_note(exhibits, number):
    frame = exhibits[f"table{number}"].grid
    for language, mark in (("zh", "模拟数据"), ("en", "SIMULATED")):
        assert mark in frame[frame["kind"] == "title"].iloc[0][f"text_{language}"]
        assert mark in frame[frame["kind"] == "note"].iloc[0][f"text_{language}"]


def test_every_file_of_simulated_data_says_so(files):
    for path, data in files.items():
        # The audit's CSV holds the paper's own numbers, and CSV has no notes that could say so.
        if path.endswith((".csv", ".tex", ".html", ".md")) and not (path.endswith(".csv") and "tablea8" in path):
            assert "SIMULATED" in data.decode("utf-8-sig"), path


@pytest.mark.parametrize("name", ["table1", "table4"])
def test_tables_of_official_data_carry_no_mark(study, gazetteer, name):
    made = one(study, gazetteer, name)
    assert "SIMULATED" not in made.preview_md
    for path, data in made.files.items():
        if path.endswith((".csv", ".tex", ".html", ".md")):
            assert "SIMULATED" not in data.decode("utf-8-sig"), path


def test_notes_say_which_columns_have_which_standard_errors(exhibits):
    said = notes(exhibits, "table4")
    assert "Columns (1), (2): heteroskedasticity-robust standard errors (HC1)." in said
    assert "Column (3): standard errors clustered by province, p values from t(29)." in said
    assert "All columns: standard errors clustered by province" in notes(exhibits, "table6")


def test_notes_give_stars_sample_winsorizing_gaps_and_editions(exhibits):
    said = notes(exhibits, "table4")
    assert "* p<0.10, ** p<0.05, *** p<0.01" in said
    assert "30 provinces (without Tibet), 2013\u20132022, N = 300." in said
    assert "winsorized at 1 % and 99 %" in said
    assert "12 cells of the raw tables were imputed or carried" in said
    assert "2024-10 (Gross regional product, Resident population at year end)" in said
    assert "30个省份（不含西藏），2013\u20132022年，N=300。" in notes(exhibits, "table4", "zh")


def test_table4_prints_the_defined_hausman_form_and_says_which(exhibits):
    frame = exhibits["table4"].grid
    row = frame[(frame["label_en"] == "Hausman test") & (frame["kind"] == "statistic")].iloc[0]
    assert (row["text_en"], row["term"]) == ("28.26***", "hausman_sigmamore")
    assert "not positive definite, no p" in notes(exhibits, "table4")
    assert "The table shows sigmamore." in notes(exhibits, "table4")


def test_table6_notes_give_product_sobel_bootstrap_and_shares(exhibits):
    said = notes(exhibits, "table6")
    assert "a×b = 0.208 × 3.890 = 0.809 (Sobel z = 5.08" in said
    assert "; Aroian z = 5.05, p < 0.001" in said
    assert "bootstrap 95 % interval [0.412, 1.302]" in said
    assert "74.0 % of the total; direct 25.9 %" in said
    assert "not proof of it" in said


def test_table6_notes_give_the_joint_model_and_how_much_confounding_each_path_stands(exhibits):
    said = notes(exhibits, "table6")
    assert "Both mediators at once: through Inus 0.718 (95 % interval [0.334, 1.390]), through Tec 0.315" in said
    assert "together 1.033 (84.6 % of the total, 95 % interval [0.573, 1.831]), direct 0.188" in said
    assert "Inus: zero at ρ = 0.33 (95 % interval [0.23, 0.43])" in said
    assert "the interval holds 0 from ρ = 0.3 on. Tec: zero at ρ = 0.13" in said
    assert "the interval holds 0 already at ρ = 0." in said


def test_table6_leaves_the_bootstrap_out_where_the_stored_test_has_none(study, gazetteer):
    def without(frames):
        for name in ("model/mediation_inus", "model/mediation_tec"):
            frame = frames[name]
            frames[name] = frame[~frame["statistic"].str.contains("bootstrap")]

    made = one(study, gazetteer, "table6", without)
    assert "province bootstrap" not in made.preview_md
    assert "Sobel z = 5.08" in made.preview_md


def test_table8_notes_give_the_difference_and_its_test(exhibits):
    said = notes(exhibits, "table8")
    assert "ECI differs by 1.982 between the groups; equality F(1, 29) = 5.24, p = 0.030" in said
    assert "above the sample median" in said
    assert "Permuting the paths of Financial development among provinces" in said
    assert "difference of ECI 1.982, p = 0.464" in said


def test_table7_lists_thirty_provinces_by_region_with_three_estimators(exhibits):
    frame = exhibits["table7"].grid
    coefficients = frame[frame["kind"] == "coefficient"]
    assert coefficients.groupby("source").size().to_dict() == {
        "model/partially_pooled": 30, "model/table7_lsdv": 30, "model/table7_ols": 30, "model/table7_swamy": 30,
    }  # fmt: skip
    regions = frame[(frame["kind"] == "text") & (frame["columns"] > 1)]["text_zh"].tolist()
    assert regions == ["东部地区", "中部地区", "西部地区"]
    assert "Slope homogeneity: F(29, 240) = 5.50" in notes(exhibits, "table7")
    assert "standard deviation of the true slopes τ = 4.921; heterogeneity, Cochran Q(29) = 397.33" in notes(
        exhibits, "table7"
    )


def test_table1_shows_computed_and_printed_weights_and_their_sums(exhibits):
    frame = exhibits["table1"].grid
    total = frame[(frame["label_en"] == "Total") & (frame["kind"] == "statistic")]
    assert total["text_en"].tolist() == ["100.0%", "99.9%"]
    groups = frame[(frame["kind"] == "text") & (frame["rows"] > 1)]
    assert groups["rows"].tolist() == [4, 4, 4]


def test_table2_is_the_words_of_the_study(exhibits, study):
    frame = exhibits["table2"].grid
    for name in study.exhibits["table2"].terms:
        assert study.variables[name].description.zh in set(frame["text_zh"])


def test_table3_shows_no_vif_for_the_outcome_and_a_within_vif_for_the_rest(exhibits):
    frame = exhibits["table3"].grid
    assert frame[(frame["label_en"] == "EXP") & (frame["head_en"] == "VIF")]["text_en"].tolist() == ["--"]
    assert frame[(frame["label_en"] == "ECI") & (frame["head_en"] == "Within VIF")]["text_en"].tolist() == ["2.50"]


def test_a_variable_of_a_model_that_the_exhibit_does_not_list_is_told(study, gazetteer):
    exhibit = study.exhibits["table5"]
    shorter = exhibit.model_copy(update={"terms": [term for term in exhibit.terms if term != "Net"]})
    edited = type(study).load(ROOT)
    edited.exhibits = {**edited.exhibits, "table5": shorter}
    assert "Column (1) also holds, not shown: Net." in one(edited, gazetteer, "table5").preview_md


def test_an_added_column_needs_no_code(study, gazetteer):
    edited = type(study).load(ROOT)
    exhibit = edited.exhibits["table5"]
    wider = exhibit.model_copy(update={"columns": [*exhibit.columns, "table4_3"], "heads": []})
    edited.exhibits = {**edited.exhibits, "table5": wider}
    assert "| NumCPZ |" in one(edited, gazetteer, "table5").preview_md
    assert "(3) EXP" in one(edited, gazetteer, "table5").preview_md


def test_inputs_are_the_results_an_exhibit_declares_and_those_its_tests_are_of(study):
    assert inputs_of(study, "table4") == [
        "model/table4_1", "model/table4_2", "model/table4_3", "model/f_test", "model/hausman", "model/effect_sizes",
    ]  # fmt: skip
    assert inputs_of(study, "table6")[-1] == "model/table4_3"
    assert inputs_of(study, "tablea1")[:2] == ["model/table4_3", "model/winsor_limits"]
    assert inputs_of(study, "figure2") == ["panel/estimation"]
