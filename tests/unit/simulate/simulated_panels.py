"""The study's panel from the bytes of a simulated yearbook, by the definitions of sql/panel, in pandas and numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cbe_assets.assets.raw import gazetteer, read_reference
from cbe_assets.simulate.yearbook import simulate
from cbe_assets.statistics.winsorize import winsorize
from cbe_assets.study import Study
from cbe_assets.yearbook.reading import read
from cbe_assets.yearbook.units import factor

ROOT = Path(__file__).resolve().parents[3]
STUDY = Study.load(ROOT)
PLACES = gazetteer(STUDY)
ZONES = read_reference(STUDY, STUDY.reference_tables["pilot_zones"])
RATES = read_reference(STUDY, STUDY.reference_tables["exchange_rate"])
PROVINCES = [place.name for place in PLACES.provinces if place.name not in STUDY.settings.excluded_provinces]
CONTROLS = ["PGDP", "Fisca", "HC", "FDI", "Net", "Infr"]
REGRESSORS = ["ECI", *CONTROLS]
INDICATORS = list(STUDY.indicators)


def simulated(seed: int = STUDY.settings.seeds.simulate, through: int = STUDY.years[-1]):
    """The draw of a seed for the study."""
    return simulate(STUDY, PLACES, ZONES, RATES, seed=seed, through=through)


def tables_of(files: dict[str, bytes], edition: str) -> dict[str, pd.DataFrame]:
    """Every table of an edition, places x years in the stored unit, gaps filled linearly."""
    tables = {}
    for path, data in files.items():
        if Path(path).stem != edition or path.endswith(".yaml"):
            continue
        said = yaml.safe_load(files[f"{path}.meta.yaml"])
        reading = read(data, file=path, gazetteer=PLACES, indicator=said["indicator"], unit=said["unit"])
        table = reading.observations.pivot(index="province", columns="year", values="value")
        filled = table.interpolate(axis=1, limit_area="inside")
        tables[said["table"]] = filled * factor(said["unit"], STUDY.tables[said["table"]].unit)
    return tables


def panel_of(files: dict[str, bytes], edition: str = "2023", winsorized: bool = True) -> pd.DataFrame:
    """30 provinces x 10 years with indicators and variables, ECI by entropy weights written out here."""
    t = {
        name: table.reindex(PROVINCES, columns=STUDY.years)
        for name, table in tables_of(files, edition).items()
        if STUDY.tables[name].scope == "province"
    }
    rate = RATES.set_index("year")["yuan_per_100_usd"].reindex(STUDY.years) / 100
    year = ZONES["approval_date"].dt.year
    zones = pd.DataFrame(
        {y: ZONES[year <= y].groupby("province").size().reindex(PROVINCES, fill_value=0) for y in STUDY.years}
    )
    v = _indicators(t, zones, rate) | _variables(t, zones, rate)
    panel = pd.DataFrame({name: table.to_numpy().ravel() for name, table in v.items()})
    panel["ECI"] = panel[INDICATORS].pipe(lambda x: (x - x.min()) / (x.max() - x.min())) @ weights_of(panel)
    variables = ["EXP", *REGRESSORS, "EXP_share", "Inus", "Tec", "FinDev"]
    if winsorized:
        panel[variables] = panel[variables].apply(winsorize)
    return panel.set_index(pd.MultiIndex.from_product([PROVINCES, STUDY.years], names=["province", "year"]))


def _indicators(t: dict[str, pd.DataFrame], zones: pd.DataFrame, rate: pd.Series) -> dict[str, pd.DataFrame]:
    people, in_gdp = t["population"], rate / (t["gdp"] * 1e8)
    return {
        "express_volume_per_head": t["express_volume_international"] / people,
        "express_revenue_per_head": t["express_revenue_international"] / people,
        "pilot_zones": zones,
        "ecommerce_enterprises": t["ecommerce_enterprises"],
        "express_outlets": t["express_outlets"],
        "websites_per_100_enterprises": t["websites_per_100_enterprises"],
        "long_distance_cable_per_head": 0.1 * t["long_distance_cable"] / people,
        "internet_penetration": t["internet_users"] / people,
        "exports_to_gdp": t["exports"] * 1e3 * in_gdp,
        "imports_to_gdp": t["imports"] * 1e3 * in_gdp,
        "ecommerce_purchases_per_head": t["ecommerce_purchases"] / people,
        "ecommerce_sales_per_head": t["ecommerce_sales"] / people,
    }


def _variables(t: dict[str, pd.DataFrame], zones: pd.DataFrame, rate: pd.Series) -> dict[str, pd.DataFrame]:
    people, gdp = t["population"], t["gdp"]
    return {
        "EXP": np.log(t["manufacturing_exports"]),
        "PGDP": np.log(t["gdp_per_capita"]),
        "Fisca": t["fiscal_revenue"] / t["fiscal_expenditure"],
        "HC": t["employed_bachelor_share"] / 100,
        "FDI": t["fdi"] * 1e4 * rate / (gdp * 1e8),
        "Net": t["internet_users"] / people,
        "Infr": t["green_area"] / (people * 10),
        "NumCPZ": zones,
        "EXP_share": t["manufacturing_exports"] * 1e3 * rate / (t["value_added_secondary"] * 1e8),
        "Inus": (t["value_added_primary"] + 2 * t["value_added_secondary"] + 3 * t["value_added_tertiary"]) / gdp,
        "Tec": t["science_expenditure"] / t["fiscal_expenditure"],
        "FinDev": (t["deposits"] + t["loans"]) / gdp,
    }


def weights_of(panel: pd.DataFrame) -> pd.Series:
    """Entropy weights: d = 1 + sum p ln p / ln n of min-max normalized columns, scaled to sum to 1."""
    z = (panel[INDICATORS] - panel[INDICATORS].min()) / (panel[INDICATORS].max() - panel[INDICATORS].min())
    p = z / z.sum()
    divergence = 1 + (p * np.log(p.where(p > 0, 1))).sum() / np.log(len(p))
    return divergence / divergence.sum()


def within(x: np.ndarray) -> np.ndarray:
    """Two-way demeaned columns of a 30 x 10 panel (leading axes are kept)."""
    cube = x.reshape(*x.shape[:-2], 30, 10, x.shape[-1])
    cube = cube - cube.mean(-2, keepdims=True) - cube.mean(-3, keepdims=True) + cube.mean((-3, -2), keepdims=True)
    return cube.reshape(x.shape)


def two_way(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and SEs clustered by province, for one panel or many at once.

    Args:
        y: (..., 300).
        x: (..., 300, k).

    Returns:
        (..., k) each; V = G/(G-1) (N-1)/(N-K) A (sum s s') A with K = k + 10.
    """
    wx, wy = within(x), within(y[..., None])
    bread = np.linalg.inv(np.swapaxes(wx, -1, -2) @ wx)
    b = bread @ (np.swapaxes(wx, -1, -2) @ wy)
    scores = (wx * (wy - wx @ b)).reshape(*x.shape[:-2], 30, 10, x.shape[-1]).sum(-2)
    n, k = x.shape[-2:]
    meat = 30 / 29 * (n - 1) / (n - k - 10) * np.swapaxes(scores, -1, -2) @ scores
    return b[..., 0], np.sqrt(np.diagonal(bread @ meat @ bread, axis1=-2, axis2=-1))
