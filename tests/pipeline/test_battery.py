"""The robustness battery of a refreshed study: it stands on the paper's column, and others compute the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_study
import yaml

from cbe_assets.assets import model_tests, robustness
from cbe_assets.assets.battery import Given
from cbe_assets.assets.code import with_imports
from cbe_assets.assets.graph import build
from cbe_assets.assets.result_file import versions
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[2]
STUDY = Study.load(ROOT)
ENTRIES = [*STUDY.robustness, *(name for name, test in STUDY.tests.items() if test.kind in (
    "diagnostics", "permutation_equal_coefficients", "partial_pooling", "joint_mediation", "mediation_sensitivity"
))]  # fmt: skip
CONTROLS = ["PGDP", "Fisca", "HC", "FDI", "Net", "Infr"]
TERM = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def read(refreshed):
    return Warehouse(refreshed / "data/warehouse").read


@pytest.fixture(scope="module")
def headline(read) -> pd.Series:
    """ECI of Table 4 (3)."""
    return read("model/table4_3").set_index("term").loc["ECI"]


def estimate(frame: pd.DataFrame, outcome: str = "EXP", extra: pd.DataFrame | None = None) -> tuple[float, float]:
    """Coefficient of ECI and its clustered standard error by linearmodels, dummies written out here."""
    from linearmodels.panel import PanelOLS

    data = frame.dropna(subset=[outcome, "ECI", *CONTROLS]).set_index(["province", "year"])
    years = pd.get_dummies(data.index.get_level_values("year"), dtype=float).iloc[:, 1:].set_axis(data.index)
    effects = years if extra is None else extra.loc[data.index]
    exog = pd.concat([data[["ECI", *CONTROLS]], effects, pd.Series(1.0, data.index, name="constant")], axis=1)
    fitted = PanelOLS(data[outcome], exog.rename(columns=str), entity_effects=True).fit(
        cov_type="clustered", cluster_entity=True, group_debias=True
    )
    return float(fitted.params["ECI"]), float(fitted.std_errors["ECI"])


def same(row: pd.Series | Mapping, expected: tuple[float, float]) -> None:
    assert (row["estimate"], row["std_error"]) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_is_an_asset_with_its_file(name, refreshed, read):
    assert len(read(f"model/{name}"))
    record = json.loads((refreshed / f"data/exports/results/{name}.json").read_text(encoding="utf-8"))
    assert record["specification"] == name and record["versions"] == versions()
    assert record["tests"], "the file says what the asset found"


def test_whatever_leaves_the_specification_as_it_is_gives_the_papers_column(read, headline):
    """Winsor limit 1, entropy weights, nothing left out, the swap with itself, and the curve's row of the paper."""
    rows = {
        "winsor_limits": "winsor_1", "index_variants": "entropy", "leave_one_out": "none",
        "alternatives": "table4_3[ECI]",
    }  # fmt: skip
    for name, variant in rows.items():
        row = read(f"model/{name}").set_index("variant").loc[variant]
        assert row[TERM].astype(float).tolist() == pytest.approx(headline[TERM].astype(float).tolist(), rel=1e-8), name
    curve = read("model/specification_curve")
    (paper,) = curve[curve["paper"]].to_dict("records")
    same(paper, (headline["estimate"], headline["std_error"]))
    assert paper["controls"] == "+".join(CONTROLS)
    least_squares = read("model/shift_share").set_index("row").loc["least_squares"]
    same(least_squares, (headline["estimate"], headline["std_error"]))
    sample = read("model/placebo").iloc[0]
    assert (sample["estimate"], sample["statistic"]) == pytest.approx(
        (headline["estimate"], headline["statistic"]), rel=1e-8
    )
    assert read("model/driscoll_kraay")["estimate"].tolist() == pytest.approx([headline["estimate"]], rel=1e-8)


def test_all_of_the_family_are_the_coefficients_reported(read):
    for row in read("model/multiple_testing").itertuples():
        reported = read(f"model/{row.test}").set_index("term").loc[row.term]
        assert (row.estimate, row.p_value) == pytest.approx((reported["estimate"], reported["p_value"]), rel=1e-7)


def test_lags_samples_and_winsor_limits_are_what_linearmodels_estimates(read):
    panel, raw = read("panel/estimation"), read("panel/variables")
    lags = read("model/lagged_index").set_index("variant")
    ordered = panel.sort_values(["province", "year"])
    for years in (1, 2):
        moved = ordered.assign(ECI=ordered.groupby("province")["ECI"].shift(years))
        same(lags.loc[f"lag_{years}"], estimate(moved))
    rest = panel[~panel["province"].isin(["北京", "天津", "上海", "重庆"])]
    same(read("model/without_municipalities").iloc[0], estimate(rest))
    limits = read("model/winsor_limits").set_index("variant")
    same(limits.loc["winsor_0"], estimate(raw))
    names = ["EXP", "ECI", *CONTROLS]
    low, high = (np.quantile(raw[names], q, axis=0, method="averaged_inverted_cdf") for q in (0.025, 0.975))
    same(limits.loc["winsor_2.5"], estimate(raw.assign(**raw[names].clip(low, high, axis=1))))
    one = read("model/leave_one_out").query("left_out != 'none'").set_index("variant")
    same(one.loc["广东"], estimate(panel[panel["province"] != "广东"]))
    same(one.loc["2016"], estimate(panel[panel["year"] != 2016]))


def test_region_by_year_effects_are_dummies_of_the_gazetteers_regions(read):
    panel = read("panel/estimation")
    places = pd.read_csv(ROOT / "data/reference/provinces.csv").set_index("province")["region"]
    cells = panel["province"].map(places) + panel["year"].astype(str).where(panel["year"] > 2013, "")
    dummies = pd.get_dummies(cells, dtype=float).drop(columns=["east", "central", "west"])
    dummies.index = pd.MultiIndex.from_frame(panel[["province", "year"]])
    row = read("model/further_effects").set_index("variant").loc["region_by_year"]
    coefficient, error = estimate(panel, extra=dummies)
    assert (row["estimate"], row["std_error"]) == pytest.approx((coefficient, error), rel=1e-8)


def test_leaving_out_each_province_gives_back_the_jackknife_standard_error(read, headline):
    table = read("model/leave_one_out")
    gaps = table.loc[table["left_out"].eq("province"), "estimate"] - headline["estimate"]
    own = table.loc[table["left_out"].eq("none"), "cv3"].iloc[0]
    assert own == pytest.approx(np.sqrt(29 / 30 * (gaps**2).sum()), rel=1e-9)


def test_placebo_p_counts_its_own_draws(read):
    table = read("model/placebo")
    sample, drawn = table.iloc[0], table.iloc[1:]
    assert len(drawn) == STUDY.settings.draws.permutation and table["draw"].tolist() == list(range(len(table)))
    for column, p_value in (("estimate", "p_value"), ("statistic", "p_value_t")):
        extreme = (drawn[column].abs() >= abs(sample[column])).sum()
        assert sample[p_value] == pytest.approx((1 + extreme) / (1 + len(drawn)), abs=1e-12)
    assert table["p_value"].notna().sum() == 1


def test_a_choices_total_share_is_at_least_its_first_order_share_but_for_noise(read):
    shares = read("model/index_uncertainty")
    assert (shares["total"] >= shares["first_order"] - 0.05).all()
    headline = shares[shares["output"].eq("coefficient_per_sd")]
    assert headline["first_order"].sum() < 1 < headline["total"].sum() + 0.05
    assert len(shares["output"].unique()) == 31 and shares.groupby("output")["mean"].nunique().eq(1).all()


def test_the_curve_holds_every_subset_of_the_controls_on_every_panel(read):
    curve = read("model/specification_curve")
    assert len(curve) >= 2000
    cells = curve.groupby(["outcome", "index", "winsor", "effects"])["controls"]
    assert cells.nunique().eq(64).all() and len(cells) * 64 == len(curve)
    joint = read("model/curve_permutation").set_index("statistic")["value"]
    assert joint["median"] == pytest.approx(curve["standardized"].median(), rel=1e-9)
    assert joint["share_positive"] == pytest.approx((curve["estimate"] > 0).mean(), rel=1e-9)


def test_what_the_simulated_yearbook_knows_is_found(refreshed, read, headline):
    """Pilot zones have no effect of their own; the index has one, and its errors do not depend on it."""
    truth = yaml.safe_load((refreshed / "data/sample/truth.yaml").read_text(encoding="utf-8"))["coefficients"]
    study = read("model/pilot_zone_event_study").set_index("row")
    assert study.loc["overall", "conf_low"] < 0 < study.loc["overall", "conf_high"]
    assert study.loc["pre_trend", "p_value"] > 0.05
    instruments = read("model/shift_share").set_index("row")
    (low, high) = instruments.loc["anderson_rubin", ["conf_low", "conf_high"]]
    assert low < truth["total"]["ECI"] < high
    sensitivity = read("model/sensitivity_inus").set_index("rho")
    assert sensitivity.loc[0.0, "conf_low"] < truth["indirect"]["Inus"] < sensitivity.loc[0.0, "conf_high"]
    joint = read("model/mediation_joint").set_index("statistic")["value"]
    assert joint["effects.total"] == pytest.approx(headline["estimate"], rel=1e-8)
    assert joint["effects.bootstrap_low"] < sum(truth["indirect"].values()) < joint["effects.bootstrap_high"]


def test_pooled_slopes_lie_between_their_own_and_the_mean(read):
    table, slopes = read("model/partially_pooled"), read("model/table7_ols").set_index("term")["estimate"]
    own = [slopes[f"ECI[{province}]"] for province in table["province"]]
    assert table["estimate"].tolist() == pytest.approx(own, rel=1e-9)
    mixed = table["weight"] * table["estimate"] + (1 - table["weight"]) * table["mean"]
    assert table["pooled"].tolist() == pytest.approx(mixed.tolist(), rel=1e-12)


def test_adoption_and_dose_are_the_approvals(read):
    table, panel = read("model/pilot_zone_event_study"), read("panel/estimation")
    first = panel[panel["NumCPZ"] > 0].groupby("province")["year"].min()
    row = table[table["relative_year"].eq(0)].iloc[0]
    assert row["provinces"] == (first == 2016).sum()
    zones = panel[panel["year"].eq(2016) & panel["province"].isin(first[first == 2016].index)]["NumCPZ"]
    assert row["dose"] == pytest.approx(zones.mean())


SCRIPT = """
import sys
from pathlib import Path
from cbe_assets.assets import robustness
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse, content_version
study = Study.load(sys.argv[1])
read = Warehouse(study.warehouse).read
for node in robustness.nodes(study):
    if node.name != "specification_curve":
        print(node.key, content_version(node.make(read).frame))
"""


def test_bytes_do_not_depend_on_threads_or_hash_seed(refreshed):
    """The stored tables were made with as many threads as the machine has."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "99"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(refreshed)], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    again = dict(line.split() for line in done.stdout.splitlines())
    warehouse = Warehouse(refreshed / "data/warehouse")
    assert again == {key: warehouse.record(key).data_version for key in again} and len(again) == 15


def changed(root: Path, file: str, old: str, new: str) -> set[str]:
    """Names of the model assets that an edit of the study defines anew."""
    before = {key: node.definition for key, node in build(Study.load(root)).nodes.items()}
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = {key: node.definition for key, node in build(Study.load(root)).nodes.items()}
    return {key.split("/")[1] for key in after if key.startswith("model/") and before.get(key) != after[key]}


OF_THE_INDEX = {"index_variants", "index_uncertainty", "specification_curve", "curve_permutation"}
EDITS = [
    ("data/reference/provinces.csv", "Tibet,west", "Tibet,central",
     {"further_effects", "specification_curve", "curve_permutation"}),
    ("study/study.yaml", "permutation: 20250716", "permutation: 1",
     {"placebo", "curve_permutation", "equal_coefficients_permutation"}),
    ("study/study.yaml", "monte_carlo: 2048", "monte_carlo: 256", {"index_uncertainty"}),
    ("study/study.yaml", "curve: 999", "curve: 499", {"specification_curve"}),
    ("study/study.yaml", "{bootstrap: 2000", "{bootstrap: 1000",
     {"mediation_inus", "mediation_tec", "mediation_joint", "sensitivity_inus", "sensitivity_tec"}),
    ("study/indicators.yaml", "printed_weight: 18.1", "printed_weight: 18.2", OF_THE_INDEX),
    ("study/regressions.yaml", "en: Winsor limits", "en: Limits of winsorizing", set()),
    ("study/regressions.yaml", "years: [1, 2]", "years: [1, 3]", {"lagged_index"}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), EDITS, ids=[f"{item[0]}: {item[2]}" for item in EDITS])
def test_an_edit_makes_stale_what_it_defines_and_nothing_else(study_copy, file, old, new, expected):
    assert changed(study_copy, file, old, new) == expected


def test_code_of_an_entry_is_the_modules_it_runs():
    placebo = next(node for node in robustness.nodes(STUDY) if node.name == "placebo")
    assert "statistics.placebo" in placebo.code and "statistics.design" in placebo.code
    assert not {"statistics.instruments", "statistics.wild_bootstrap"} & set(placebo.code)
    assert "statistics.slopes" in with_imports("statistics.panel"), "imports within functions count"
    assert set(robustness.KINDS) == {entry.kind for entry in STUDY.robustness.values()}
    assert {test.kind for test in STUDY.tests.values()} <= set(model_tests.KINDS)


def test_a_study_without_a_battery_has_none_and_needs_none(tmp_path):
    graph = build(Study.load(small_study.write(tmp_path)))
    assert [key for key in graph.nodes if key.startswith("model/")] == ["model/table4_1"]


def test_as_of_a_day_with_few_years_lags_that_leave_none_are_left_out(read):
    early = read("panel/estimation").query("year <= 2016")
    for name, expected in (("lagged_index", [1, 2]), ("long_differences", [3])):
        given = Given(STUDY, name, STUDY.robustness[name], lambda key: early, {})
        frame = robustness.KINDS[STUDY.robustness[name].kind].make(given)
        assert [int(variant.split("_")[1]) for variant in frame["variant"]] == expected
