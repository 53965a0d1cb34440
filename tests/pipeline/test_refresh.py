"""The whole study from one command: what a refresh makes, a second that runs nothing, and numbers that are right."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import cbe, cbe_process, tree

from cbe_assets.assets.graph import build
from cbe_assets.faults import StudyFault
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

CONTROLS = ["PGDP", "Fisca", "HC", "FDI", "Net", "Infr"]


def results(root: Path, name: str) -> dict:
    return json.loads((root / "data/exports/results" / f"{name}.json").read_text(encoding="utf-8"))


def two_way_by_hand(frame: pd.DataFrame, outcome: str, regressors: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and clustered standard errors with every dummy written out, in plain numpy."""
    provinces = pd.get_dummies(frame["province"]).to_numpy(float)
    years = pd.get_dummies(frame["year"]).to_numpy(float)[:, 1:]
    x = np.column_stack([frame[regressors].to_numpy(float), years, provinces])
    y = frame[outcome].to_numpy(float)
    coefficients, *_ = np.linalg.lstsq(x, y, rcond=None)
    # Standard errors on the demeaned regressors: with the dummies the normal equations lose digits.
    within = x[:, : -provinces.shape[1]]
    within = within - provinces @ (provinces.T @ within / provinces.sum(axis=0)[:, None])
    residual = y - x @ coefficients
    bread = np.linalg.inv(within.T @ within)
    scores = provinces.T @ (within * residual[:, None])
    n, k, groups = len(y), within.shape[1] + 1, provinces.shape[1]
    meat = scores.T @ scores * groups / (groups - 1) * (n - 1) / (n - k)
    variance = bread @ meat @ bread
    return coefficients[: len(regressors)], np.sqrt(np.diag(variance))[: len(regressors)]


@pytest.mark.parametrize(
    ("name", "outcome", "regressors"),
    [
        ("table4_3", "EXP", ["ECI"]),
        ("table6_1", "Inus", ["ECI"]),
        ("table6_2", "EXP", ["ECI", "Inus"]),
        ("table6_3", "Tec", ["ECI"]),
        ("table6_4", "EXP", ["ECI", "Tec"]),
    ],
)
def test_fixed_effects_columns_equal_plain_numpy_on_the_exported_panel(refreshed, name, outcome, regressors):
    frame = Warehouse(refreshed / "data/warehouse").read("panel/estimation")
    slopes, errors = two_way_by_hand(frame, outcome, regressors + CONTROLS)
    terms = results(refreshed, name)["terms"]
    for number, term in enumerate(regressors + CONTROLS):
        assert terms[term]["estimate"] == pytest.approx(slopes[number], rel=1e-8, abs=1e-10)
        assert terms[term]["std_error"] == pytest.approx(errors[number], rel=1e-8)


@pytest.mark.parametrize(
    ("mediator", "path", "direct"), [("Inus", "table6_1", "table6_2"), ("Tec", "table6_3", "table6_4")]
)
def test_total_is_direct_plus_indirect_for_every_coefficient(refreshed, mediator, path, direct):
    total, a, c = (results(refreshed, name)["terms"] for name in ("table4_3", path, direct))
    b = c[mediator]["estimate"]
    for term in ["ECI", *CONTROLS, "_cons"]:
        assert total[term]["estimate"] == pytest.approx(c[term]["estimate"] + b * a[term]["estimate"], abs=1e-9)


def test_weights_equal_the_entropy_formula_on_the_stored_indicators(refreshed):
    warehouse = Warehouse(refreshed / "data/warehouse")
    x = warehouse.read("panel/indicators").drop(columns=["province", "year"]).to_numpy(float)
    z = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    p = z / z.sum(axis=0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    divergence = 1 + (p * logs).sum(axis=0) / np.log(len(x))
    weights = divergence / divergence.sum()
    assert np.abs(warehouse.read("index/weights")["weight"].to_numpy() - weights).max() < 1e-12
    assert np.abs(warehouse.read("index/eci")["ECI"].to_numpy() - z @ weights).max() < 1e-12


def test_estimation_sample_is_winsorized_as_winsor2(refreshed):
    warehouse = Warehouse(refreshed / "data/warehouse")
    before, after = warehouse.read("panel/variables"), warehouse.read("panel/estimation")
    for name in ("EXP", "ECI", *CONTROLS):
        low, high = np.percentile(before[name], [1, 99], method="averaged_inverted_cdf")
        np.testing.assert_array_equal(after[name], before[name].clip(low, high))
    pd.testing.assert_series_equal(after["NumCPZ"], before["NumCPZ"])


def test_a_second_refresh_runs_nothing_and_changes_no_byte(refreshed_copy):
    before = tree(refreshed_copy / "data")
    done = cbe_process("refresh", "--root", str(refreshed_copy), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["made"] == [] and said["runs"] == [] and said["plan"]["stale"] == {}
    assert tree(refreshed_copy / "data") == before


def test_the_same_inputs_give_the_same_bytes_under_another_hash_seed_and_locale(refreshed, study_copy):
    done = cbe_process(
        "refresh", "--root", str(study_copy), PYTHONHASHSEED="4242", LC_ALL="C", OMP_NUM_THREADS="1", TZ="Asia/Tokyo"
    )
    assert done.returncode == 0, done.stderr
    assert tree(study_copy / "data/exports") == tree(refreshed / "data/exports")
    ours, theirs = tree(study_copy / "data/warehouse"), tree(refreshed / "data/warehouse")
    for name in ("cbe.duckdb", "cbe.duckdb.json", ".lock", ".code.json"):
        ours.pop(name), theirs.pop(name)
    assert ours == theirs


def test_a_touched_file_and_a_comment_make_nothing_stale(refreshed_copy):
    os.utime(next((refreshed_copy / "data/sample/gdp").glob("*.*")))
    for path in (refreshed_copy / "sql/panel/variables.sql", refreshed_copy / "study/regressions.yaml"):
        mark = "--" if path.suffix == ".sql" else "#"
        path.write_text(f"{mark} a remark\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert Planner(build(Study.load(refreshed_copy))).plan().stale == {}


def test_a_changed_specification_reruns_its_model_and_its_exhibits_only(refreshed_copy):
    path = refreshed_copy / "study/regressions.yaml"
    text = path.read_text(encoding="utf-8")
    old = "table5_1: {outcome: EXP, regressors: [NumCPZ], controls: *controls"
    assert old in text
    path.write_text(text.replace(old, old.replace("*controls", "[Infr, Net, FDI, HC, Fisca, PGDP]")), encoding="utf-8")
    outcome = refresh(build(Study.load(refreshed_copy)))
    assert outcome.code == 0, [item.text() for item in outcome.faults]
    compared = ["audit/comparison", "exhibit/tablea9"]
    exhibits = ["exhibit/table5", "exhibit/tablea1", "exhibit/tablea5", *compared, "exhibit/report"]
    models = ["model/table5_1", "model/alternatives", "model/multiple_testing"]
    assert set(outcome.made) == {*models, *exhibits, "audit/history", "exhibit/drift", "audit/manifest"}


def test_a_file_whose_content_is_unchanged_reruns_its_raw_table_only(refreshed_copy):
    path = next((refreshed_copy / "data/sample/ecommerce_enterprises").glob("*.csv"))
    path.write_bytes(path.read_bytes() + b"\r\n")
    outcome = refresh(build(Study.load(refreshed_copy)))
    assert outcome.made == {"raw/ecommerce_enterprises": False}


def test_lost_exports_are_made_again(refreshed_copy):
    kept = tree(refreshed_copy / "data/exports")
    shutil.rmtree(refreshed_copy / "data/exports/tables")
    outcome = refresh(build(Study.load(refreshed_copy)))
    assert not any(outcome.made.values()) and set(outcome.made) >= {f"exhibit/table{n}" for n in range(1, 9)}
    assert tree(refreshed_copy / "data/exports") == kept


def test_everything_exported_from_simulated_data_says_so(refreshed):
    exports = refreshed / "data/exports"
    assert json.loads((exports / "manifest.json").read_text(encoding="utf-8"))["simulated"] is True
    for path in [*exports.glob("tables/*.html"), *exports.glob("tables/*.md"), *exports.glob("tables/*.tex")]:
        text = path.read_text(encoding="utf-8")
        assert "SIMULATED" in text or "模拟数据" in text, path.name
    assert "SIMULATED" in (exports / "report/index.html").read_text(encoding="utf-8")


def test_the_manifest_lists_every_exported_file_with_its_hash(refreshed):
    import hashlib

    exports = refreshed / "data/exports"
    listed = json.loads((exports / "manifest.json").read_text(encoding="utf-8"))["files"]
    found = {name: hashlib.sha256(data).hexdigest() for name, data in tree(exports).items() if name != "manifest.json"}
    assert listed == found


def test_every_specification_has_its_json_with_the_promised_keys(refreshed):
    study = Study.load(refreshed)
    keys = {
        "specification",
        "outcome",
        "n",
        "groups",
        "df",
        "r2",
        "r2_within",
        "covariance",
        "terms",
        "tests",
        "sample",
        "versions",
    }
    for name in [*study.specifications, *study.tests]:
        assert keys <= set(results(refreshed, name)), name
    terms = results(refreshed, "table4_3")["terms"]
    assert set(terms["ECI"]) == {"estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"}


def test_select_makes_only_what_is_selected(study_copy):
    done = cbe("refresh", "--root", str(study_copy), "--select", "key:raw/gdp or key:raw/population", "--json")
    assert done.returncode == 0, done.stderr
    assert [item["asset"] for item in json.loads(done.stdout)["made"]] == ["raw/gdp", "raw/population"]


def test_an_indicator_and_a_regression_are_added_without_python(refreshed_copy):
    root = refreshed_copy
    indicators = root / "study/indicators.yaml"
    indicators.write_text(
        indicators.read_text(encoding="utf-8")
        + "  deposits_to_gdp:\n    group: growth_potential\n    title: {zh: 存款规模, en: Deposits over GDP}\n"
        "    description: {zh: 存款余额/GDP, en: Deposits over GDP}\n"
        "    unit: {zh: 比例, en: ratio}\n    direction: positive\n",
        encoding="utf-8",
    )
    sql = root / "sql/panel/indicators.sql"
    text = sql.read_text(encoding="utf-8")
    text = text.replace(
        "as ecommerce_sales_per_head\n",
        "as ecommerce_sales_per_head,\n    deposits.deposits / accounts.gdp as deposits_to_gdp\n",
    )
    sql.write_text(
        text.replace("join raw.exchange_rate", "join clean.deposits using (province, year)\njoin raw.exchange_rate"),
        encoding="utf-8",
    )
    regressions = root / "study/regressions.yaml"
    text = regressions.read_text(encoding="utf-8")
    added = (
        "  without_fdi: {outcome: EXP, regressors: [ECI], controls: [PGDP, Fisca, HC, Net, Infr],\n"
        "                estimator: fixed_effects, effects: [province, year], covariance: clustered}\n"
    )
    regressions.write_text(text.replace("tests:\n", added + "tests:\n", 1), encoding="utf-8")
    for key in ("panel/indicators", "index/normalized", "index/weights"):
        path = root / "expectations" / f"{key}.json"
        suite = json.loads(path.read_text(encoding="utf-8"))
        _allow_indicator(suite, "deposits_to_gdp")
        path.write_text(json.dumps(suite), encoding="utf-8")
    suite = {
        "name": "model/without_fdi",
        "expectations": [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 7}, "severity": "critical"}],
    }
    (root / "expectations/model/without_fdi.json").write_text(json.dumps(suite), encoding="utf-8")
    outcome = refresh(build(Study.load(root)))
    assert outcome.code == 0, [item.text() for item in outcome.faults]
    warehouse = Warehouse(root / "data/warehouse")
    assert "deposits_to_gdp" in set(warehouse.read("index/weights")["indicator"])
    assert list(warehouse.read("model/without_fdi")["term"]) == ["ECI", "PGDP", "Fisca", "HC", "Net", "Infr", "_cons"]


def _allow_indicator(suite: dict, name: str) -> None:
    """Adds an indicator to the lists of a suite that name every indicator."""
    for item in suite["expectations"]:
        for key in ("column_list", "value_set"):
            listed = item["kwargs"].get(key)
            if isinstance(listed, list) and "ecommerce_sales_per_head" in listed:
                listed.insert(listed.index("ecommerce_sales_per_head") + 1, name)


def test_a_suite_that_fails_keeps_the_old_table_and_stops_its_readers(refreshed_copy):
    root = refreshed_copy
    before = tree(root / "data/warehouse")
    path = root / "expectations/panel/estimation.json"
    suite = json.loads(path.read_text(encoding="utf-8"))
    suite["expectations"].append(
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "ECI", "max_value": 0.01},
            "severity": "critical",
        }
    )
    path.write_text(json.dumps(suite), encoding="utf-8")
    done = cbe("refresh", "--root", str(root))
    assert done.returncode == 1
    assert "panel/estimation" in done.stderr and "expect_column_max_to_be_between" in done.stderr
    after = tree(root / "data/warehouse")
    assert {name for name in after if name not in before} == {
        "rejected/panel/estimation.json", "rejected/panel/estimation.parquet"
    }  # fmt: skip
    beside = ("cbe.duckdb", ".code.json")
    assert {name: data for name, data in after.items() if name in before and name not in beside} == {
        name: data for name, data in before.items() if name not in beside
    }
    reasons = json.loads(after["rejected/panel/estimation.json"])
    assert [item["expectation"] for item in reasons] == ["expect_column_max_to_be_between"]
    said = json.loads(cbe("status", "--root", str(root), "--json").stdout)
    assert "panel/estimation" in said["stale"]
    assert {item["reason"] for item in said["stale"]["panel/estimation"]} == {"suite_changed", "rejected"}


def test_an_asset_cannot_read_what_nothing_makes(study_copy):
    path = study_copy / "sql/panel/variables.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("clean.fdi", "clean.fdj"), encoding="utf-8")
    with pytest.raises(StudyFault) as caught:
        build(Study.load(study_copy))
    (fault,) = caught.value.faults
    assert fault.message == "unknown_input" and "clean/fdi" in fault.facts["expected"]
