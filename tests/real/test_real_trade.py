"""studies/real-trade on official figures: it runs as it stands, and its numbers are those of plain numpy.

Skips without the official exports.  The yearbooks are made in a temporary folder: exports as they are where there is
one, else the series of the long panel written in the classic layout.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cbe_assets.warehouse import Warehouse
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.writing import write_classic_csv

CBE = str(Path(sys.executable).with_name("cbe"))
EXPORTS = {
    "gdp/2018.csv": "classic-csv_gdp-as-published_1993-2017.csv",
    "gdp/2025.csv": "classic-csv_gdp-revised_2006-2024.csv",
    "population/2021.csv": "english-csv_population_2000-2020.csv",
    "population/2025.csv": "classic-csv_population_2015-2024.csv",
    "fiscal_expenditure/2025.xls": "classic-xls_fiscal-expenditure_2005-2024.xls",
    "fiscal_expenditure/2025-12.csv": "newsite-csv_fiscal-expenditure_2011-2025.csv",
    "science_expenditure/2025-12.csv": "newsite-csv_science-expenditure_2011-2025.csv",
    "express_volume/2025.csv": "oldapi-long_express-volume_A0G0E.csv",
    "trade/2025.csv": "oldapi-long_trade_A060101.csv",
}
SERIES = {
    "gdp/2023": ("gdp_as_published", "地区生产总值", "亿元"),
    "ecommerce_enterprises/2025": ("ecom_enterprises", "有电子商务交易活动的企业数", "个"),
    "websites_per_100_enterprises/2025": ("websites_per_100_ent", "每百家企业拥有网站数", "个"),
    "long_distance_cable/2025": ("long_distance_cable", "长途光缆线路长度", "万公里"),
    "mobile_internet_users/2025": ("mobile_internet_users", "移动互联网用户", "万户"),
    "broadband_users/2025": ("broadband_users", "互联网宽带接入用户", "万户"),
    "ecommerce_purchases/2025": ("ecom_purchases", "电子商务采购额", "亿元"),
    "ecommerce_sales/2025": ("ecom_sales", "电子商务销售额", "亿元"),
    "gdp_per_capita/2025": ("gdp_pc_rev", "人均地区生产总值", "元/人"),
    "tax_revenue/2025": ("local_tax_revenue", "地方财政税收收入", "亿元"),
}
CONTROLS = ["PGDP", "Tax", "Tec", "Net"]
CLOSE = {"rtol": 1e-8, "atol": 1e-10}


def made_yearbooks(shared_real: Path, reference: Path, folder: Path) -> Path:
    places = Gazetteer.from_csv((reference / "provinces.csv").read_text(encoding="utf-8"))
    for place, name in EXPORTS.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared_real / "exports" / name, folder / place)
    panel = pd.read_csv(shared_real / "panels/real_panel_long.csv", encoding="utf-8-sig")
    for place, (variable, indicator, unit) in SERIES.items():
        out = panel[panel["variable"].eq(variable) & panel["year"].between(2016, int(place[-4:]) - 1)]
        values = out.pivot(index="province", columns="year", values="value")
        ordered = values.loc[[province.name for province in places.provinces]]
        if place == "gdp/2023":
            ordered = ordered.drop(columns=[2016, 2017])  # as first published, these stand in the export of 2018
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        data = write_classic_csv(ordered, indicator=indicator, unit=unit, gazetteer=places)
        (folder / f"{place}.csv").write_bytes(data)
    return folder


def cbe(*arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "CBE_LANG": "en"}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.run([CBE, *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory, repository: Path, shared_real: Path) -> Path:
    """A copy of the study root beside a copy of the reference tables, refreshed once from the command line."""
    base = tmp_path_factory.mktemp("real trade")
    ignored = shutil.ignore_patterns("data", ".dagster")
    root = Path(shutil.copytree(repository / "studies/real-trade", base / "studies/real-trade", ignore=ignored))
    shutil.copytree(repository / "data/reference", base / "data/reference")
    yearbooks = made_yearbooks(shared_real, base / "data/reference", base / "yearbooks")
    done = cbe("refresh", "--root", str(root), "--yearbooks", str(yearbooks))
    assert done.returncode == 0, done.stderr + done.stdout
    return root


@pytest.fixture(scope="module")
def core(shared_real: Path, repository: Path) -> pd.DataFrame:
    """The 30 x 7 core as its collectors joined it, with the yearly exchange rate."""
    wide = pd.read_csv(shared_real / "panels/real_core_wide_2016_2022_30prov.csv", encoding="utf-8-sig")
    rates = pd.read_csv(repository / "data/reference/exchange_rate.csv", comment="#").set_index("year")
    wide["rate"] = wide["year"].map(rates["yuan_per_100_usd"]) / 100
    return wide


def indicators_by_hand(core: pd.DataFrame) -> pd.DataFrame:
    people = core["population"]
    columns = {
        "express_volume_per_head": core["express_volume"] / people,
        "ecommerce_enterprises": core["ecom_enterprises"],
        "websites_per_100_enterprises": core["websites_per_100_ent"],
        "long_distance_cable_per_head": core["long_distance_cable"] * 1e4 * 1e3 / (people * 1e4),
        "mobile_internet_users_per_head": core["mobile_internet_users"] / people,
        "trade_to_gdp": core["trade_total_kusd"] * 1e3 * core["rate"] / (core["gdp_rev"] * 1e8),
        "ecommerce_purchases_per_head": core["ecom_purchases"] / people,
        "ecommerce_sales_per_head": core["ecom_sales"] / people,
    }
    return pd.DataFrame(columns)


def entropy_weights(indicators: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and index: min-max over all rows, p = z / sum z, e = -sum p ln p / ln n, w = (1 - e) / sum (1 - e)."""
    low, high = indicators.min(axis=0), indicators.max(axis=0)
    z = (indicators - low) / (high - low)
    p = z / z.sum(axis=0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    divergence = 1 + (p * logs).sum(axis=0) / np.log(len(z))
    weights = divergence / divergence.sum()
    return weights, z @ weights


def winsor2(values: np.ndarray) -> np.ndarray:
    """1st and 99th percentile as Stata counts them: 2.1 of 210 is the 3rd, 207.9 the 208th value."""
    assert len(values) == 210
    ordered = np.sort(values)
    return np.clip(values, ordered[2], ordered[207])


def variables_by_hand(core: pd.DataFrame, index: np.ndarray) -> pd.DataFrame:
    spending = core["fiscal_expenditure"]
    columns = {
        "TRADE": np.log(core["trade_total_kusd"]),
        "EDI": index,
        "PGDP": np.log(core["gdp_pc_rev"]),
        "Tax": core["local_tax_revenue"] / spending,
        "Tec": core["fiscal_sci_tech"] / spending,
        "Net": core["broadband_users"] / core["population"],
    }
    return pd.DataFrame({name: winsor2(np.asarray(column, dtype=float)) for name, column in columns.items()})


def two_way_by_hand(frame: pd.DataFrame, core: pd.DataFrame, regressors: list[str]) -> dict[str, tuple[float, float]]:
    """Slope and clustered standard error, every dummy written out; (G/(G-1)) (N-1)/(N-K) as xtreg counts K."""
    provinces = pd.get_dummies(core["province"]).to_numpy(float)
    years = pd.get_dummies(core["year"]).to_numpy(float)[:, 1:]
    share = provinces / provinces.sum(axis=0)

    def within(matrix: np.ndarray) -> np.ndarray:
        return matrix - provinces @ (share.T @ matrix)

    x = within(np.column_stack([frame[regressors].to_numpy(), years]))
    y = within(frame[["TRADE"]].to_numpy())[:, 0]
    slopes = np.linalg.solve(x.T @ x, x.T @ y)
    scores = provinces.T @ (x * (y - x @ slopes)[:, None])
    bread = np.linalg.inv(x.T @ x)
    n, k, groups = len(x), x.shape[1] + 1, provinces.shape[1]
    variance = bread @ (scores.T @ scores) @ bread * groups / (groups - 1) * (n - 1) / (n - k)
    errors = np.sqrt(np.diag(variance))
    return {name: (slopes[at], errors[at]) for at, name in enumerate(regressors)}


def pooled_by_hand(frame: pd.DataFrame, regressors: list[str]) -> dict[str, tuple[float, float]]:
    x = np.column_stack([frame[regressors].to_numpy(), np.ones(len(frame))])
    slopes, *_ = np.linalg.lstsq(x, frame["TRADE"].to_numpy(), rcond=None)
    residual = frame["TRADE"].to_numpy() - x @ slopes
    bread = np.linalg.inv(x.T @ x)
    variance = bread @ (x.T * residual**2) @ x @ bread * len(x) / (len(x) - x.shape[1])
    return {name: (slopes[at], np.sqrt(variance[at, at])) for at, name in enumerate([*regressors, "_cons"])}


def terms(root: Path, name: str) -> dict[str, tuple[float, float]]:
    result = json.loads((root / "data/exports/results" / f"{name}.json").read_text(encoding="utf-8"))
    return {term: (row["estimate"], row["std_error"]) for term, row in result["terms"].items()}


@pytest.fixture(scope="module")
def by_hand(core: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    weights, index = entropy_weights(indicators_by_hand(core).to_numpy(float))
    return weights, variables_by_hand(core, index)


def test_index_weights_are_those_of_plain_numpy(studied, core, by_hand):
    stored = Warehouse(studied / "data/warehouse").read("index/weights")
    assert list(stored["indicator"]) == list(indicators_by_hand(core).columns)
    np.testing.assert_allclose(stored["weight"], by_hand[0], **CLOSE)


def test_the_panel_is_the_core_that_its_collectors_joined(studied, core, by_hand):
    cells = pd.MultiIndex.from_frame(core[["province", "year"]])
    panel = Warehouse(studied / "data/warehouse").read("panel/estimation").set_index(["province", "year"])
    assert set(panel.index) == set(cells)
    found = panel.loc[cells, list(by_hand[1].columns)]
    np.testing.assert_allclose(found.to_numpy(), by_hand[1].to_numpy(), **CLOSE)


def test_two_way_estimates_are_those_of_plain_numpy_with_and_without_controls(studied, core, by_hand):
    for name, regressors in (("two_way", ["EDI", *CONTROLS]), ("two_way_bare", ["EDI"])):
        expected, found = two_way_by_hand(by_hand[1], core, regressors), terms(studied, name)
        for term in regressors:
            np.testing.assert_allclose(found[term], expected[term], **CLOSE)


def test_pooled_estimates_are_those_of_plain_numpy(studied, by_hand):
    expected, found = pooled_by_hand(by_hand[1], ["EDI", *CONTROLS]), terms(studied, "pooled")
    for term, pair in expected.items():
        np.testing.assert_allclose(found[term], pair, **CLOSE)


def test_revisions_of_gdp_show_guangdong_and_beijing_as_their_editions_print_them(studied):
    revisions = Warehouse(studied / "data/warehouse").read("clean/revisions").set_index(["table", "province", "year"])
    beijing, guangdong = revisions.loc[("gdp", "北京", 2016)], revisions.loc[("gdp", "广东", 2022)]
    assert (beijing["old"], beijing["new"]) == (25669.13, 28438.7)
    assert (beijing["old_edition"], beijing["new_edition"]) == ("2018", "2025")
    assert (guangdong["old"], guangdong["new"]) == (129118.6, 132547.1)
    assert (guangdong["old_edition"], guangdong["new_edition"]) == ("2023", "2025")
    gdp = Warehouse(studied / "data/warehouse").read("clean/gdp").set_index(["province", "year"])
    assert gdp.loc[("广东", 2022), "gdp"] == 132547.1
    assert gdp.loc[("北京", 2016), "revised"] and gdp.loc[("北京", 2016), "first_published"] == "2018"


def test_a_figure_that_two_exports_print_differently_is_taken_from_the_newer_and_listed(studied):
    revisions = Warehouse(studied / "data/warehouse").read("clean/revisions").set_index(["table", "province", "year"])
    shanghai = revisions.loc[("fiscal_expenditure", "上海", 2022)]
    assert (shanghai["old"], shanghai["new"], shanghai["new_edition"]) == (9393.16, 9393.0, "2025-12")


def test_known_oddities_are_flagged_and_kept(studied):
    warehouse = Warehouse(studied / "data/warehouse")
    odd = warehouse.read("clean/oddities")
    cells = set(zip(odd["table"], odd["province"], odd["year"], strict=True))
    assert ("long_distance_cable", "海南", 2018) in cells
    assert {("long_distance_cable", "四川", year) for year in (2019, 2020, 2021)} <= cells
    cable = warehouse.read("clean/long_distance_cable").set_index(["province", "year"])["long_distance_cable"]
    assert cable[("海南", 2018)] == 900
    assert any("海南" in text for text in warehouse.record("clean/oddities").warnings)


def test_trace_shows_the_file_and_cell_of_a_real_figure(studied, shared_real):
    done = cbe("trace", "clean/gdp.gdp", "--province", "Beijing", "--year", "2016", "--root", str(studied), "--json",
               "--yearbooks", str(studied.parents[1] / "yearbooks"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    newest, oldest = json.loads(done.stdout)["inputs"]
    assert (newest["file"], newest["text"], newest["used"]) == ("gdp/2025.csv", "28438.7", True)
    assert (oldest["file"], oldest["text"], oldest["used"]) == ("gdp/2018.csv", "25669.13", False)
    for step in (newest, oldest):
        lines = (shared_real / "exports" / EXPORTS[step["file"]]).read_bytes().decode("gb18030").splitlines()
        line, column = (int(part) for part in step["cell"][1:].split("C"))
        assert lines[line - 1].split(",")[column - 1] == step["text"]
        assert lines[line - 1].startswith("北京")


def test_trace_of_the_index_coefficient_names_every_edition(studied):
    done = cbe("trace", "table4.2.EDI", "--root", str(studied), "--json")
    assert done.returncode == 0, done.stderr
    traced = json.loads(done.stdout)
    files = {file for source in traced["sources"] for file in source["files"]}
    assert {"gdp/2025.csv", "trade/2025.csv", "../../data/reference/exchange_rate.csv"} <= files
    assert traced["value"] == terms(studied, "two_way")["EDI"][0]
