"""The audit of the printed numbers, its expected verdicts, and that a wrong digit does not pass."""

import copy
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from study_panels import BASE, generated

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.comparison import COLUMNS, compare, overall
from cbe_assets.statistics.descriptives import descriptives
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.paper_audit import audit
from cbe_assets.statistics.paper_rows import BROKEN, TEXTS, VERDICTS
from cbe_assets.statistics.printed import Printed, Published, span
from cbe_assets.statistics.result import Result, Term

ROOT = Path(__file__).resolve().parents[3]
PAPER = ROOT / ".." / "shared" / "paper" / "paper.txt"


@pytest.fixture(scope="module")
def content():
    return yaml.safe_load((ROOT / "study" / "published.yaml").read_text(encoding="utf-8"))


def verdicts(content) -> dict[tuple[str, str], int]:
    return audit(content).groupby(["identity", "verdict"]).size().to_dict()


def test_the_paper_gets_the_verdicts_worked_out_by_hand(content):
    """16 mediation identities, 58 star checks and the constants hold; conventional standard errors are refuted."""
    found = verdicts(content)
    assert "broken" not in {verdict for _, verdict in found}
    assert found[("mediation", "holds")] == 16 and found[("stars", "holds")] == 58
    assert found[("constant", "holds")] == 2 and found[("constant", "implied")] == 1
    assert found[("conventional_error", "refuted")] == 10
    assert found[("spread", "holds")] == 8 and found[("vif", "holds")] == 7 and found[("weights", "holds")] == 1
    assert found[("sign", "holds")] == 11
    for name in ("star_note", "unit_reading", "percent_reading", "infr_sign", "same_significance", "equation",
                 "reference_table5", "reference_table8", "reference_figure3", "mediator_name", "r2_names"):  # fmt: skip
        assert found[(f"statement_{name}", "wrong")] == 1
    for name in ("group_difference", "full_mediation", "indirect_shares", "changing_errors", "mechanical_index",
                 "pooled_vif", "pilot_zones_start", "levels_and_heads", "outcome_unit", "denominators"):  # fmt: skip
        assert found[(f"statement_{name}", "open")] == 1


def test_every_row_has_a_verdict_and_says_what_it_means_in_both_languages(content):
    table = audit(content)
    assert set(table["verdict"]) <= set(VERDICTS)
    assert (table["meaning_zh"].str.len() > 4).all() and (table["meaning_en"].str.len() > 10).all()
    for part in TEXTS:
        chinese = table[f"{part}_en"].str.contains("[\u4e00-\u9fff]", regex=True)
        assert part == "tolerance" or part == "values" or not chinese.any(), part
    assert not table["identity"].isna().any()


def test_the_numbers_of_the_audit_are_those_worked_out_by_hand(content):
    table = audit(content, {"天津": "Tianjin"}).set_index(["identity", "place_en"])
    implied = table.loc[("constant", "Table 4 (3)")]
    assert (implied["low"] + implied["high"]) / 2 == pytest.approx(-0.374, abs=5e-4)
    assert (implied["high"] - implied["low"]) / 2 == pytest.approx(0.013, abs=5e-4)
    forced = table.loc[("conventional_error", "Table 4 (1): ECI")]
    assert (round(forced["low"], 2), round(forced["high"], 2)) == (13.99, 14.02)
    assert tuple(table.loc[("stars_split", "Table 8 (1)"), ["low", "high"]]) == (18, 22)
    assert table.loc[("stars_split", "Table 8 (2)"), "high"] == 21
    text = table["values_en"].droplevel("place_en").to_dict()
    assert text["statement_group_difference"] == "difference 1.982, naive z 2.29"
    assert text["statement_indirect_shares"].endswith("= 106 %")
    assert "95 % -0.51 to 1.08" in text["statement_full_mediation"]
    assert text["statement_percent_reading"].startswith("0.134 (0.063)")
    assert text["statement_star_note"].endswith("in the usual order 58")
    assert "Tianjin" in text["statement_insignificant_provinces"]


@pytest.mark.parametrize(("change", "identity"), [
    (("columns", "table6_2", "terms", "Inus", "estimate", "3.980"), "mediation"),
    (("columns", "table4_2", "terms", "_cons", "estimate", "-4.840"), "constant"),
    (("columns", "table5_2", "terms", "FDI", "stars", "**"), "stars"),
    (("columns", "table8_low", "terms", "Net", "t", "-2.09"), "sign"),
    (("descriptives", "HC", "sd", "0.37"), "spread"),
    (("descriptives", "Net", "vif", "0.87"), "vif"),
    (("weights", "pilot_zones", "12.1"), "weights"),
    (("columns", "table4_3", "statistics", "hausman_stars", "*"), "test_stars"),
    (("columns", "table4_1", "statistics", "r2", "0.379"), "slope"),
    (("columns", "table8_low", "statistics", "n", "105"), "count"),
    (("descriptives", "ECI", "max", "1.631"), "index_range"),
])  # fmt: skip
def test_a_wrong_digit_is_found(content, change, identity):
    changed = copy.deepcopy(content)
    *path, key, value = change
    place = changed
    for step in path:
        place = place[step]
    assert key in place
    place[key] = value
    assert (identity, "broken") in verdicts(changed)
    broken = audit(changed).query("verdict == 'broken'")
    assert set(broken["meaning_en"]) == {BROKEN.en} and set(broken["meaning_zh"]) == {BROKEN.zh}


def test_a_paper_with_other_names_and_fewer_tables_is_audited_too(content):
    """No name of a column, variable or table stands in the code."""
    small = {
        "provinces": "31", "years": "5",
        "columns": {
            "main": {
                "place": {"zh": "表2", "en": "Table 2"}, "outcome": "Trade", "kind": "fixed_effects",
                "terms": {"Users": {"estimate": "0.50", "stars": "**", "t": "2.40"}}, "statistics": {"n": "155"},
            }
        },
    }  # fmt: skip
    found = audit(small)
    assert set(found["identity"]) == {"stars", "sign", "count"} and set(found["verdict"]) == {"holds"}
    assert compare(small, {})["printed"].tolist() == [0.5, 155]


def test_an_unknown_check_is_named(content):
    changed = copy.deepcopy(content)
    changed["statements"]["equation"]["check"] = "algebra"
    with pytest.raises(StudyFault, match="algebra"):
        audit(changed)


def test_every_published_number_stands_in_the_paper(content):
    if not PAPER.is_file():
        pytest.skip("the paper's text is not here")
    lines = PAPER.read_text(encoding="utf-8").replace("−", "-").splitlines()
    words = {line.strip() for line in lines}
    for column in content["columns"].values():
        for cell in column["terms"].values():
            assert cell["estimate"] + cell["stars"] in words and f"({cell['t']})" in words
        for name, text in column["statistics"].items():
            if not name.endswith("_stars"):
                assert text + column["statistics"].get(f"{name}_stars", "") in words
    for numbers in [*content["descriptives"].values(), *content["slopes"].values()]:
        for cell in numbers.values():
            assert all(text in words for text in (cell.values() if isinstance(cell, dict) else [cell]))
    assert all(f"{text}%" in words for text in content["weights"].values())


def test_a_printed_number_is_an_interval():
    number = Printed.of("-.096")
    assert (number.low, number.high) == pytest.approx((-0.0965, -0.0955)) and number.text == "-.096"
    assert Printed.of("0.43", 3).half == pytest.approx(0.0005) and Printed.count("300").half == 0
    assert number.meets(-0.0956, 1) and not number.meets(-0.095, 1)
    assert span(lambda a, b: a * b, Printed.of("2"), Printed.of("-3")) == pytest.approx((-8.75, -3.75))
    assert Decimal("0.1") == Decimal(Printed.of("0.1").text)


def reproduced(content) -> dict[str, Result]:
    """Results whose numbers are the printed ones."""
    published, found = Published(content), {}
    for name, column in content["columns"].items():
        df = 290 if column["kind"] == "pooled" else published.groups - 1
        terms = {
            term: Term.from_t(cell.estimate.value, cell.std_error, 17 if column["kind"] == "split" else df)
            for term, cell in published.column(name).items()
        }
        stats = column["statistics"]
        found[name] = Result(name, "fixed_effects", "EXP", int(stats["n"]), 30, df, float(stats["r2"]), None, "", terms)
    return found


def test_identical_numbers_are_called_reproduced_unless_they_are_simulated(content):
    table = compare(content, reproduced(content))
    cells = table[table["statistic"] == "coefficient"]
    assert tuple(table.columns) == COLUMNS and len(cells) == 84
    assert cells["same_sign"].all() and cells["same_stars"].all()
    assert cells["difference_in_std_errors"].abs().max() < 1e-9
    assert overall(table, simulated=False)["verdict"] == "reproduced"
    loud = overall(table, simulated=True)
    assert loud["verdict"] == "simulated" and "SIMULATED DATA" in loud["en"] and "模拟数据" in loud["zh"]
    assert "cannot confirm" in loud["en"] and "不能证实" in loud["zh"]


def test_every_printed_number_has_a_row_computed_or_not(content):
    table = compare(content, {})
    counted = table.groupby("statistic").size().to_dict()
    assert counted["coefficient"] == 84 and counted["slope"] == 30 and counted["weight"] == 12
    assert counted["r2"] == 11 and counted["f_test"] == counted["hausman"] == 1 and counted["vif"] == 7
    assert table["computed"].isna().all() and overall(table, simulated=False)["verdict"] == "nothing compared"


def test_a_difference_is_in_units_of_the_printed_standard_error(content):
    frame = generated()
    result = fit(frame, BASE)
    described = descriptives(frame, "EXP", BASE.explanatory)
    table = compare(content, {"table4_3": result}, weights={"pilot_zones": 0.111}, descriptives=described,
                    tests={("table4_3", "f_test"): (40.0, 0.2)})  # fmt: skip
    row = table[(table["specification"] == "table4_3") & (table["term"] == "ECI")].iloc[0]
    error = 1.093 / 2.12
    assert row["difference_in_std_errors"] == pytest.approx((result.terms["ECI"].estimate - 1.093) / error)
    assert row["printed_text"] == "1.093" and row["printed_stars"] == "**" and row["same_sign"]
    by_statistic = table[table["computed"].notna()].set_index("statistic")
    assert by_statistic.at["weight", "within_rounding"] and not by_statistic.at["f_test", "same_stars"]
    assert overall(table, simulated=False)["verdict"] == "different"
