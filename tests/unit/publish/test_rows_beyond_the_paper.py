"""The block beyond the paper: which rows stand in it, in which units, and that the paper's own block stays as it is."""

import copy
import io

import made_up
import numpy as np
import pandas as pd
import pytest

from cbe_assets.publish.grid import Grid
from cbe_assets.publish.material import Context
from cbe_assets.publish.render import inputs_of, render
from cbe_assets.statistics.inference import TERM_COLUMNS
from cbe_assets.yearbook.gazetteer import Gazetteer

TABLES = ["table4", "table5", "table6", "table8"]


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer.from_csv((made_up.ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))


def one(study, gazetteer, name, change=None, **declared):
    """An exhibit whose declaration has other keys, from frames that `change` may have altered."""
    other = copy.copy(study)
    other.exhibits = {**study.exhibits, name: study.exhibits[name].model_copy(update=declared)}
    frames = made_up.frames(study, gazetteer)
    if change:
        change(frames)
    context = Context(False, {}, gazetteer)
    return render(other, name, {key: frames[key] for key in inputs_of(other, name)}, context)


def grid(rendered, name="table"):
    return Grid.from_frame(name, rendered.grid)


def printed(rendered, language="en"):
    """(label, column) -> texts of the cells under it, top to bottom."""
    found = {}
    for line in grid(rendered).lines:
        for cell in line[1:]:
            found.setdefault((line[0].text[language], cell.column), []).append(cell.text[language])
    return found


@pytest.mark.parametrize("name", TABLES)
def test_the_papers_block_is_the_same_with_and_without_the_rows(study, gazetteer, name):
    with_rows, without = (one(study, gazetteer, name, **keys) for keys in ({}, {"inference": []}))
    body = without.grid[without.grid["kind"].ne("note")]
    pd.testing.assert_frame_equal(with_rows.grid.head(len(body)), body)
    head = with_rows.grid.iloc[len(body)]
    assert head["text_en"].startswith("Beyond the paper: ") and head["text_zh"].startswith("论文之外：")


@pytest.mark.parametrize("name", TABLES)
def test_switched_off_nothing_of_them_is_left_in_any_format(study, gazetteer, name):
    """Not even a stored number: frames without the columns give the same bytes."""

    def bare(frames):
        for key, frame in frames.items():
            if "cv3_std_error" in frame:
                frames[key] = frame.drop(columns=list(TERM_COLUMNS))

    off = one(study, gazetteer, name, inference=[])
    assert off.files == one(study, gazetteer, name, bare, inference=[]).files
    for path, data in off.files.items():
        if path.endswith((".csv", ".tex", ".html", ".md")):
            text = data.decode("utf-8-sig")
            assert not [word for word in ("CV3", "WCR", "Beyond", "论文之外", "弹性区间") if word in text], path


def test_every_cell_prints_the_stored_number_of_its_own_regressor(study, gazetteer):
    frames = made_up.frames(study, gazetteer)
    for name in TABLES:
        cells = one(study, gazetteer, name).grid
        cells = cells[cells["term"].str.contains("[", regex=False) & cells["value"].notna()]
        assert len(cells)
        for cell in cells.itertuples():
            column, term = cell.term.removesuffix("]").split("[")
            assert cell.value == frames[cell.source].set_index("term").at[term, column]


def test_table4_gives_percent_of_exports_and_says_what_every_row_is(study, gazetteer):
    made = one(study, gazetteer, "table4")
    cells = printed(made)
    stored = made_up.frames(study, gazetteer)["model/table4_3"].set_index("term").loc["ECI"]
    low, high = stored["step_conf_low"], stored["step_conf_high"]
    assert cells["Effect of +0.01", 3] == [f"{stored['step_effect']:.2f} %"]
    assert cells["Effect interval", 3] == [f"[{low:.2f}, {high:.2f}]".replace("-", "−")]
    assert cells["CV3 std. error", 3] == [f"{stored['cv3_std_error']:.3f}"]
    assert cells["WCR p", 3] == ["0.0456"] and cells["Effective clusters", 3] == ["12.3"]
    assert cells["Net within R²", 3] == ["0.456"]
    for text in ("CV3: jackknife", "WCR: two-sided p", "(9999 draws)", "Effective clusters:", "Net within R²:",
                 "Effect: change", "Elasticity: per cent"):  # fmt: skip
        assert text in made.preview_md
    assert "provinces as clusters in every column, also in (1), (2)" in made.preview_md
    assert "also in" not in one(study, gazetteer, "table8").preview_md


def test_notes_explain_the_rows_shown_and_no_others(study, gazetteer):
    said = one(study, gazetteer, "table4", inference=["wcr"]).preview_md
    assert "WCR: two-sided p" in said
    assert not [word for word in ("CV3: jack", "Effective clusters:", "Net within", "Effect: change", "Elasticity: per")
                if word in said]  # fmt: skip


def test_effect_sizes_that_stand_in_the_rows_are_not_said_again_in_the_notes(study, gazetteer):
    rows = ["step_effect", "elasticity_at_mean"]
    both, none = (one(study, gazetteer, "table4", inference=given).preview_md for given in (rows, []))
    assert "for one standard deviation more of ECI, Manufacturing exports +14.10 %" in both
    assert "for 0.01 more of ECI" not in both and "elasticity at the mean 0.134" not in both
    assert "for 0.01 more of ECI, Manufacturing exports +1.10 % (95 % interval \\[0.04, 2.16\\])" in none
    assert "elasticity at the mean 0.134 (95 % interval \\[0.005, 0.263\\])" in none


def test_regressors_of_different_columns_share_rows_and_the_steps_say_whose_they_are(study, gazetteer):
    """A count moves by one, an index by 0.01; Table 5 has one in each column."""
    made = one(study, gazetteer, "table5")
    heads = [line[0].text.en for line in grid(made).lines if line[0].columns > 1]
    assert heads == ["Beyond the paper: NumCPZ, ECI"]
    cells = printed(made)
    assert cells["Effect of NumCPZ +1, ECI +0.01", 1][0].endswith(" %")
    assert "%" not in cells["Effect of NumCPZ +1, ECI +0.01", 2][0]


def test_regressors_of_one_column_have_rows_of_their_own(study, gazetteer):
    made = one(study, gazetteer, "table6")
    heads = [line[0].text.zh for line in grid(made).lines if line[0].columns > 1]
    assert heads == ["论文之外：ECI", "论文之外：Inus、Tec"]
    cells = printed(made)
    assert {column: len(texts) for (label, column), texts in cells.items() if label == "WCR p"} == {
        1: 1,
        2: 2,
        3: 1,
        4: 2,
    }
    assert all(len(texts) == 1 for (label, _), texts in cells.items() if label == "Net within R²")


def test_units_of_a_small_outcome_show_two_digits_and_an_unbounded_interval_says_so(study, gazetteer):
    def small(frames):
        frame = frames["model/table6_3"]
        row = frame["term"].eq("ECI")
        frame.loc[row, ["step_effect", "step_conf_low", "step_conf_high"]] = 2.9e-4, -3.2e-5, 5.4e-4
        frame.loc[row, ["wcr_conf_low", "wcr_conf_high"]] = -np.inf, np.inf

    made = one(study, gazetteer, "table6", small)
    cells = printed(made)
    assert cells["Effect of +0.01", 3] == ["0.00029"] and cells["Effect interval", 3] == ["[−0.00003, 0.00054]"]
    assert cells["WCR interval", 3] == ["[−∞, ∞]"]
    assert r"{[}$-$$\infty$, $\infty${]}" in made.files["tables/table6.en.tex"].decode()


def test_within_r2_is_printed_once(study, gazetteer):
    """Where the table has it already, as R² or by name, only what is net of the years is added."""
    own = study.exhibits["table5"].statistics
    labels = [line[0].text.en for line in grid(one(study, gazetteer, "table5", inference=["r2_within"])).lines]
    assert labels.count("Within R²") == 1 and labels.count("Net within R²") == 1
    bare = one(study, gazetteer, "table5", inference=["r2_within"], statistics=[s for s in own if s != "r2_within"])
    labels = [line[0].text.en for line in grid(bare).lines]
    assert labels[-3:] == ["Beyond the paper", "Within R²", "Net within R²"]


def test_a_row_that_no_column_has_and_a_study_of_no_paper(study, gazetteer):
    def pooled(frames):
        for number in (1, 2, 3):
            frames[f"model/table4_{number}"] = frames[f"model/table4_{number}"].assign(r2_within_net_of_years=np.nan)

    assert "Net within R²" not in one(study, gazetteer, "table4", pooled).preview_md
    free = copy.copy(study)
    free.settings = study.settings.model_copy(update={"paper": None})
    assert "Further inference: ECI" in one(free, gazetteer, "table4").preview_md


def test_a_tall_table_is_set_smaller_in_latex_and_a_taller_one_closer(study, gazetteer):
    tall, usual = (one(study, gazetteer, "table8", **keys) for keys in ({}, {"inference": []}))
    assert r"\footnotesize\renewcommand{\arraystretch}{0.9}" in tall.files["tables/table8.en.tex"].decode()
    assert "arraystretch" not in usual.files["tables/table8.en.tex"].decode()
    taller = one(study, gazetteer, "table6").files["tables/table6.en.tex"].decode()
    assert r"\footnotesize\renewcommand{\arraystretch}{0.82}" in taller


def test_formats_carry_the_heading_across_the_table_with_its_rule(study, gazetteer):
    files = one(study, gazetteer, "table4").files
    tex, html = files["tables/table4.en.tex"].decode(), files["tables/table4.zh.html"].decode()
    assert r"\multicolumn{4}{l}{\textit{Beyond the paper: ECI}} \\ \cmidrule(lr){1-4}" in tex
    assert '<td colspan="4" class="panel rule left">论文之外：ECI</td>' in html
    rows = pd.read_csv(io.BytesIO(files["tables/table4.en.csv"]), header=None, dtype=str)
    assert rows[rows[0].eq("WCR interval")].iloc[0, 3].startswith("[")
