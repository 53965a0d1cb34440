"""The same code on official exports: gets as far as the files allow and says what is missing.  Skips without them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cbe_assets.assets.graph import build
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

FILES = {
    "gdp/2018.csv": "classic-csv_gdp-as-published_1993-2017.csv",
    "gdp/2025.csv": "classic-csv_gdp-revised_2006-2024.csv",
    "population/2021.csv": "english-csv_population_2000-2020.csv",
    "population/2025.csv": "classic-csv_population_2015-2024.csv",
    "fiscal_expenditure/2025.xls": "classic-xls_fiscal-expenditure_2005-2024.xls",
    "science_expenditure/2025-12.csv": "newsite-csv_science-expenditure_2011-2025.csv",
    "express_volume/2025.csv": "oldapi-long_express-volume_A0G0E.csv",
    "trade/2025.csv": "oldapi-long_trade_A060101.csv",
}
TABLES = """
  express_volume:
    title: {zh: 快递量, en: Express volume}
    indicator: 快递量
    codes: [A0G0E01]
    unit: 万件
    accepts: [万件]
    unit_unstated: 万件
    range: [0, 5000000]
    source: {zh: 国家邮政局, en: State Post Bureau}
  trade:
    title: {zh: 经营单位所在地进出口总额, en: Trade by location of operating unit}
    indicator: 经营单位所在地进出口总额
    codes: [A060101]
    unit: 千美元
    accepts: [千美元]
    unit_unstated: 千美元
    range: [1000, 2000000000]
    source: {zh: 海关总署, en: General Administration of Customs}
"""
INDICATORS_SQL = """
select
    population.province,
    population.year,
    express_volume.express_volume / population.population as express_volume_per_head,
    trade.trade * 1e3 * (exchange_rate.yuan_per_100_usd / 100) / (gdp.gdp * 1e8) as trade_to_gdp
from clean.population
join clean.express_volume using (province, year)
join clean.trade using (province, year)
join clean.gdp using (province, year)
join raw.exchange_rate using (year)
where not list_contains(getvariable('excluded_provinces'), population.province)
order by population.province, population.year
"""
VARIABLES_SQL = """
select
    gdp.province,
    gdp.year,
    ln(trade.trade) as TRADE,
    eci.ECI,
    science_expenditure.science_expenditure / fiscal_expenditure.fiscal_expenditure as Tec
from clean.gdp
join clean.trade using (province, year)
join index.eci using (province, year)
join clean.science_expenditure using (province, year)
join clean.fiscal_expenditure using (province, year)
order by gdp.province, gdp.year
"""


def suite(root: Path, key: str, *expectations: tuple[str, dict]) -> None:
    path = root / "expectations" / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [{"type": kind, "kwargs": kwargs, "severity": "critical"} for kind, kwargs in expectations]
    path.write_text(json.dumps({"name": key, "expectations": listed}), encoding="utf-8")


def put(root: Path, shared_real: Path, files: dict[str, str]) -> None:
    for place, name in files.items():
        target = root / "data/yearbooks" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared_real / "exports" / name, target)


def test_the_papers_study_on_real_exports_stores_what_it_can_and_names_what_is_missing(study_copy, shared_real):
    known = {place: name for place, name in FILES.items() if not place.startswith(("express", "trade"))}
    put(study_copy, shared_real, known)
    outcome = refresh(build(Study.load(study_copy, study_copy / "data/yearbooks")))
    assert outcome.failed == {}, [fault.text() for fault in outcome.faults]
    assert {"clean/population", "clean/fiscal_expenditure", "clean/science_expenditure"} <= set(outcome.made)
    missing = {fault.facts["key"] for fault in outcome.plan.faults}
    assert {"manufacturing_exports", "gdp_per_capita", "deposits"} <= missing
    assert outcome.code == 2


@pytest.fixture
def small_study(study_copy: Path, shared_real: Path) -> Path:
    """A study of two indicators on the official exports alone: its own tables, SQL and suites, 2016 to 2022."""
    import yaml

    root = study_copy
    tables = yaml.safe_load((root / "study/tables.yaml").read_text(encoding="utf-8"))
    kept = {name: tables["tables"][name] for name in ("gdp", "population", "fiscal_expenditure", "science_expenditure")}
    kept["gdp"].pop("family")
    content = {"tables": {**kept, **yaml.safe_load(TABLES)}, "reference_tables": tables["reference_tables"]}
    content["reference_tables"].pop("pilot_zones")
    text = {"zh": "检验", "en": "test"}
    (root / "study/tables.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    indicator = {"group": "all", "title": text, "description": text, "unit": text, "direction": "positive"}
    index = {"index": {"name": "ECI"}, "groups": {"all": text}}
    index["indicators"] = {name: indicator for name in ("express_volume_per_head", "trade_to_gdp")}
    (root / "study/indicators.yaml").write_text(yaml.safe_dump(index, allow_unicode=True), encoding="utf-8")
    variable = {"title": text, "description": text, "source": text}
    roles = {"TRADE": "outcome", "ECI": "regressor", "Tec": "control"}
    regressions = {
        "variables": {name: {"role": role, **variable} for name, role in roles.items()},
        "specifications": {
            "two_way": {"outcome": "TRADE", "regressors": ["ECI"], "controls": ["Tec"], "estimator": "fixed_effects",
                        "effects": ["province", "year"], "covariance": "clustered"},
        },
    }  # fmt: skip
    (root / "study/regressions.yaml").write_text(yaml.safe_dump(regressions, allow_unicode=True), encoding="utf-8")
    (root / "study/exhibits.yaml").write_text("exhibits: {}\n", encoding="utf-8")
    (root / "study/published.yaml").unlink()
    settings = (root / "study/study.yaml").read_text(encoding="utf-8")
    settings = settings.replace("data/sample", "data/yearbooks").replace("years: [2013, 2022]", "years: [2016, 2022]")
    (root / "study/study.yaml").write_text(settings, encoding="utf-8")
    shutil.rmtree(root / "sql")
    for key, query in (
        ("panel/indicators", INDICATORS_SQL),
        ("panel/variables", VARIABLES_SQL),
        ("panel/estimation", "select * from panel.variables"),
    ):
        path = root / "sql" / f"{key}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(query.replace("select *", "select province, year, TRADE, ECI, Tec"), encoding="utf-8")
    put(root, shared_real, FILES)
    _suites(root)
    return root


def _suites(root: Path) -> None:
    shutil.rmtree(root / "expectations/raw")
    some = ("expect_table_row_count_to_be_between", {"min_value": 1})
    panel = ("expect_table_row_count_to_equal", {"value": {"$PARAMETER": "panel_rows"}})
    complete = ("expect_every_province_every_year",
                {"first_year": {"$PARAMETER": "first_year"}, "last_year": {"$PARAMETER": "last_year"}})  # fmt: skip
    for key in build(Study.load(root)).nodes:
        layer = key.split("/")[0]
        if layer == "panel":
            suite(root, key, panel, complete)
        elif not (root / "expectations" / f"{key}.json").is_file() or layer in ("index", "audit"):
            suite(root, key, some)


def test_a_study_of_its_own_tables_on_real_exports_reaches_panel_index_and_regression(small_study):
    outcome = refresh(build(Study.load(small_study)))
    assert outcome.code == 0, [fault.text() for fault in outcome.faults]
    warehouse = Warehouse(small_study / "data/warehouse")
    variables = warehouse.read("panel/variables")
    assert len(variables) == 30 * 7 and variables.notna().all().all()
    gdp = warehouse.read("clean/gdp").set_index(["province", "year"])
    # Fifth economic census: Beijing 2016 was 25669.13 when first published and is 28438.7 today.
    assert gdp.at[("北京", 2016), "gdp"] == 28438.7 and bool(gdp.at[("北京", 2016), "revised"])
    assert gdp.at[("北京", 2016), "first_published"] == "2018"
    assert not warehouse.read("audit/editions")["simulated"].any()
