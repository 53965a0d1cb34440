"""Panels the tests of statistics share: generated with known structure, and Grunfeld's."""

from functools import cache

import numpy as np
import pandas as pd

from cbe_assets.statistics.specification import Specification

CONTROLS = ("PGDP", "Fisca", "HC", "FDI", "Net", "Infr")
BASE = Specification("table4_3", "EXP", ("ECI",), CONTROLS)


@cache
def _generated(seed: int, provinces: int, years: int) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(seed))
    n = provinces * years
    level = np.repeat(rng.normal(size=provinces), years)
    trend = np.tile(np.arange(years) / years, provinces)
    frame = pd.DataFrame({"province": np.repeat([f"省{code:02d}" for code in range(provinces)], years),
                          "year": np.tile(np.arange(2013, 2013 + years), provinces)})  # fmt: skip
    frame["ECI"] = np.exp(-2.5 + 0.6 * level + trend + 0.3 * rng.normal(size=n))
    for position, (name, mean) in enumerate(zip(CONTROLS, (10.9, 0.5, 0.1, 0.02, 0.6, 2.2), strict=True)):
        spread = 0.04 * mean
        own = spread * (level * (position % 3) + trend * (position % 2) + rng.normal(size=n))
        frame[name] = mean + own + 0.1 * spread * frame["ECI"]
    frame["Inus"] = 2.3 + 0.2 * frame["ECI"] - 0.05 * frame["PGDP"] + 0.02 * rng.normal(size=n)
    frame["Tec"] = 0.02 + 0.03 * frame["ECI"] + 0.004 * rng.normal(size=n)
    frame["FinDev"] = 3 + level + trend + 0.3 * rng.normal(size=n)
    errors = rng.normal(size=n) * (0.3 + 0.2 * np.abs(level)) + 0.3 * np.repeat(rng.normal(size=provinces), years)
    frame["EXP"] = 1.1 * frame["ECI"] + 2 * frame["PGDP"] + 3.9 * frame["Inus"] + level + 0.3 * trend + errors
    return frame


def generated(seed: int = 20250714, provinces: int = 30, years: int = 10) -> pd.DataFrame:
    """A balanced panel with province levels, trends, mediators and heteroskedastic errors; a fresh copy."""
    return _generated(seed, provinces, years).copy()


def unbalanced() -> pd.DataFrame:
    """`generated` with rows missing, one province down to one year and one year down to two provinces."""
    frame = generated()
    gone = np.random.Generator(np.random.PCG64(5)).random(len(frame)) < 0.15
    gone |= ((frame["province"] == "省07") & (frame["year"] > 2013)).to_numpy()
    gone |= ((frame["year"] == 2018) & ~frame["province"].isin(["省02", "省03"])).to_numpy()
    gone &= ~((frame["province"] == "省07") & (frame["year"] == 2013)).to_numpy()
    gone &= ~((frame["year"] == 2018) & frame["province"].isin(["省02", "省03"])).to_numpy()
    return frame[~gone].reset_index(drop=True)


def grunfeld() -> pd.DataFrame:
    """The ten firms of Grunfeld's data that R plm, gretl and Stata ship (statsmodels adds American Steel)."""
    from statsmodels.datasets import grunfeld as data

    frame = data.load_pandas().data.rename(columns={"firm": "province"}).astype({"year": int})
    return frame[frame["province"] != "American Steel"].reset_index(drop=True)


def dummy_columns(codes: pd.Series | np.ndarray, drop_first: bool) -> np.ndarray:
    """Dummies (n, levels) of `codes`, written out."""
    values = np.asarray(codes)
    levels = pd.unique(values) if not drop_first else np.unique(values)[1:]
    return (values[:, None] == np.asarray(levels)[None, :]).astype(float)


def least_squares(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and residuals by numpy's lstsq."""
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    return coefficients, y - x @ coefficients
