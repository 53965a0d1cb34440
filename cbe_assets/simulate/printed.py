"""What an edition of the simulated yearbook prints: official units, rounded, revised, with the gaps tables have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.simulate.model import Latent, generator
from cbe_assets.simulate.parameters import PrintedFile
from cbe_assets.simulate.truth import FIRST_YEAR
from cbe_assets.yearbook.gazetteer import NATION

VALUE_ADDED = {"value_added_primary": 0.3, "value_added_secondary": 0.8, "value_added_tertiary": 1.2}
"""Value-added table -> how much of a province's revision falls on it; services are revised most."""

GAPS = {
    "express_volume_international": (("宁夏", 2016),),
    "express_revenue_international": (("青海", 2016),),
    "express_outlets": (("新疆", 2015), ("西藏", 2018)),
    "employed_bachelor_share": (("海南", 2017), ("西藏", 2014)),
}
"""Cells the first full edition leaves empty; only in tables whose gap policy is to interpolate, never at an end."""

_SCALE = {"万公里": 1e-4}
_CROSS_BORDER = {2013: 0.010, 2016: 0.022, 2019: 0.041, 2022: 0.051, 2025: 0.062}
"""Cross-border e-commerce over trade in goods; linear between the years given."""
_CROSS_BORDER_EXPORTS = {2013: 0.90, 2016: 0.85, 2019: 0.79, 2022: 0.77, 2025: 0.76}


@dataclass(frozen=True)
class Edition:
    """A year of publication.

    Attributes:
        year: of publication; data end the year before.
        kind: `before_census`, an older edition of the tables with revisions; `current`, the latent values; `revised`,
            a later one with added years and revisions of those before.
    """

    year: int
    kind: str

    @property
    def years(self) -> range:
        return range(FIRST_YEAR, self.year)


def values(
    latent: Latent, edition: Edition, yuan_per_dollar: Mapping[int, float], seed: int
) -> dict[str, pd.DataFrame]:
    """Every table of an edition, provinces x years in the unit stored, unrounded but for the national accounts.

    GDP is the sum of its rounded parts, so that an edition adds up at the decimals printed.

    Args:
        yuan_per_dollar: yearly average for every year of the edition.
        seed: of the revisions.
    """
    s = {name: series[:, : len(edition.years)] for name, series in latent.series.items()}
    rate = np.array([yuan_per_dollar[year] for year in edition.years])
    accounts, people, mean_people = _accounts(s, edition, seed)
    gdp = sum(accounts.values())
    tables = {**accounts, "gdp": gdp, "gdp_per_capita": gdp / mean_people * 1e4, "population": people}
    tables |= _by_resident(s) | _in_dollars(s, rate, edition, seed) | _public_and_credit(s)
    frames = {
        name: pd.DataFrame(table, index=list(latent.provinces), columns=list(edition.years))
        for name, table in tables.items()
    }
    return frames | _national(frames, rate, seed)


def _by_resident(s: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tables behind the indicators and variables per resident, and those that are counts or shares themselves."""
    population = s["population"]
    return {
        "express_volume_international": s["express_volume_per_head"] * population,
        "express_revenue_international": s["express_revenue_per_head"] * population,
        "ecommerce_enterprises": s["ecommerce_enterprises"],
        "express_outlets": s["express_outlets"],
        "websites_per_100_enterprises": s["websites_per_100_enterprises"],
        "long_distance_cable": s["long_distance_cable_per_head"] * population * 10,
        "internet_users": s["Net"] * population,
        "ecommerce_purchases": s["ecommerce_purchases_per_head"] * population,
        "ecommerce_sales": s["ecommerce_sales_per_head"] * population,
        "employed_bachelor_share": s["HC"] * 100,
        "green_area": s["Infr"] * population * 10,
    }


def _in_dollars(s: dict[str, np.ndarray], rate: np.ndarray, edition: Edition, seed: int) -> dict[str, np.ndarray]:
    """Trade in 1000 dollars, FDI in 10 000; shares of GDP at the year's rate."""
    thousands = s["gdp"] * 1e8 / rate / 1e3
    trade = thousands * np.exp(_trade_revision(edition, seed, thousands.shape))
    return {
        "exports": s["exports_to_gdp"] * trade,
        "imports": s["imports_to_gdp"] * trade,
        "fdi": s["FDI"] * thousands / 10,
        "manufacturing_exports": np.exp(s["EXP"]),
    }


def _public_and_credit(s: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Budgets, deposits and loans."""
    spent, credit = s["expenditure_to_gdp"] * s["gdp"], s["FinDev"] * s["gdp"]
    lent = 0.40 + 0.008 * np.arange(spent.shape[1])
    return {
        "fiscal_revenue": s["Fisca"] * spent,
        "fiscal_expenditure": spent,
        "science_expenditure": s["Tec"] * spent,
        "deposits": credit * (1 - lent),
        "loans": credit * lent,
    }


def printed(table: pd.DataFrame, file: PrintedFile, edition: Edition) -> pd.DataFrame:
    """A table in the unit and decimals of a file, with its gaps; a nation's row where the file has one."""
    shown = (table * _SCALE.get(file.unit, 1.0)).round(file.decimals)
    if file.nation and NATION not in shown.index:
        shown = pd.concat([shown.sum().round(file.decimals).to_frame(NATION).T, shown])
    if edition.kind == "current":
        for province, year in GAPS.get(file.table, ()):
            if year in shown.columns[1:-1]:
                shown.loc[province, year] = np.nan
    return shown


def _accounts(
    s: dict[str, np.ndarray], edition: Edition, seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Value added by industry (亿元, one decimal) and population at year end and over the year (万人) of an edition.

    Inus = 1 p + 2 s + 3 t with p + s + t = 1 gives s = 3 - 2 p - Inus and t = Inus + p - 2.
    """
    primary, structure = s["primary_share"], s["Inus"]
    shares = (primary, 3 - 2 * primary - structure, structure + primary - 2)
    rng = generator(seed, f"revision {edition.year}")
    size = rng.uniform(-0.018, 0.018, 31)
    census = np.clip(0.03 * rng.standard_normal(31), -0.06, 0.06)
    years = np.array(edition.years)
    accounts = {
        name: (share * s["gdp"] * np.exp(weight * np.multiply.outer(size, _accounts_ramp(edition, years)))).round(1)
        for (name, weight), share in zip(VALUE_ADDED.items(), shares, strict=True)
    }
    people = s["population"] * np.exp(np.multiply.outer(census, _census_ramp(edition, years)))
    before = (2 * s["mean_population"] - s["population"]) * np.exp(
        np.multiply.outer(census, _census_ramp(edition, years - 1))
    )
    return accounts, people, (people + before) / 2


def _accounts_ramp(edition: Edition, years: np.ndarray) -> np.ndarray:
    """Share of a province's revision of value added that each year carries."""
    start = {"before_census": 2016, "revised": 2017}.get(edition.kind)
    return np.zeros(len(years)) if start is None else np.clip((years - start) / 4, 0, 1)


def _census_ramp(edition: Edition, years: np.ndarray) -> np.ndarray:
    """Share of a province's revision of population that each year carries."""
    if edition.kind == "before_census":
        return np.clip((years - 2010) / 10, 0, 1)
    return 0.1 * (years >= edition.year - 3) if edition.kind == "revised" else np.zeros(len(years))


def _trade_revision(edition: Edition, seed: int, shape: tuple[int, int]) -> np.ndarray:
    """Customs revise the year before the newest by up to one percent."""
    revision = np.zeros(shape)
    if edition.kind == "revised":
        revision[:, -2] = generator(seed, f"customs {edition.year}").uniform(-0.01, 0.01, shape[0])
    return revision


def _national(frames: dict[str, pd.DataFrame], rate: np.ndarray, seed: int) -> dict[str, pd.DataFrame]:
    """Trade in goods, the sum of the provinces in yuan, and the cross-border part of it."""
    goods = (frames["exports"].sum() + frames["imports"].sum()) * 1e3 * rate / 1e8
    years = goods.index.to_numpy()
    noise = generator(seed, "cross-border").normal(0, 0.01, (2, 40))[:, : len(years)]
    share = np.interp(years, list(_CROSS_BORDER), list(_CROSS_BORDER.values())) * np.exp(noise[0])
    out = np.interp(years, list(_CROSS_BORDER_EXPORTS), list(_CROSS_BORDER_EXPORTS.values())) * np.exp(0.5 * noise[1])
    rows = {
        "goods_trade": goods,
        "cross_border_exports": goods * share * out,
        "cross_border_imports": goods * share * (1 - out),
    }
    return {name: row.to_frame(NATION).T for name, row in rows.items()}
