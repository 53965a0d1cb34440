"""The embedded yearbook keeps its promises: bytes, levels, identities, editions, marks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import spearmanr
from simulated_panels import (
    INDICATORS,
    PLACES,
    PROVINCES,
    RATES,
    ROOT,
    STUDY,
    ZONES,
    panel_of,
    simulated,
    tables_of,
    weights_of,
)

from cbe_assets.faults import StudyFault
from cbe_assets.simulate.parameters import parameters, printed_files
from cbe_assets.simulate.printed import GAPS
from cbe_assets.simulate.truth import BASE_YEARS
from cbe_assets.simulate.yearbook import simulate, write
from cbe_assets.yearbook.gazetteer import NATION
from cbe_assets.yearbook.reading import read

SAMPLE = ROOT / "data" / "sample"
TABLE_3 = {
    "EXP": (16.716, 1.676, 12.452, 19.984),
    "ECI": (0.123, 0.121, 0.033, 0.631),
    "PGDP": (10.947, 0.43, 10.143, 12.088),
    "Fisca": (0.485, 0.185, 0.159, 0.915),
    "HC": (0.106, 0.073, 0.037, 0.422),
    "FDI": (0.019, 0.019, 0.0, 0.103),
    "Net": (0.593, 0.13, 0.335, 0.87),
    "Infr": (2.207, 1.171, 0.81, 6.557),
}
"""Printed mean, standard deviation, minimum, maximum of the paper's Table 3."""


@pytest.fixture(scope="module")
def drawn():
    return simulated()


@pytest.fixture(scope="module")
def files(drawn):
    return write(drawn)


@pytest.fixture(scope="module")
def tables(files):
    return tables_of(files, "2023")


@pytest.fixture(scope="module")
def panel(files):
    return panel_of(files)


def test_the_committed_sample_is_what_the_seed_gives(files):
    stored = {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    assert sorted(stored) == sorted(files)
    assert [path for path in files if stored[path] != files[path]] == []


def test_the_sample_is_small(files):
    assert sum(map(len, files.values())) < 2**20


def test_another_seed_gives_another_yearbook_and_the_same_seed_the_same(files):
    assert write(simulated()) == files
    other = write(simulated(seed=1))
    assert sorted(other) == sorted(files)
    assert other["gdp/2023.csv"] != files["gdp/2023.csv"]


def test_every_table_of_the_study_is_printed_for_31_provinces_and_ten_years(tables):
    assert set(tables) == set(STUDY.tables)
    for name, table in tables.items():
        places = [NATION] if STUDY.tables[name].scope == "nation" else [place.name for place in PLACES.provinces]
        assert set(places) <= set(table.index), name
        assert table.columns.tolist() == STUDY.years, name
        assert table.notna().all(axis=None), name


def test_every_value_is_within_the_range_the_study_believes(tables):
    for name, table in tables.items():
        lower, upper = STUDY.tables[name].range
        provinces = table if STUDY.tables[name].scope == "nation" else table.drop(index=NATION, errors="ignore")
        assert lower <= provinces.min(axis=None) and provinces.max(axis=None) <= upper, name


@pytest.mark.parametrize("name", TABLE_3)
def test_levels_are_near_table_3_after_winsorizing(panel, name):
    mean, sd, low, high = TABLE_3[name]
    assert panel[name].mean() == pytest.approx(mean, rel=0.15)
    assert panel[name].std() == pytest.approx(sd, rel=0.35)
    assert abs(panel[name].min() - low) < sd
    assert abs(panel[name].max() - high) < 1.3 * sd


def test_index_weights_are_ranked_as_in_table_1(files):
    weights = weights_of(panel_of(files, winsorized=False))
    printed = [STUDY.indicators[name].printed_weight for name in INDICATORS]
    assert spearmanr(weights, printed).statistic >= 0.8


def test_a_few_coastal_provinces_lead(panel):
    last = panel["ECI"].xs(2022, level="year")
    assert set(last.nlargest(6).index) <= {"广东", "浙江", "上海", "北京", "江苏", "福建", "山东"}
    assert last.nlargest(6).mean() > 4 * last.median() * 0.75
    means = panel["ECI"].groupby("year").mean()
    assert means.is_monotonic_increasing


def test_industries_sum_to_gdp_in_every_edition(files):
    for edition in ("2022", "2023"):
        tables = tables_of(files, edition)
        parts = sum(tables[f"value_added_{industry}"] for industry in ("primary", "secondary", "tertiary"))
        assert np.allclose(parts, tables["gdp"], rtol=0, atol=1e-6)


def test_gdp_is_gdp_per_head_times_mean_population(files):
    for edition in ("2022", "2023"):
        tables = tables_of(files, edition)
        people = tables["population"]
        mean = (people + people.shift(axis=1)).iloc[:, 1:] / 2
        implied = tables["gdp_per_capita"].iloc[:, 1:] * mean / 1e4
        assert np.allclose(implied, tables["gdp"].iloc[:, 1:], rtol=0.003)


def test_the_nation_is_the_sum_of_its_provinces(tables):
    national = [name for name, table in tables.items() if NATION in table.index and len(table) > 1]
    assert len(national) >= 5
    for name in national:
        table = tables[name]
        if name not in GAPS:
            total = table.drop(index=NATION).sum()
            assert np.allclose(total, table.loc[NATION], rtol=1e-12, atol=1e-6), name


def test_trade_in_goods_is_the_sum_of_the_provinces_in_yuan(tables):
    rate = RATES.set_index("year")["yuan_per_100_usd"][STUDY.years] / 100
    dollars = tables["exports"].sum() + tables["imports"].sum()
    assert np.allclose(tables["goods_trade"].loc[NATION], dollars * 1e3 * rate / 1e8, rtol=1e-6)
    both = tables["cross_border_exports"] + tables["cross_border_imports"]
    assert (both.loc[NATION] < 0.1 * tables["goods_trade"].loc[NATION]).all()


def test_manufactures_are_a_part_of_all_exports(tables):
    assert (tables["manufacturing_exports"].drop(index=NATION) <= tables["exports"]).all(axis=None)


def test_the_earlier_edition_was_revised(files):
    earlier, current = tables_of(files, "2022"), tables_of(files, "2023")
    assert set(earlier) == {"gdp", "gdp_per_capita", "population"} | {
        f"value_added_{industry}" for industry in ("primary", "secondary", "tertiary")
    }
    change = {name: (table / current[name][table.columns] - 1).abs() for name, table in earlier.items()}
    assert all(table.columns.max() == 2021 for table in earlier.values())
    assert 0.005 < change["gdp"].max(axis=None) <= 0.0201
    assert change["gdp"][[2013, 2014, 2015, 2016]].max(axis=None) == 0
    assert 0.02 < change["population"].max(axis=None) < 0.07


def test_a_later_edition_adds_a_year_and_revises_some_before(files, drawn):
    later = simulated(through=2023)
    assert {path.split("/")[1][:4] for path in write(later) if "/" in path} == {"2024"}
    for name, series in drawn.latent.series.items():
        assert np.array_equal(series, later.latent.series[name]), name
    before, after = tables_of(files, "2023"), tables_of(write(later), "2024")
    assert all(table.columns.max() == 2023 for table in after.values())
    assert 0 < (after["gdp"][2022] / before["gdp"][2022] - 1).abs().max() <= 0.0201
    assert (after["gdp"][2015] == before["gdp"][2015]).all()
    assert (after["green_area"][2022] == before["green_area"][2022]).all()


@pytest.mark.parametrize("through", [2021, 2026])
def test_a_last_year_that_cannot_be_simulated_is_a_fault(through):
    with pytest.raises(StudyFault) as raised:
        simulated(through=through)
    assert raised.value.faults[0].message == "simulate_through"


def test_years_without_an_exchange_rate_are_faults_each():
    with pytest.raises(StudyFault) as raised:
        simulate(STUDY, PLACES, ZONES, RATES[RATES["year"] > 2014], seed=1)
    assert [item.facts["year"] for item in raised.value.faults] == [2013, 2014]


def test_every_file_says_that_it_is_simulated(files):
    for path, data in files.items():
        if path.endswith(".meta.yaml"):
            said = yaml.safe_load(data)
            assert said["simulated"] is True and "模拟数据 SIMULATED" in said["source"]
            assert said["sha256"] == hashlib.sha256(files[path.removesuffix(".meta.yaml")]).hexdigest()
        elif path != "truth.yaml":
            assert f"{path}.meta.yaml" in files
    layouts = {f"{file.table}/{2022 if file.earlier else 2023}": file.layout for file in printed_files()}
    for path, data in files.items():
        if layouts.get(str(Path(path).with_suffix(""))) in ("A", "C", "F", "H") and not path.endswith(".yaml"):
            known = yaml.safe_load(files[f"{path}.meta.yaml"])
            said = {key: known[key] for key in ("indicator", "unit")}
            reading = read(data, file=path, gazetteer=PLACES, **said)
            assert reading.source_line == "数据来源：模拟数据 SIMULATED，不是官方统计", path


def test_five_tables_at_least_come_in_each_of_layouts_a_c_and_h(files):
    layouts = {}
    for path, data in files.items():
        if not path.endswith(".yaml"):
            said = yaml.safe_load(files[f"{path}.meta.yaml"])
            reading = read(data, file=path, gazetteer=PLACES, indicator=said["indicator"], unit=said["unit"])
            layouts.setdefault(reading.layout, set()).add(said["table"])
    assert {"A", "C", "E", "F", "H"} == set(layouts)
    assert all(len(layouts[layout]) >= 5 for layout in "ACH")


def test_gaps_stand_only_inside_tables_that_are_interpolated(files):
    for table, cells in GAPS.items():
        assert STUDY.tables[table].gaps.policy == "interpolate"
        assert all(BASE_YEARS[0] < year < BASE_YEARS[-1] for _, year in cells)
    missing = 0
    for path, data in files.items():
        if not path.endswith(".yaml"):
            said = yaml.safe_load(files[f"{path}.meta.yaml"])
            reading = read(data, file=path, gazetteer=PLACES, indicator=said["indicator"], unit=said["unit"])
            missing += int(reading.observations["value"].isna().sum())
    assert missing == sum(map(len, GAPS.values()))


def test_the_pilot_zones_are_the_165_of_seven_waves():
    assert ZONES.groupby("wave").size().to_dict() == {1: 1, 2: 12, 3: 22, 4: 24, 5: 46, 6: 27, 7: 33}
    assert set(ZONES["province"]) == {place.name for place in PLACES.provinces}
    assert ZONES["record"].value_counts().to_dict() == {"public": 149, "unconfirmed": 16}
    assert set(ZONES.loc[ZONES["record"] == "unconfirmed", "wave"]) == {7}


def test_parameters_name_the_provinces_of_the_gazetteer_in_order():
    assert parameters().provinces == tuple(place.name for place in PLACES.provinces)
    assert [name for name in parameters().provinces if name in PROVINCES] == PROVINCES


def test_zones_of_the_first_five_waves_agree_with_the_shared_record():
    record = ROOT.parent / "shared" / "real" / "panels" / "cbec_pilot_zones_waves1-5.csv"
    if not record.is_file():
        pytest.skip("the shared real figures are not here")
    known = pd.read_csv(record)
    ours = ZONES[ZONES["wave"] <= 5].assign(approval_date=lambda z: z["approval_date"].dt.strftime("%Y-%m-%d"))
    columns = ["zone", "province", "approval_date", "document", "wave"]
    assert ours[columns].values.tolist() == known[columns].values.tolist()


def test_exchange_rates_agree_with_the_shared_record():
    record = ROOT.parent / "shared" / "real" / "panels" / "real_panel_long.csv"
    if not record.is_file():
        pytest.skip("the shared real figures are not here")
    long = pd.read_csv(record)
    known = long[long["variable"] == "usdcny_avg_yearbook"].set_index("year")["value"]
    ours = RATES.set_index("year")["yuan_per_100_usd"] / 100
    both = sorted(set(known.index) & set(ours.index))
    assert len(both) >= 9
    # The record has 6.76 for 2017, where the yearbook prints 675.18.
    assert np.allclose(known[both], ours[both], rtol=0.0013)
