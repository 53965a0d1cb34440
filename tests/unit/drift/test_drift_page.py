"""The page says what moved in both languages, and why where that is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cbe_assets.drift.attribution import Attribution
from cbe_assets.drift.cells import Shape, changed_cells
from cbe_assets.drift.report import COLUMNS, COURSE_COLUMNS, Drift, Side
from cbe_assets.drift.results import compared_coefficients, moved_ranks, moved_weights
from cbe_assets.publish.drift_lines import summary
from cbe_assets.publish.drift_page import markdown, page, page_title, render
from cbe_assets.publish.drift_sections import sections
from cbe_assets.statistics.result import Result, Term
from cbe_assets.study import Study, Text
from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[3]
STUDY = Study.load(ROOT)
GAZETTEER = Gazetteer.from_csv((ROOT / "data/reference/provinces.csv").read_text(encoding="utf-8"))


def terms(estimate: float) -> dict[str, pd.DataFrame]:
    made = {"ECI[广东]": Term.from_t(estimate, 0.5, 29)}
    return {"table7_ols": Result("table7_ols", "", "EXP", 300, 30, 29, 0.8, 0.8, "", made).frame()}


def cells(value: float, edition: str, *years: int) -> pd.DataFrame:
    rows = {"province": "广东", "year": list(years), "gdp": [value + year for year in years], "edition": edition}
    return pd.DataFrame(rows).assign(method="observed")


@pytest.fixture
def drift() -> Drift:
    shape = Shape(("province", "year"), "gdp")
    index = pd.DataFrame({"province": ["广东", "浙江"], "year": 2022, "ECI": [0.7, 0.6], "rank": [1, 2]})
    weights = pd.DataFrame({"indicator": ["pilot_zones"], "weight": [0.2]})
    return Drift(
        old=Side(3, "a" * 24, 30, (2013, 2022)),
        new=Side(4, "b" * 24, 30, (2013, 2023)),
        simulated=True,
        provinces=["广东", "浙江"],
        years=[2022, 2023],
        files=pd.DataFrame([("gdp", "gdp/2024.csv", "2024", "new")], columns=["table", "file", "edition", "change"]),
        definitions=pd.DataFrame(columns=["what", "change", "old", "new"], dtype="str"),
        cells=changed_cells(cells(0, "2023", 2022), cells(50, "2024", 2022, 2023), "gdp", shape),
        weights=moved_weights(weights, weights.assign(weight=0.25)),
        ranks=moved_ranks(index, index.assign(rank=[2, 1]), "ECI"),
        weighted=1,
        ranked=2,
        coefficients=compared_coefficients(terms(1.2), terms(-1.2)),
        headline=[("table7_ols", "ECI[广东]")],
        course=pd.DataFrame([(4, "b" * 24, "table7_ols", "ECI[广东]", 1.0, 0.1, 1.9)], columns=list(COURSE_COLUMNS)),
        attribution=[Attribution("table7_ols", "ECI[广东]", 1.2, -1.2, -2.0, -0.5, 0.2, -0.1)],
    )


def test_five_lines_name_what_moved_most_in_the_reader_s_language(drift):
    lines = summary(drift, STUDY, GAZETTEER)
    assert [line.en for line in lines] == [
        "Data: 1 cells new, 1 revised, 0 gone, in 1 tables (largest revision: Gross regional product, Guangdong 2022, "
        "+2.47%).",
        "Weights: 1 of 1 indicators moved, most Cross-border e-commerce pilot zones: 20.00% to 25.00%.",
        "Ranks: 2 of 2 province-years changed, most Guangdong 2022: 1 to 2.",
        "Coefficients: 1 of 1 moved; 1 changed sign, 0 significance at 5 %, 0 stars (table7_ols ECI[Guangdong]).",
        "table7_ols ECI[Guangdong]: 1.200 to −1.200 (−2.400): revisions −2.000, new years or provinces −0.500, "
        "specification or code +0.100.",
    ]
    assert "广东 2022" in lines[0].zh and "ECI[广东]" in lines[4].zh


def test_the_first_snapshot_is_one_line_and_still_writes_every_file(drift):
    first = replace(drift, old=None, cells=drift.cells.iloc[:0], attribution=[])
    assert [line.en for line in summary(first, STUDY, GAZETTEER)] == [
        "Snapshot 4 (bbbbbbbb) is the first of this study: there is nothing to compare it with."
    ]
    assert set(render(first, STUDY, "drift", GAZETTEER).files) == set(render(drift, STUDY, "drift", GAZETTEER).files)


def test_what_cannot_be_attributed_is_said_with_the_reason(drift):
    without = replace(drift, attribution=[], unattributed=[Text(zh="缺少某表", en="a table is lacking")])
    assert "a table is lacking" in summary(without, STUDY, GAZETTEER)[4].en
    said = markdown(sections(without, STUDY, GAZETTEER), page_title(STUDY, "drift"), True, "zh")
    assert "未能分解的原因：缺少某表" in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_holds_every_section_and_the_mark_of_simulated_data(drift, language):
    parts = sections(drift, STUDY, GAZETTEER)
    text = page(parts, page_title(STUDY, "drift"), True, {}, language)
    for part in parts:
        assert part.title is None or part.title[language] in text
    assert "SIMULATED" in text and 'class="marked"' in text
    assert "SIMULATED" not in page(parts, page_title(STUDY, "drift"), False, {}, language)


def test_the_stored_table_has_a_row_for_every_thing_that_moved(drift):
    frame = drift.frame(summary(drift, STUDY, GAZETTEER))
    assert list(frame.columns) == list(COLUMNS)
    assert frame["part"].value_counts().to_dict() == {
        "summary": 5, "attribution": 4, "cell": 2, "rank": 2, "file": 1, "weight": 1, "coefficient": 1
    }  # fmt: skip
    assert frame.loc[frame["part"].eq("attribution"), "new"].sum() == pytest.approx(-2.4)


def test_the_same_drift_gives_the_same_bytes(drift):
    assert render(drift, STUDY, "drift", GAZETTEER).files == render(drift, STUDY, "drift", GAZETTEER).files
