"""Event study and instruments: known effects recovered, pyfixest and closed forms agreed with."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_panels import CONTROLS, dummy_columns, generated

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.event_study import adoption_years, sun_abraham
from cbe_assets.statistics.instruments import instrumented, shift_share
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification

EVENT = Specification("event", "y", ("ECI",))


def staggered(seed: int, never: int = 6, trend: float = 0.0, noise: float = 0.3) -> pd.DataFrame:
    """Effect 1 + .5 per year, twice as large for the cohort of 2016; years before it with a trend if asked."""
    rng = np.random.Generator(np.random.PCG64(seed))
    frame = generated()
    years = np.array([2016, 2018, 2020])[np.arange(30) % 3].astype(float)
    years[:never] = np.nan
    frame["adoption"] = np.repeat(years, 10)
    relative = frame["year"] - frame["adoption"]
    effect = np.where(relative >= 0, (1 + 0.5 * relative) * np.where(frame["adoption"] == 2016, 2, 1), 0)
    drift = trend * np.where(frame["adoption"].notna(), frame["year"] - 2013, 0)
    common = np.repeat(rng.normal(size=30), 10) + np.tile(rng.normal(size=10), 30)
    frame["y"] = common + np.nan_to_num(effect) + drift + noise * rng.normal(size=300)
    return frame


def test_sun_abraham_equals_pyfixests_saturated_event_study():
    import pyfixest

    frame = staggered(2)
    frame["unit"], frame["g"] = pd.factorize(frame["province"])[0], frame["adoption"].fillna(0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pyfixest.event_study(
            frame, yname="y", idname="unit", tname="year", gname="g", estimator="saturated"
        ).aggregate()  # fmt: skip
    table = sun_abraham(frame, EVENT, "adoption").table.set_index("relative_year").drop(index=-1)
    assert table.index.tolist() == oracle.index.astype(float).astype(int).tolist()
    assert table["estimate"].tolist() == pytest.approx(oracle["Estimate"].astype(float).tolist(), rel=1e-6)
    assert table["std_error"].tolist() == pytest.approx(oracle["Std. Error"].astype(float).tolist(), rel=1e-6)


def test_the_effects_of_every_year_are_recovered_without_noise():
    """Averages over cohorts: in year 3 cohorts 2016 (effect 5) and 2018 (2.5) of eight provinces each."""
    found = sun_abraham(staggered(2, noise=0.0), EVENT, "adoption")
    table = found.table.set_index("relative_year")
    assert table.at[3, "estimate"] == pytest.approx((5 + 2.5) / 2, abs=1e-9)
    assert table.at[6, "estimate"] == pytest.approx(8, abs=1e-9)
    assert table.loc[[-5, -3, -2], "estimate"].abs().max() < 1e-9
    assert (found.control, found.cohorts) == ("never treated", {2016: 8, 2018: 8, 2020: 8})
    assert table["provinces"].loc[[0, 3, 6]].tolist() == [24, 16, 8]


def test_where_all_adopt_the_last_are_the_control_until_they_do():
    found = sun_abraham(staggered(2, never=0, noise=0.0), EVENT, "adoption")
    table = found.table.set_index("relative_year")
    assert found.control == "treated last (2020)" and set(found.cohorts) == {2016, 2018}
    assert found.n == 30 * 7 and table.index.max() == 3
    assert table.at[1, "estimate"] == pytest.approx((3 + 1.5) / 2, abs=1e-9)


def test_the_interval_of_the_overall_effect_holds_it_as_often_as_it_says():
    truth = sun_abraham(staggered(1, noise=0.0), EVENT, "adoption").effect.estimate
    covered = 0
    for seed in range(15):
        effect = sun_abraham(staggered(seed), EVENT, "adoption").effect
        covered += effect.conf_low < truth < effect.conf_high
    assert covered >= 11


def test_one_late_adopter_is_no_control_and_one_early_one_no_cohort():
    """Where all adopt, cohorts are pooled from the end until five provinces are left to compare with."""
    frame = staggered(2, never=0, noise=0.0)
    frame.loc[frame["province"].isin(["省00", "省03"]), "adoption"] = 2021.0
    frame.loc[frame["province"] == "省06", "adoption"] = 2015.0
    found = sun_abraham(frame, EVENT, "adoption")
    assert found.control == "treated last (2020)" and found.dropped == ("省06",)
    assert set(found.cohorts) == {2016, 2018} and found.n == 29 * 7
    few = frame["adoption"].where(frame["province"] > "省02")
    assert sun_abraham(frame.assign(adoption=few), EVENT, "adoption").control == "treated last (2020)"


def test_the_pre_trend_test_sees_a_trend_and_keeps_its_size_without():
    found = sun_abraham(staggered(3, trend=0.3), EVENT, "adoption").pre_trend
    assert found["p_value"] < 0.001 and (found["df1"], found["df2"]) == (6, 24)
    rng, frame = np.random.Generator(np.random.PCG64(5)), staggered(1)
    rejected = overall = 0
    for _ in range(60):
        frame["y"] = rng.normal(size=300) + np.repeat(rng.normal(size=30), 10)
        null = sun_abraham(frame, EVENT, "adoption")
        rejected, overall = rejected + (null.pre_trend["p_value"] < 0.05), overall + (null.effect.p_value < 0.05)
    # Under binomial(60, .05) eight or more are seen once in a hundred times; CR1 with F(q, G - 1) rejects about ten.
    assert rejected <= 7 and overall <= 7


def test_controls_dose_and_provinces_treated_throughout():
    frame = staggered(4)
    frame["zones"] = np.where(frame["year"] >= frame["adoption"], 1.0 + frame["year"] - frame["adoption"], 0)
    assert adoption_years(frame, "zones").equals(frame["adoption"].rename("adoption"))
    frame.loc[frame["province"] == "省06", "adoption"] = 2013.0
    found = sun_abraham(frame, Specification("event", "y", ("ECI",), CONTROLS), "adoption", dose="zones")
    table = found.table.set_index("relative_year")
    assert found.dropped == ("省06",) and found.n == 290
    assert table.loc[[0, 2], "dose"].tolist() == [1, 3] and table.at[-2, "dose"] == 0


def test_without_anyone_to_compare_with_it_says_so():
    frame = staggered(4).assign(adoption=2016.0)
    with pytest.raises(StudyFault, match="adoption"):
        sun_abraham(frame, EVENT, "adoption")


def confounded(seed: int, strength: float = 0.8) -> pd.DataFrame:
    """y = 1.5 x + ..., x and y share an error; z moves x only."""
    rng = np.random.Generator(np.random.PCG64(seed))
    frame = generated()
    error = rng.normal(size=300)
    frame["z"], frame["z2"] = rng.normal(size=300), rng.normal(size=300)
    frame["x"] = strength * frame["z"] + 0.3 * frame["z2"] + error + rng.normal(size=300)
    frame["y"] = 1.5 * frame["x"] - 2 * error + rng.normal(size=300) + frame["PGDP"] + 0.5 * frame["z2"]
    return frame


IV = Specification("iv", "y", ("x",), (*CONTROLS, "z2"))


def test_two_stage_least_squares_equals_pyfixest():
    import pyfixest

    frame = confounded(1)
    found = instrumented(frame, IV, "x", ["z"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pyfixest.feols(f"y ~ {' + '.join(IV.controls)} + C(year) | province | x ~ z", data=frame,
                                vcov={"CRV1": "province"})  # fmt: skip
    assert found.second_stage.estimate == pytest.approx(oracle.coef()["x"], rel=1e-8)
    assert found.second_stage.std_error == pytest.approx(oracle.se()["x"], rel=1e-8)
    first = fit(frame, Specification("first", "x", ("z",), IV.controls)).terms["z"]
    assert found.first_stage["z"].std_error == pytest.approx(first.std_error, rel=1e-8)
    assert found.effective_f == pytest.approx(first.statistic**2, rel=1e-8)
    assert found.least_squares == fit(frame, IV).terms["x"]


def test_the_known_effect_is_recovered_and_least_squares_misses_it():
    found = instrumented(confounded(1), IV, "x", ["z"])
    assert found.second_stage.conf_low < 1.5 < found.second_stage.conf_high and not found.weak
    assert found.least_squares.conf_high < 1.5
    ((low, high),) = found.anderson_rubin
    assert low < 1.5 < high and found.anderson_rubin_p < 0.001


def test_the_critical_value_is_the_published_one():
    """Montiel Olea and Pflueger (2013): 23.1 for one instrument, a bias of 10 % and a test at 5 %; 23.1085 by the
    same (Patnaik's) approximation in four decimals."""
    assert instrumented(confounded(1), IV, "x", ["z"]).critical_value == pytest.approx(23.1085, abs=5e-5)


def test_the_anderson_rubin_set_solves_the_quadratic():
    """One instrument: (g0 - b g1)^2 <= F (w00 - 2 b w01 + b^2 w11), solved with numpy on dummies written out."""
    frame = confounded(5, strength=0.25)
    found = instrumented(frame, IV, "x", ["z"])
    effects = [dummy_columns(frame["province"], False), dummy_columns(frame["year"], True)]
    columns = np.column_stack([frame[list(IV.controls)], *effects])
    basis = np.linalg.qr(columns)[0]
    y, x, z = (frame[name] - basis @ (basis.T @ frame[name]) for name in ("y", "x", "z"))
    codes = pd.factorize(frame["province"])[0]
    g0, g1 = z @ y, z @ x
    scores = [np.bincount(codes, z * (value - z * (z @ value) / (z @ z))) for value in (y, x)]
    factor = 30 / 29 * 299 / (300 - 18) * stats.f.ppf(0.95, 1, 29)
    w00, w01, w11 = (factor * scores[i] @ scores[j] for i, j in ((0, 0), (0, 1), (1, 1)))
    roots = np.sort(np.roots([g1**2 - w11, -2 * (g0 * g1 - w01), g0**2 - w00]))
    inside = g1**2 > w11
    expected = [tuple(roots)] if inside else [(-np.inf, roots[0]), (roots[1], np.inf)]
    assert list(found.anderson_rubin) == [pytest.approx(pair, rel=1e-6) for pair in expected]


def test_an_instrument_that_moves_nothing_is_weak_and_excludes_little():
    frame = confounded(3)
    frame["z"] = np.random.Generator(np.random.PCG64(99)).normal(size=300)
    found = instrumented(frame, IV, "x", ["z"])
    assert found.weak and np.isinf([limit for pair in found.anderson_rubin for limit in pair]).any()


def test_with_weak_instruments_the_set_still_holds_the_truth_as_often_as_it_says():
    """Two weak instruments: the 95 % set must not miss much more often than in 1 of 20."""
    missed = 0
    for seed in range(10):
        frame = confounded(seed, strength=0.1)
        frame["z3"] = frame["z"] + np.random.Generator(np.random.PCG64(1000 + seed)).normal(size=300)
        found = instrumented(frame, IV, "x", ["z", "z3"])
        missed += not any(low <= 1.5 <= high for low, high in found.anderson_rubin)
    assert missed <= 3 and len(found.first_stage) == 2


def test_a_shift_share_is_the_base_share_times_the_others_mean():
    frame = pd.DataFrame({
        "province": ["a", "a", "b", "b", "c", "c"], "year": [2013, 2014] * 3, "share": [0.5, 0.9, 0.2, 0.9, 0.1, 0.9],
        "shift": [1.0, 2, 3, 6, 5, 10],
    })  # fmt: skip
    found = shift_share(frame, "share", "shift", 2013)
    assert found.tolist() == pytest.approx([0.5 * 4, 0.5 * 8, 0.2 * 3, 0.2 * 6, 0.1 * 2, 0.1 * 4])
    with pytest.raises(StudyFault, match="2001"):
        shift_share(frame, "share", "shift", 2001)


def test_an_instrument_that_effects_span_is_named():
    frame = confounded(1).assign(coast=lambda rows: (rows["province"] < "省11").astype(float))
    with pytest.raises(StudyFault, match="coast"):
        instrumented(frame, IV, "x", ["coast"])
