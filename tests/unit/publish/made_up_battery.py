"""Frames of the robustness battery with made-up numbers, in the shape in which the study stores them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from cbe_assets.statistics.specification_curve import COLUMNS as CURVE
from cbe_assets.statistics.specification_curve import subsets
from cbe_assets.study import Study

NAN = math.nan
ROW = ["specification", "term", "variant", "estimate", "std_error", "cv3", "p_value", "wcr_p", "conf_low", "conf_high",
       "n", "groups"]  # fmt: skip


def variants(rng: np.random.Generator, names: list[str], cv3: bool = True, groups: int = 30) -> pd.DataFrame:
    """A row per variant."""
    rows = []
    for name in names:
        estimate, error = float(rng.normal(1, 0.6)), float(rng.uniform(0.3, 0.8))
        p_value, half = 2 * float(stats.t.sf(abs(estimate / error), groups - 1)), error * 2.045
        own = (1.15 * error, min(1.0, 1.3 * p_value)) if cv3 else (NAN, NAN)
        rows.append(("table4_3", "ECI", name, estimate, error, own[0], p_value, own[1], estimate - half,
                     estimate + half, 10 * groups, groups))  # fmt: skip
    return pd.DataFrame(rows, columns=ROW)


def battery(study: Study, provinces: list[str]) -> dict[str, pd.DataFrame]:
    """Asset key -> frame of every entry of `robustness` and of the tests that only its exhibits show."""
    rng, entries = np.random.default_rng(11), study.robustness
    left_out = [("none", "none"), *(("province", name) for name in provinces),
                *(("year", str(year)) for year in study.years)]  # fmt: skip
    leave_one_out = variants(rng, [name for _, name in left_out])
    leave_one_out.insert(3, "left_out", [kind for kind, _ in left_out])
    index = [*entries["index_variants"].weights, *entries["index_variants"].without]
    ranks = {"per_sd": 0.15, "spearman": 0.98, "kendall": 0.9, "spearman_within_year": 0.97,
             "correlation_within_province": 0.95, "largest_rank_change": 4.0}  # fmt: skip
    further = ["province_trends", "region_by_year", "province_trends_region_by_year"]
    swaps = [f"{name}[{study.specifications[name].regressors[0]}]" for name in entries["alternatives"].of]
    return {
        "model/winsor_limits": variants(rng, ["winsor_0", "winsor_1", "winsor_2.5", "winsor_5"]),
        "model/alternatives": variants(rng, swaps),
        "model/lagged_index": variants(rng, ["lag_1", "lag_2"]),
        "model/long_differences": variants(rng, ["difference_3", "difference_5", "difference_9"]),
        "model/further_effects": variants(rng, further),
        "model/without_municipalities": variants(rng, ["without_municipalities"], groups=26),
        "model/driscoll_kraay": variants(rng, ["driscoll_kraay"], cv3=False),
        "model/leave_one_out": leave_one_out,
        "model/index_variants": variants(rng, index).assign(**ranks),
        "model/index_uncertainty": _uncertainty(rng, provinces),
        "model/placebo": _placebo(rng),
        "model/multiple_testing": _family(study, rng),
        "model/pilot_zone_event_study": event_study(),
        "model/shift_share": shift_share([(0.4, 4.2)]),
        "model/specification_curve": _curve(study, rng),
        "model/curve_permutation": pd.DataFrame(
            [("median", 0.172, 0.002), ("share_positive", 0.94, 0.036), ("null_5", -0.08, NAN), ("null_50", 0.0, NAN),
             ("null_95", 0.082, NAN)], columns=["statistic", "value", "p_value"],
        ),
        "model/sensitivity_inus": sensitivity("Inus", 0.328, 0.3),
        "model/sensitivity_tec": sensitivity("Tec", 0.131, 0.0),
        "model/partially_pooled": pd.DataFrame({
            "province": provinces, "estimate": 3.0, "std_error": 1.2, "weight": 0.8, "pooled": 4.5,
            "pooled_std_error": 1.1, "conf_low": 2.3, "conf_high": 6.7, "mean": 8.681, "mean_std_error": 0.988,
            "tau": 4.921, "cochran_q": 397.33, "p_value": 0.0,
        }),
    }  # fmt: skip


def _uncertainty(rng: np.random.Generator, provinces: list[str]) -> pd.DataFrame:
    rows = []
    for place, output in enumerate(["coefficient_per_sd", *(f"rank[{name}]" for name in provinces)]):
        spread = (0.115, 0.045, 0.052, 0.2) if place == 0 else (15.0, 1 + 0.1 * place, 12.0, 18.0)
        for factor in ("weights", "normalizing", "winsor", "aggregation", "perturbation"):
            first = float(rng.uniform(-0.02, 0.3))
            rows.append((output, factor, first, first + 0.2, *spread))
    return pd.DataFrame(rows, columns=["output", "factor", "first_order", "total", "mean", "sd", "low", "high"])


def _placebo(rng: np.random.Generator, own: float = 1.2, draws: int = 400) -> pd.DataFrame:
    estimates = np.concatenate([[own], rng.normal(0, 0.5, draws)])
    frame = pd.DataFrame({"draw": range(draws + 1), "estimate": estimates, "statistic": 2 * estimates})
    p_value = (np.abs(estimates) >= own).mean()
    return frame.assign(p_value=[p_value, *[NAN] * draws], p_value_t=[0.043, *[NAN] * draws])


def _family(study: Study, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for name in study.robustness["multiple_testing"].of:
        for term in study.specifications[name].regressors:
            p_value = float(rng.uniform(0, 0.2))
            adjusted = (min(1.0, factor * p_value) for factor in (1.2, 3.0, 1.5))
            rows.append((name, term, float(rng.normal(1, 1)), 2.0, p_value, *adjusted))
    return pd.DataFrame(rows, columns=["test", "term", "estimate", "statistic", "p_value", "wcr_p", "romano_wolf_p",
                                       "benjamini_hochberg_p"])  # fmt: skip


def event_study(years: range = range(-4, 4), few: int = 5) -> pd.DataFrame:
    """Effects of `years`; `few` provinces carry the last."""
    rows = []
    for year in years:
        here = year == -1
        numbers = (0.0, *[NAN] * 5) if here else (0.1 * year, 0.08, 1.25 * year, 0.2, 0.1 * year - 0.16,
                                                  0.1 * year + 0.16)  # fmt: skip
        rows.append(("effect", float(year), *numbers, float(few if year == years[-1] else 18), max(0.0, 1.0 + year)))
    frame = pd.DataFrame(rows, columns=["row", "relative_year", "estimate", "std_error", "statistic", "p_value",
                                        "conf_low", "conf_high", "provinces", "dose"])  # fmt: skip
    overall = {"row": "overall", "estimate": -0.057, "std_error": 0.053, "statistic": -1.08, "p_value": 0.291,
               "conf_low": -0.164, "conf_high": 0.051, "provinces": 20.0, "dose": 1.4}  # fmt: skip
    pre_trend = {"row": "pre_trend", "statistic": 5.25, "p_value": 0.001, "df1": 3.0, "df2": 27.0}
    rest = pd.DataFrame([overall, pre_trend])
    whole = pd.concat([frame.assign(df1=NAN, df2=NAN), rest], ignore_index=True)
    return whole.assign(control="treated last (2020)", n=210)


def shift_share(intervals: list[tuple[float, float]], strength: float = 29.34) -> pd.DataFrame:
    """2SLS with an Anderson-Rubin set of these intervals."""
    one = {"std_error": 0.5, "statistic": 2.4, "p_value": 0.02, "conf_low": 0.2, "conf_high": 2.2}
    rows = [
        {"row": "second_stage", "estimate": 1.965, **one}, {"row": "least_squares", "estimate": 1.221, **one},
        {"row": "first_stage", "estimate": 7.526, **one},
        {"row": "effective_f", "statistic": strength, "critical_value": 23.11},
        *({"row": "anderson_rubin", "conf_low": low, "conf_high": high, "p_value": 0.01} for low, high in intervals),
    ]  # fmt: skip
    columns = ["row", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "critical_value"]
    return pd.DataFrame(rows, columns=columns).assign(n=300, groups=30)


def _curve(study: Study, rng: np.random.Generator) -> pd.DataFrame:
    entry = study.robustness["specification_curve"]
    controls = study.specifications[entry.of].controls
    rows = [
        (outcome, index, str(winsor), effects, "+".join(chosen), len(chosen))
        for winsor in entry.winsor
        for effects in entry.effects
        for chosen in subsets(controls)
        for index in entry.weights
        for outcome in entry.outcomes
    ]
    frame = pd.DataFrame(rows, columns=list(CURVE[:6]))
    estimate = rng.normal(0.8, 0.6, len(frame))
    paper = (frame["outcome"].eq("EXP") & frame["index"].eq("entropy") & frame["winsor"].astype(float).eq(1)
             & frame["effects"].eq("province_year") & frame["count_controls"].eq(len(controls)))  # fmt: skip
    return frame.assign(
        estimate=estimate, std_error=0.3, cv3=0.35, p_value=0.04, wcr_p=rng.uniform(0, 0.3, len(frame)),
        conf_low=estimate - 0.7, conf_high=estimate + 0.7, standardized=0.15 * estimate, n=300, groups=30, paper=paper,
    )[list(CURVE)]  # fmt: skip


def sensitivity(mediator: str, rho_zero: float, rho_insignificant: float) -> pd.DataFrame:
    """A falling curve through `rho_zero`."""
    rho = np.round(np.arange(-0.9, 0.95, 0.1), 1)
    indirect = 2 * (rho_zero - rho)
    return pd.DataFrame({
        "rho": rho, "indirect": indirect, "conf_low": indirect - 0.4, "conf_high": indirect + 0.4, "mediator": mediator,
        "rho_zero": rho_zero, "rho_low": rho_zero - 0.1, "rho_high": rho_zero + 0.1, "r2_product": rho_zero**2,
        "rho_insignificant": rho_insignificant,
    })  # fmt: skip
