"""A study root of three official tables, one regression and an index of two indicators: a refresh takes seconds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
YEARS = (2019, 2020, 2021, 2022)
TABLES = {"gdp": ("地区生产总值", "亿元"), "population": ("年末常住人口", "万人"), "exports": ("出口总额", "千美元")}

STUDY = """\
name: small
title: {zh: 小研究, en: A small study}
yearbooks: data/yearbooks
excluded_provinces: [西藏]
years: [2019, 2022]
winsor: [1, 99]
seeds: {simulate: 1, bootstrap: 2}
"""
INDICATORS = """\
index: {name: ECI, normalize: min_max, weights: entropy, aggregate: linear}
groups: {all: {zh: 全部, en: All}}
indicators:
  openness:
    {group: all, direction: positive, title: {zh: 开放度, en: Openness}, description: {zh: 出口比, en: Export ratio},
     unit: {zh: 比, en: ratio}}
  size:
    {group: all, direction: positive, title: {zh: 规模, en: Size}, description: {zh: 人口, en: Residents},
     unit: {zh: 万人, en: 10 000 persons}}
"""
REGRESSIONS = """\
variables:
  EXP: &text {role: outcome, title: {zh: 出口, en: Exports}, description: {zh: 对数, en: Logarithm},
              source: {zh: 统计局, en: Statistics}}
  ECI: {<<: *text, role: regressor}
  PGDP: {<<: *text, role: control}
controls: [PGDP]
specifications:
  table4_1: {outcome: EXP, regressors: [ECI], controls: [PGDP], estimator: fixed_effects,
             effects: [province, year], covariance: clustered}
"""
SQL = {
    "panel/indicators": """\
-- The two indicators.
select province, year, exports / gdp as openness, population as size
from clean.gdp join clean.population using (province, year) join clean.exports using (province, year)
where not list_contains(getvariable('excluded_provinces'), province)
order by province, year
""",
    "panel/variables": """\
-- The regression variables.
select province, year, ln(exports) as EXP, ECI, ln(gdp / population) as PGDP
from clean.gdp join clean.population using (province, year) join clean.exports using (province, year)
join index.eci using (province, year)
order by province, year
""",
    "panel/estimation": """\
-- The estimation sample.
select province, year, EXP, ECI, PGDP from panel.variables order by province, year
""",
}


def write(root: Path) -> Path:
    """Writes the study with the first values of every table; nothing is made yet."""
    tables = "\n".join(
        f"  {key}: {{title: {{zh: {name}, en: {key}}}, indicator: {name}, unit: {unit}, accepts: [{unit}],"
        f" unit_unstated: {unit}, range: [0, 1000000000], gaps: error, source: {{zh: 统计局, en: Statistics}}}}"
        for key, (name, unit) in TABLES.items()
    )
    files = {
        "study/study.yaml": STUDY,
        "study/tables.yaml": f"tables:\n{tables}\n",
        "study/indicators.yaml": INDICATORS,
        "study/regressions.yaml": REGRESSIONS,
        "study/exhibits.yaml": "exhibits: {}\n",
        **{f"sql/{key}.sql": text for key, text in SQL.items()},
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "data/reference").mkdir(parents=True)
    shutil.copy(ROOT / "data/reference/provinces.csv", root / "data/reference/provinces.csv")
    for table in TABLES:
        write_edition(root, table)
    write_suites(root)
    return root


def provinces(root: Path) -> list[str]:
    lines = (root / "data/reference/provinces.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",")[2] for line in lines[2:]]


def value(table: str, province: int, year: int) -> float:
    """Some figure that varies over provinces and years and fits no line."""
    level = {"gdp": 20000, "population": 4000, "exports": 3000000}[table]
    wobble = (province * 7 + year * 3 + len(table) * 5 + province * province * (year - 2000)) % 23
    return round(level * (1 + 0.1 * province) * (1 + 0.01 * wobble) * (1 + 0.04 * (year - 2019)), 2)


def write_edition(
    root: Path, table: str, *, edition: str = "2023", change: float = 0.0, name: str | None = None
) -> Path:
    """A file in the classic layout of official exports; `change` is added to the first province's newest value."""
    indicator, unit = TABLES[table]
    years = tuple(reversed(YEARS))
    lines = ["数据库：分省年度数据", f"指标：{indicator}({unit})", "时间：最近4年"]
    lines.append("地区," + ",".join(f"{year}年" for year in years))
    for number, province in enumerate(provinces(root)):
        values = [value(table, number, year) for year in years]
        values[0] += change if number == 0 else 0.0
        lines.append(province + "," + ",".join(f"{item:.2f}" for item in values))
    lines.append("数据来源：国家统计局")
    path = root / "data/yearbooks" / table / (name or f"{edition}.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    return path


def write_suites(root: Path) -> None:
    """A suite that only counts rows, for every asset of the study."""
    from cbe_assets.assets.graph import build
    from cbe_assets.study import Study

    for key in build(Study.load(root)).nodes:
        rows = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0, "max_value": 100000}}
        write_suite(root, key, [rows | {"severity": "critical"}])


def write_suite(root: Path, key: str, expectations: list[dict]) -> None:
    path = root / "expectations" / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": key, "expectations": expectations}), encoding="utf-8")


def read_suite(root: Path, key: str) -> list[dict]:
    return json.loads((root / "expectations" / f"{key}.json").read_text(encoding="utf-8"))["expectations"]
