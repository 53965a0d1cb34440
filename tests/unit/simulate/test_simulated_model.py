"""The truth is the truth: projections, draws that cover it, and what the default draw estimates."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from scipy import stats
from simulated_panels import CONTROLS, PROVINCES, REGRESSORS, ROOT, STUDY, ZONES, panel_of, simulated, two_way, within

from cbe_assets.simulate.document import slopes
from cbe_assets.simulate.model import INDICATORS, draw
from cbe_assets.simulate.parameters import parameters
from cbe_assets.simulate.truth import MEDIATORS, PAPER
from cbe_assets.simulate.truth import REGRESSORS as MODEL_REGRESSORS
from cbe_assets.simulate.yearbook import write, zones_in_force
from cbe_assets.statistics.winsorize import winsorize

TABLE_7 = {
    "北京": 8.52, "天津": 8.74, "河北": 11.71, "辽宁": 7.77, "上海": 1.63, "江苏": 4.70, "浙江": 2.04, "福建": 4.01,
    "山东": 7.39, "广东": 0.42, "海南": 35.85, "山西": 17.26, "吉林": 18.53, "黑龙江": 12.00, "安徽": 15.24,
    "江西": 13.17, "河南": 14.51, "湖北": 15.62, "湖南": 22.36, "内蒙古": 11.78, "广西": 29.11, "重庆": 11.56,
    "四川": 13.31, "贵州": 14.06, "云南": 25.45, "陕西": 23.43, "甘肃": -6.11, "青海": 13.46, "宁夏": 5.64,
    "新疆": 18.91,
}  # fmt: skip
"""The paper's Table 7."""


@pytest.fixture(scope="module")
def panel():
    return panel_of(write(simulated()))


def drawn(seeds: range) -> dict[str, np.ndarray]:
    """Draws x 300 of every variable, everything but the pilot zones drawn anew for each seed."""
    zones, found = zones_in_force(ZONES), []
    for seed in seeds:
        latent = draw(parameters(), PAPER, zones, PROVINCES, seed=seed)
        rows = latent.rows(PROVINCES)
        found.append({name: latent.series[name][rows, :10].ravel() for name in ["EXP", *MEDIATORS, *REGRESSORS]})
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def coverage(sample: dict[str, np.ndarray]) -> float:
    """Share of draws whose t(29) interval of Table 4 (3), on winsorized variables as in the study, covers 1.093."""
    cut = {name: np.apply_along_axis(winsorize, 1, sample[name]) for name in ["EXP", *REGRESSORS]}
    b, se = two_way(cut["EXP"], np.stack([cut[name] for name in REGRESSORS], axis=-1))
    return float((np.abs(b[:, 0] - PAPER.total["ECI"]) <= stats.t.ppf(0.975, 29) * se[:, 0]).mean())


def test_the_interval_of_table_4_covers_the_truth():
    assert 0.91 <= coverage(drawn(range(200))) <= 0.98


@pytest.mark.slow
def test_the_interval_of_table_4_covers_the_truth_in_two_thousand_draws():
    assert 0.91 <= coverage(drawn(range(2000))) <= 0.98


def test_projections_average_to_the_coefficients_of_tables_4_and_6():
    sample = drawn(range(1000, 1120))
    x = np.stack([sample[name] for name in REGRESSORS], axis=-1)

    def agrees(outcome: str, regressors: np.ndarray, truth: list[float]) -> None:
        b, _ = two_way(sample[outcome], regressors)
        error = (b.mean(0) - truth) / (b.std(0, ddof=1) / np.sqrt(len(b)))
        assert np.abs(error).max() < 4, error

    agrees("EXP", x, [PAPER.total[name] for name in REGRESSORS])
    for mediator in MEDIATORS:
        agrees(mediator, x, [PAPER.paths[mediator][name] for name in REGRESSORS])
        beside = np.concatenate([sample[mediator][..., None], x], axis=-1)
        agrees("EXP", beside, [PAPER.effects[mediator], *PAPER.direct(mediator).values()])
    both = np.concatenate([np.stack([sample[name] for name in MEDIATORS], axis=-1), x], axis=-1)
    agrees("EXP", both, [*(PAPER.effects[name] for name in MEDIATORS), *PAPER.direct(*MEDIATORS).values()])


def test_total_is_direct_plus_indirect_as_printed():
    for mediator, printed in (("Inus", 0.283), ("Tec", 0.740)):
        indirect = PAPER.effects[mediator] * PAPER.paths[mediator]["ECI"]
        assert PAPER.direct(mediator)["ECI"] + indirect == pytest.approx(PAPER.total["ECI"], abs=1e-12)
        assert PAPER.direct(mediator)["ECI"] == pytest.approx(printed, abs=0.01)


def test_the_outcome_is_exactly_the_stated_model():
    latent = simulated().latent
    truth = yaml.safe_load((ROOT / "data" / "sample" / "truth.yaml").read_text(encoding="utf-8"))
    for name, coefficients in {"EXP": truth["coefficients"]["total"]}.items():
        effects = np.array([truth["province_effects"][name][province] for province in latent.provinces])
        years = np.array([truth["year_effects"][name][year] for year in latent.years.tolist()])
        explained = sum(coefficients[x] * latent.series[x] for x in coefficients)
        assert np.abs(effects[:, None] + years + explained - latent.systematic).max() < 1e-4


def test_errors_have_the_stated_persistence_and_size():
    zones = zones_in_force(ZONES)
    errors = []
    for seed in range(40):
        latent = draw(parameters(), PAPER, zones, PROVINCES, seed=seed)
        errors.append(latent.series["EXP"] - latent.systematic)
    errors = np.array(errors)
    variance = PAPER.sigma["EXP"] ** 2 + sum((PAPER.effects[m] * PAPER.sigma[m]) ** 2 for m in MEDIATORS)
    assert errors.var() == pytest.approx(variance, rel=0.03)
    assert (errors[..., 1:] * errors[..., :-1]).mean() / errors.var() == pytest.approx(PAPER.rho, abs=0.02)


def test_the_index_of_the_model_is_that_of_the_files():
    latent = simulated().latent
    printed = panel_of(write(simulated()), winsorized=False)["ECI"].to_numpy().reshape(30, 10)
    assert np.abs(printed - latent.series["ECI"][latent.rows(PROVINCES), :10]).max() < 0.01
    assert list(INDICATORS) == list(STUDY.indicators)
    assert list(MODEL_REGRESSORS) == REGRESSORS


def test_the_default_draw_is_typical(panel):
    y, x = panel["EXP"].to_numpy(), panel[REGRESSORS].to_numpy()
    b, se = two_way(y, x)
    assert abs(b[0] - PAPER.total["ECI"]) < se[0]
    for mediator in MEDIATORS:
        path, path_se = two_way(panel[mediator].to_numpy(), x)
        assert abs(path[0] - PAPER.paths[mediator]["ECI"]) < path_se[0]
        effect, effect_se = two_way(y, np.column_stack([panel[mediator], x]))
        assert abs(effect[0] - PAPER.effects[mediator]) < effect_se[0]


def test_pooled_fit_and_signs_are_those_of_table_4(panel):
    y = panel["EXP"].to_numpy()

    def pooled(names: list[str]) -> tuple[np.ndarray, float]:
        x = np.column_stack([np.ones(300), panel[names]])
        b, left, *_ = np.linalg.lstsq(x, y, rcond=None)
        return b[1:], 1 - left[0] / ((y - y.mean()) ** 2).sum()

    slope, r2 = pooled(["ECI"])
    assert slope[0] == pytest.approx(8.757, rel=0.2) and 0.3 <= r2 <= 0.5
    b, r2 = pooled(REGRESSORS)
    assert 0.7 <= r2 <= 0.85
    signs = dict(zip(REGRESSORS, np.sign(b), strict=True))
    assert [signs[name] for name in ("ECI", "PGDP", "Fisca", "HC", "Net", "Infr")] == [1, 1, 1, -1, 1, -1]


def test_province_effects_and_hausman_are_significant(panel):
    y, x = panel["EXP"].to_numpy(), panel[REGRESSORS].to_numpy()
    years = np.tile(np.eye(10)[:, 1:], (30, 1))
    pooled = np.column_stack([np.ones(300), x, years])
    ssr = np.linalg.lstsq(pooled, y, rcond=None)[1][0]
    b, _ = two_way(y, x)
    own = ((within(y[:, None])[:, 0] - within(x) @ b) ** 2).sum()
    assert stats.f.sf((ssr - own) / 29 / (own / 254), 29, 254) < 0.001
    means = x.reshape(30, 10, -1).mean(1)
    between = np.column_stack([np.ones(30), means])
    # Mundlak: province means beside the regressors; their joint F on the 30 means of what x leaves unexplained.
    left = (y - x @ b).reshape(30, 10).mean(1)
    full = np.linalg.lstsq(between, left, rcond=None)[1][0]
    assert stats.f.sf((((left - left.mean()) ** 2).sum() - full) / 7 / (full / 22), 7, 22) < 0.01


def test_province_slopes_run_from_coast_to_inland_as_in_table_7(panel):
    latent = simulated().latent
    true = dict(zip(latent.provinces, slopes(latent), strict=True))
    estimated = {p: np.polyfit(panel.loc[p, "ECI"], panel.loc[p, "EXP"], 1)[0] for p in PROVINCES}
    printed = [TABLE_7[p] for p in PROVINCES]
    assert stats.spearmanr([true[p] for p in PROVINCES], printed).statistic > 0.6
    assert stats.spearmanr([estimated[p] for p in PROVINCES], printed).statistic > 0.5
    east = ["上海", "江苏", "浙江", "福建", "广东"]
    assert max(true[p] for p in east) < np.median(list(true.values()))


def test_no_regressor_explains_another_beyond_a_vif_of_ten(panel):
    correlation = np.corrcoef(panel[REGRESSORS].to_numpy(), rowvar=False)
    assert np.diagonal(np.linalg.inv(correlation)).max() < 10
    assert set(CONTROLS) < set(REGRESSORS)
