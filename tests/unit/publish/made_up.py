"""Frames of the shape the study stores, with made-up numbers; those of Table 4 (3), 6 and 8 are the paper's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from made_up_battery import battery
from scipy import stats

from cbe_assets.declared.regressions import Specification
from cbe_assets.publish.material import Context
from cbe_assets.publish.render import Rendered, inputs_of, render
from cbe_assets.statistics.comparison import compare
from cbe_assets.statistics.inference import TERM_COLUMNS
from cbe_assets.statistics.paper_audit import audit
from cbe_assets.statistics.result import Result
from cbe_assets.study import Study
from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[3]
PRINTED = {
    ("table4_1", "ECI"): (8.757, 14.99), ("table4_2", "ECI"): (2.485, 3.80), ("table4_3", "ECI"): (1.093, 2.12),
    ("table4_3", "Fisca"): (-0.382, -0.86), ("table4_3", "FDI"): (-2.534, -1.95), ("table4_2", "HC"): (-13.070, -14.16),
    ("table6_1", "ECI"): (0.208, 7.55), ("table6_2", "ECI"): (0.283, 0.73), ("table6_2", "Inus"): (3.890, 6.87),
    ("table6_3", "ECI"): (0.030, 5.03), ("table6_4", "ECI"): (0.740, 1.84), ("table6_4", "Tec"): (11.818, 2.46),
    ("table8_high", "ECI"): (1.327, 2.83), ("table8_low", "ECI"): (-0.655, -0.90),
}  # fmt: skip
"""(specification, term) -> coefficient and t as the paper prints them."""
SEED = 7


def model_frame(study: Study, name: str, gazetteer: Gazetteer, rng: np.random.Generator) -> pd.DataFrame:
    """As Result.frame(): one row per term."""
    declared = study.specifications[name]
    slopes = declared.estimator in ("province_slopes_ols", "province_slopes_lsdv", "swamy")
    kept = [item.name for item in gazetteer.provinces if item.name not in study.settings.excluded_provinces]
    terms = [f"{declared.regressors[0]}[{province}]" for province in kept]
    if declared.estimator == "swamy":
        terms = [declared.regressors[0], "_cons", *terms]
    if not slopes:
        terms = [*declared.regressors, *declared.controls, "_cons"]
    n, groups = (150, 21) if declared.sample else (300, 30)
    df = float({"clustered": groups - 1, "hc1": n - len(terms)}.get(declared.covariance, 240))
    df = math.nan if declared.estimator == "swamy" else df
    rows = []
    for term in terms:
        drawn, size = float(rng.normal(2, 6)), abs(float(rng.normal(1, 2.5)))
        estimate, t = PRINTED.get((name, term)) or (drawn, math.copysign(size, drawn))
        error, p_value = abs(estimate / t), 2 * float(stats.t.sf(abs(t), df if df == df else math.inf))
        stars = "***" if p_value < 0.01 else "**" if p_value < 0.05 else "*" if p_value < 0.1 else ""
        r2 = 0.612 if "province" in declared.effects else 0.397
        rows.append((name, term, estimate, error, t, p_value, estimate - 2 * error, estimate + 2 * error, stars,
                     n, groups, df, r2, r2 if declared.effects else math.nan))  # fmt: skip
    columns = ["specification", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
               "stars", "n", "groups", "df", "r2", "r2_within"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame if slopes else pd.concat([frame, beside(study, declared, frame)], axis=1)


def beside(study: Study, declared: Specification, frame: pd.DataFrame) -> pd.DataFrame:
    """As inference.beside_terms(): made-up numbers for the regressors of interest, nothing for the other terms."""
    rows = []
    for row in frame.itertuples():
        b, error, own = row.estimate, 1.1 * row.std_error, row.term in declared.regressors
        unit = 100 if study.variables[declared.outcome].log else 1
        step, share = unit * study.variables[row.term].step if own else math.nan, 0.123
        ends = [b - 2 * error, b + 2 * error]
        known = [error, 0.0123, *ends, 0.0456, *ends, 0.0444, 12.34, 0.456, step * b, *(step * end for end in ends),
                 share * b, *(share * end for end in ends)]  # fmt: skip
        rows.append(known if own else [math.nan] * len(known))
    return pd.DataFrame(rows, columns=list(TERM_COLUMNS), dtype=float)


def _statistics(name: str, *rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["statistic", "value", "df1", "df2", "p_value", "verdict"])
    frame.insert(0, "test", name)
    return frame


def test_frames(study: Study) -> dict[str, pd.DataFrame]:
    """As the tests and summaries of regressions.yaml are stored."""
    nan, controls = math.nan, study.specifications["table4_3"].controls
    explanatory = ["ECI", *controls]
    vif = [(f"{kind}[{term}]", 2.5 + n, nan, nan, nan, "below 10") for kind in ("pooled", "within")
           for n, term in enumerate(explanatory)]  # fmt: skip
    sizes = [("step", "percent", 1.099, 0.5, 0.04, 2.16), ("elasticity_at_mean", "percent per percent", 0.134, 0.063,
             0.005, 0.263), ("one_sd", "percent", 14.1, 6.9, 0.1, 28.2)]  # fmt: skip
    effects = pd.DataFrame(sizes, columns=["effect", "unit", "estimate", "std_error", "conf_low", "conf_high"])
    frames = {
        "f_test": _statistics("f_test", ("f_province_effects", 43.61, 29.0, 254.0, 0.0, "rejected")),
        "hausman": _statistics(
            "hausman",
            ("hausman_own_sigmas", -31.2, 7.0, nan, nan, "not positive definite"),
            ("hausman_sigmamore", 28.26, 7.0, nan, 0.0002, "rejected"),
            ("mundlak_f", 4.04, 7.0, 29.0, 0.0033, "rejected"),
        ),
        "vif": _statistics("vif", *vif),
        "slope_homogeneity": _statistics(
            "slope_homogeneity",
            ("f_equal_slopes", 5.5, 29.0, 240.0, 0.0, "rejected"),
            ("swamy_chi2", 9001.2, 58.0, nan, 0.0, "rejected"),
            ("delta_adjusted", 11.9, nan, nan, 0.0, "rejected"),
        ),
        "equal_coefficients": _statistics(
            "equal_coefficients",
            *((term, 5.24, 1.0, 29.0, 0.03, "rejected") for term in explanatory),
            ("all_slopes", 3.1, 7.0, 29.0, 0.014, "rejected"),
        ),
        "effect_sizes": effects.assign(term="ECI"),
    }
    frames["equal_coefficients_permutation"] = _statistics(
        "equal_coefficients_permutation", ("ECI", 1.982, nan, nan, 0.464, "not rejected")
    )
    frames["diagnostics"] = _statistics(
        "diagnostics",
        ("pesaran_cd", -2.23, nan, nan, 0.026, "rejected"),
        ("wooldridge_ar1", 8.9, 1.0, 29.0, 0.006, "rejected"),
        ("modified_wald", 101.58, 30.0, nan, 0.0, "rejected"),
        ("brown_forsythe", 0.75, 29.0, 270.0, 0.828, "not rejected"),
        ("reset", 0.34, 2.0, 29.0, 0.711, "not rejected"),
    )
    frames["mediation_joint"] = _joint()
    for mediator in ("Inus", "Tec"):
        frames[f"mediation_{mediator.lower()}"] = _statistics(
            f"mediation_{mediator.lower()}",
            (f"sobel[{mediator}]", 5.08, nan, nan, 0.0, "rejected"),
            (f"aroian[{mediator}]", 5.05, nan, nan, 0.0, "rejected"),
            (f"indirect[{mediator}].bootstrap_low", 0.412, nan, nan, nan, ""),
            (f"indirect[{mediator}].bootstrap_high", 1.302, nan, nan, nan, ""),
        )
    return frames


def _joint() -> pd.DataFrame:
    numbers = {"indirect[Inus]": (0.718, 0.334, 1.39), "indirect[Tec]": (0.315, 0.025, 0.809)}
    rows = [
        (f"{path}.{key}", value, math.nan, math.nan, math.nan, "")
        for path, found in numbers.items()
        for key, value in zip(("estimate", "bootstrap_low", "bootstrap_high"), found, strict=True)
    ]
    effects = {"indirect": 1.033, "indirect_share": 0.846, "direct": 0.188, "bootstrap_low": 0.573,
               "bootstrap_high": 1.831}  # fmt: skip
    rows += [(f"effects.{key}", value, math.nan, math.nan, math.nan, "") for key, value in effects.items()]
    return _statistics("mediation_joint", *rows)


def panel(study: Study, gazetteer: Gazetteer, rng: np.random.Generator) -> pd.DataFrame:
    """panel/estimation with every variable; ECI grows, a few coastal provinces are far ahead."""
    rows = []
    for item in gazetteer.provinces:
        if item.name in study.settings.excluded_provinces:
            continue
        lead = float(rng.lognormal({"east": 0.6, "central": -0.6, "west": -0.8}[item.region], 0.5))
        for step, year in enumerate(study.years):
            index = min(0.9, 0.03 + 0.05 * lead * (0.5 + 0.09 * step))
            rows.append((item.name, year, 14.5 + 9 * index + float(rng.normal(0, 1)), index))
    frame = pd.DataFrame(rows, columns=["province", "year", "EXP", "ECI"])
    for name in study.variables:
        if name not in frame:
            frame[name] = rng.normal(1, 0.2, len(frame))
    return frame


def frames(study: Study, gazetteer: Gazetteer) -> dict[str, pd.DataFrame]:
    """Asset key -> frame for everything the exhibits read but the exhibits themselves."""
    rng = np.random.default_rng(SEED)
    made = {f"model/{name}": model_frame(study, name, gazetteer, rng) for name in study.specifications}
    made |= {f"model/{name}": frame for name, frame in test_frames(study).items()}
    made |= battery(study, [p.name for p in gazetteer.provinces if p.name not in study.settings.excluded_provinces])
    raw = np.array([item.printed_weight for item in study.indicators.values()])
    made["index/weights"] = pd.DataFrame({
        "indicator": list(study.indicators), "group": [item.group for item in study.indicators.values()],
        "direction": "positive", "minimum": 0.0, "maximum": 1.0, "entropy": 0.9, "divergence": 0.1,
        "weight": raw / raw.sum(),
    })  # fmt: skip
    variables = ["EXP", "ECI", *study.specifications["table4_3"].controls]
    made["model/descriptives"] = pd.DataFrame({
        "variable": variables, "n": 300, "mean": 16.716, "sd": 1.676, "min": -12.452, "max": 19.984,
        "vif": [math.nan, *(3.54 + number for number in range(len(variables) - 1))],
    })  # fmt: skip
    made["panel/estimation"] = made["panel/variables"] = panel(study, gazetteer, rng)
    trade = {"cross_border_exports": 2800, "cross_border_imports": 450, "goods_trade": 258_000}
    for table, start in trade.items():
        growth = 1.03 if table == "goods_trade" else 1.22
        values = [start * growth**step for step in range(len(study.years))]
        made[f"clean/{table}"] = pd.DataFrame({"province": "全国", "year": study.years, table: values, "unit": "亿元"})
    return made | paper(study, gazetteer, made)


def paper(study: Study, gazetteer: Gazetteer, made: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The audit of the printed numbers, and their comparison with the made-up ones."""
    content = study.published.content()
    results = {name: Result.from_frame(made[f"model/{name}"]) for name in (*content["columns"], content["slopes_of"])}
    weights = made["index/weights"].set_index("indicator")["weight"].to_dict()
    tests = {("table4_3", "f_test"): (43.61, 0.0), ("table4_3", "hausman"): (28.26, 0.0002)}
    names = {item.name: item.name_en for item in gazetteer.provinces}
    compared = compare(content, results, weights=weights, descriptives=made["model/descriptives"], tests=tests)
    return {"audit/published": audit(content, names), "audit/comparison": compared}


def rendered_exhibits(simulated: bool) -> dict[str, Rendered]:
    """Every exhibit of the repository's study that shows stored results, the report last."""
    study = Study.load(ROOT)
    gazetteer = Gazetteer.from_csv((study.reference / "provinces.csv").read_text(encoding="utf-8"))
    stored, made, files = frames(study, gazetteer), {}, {}
    editions = {table: "2023-12" for table in study.tables} | {"gdp": "2024-10", "population": "2024-10"}
    context = Context(simulated, editions, gazetteer, 12, exported=files.__getitem__)
    shown = [name for name, declared in study.exhibits.items() if declared.kind != "drift"]
    for name in sorted(shown, key=lambda name: study.exhibits[name].kind == "report"):
        made[name] = render(study, name, {key: stored[key] for key in inputs_of(study, name)}, context)
        stored[f"exhibit/{name}"] = made[name].grid
        files |= made[name].files
    return made
