"""The latent panel: provinces x years drawn from the model of truth.py.

Model.  Controls and index indicators: province magnitude, common and own trend, stationary AR(1) noise (parameters/).
ECI is the study's index: indicators normalized by minimum and maximum over the index provinces and 2013-2022, entropy
weights over the same rows, before any rounding or winsorizing.  Inus and Tec: province effect + year effect + x'a +
AR(1).  EXP: province effect + year effect + x'c + b_1 v_1 + b_2 v_2 + AR(1).  Province effects give every province its
magnitude as the mean of the systematic part over 2013-2022, so they are correlated with the regressors.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.simulate.parameters import Parameters
from cbe_assets.simulate.truth import BASE_YEARS, DRAW, FIRST_YEAR, LAST_YEAR, MEDIATORS, REGRESSORS, Truth
from cbe_assets.statistics.index import entropy_weights, normalize

YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)
_BASE = len(BASE_YEARS)
_MIDDLE = (BASE_YEARS[0] + BASE_YEARS[-1]) / 2
_CENTRED = YEARS - _MIDDLE
_BEND = -0.0012
"""GDP per head grows by less each year: this times the square of the years from the middle."""
_USUAL_RATE = 6.6
"""Yuan per dollar behind the magnitude of exports over GDP."""
_USUAL_GROWTH = 0.07

INDICATORS = (
    "express_volume_per_head",
    "express_revenue_per_head",
    "pilot_zones",
    "ecommerce_enterprises",
    "express_outlets",
    "websites_per_100_enterprises",
    "long_distance_cable_per_head",
    "internet_penetration",
    "exports_to_gdp",
    "imports_to_gdp",
    "ecommerce_purchases_per_head",
    "ecommerce_sales_per_head",
)
"""The twelve indicators of Table 1, all positive."""

ODDITIES = {
    ("long_distance_cable_per_head", "海南"): {2018: 0.27},
    ("long_distance_cable_per_head", "四川"): {2019: 2.0, 2020: 2.0, 2021: 2.0},
}
"""(series, province) -> year -> factor: breaks of the kind real tables have; they are in the latent values too."""


@dataclass(frozen=True)
class Latent:
    """A draw.

    Attributes:
        provinces: names, the rows of every array.
        years: 2013 to LAST_YEAR, the columns of every array.
        series: variable or series -> float array; GDP in 亿元, population (year end and mean of the year) in 万人.
        systematic: EXP without errors.
        province_effects: EXP, Inus, Tec -> one number per province.
        weights: indicator -> entropy weight over the index provinces and BASE_YEARS.
    """

    provinces: tuple[str, ...]
    years: np.ndarray
    series: dict[str, np.ndarray]
    systematic: np.ndarray
    province_effects: dict[str, np.ndarray]
    weights: dict[str, float]

    def rows(self, provinces: Collection[str]) -> list[int]:
        """The row numbers of `provinces`, in the order of the panel."""
        return [row for row, name in enumerate(self.provinces) if name in provinces]

    def frame(self, name: str, years: Collection[int]) -> pd.DataFrame:
        """A series as provinces x years."""
        whole = pd.DataFrame(self.series[name], index=list(self.provinces), columns=self.years.tolist())
        return whole[[year for year in self.years.tolist() if year in years]]


def generator(seed: int, stream: str) -> np.random.Generator:
    """PCG64 of the seed and the stream's name, so that a new series leaves the draws of the others alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, DRAW, zlib.crc32(stream.encode())])))


def draw(
    parameters: Parameters, truth: Truth, pilot_zones: np.ndarray, index_provinces: Collection[str], *, seed: int
) -> Latent:
    """One draw of everything: regressors, indicators, mediators, outcome.

    Args:
        parameters: magnitudes and how the series move.
        truth: coefficients and errors.
        pilot_zones: provinces x YEARS, in force at year end; the only part that is not drawn.
        index_provinces: those over which the index is normalized and weighted.
        seed: of every stream.
    """
    series = _regressors(parameters, seed) | {"pilot_zones": pilot_zones.astype(float)}
    rows = [row for row, name in enumerate(parameters.provinces) if name in index_provinces]
    series["ECI"], weights = _index(series, rows)
    design = np.stack([series[name] for name in REGRESSORS], axis=-1)
    effects, errors = {}, {}
    for name in MEDIATORS:
        errors[name] = autoregressive(generator(seed, f"error {name}"), truth.rho, truth.sigma[name])
        systematic, effects[name] = _systematic(design, truth.paths[name], truth.year_effects[name], parameters, name)
        series[name] = systematic + errors[name]
    own = autoregressive(generator(seed, "error EXP"), truth.rho, truth.sigma["EXP"])
    systematic, effects["EXP"] = _systematic(design, truth.total, truth.year_effects["EXP"], parameters, "EXP")
    series["EXP"] = systematic + sum(truth.effects[name] * errors[name] for name in MEDIATORS) + own
    return Latent(parameters.provinces, YEARS, series, systematic, effects, weights)


def autoregressive(rng: np.random.Generator, rho: float, sd: float) -> np.ndarray:
    """Stationary AR(1) by province over YEARS with standard deviation `sd`."""
    innovations = rng.standard_normal((len(YEARS), 31))
    path = innovations.copy()
    for year in range(1, len(YEARS)):
        path[year] = rho * path[year - 1] + math.sqrt(1 - rho**2) * innovations[year]
    return sd * path.T


def _moved(parameters: Parameters, name: str, magnitude: np.ndarray, growth: np.ndarray | float, seed: int):
    """The magnitude with the trend and noise of series.csv and a province growth beside it."""
    series, rng = parameters.series[name], generator(seed, name)
    own = series.trend_sd * rng.standard_normal(len(magnitude))
    rate = series.growth + series.digital_loading * parameters.magnitudes["digital_growth"] + own + growth
    path = np.multiply.outer(rate, _CENTRED) + autoregressive(rng, series.noise_rho, series.noise_sd)
    if series.form == "logit":
        return 1 / (1 + np.exp(-(np.log(magnitude / (1 - magnitude))[:, None] + path)))
    return magnitude[:, None] * np.exp(path)


def _regressors(parameters: Parameters, seed: int) -> dict[str, np.ndarray]:
    """Everything but the index, the mediators and the outcome."""
    m = parameters.magnitudes
    series = {
        name: _moved(parameters, name, m[name], 0.0, seed)
        for name in parameters.series
        if name not in ("gdp_per_capita", "exports_to_gdp")
    }
    years = np.concatenate([[_CENTRED[0] - 1], _CENTRED])
    population = m["population"][:, None] * np.exp(np.multiply.outer(m["population_growth"], years))
    bend = np.exp(_BEND * (_CENTRED**2 - np.mean(_CENTRED[:_BASE] ** 2)))
    per_head = _moved(parameters, "gdp_per_capita", m["gdp_per_capita"] * 1e3, m["gdp_per_capita_growth"], seed) * bend
    series["population"] = population[:, 1:]
    series["mean_population"] = (population[:, 1:] + population[:, :-1]) / 2
    series["gdp_per_capita"] = per_head
    series["PGDP"] = np.log(per_head)
    series["gdp"] = per_head * series["mean_population"] / 1e4
    # Manufacturing exports carry 1.975 times the growth of GDP per head; all exports keep up with them.
    magnitude = m["manufacturing_exports"] / m["manufacturing_share"] * _USUAL_RATE * 100
    magnitude = magnitude / (m["gdp_per_capita"] * m["population"])
    faster = 0.975 * (m["gdp_per_capita_growth"] - _USUAL_GROWTH)
    series["exports_to_gdp"] = _moved(parameters, "exports_to_gdp", magnitude, faster, seed)
    for (name, province), factors in ODDITIES.items():
        for year, factor in factors.items():
            series[name][parameters.provinces.index(province), year - FIRST_YEAR] *= factor
    series["internet_penetration"] = series["Net"]
    series["express_revenue_per_head"] = series["express_volume_per_head"] * series["express_price"]
    return series


def _index(series: dict[str, np.ndarray], rows: list[int]) -> tuple[np.ndarray, dict[str, float]]:
    """The index of every province and year with the limits and weights of the index provinces and BASE_YEARS."""
    base = pd.DataFrame({name: series[name][rows, :_BASE].ravel() for name in INDICATORS})
    weights = entropy_weights(normalize(base, dict.fromkeys(INDICATORS, "positive"))).table["weight"]
    low, high = base.min(), base.max()
    index = sum(weights[name] * (series[name] - low[name]) / (high[name] - low[name]) for name in INDICATORS)
    return index, {name: float(weights[name]) for name in INDICATORS}


def _systematic(
    design: np.ndarray, coefficients: dict[str, float], years: tuple[float, ...], parameters: Parameters, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Province effect + year effect + x'coefficients, and the province effects (2013 the base year)."""
    explained = design @ np.array([coefficients[regressor] for regressor in REGRESSORS]) + np.array(years)
    m = parameters.magnitudes
    level = np.log(m["manufacturing_exports"] * 1e6) if name == "EXP" else m[name]
    effects = level - explained[:, :_BASE].mean(axis=1)
    return explained + effects[:, None], effects
