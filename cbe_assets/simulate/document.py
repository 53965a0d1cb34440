"""truth.yaml: the model in words and every number it was drawn from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from cbe_assets.simulate.model import ODDITIES, Latent
from cbe_assets.simulate.parameters import texts
from cbe_assets.simulate.printed import GAPS, Edition
from cbe_assets.simulate.truth import BASE_YEARS, DRAW, FIRST_YEAR, LAST_YEAR, MEDIATORS, Truth


def truth_document(
    truth: Truth,
    latent: Latent,
    *,
    seed: int,
    editions: Sequence[Edition],
    files: Sequence[Mapping[str, str]],
    index_provinces: Collection[str],
) -> dict[str, object]:
    """What truth.yaml says, in its order.

    Args:
        truth: the coefficients and errors.
        latent: the draw, for province effects, weights and slopes.
        seed: of the draw.
        editions: as published.
        files: one entry per file.
        index_provinces: those the index is pooled over.
    """
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    words, true_slopes = texts(), _by_province(latent, slopes(latent))
    return {
        "simulated": True,
        "notice": words["notice"],
        "seed": seed,
        "draw": DRAW,
        "generator": "numpy PCG64 of SeedSequence([seed, draw, crc32(name of the series)])",
        "model": {name: text for name, text in words.items() if name != "notice"},
        "coefficients": _coefficients(truth),
        "errors": {"rho": truth.rho, "sigma": dict(truth.sigma)},
        "year_effects": {
            name: dict(zip(years, map(float, by_year), strict=True)) for name, by_year in truth.year_effects.items()
        },
        "province_effects": {name: _by_province(latent, of) for name, of in sorted(latent.province_effects.items())},
        "index_weights": _rounded(latent.weights),
        "province_slopes": {name: of for name, of in true_slopes.items() if name in index_provinces},
        **_exceptions(),
        "editions": [{"edition": str(e.year), "kind": e.kind, "through": e.year - 1} for e in editions],
        "files": [dict(file) for file in files],
    }


def _coefficients(truth: Truth) -> dict[str, object]:
    """Tables 4 (3) and 6 as they are in population, and the model with both mediators."""
    return {
        "total": dict(truth.total),
        "paths": {name: dict(truth.paths[name]) for name in MEDIATORS},
        "effects": dict(truth.effects),
        "direct": {name: _rounded(truth.direct(name)) for name in MEDIATORS},
        "direct_beside_both": _rounded(truth.direct(*MEDIATORS)),
        "indirect": {name: round(truth.effects[name] * truth.paths[name]["ECI"], 6) for name in MEDIATORS},
    }


def _exceptions() -> dict[str, object]:
    """Breaks that are in the latent values, and cells the first full edition leaves empty."""
    return {
        "oddities": [
            {"series": series, "province": province, "factors": dict(factors)}
            for (series, province), factors in ODDITIES.items()
        ],
        "missing_cells": [
            {"table": table, "province": province, "year": year}
            for table, cells in GAPS.items()
            for province, year in cells
        ],
    }


def slopes(latent: Latent) -> np.ndarray:
    """Slope of EXP without errors on ECI over BASE_YEARS, province by province."""
    base = len(BASE_YEARS)
    index = latent.series["ECI"][:, :base]
    index = index - index.mean(axis=1, keepdims=True)
    return (index * latent.systematic[:, :base]).sum(axis=1) / (index**2).sum(axis=1)


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in numbers.items()}


def _by_province(latent: Latent, numbers: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(latent.provinces, numbers, strict=True)}
