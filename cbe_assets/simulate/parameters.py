"""The magnitudes a simulated province starts from; parameters of a simulation, not data."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import yaml


@dataclass(frozen=True)
class Series:
    """How a latent series moves; rates per year in logs or logits, see parameters/series.csv."""

    form: str
    growth: float
    digital_loading: float
    trend_sd: float
    noise_sd: float
    noise_rho: float


@dataclass(frozen=True)
class PrintedFile:
    """One line of parameters/files.csv: how an edition of a table is printed."""

    table: str
    earlier: bool
    layout: str
    unit: str
    decimals: int
    empty_year: bool
    nation: bool


@dataclass(frozen=True)
class Parameters:
    """Everything of the parameters folder.

    Attributes:
        provinces: names in the order of their codes.
        magnitudes: column of provinces.csv -> one number per province.
        series: latent series -> how it moves.
    """

    provinces: tuple[str, ...]
    magnitudes: dict[str, np.ndarray]
    series: dict[str, Series]


def _text(name: str) -> str:
    return resources.files("cbe_assets.simulate").joinpath("parameters", name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    text = _text(name)
    return list(csv.DictReader(io.StringIO("\n".join(line for line in text.splitlines() if not line.startswith("#")))))


@cache
def parameters() -> Parameters:
    """provinces.csv and series.csv."""
    rows = _rows("provinces.csv")
    columns = [name for name in rows[0] if name != "province"]
    magnitudes = {name: np.array([float(row[name]) for row in rows]) for name in columns}
    series = {
        row.pop("series"): Series(row.pop("form"), **{name: float(value) for name, value in row.items()})
        for row in _rows("series.csv")
    }
    return Parameters(tuple(row["province"] for row in rows), magnitudes, series)


@cache
def printed_files() -> tuple[PrintedFile, ...]:
    """files.csv, in its order."""
    return tuple(
        PrintedFile(
            row["table"],
            row["when"] == "earlier",
            row["layout"],
            row["unit"],
            int(row["decimals"]),
            row["empty_year"] == "yes",
            row["nation"] == "yes",
        )
        for row in _rows("files.csv")
    )


def texts() -> dict[str, dict[str, str]]:
    """texts.yaml: what truth.yaml says in words, key -> {zh, en}."""
    return yaml.safe_load(_text("texts.yaml"))
