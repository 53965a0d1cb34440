"""truth.yaml: the model in words and every number it was drawn from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from cbe_assets.simulate.model import ODDITIES, Latent
from cbe_assets.simulate.printed import GAPS, Edition
from cbe_assets.simulate.truth import BASE_YEARS, FIRST_YEAR, LAST_YEAR, MEDIATORS, Truth

_TEXTS = {
    "notice": {
        "zh": "模拟数据 SIMULATED：由下述模型生成，不是官方统计。",
        "en": "SIMULATED data: drawn from the model below, not official statistics.",
    },
    "outcome": {
        "zh": "EXP(i,t) = 省份效应(i) + 年份效应(t) + x(i,t)'c + b1·v1(i,t) + b2·v2(i,t) + e(i,t)；x = ECI 与六个控制变量。",
        "en": "EXP(i,t) = province effect(i) + year effect(t) + x(i,t)'c + b1 v1(i,t) + b2 v2(i,t) + e(i,t); x = ECI and "
        "the six controls.",
    },
    "mediators": {
        "zh": "Inus(i,t) = 省份效应 + 年份效应 + x'a1 + v1；Tec(i,t) = 省份效应 + 年份效应 + x'a2 + v2。",
        "en": "Inus(i,t) = province effect + year effect + x'a1 + v1; Tec(i,t) = province effect + year effect + x'a2 + v2.",
    },
    "errors": {
        "zh": "v1、v2、e 相互独立并独立于 x，各省内为平稳 AR(1)：u(t) = rho·u(t-1) + 新息，标准差为 sigma。",
        "en": "v1, v2 and e are independent of each other and of x; within a province each is a stationary AR(1), "
        "u(t) = rho u(t-1) + innovation, with standard deviation sigma.",
    },
    "projections": {
        "zh": "因 v1 与 v2 不相关：EXP 对 x 的投影系数为 c（表4(3)）；加入中介 j 后为 c - bj·aj 与 bj（表6(2)(4)）；"
        "两个中介都加入后为 c - b1·a1 - b2·a2、b1、b2。总效应 = 直接效应 + a·b 对每个系数成立。",
        "en": "As v1 and v2 are uncorrelated, the projection of EXP on x is c (Table 4 (3)); beside mediator j it is "
        "c - bj aj and bj (Table 6 (2), (4)); beside both it is c - b1 a1 - b2 a2, b1, b2. Total = direct + a b holds for "
        "every coefficient.",
    },
    "index": {
        "zh": "模型中的 ECI 由四舍五入和缩尾之前的十二个模拟指标算得：30 省 2013-2022 年合并极差标准化、熵权、线性加总。",
        "en": "ECI in the model is computed from the twelve simulated indicators before rounding and winsorizing: min-max "
        "and entropy weights pooled over 30 provinces and 2013-2022, weighted sum.",
    },
    "winsorizing": {
        "zh": "真值属于未缩尾的变量。对 EXP 缩尾 1%/99% 会截去领先省份后期的数值，使 ECI 系数的平均估计略低于真值（约 1.0）。",
        "en": "The truth is that of the variables before winsorizing. Winsorizing EXP at 1/99 cuts the late years of the "
        "leading provinces, so that estimates of the ECI coefficient average a little below the truth (about 1.0).",
    },
    "no_structural_truth": {
        "zh": "NumCPZ 为公开批复的计数，EXP_share、FinDev 没有结构系数；表5 与表8 的分组系数由上述模型推出，"
        "两组的真实 ECI 系数相同。",
        "en": "NumCPZ counts public approvals; EXP_share and FinDev have no coefficient of their own. Table 5 and the split of "
        "Table 8 follow from the model; the true ECI coefficient is the same in both groups.",
    },
    "province_slopes": {
        "zh": "表7 的各省斜率（EXP 对 ECI，不含年份效应和控制变量）来自两者的共同趋势；下列数值为无误差时 2013-2022 年的斜率。",
        "en": "Province slopes of Table 7 (EXP on ECI without year effects and controls) come from the trends of both; below "
        "are the slopes over 2013-2022 without errors.",
    },
    "revisions": {
        "zh": "较早一版：2011-2020 年人口按普查逐步修订，2017 年起三次产业增加值修订，GDP 修订不超过 ±2%。"
        "更晚的一版保留潜在数值，修订其最新年份之前的国民核算（±2%）、人口和进出口数据。",
        "en": "The earlier edition differs by a population census revision growing over 2011-2020 and by revised value added "
        "from 2017, GDP by at most 2 percent. A later edition keeps the latent values and revises national accounts "
        "(at most 2 percent), population and trade of the years before its newest.",
    },
    "magnitudes": {
        "zh": "各省量级为手工设定的参数（cbe_assets/simulate/parameters），不取自任何统计数据。",
        "en": "Province magnitudes are parameters set by hand (cbe_assets/simulate/parameters), taken from no statistics.",
    },
}


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
    return {
        "simulated": True,
        "notice": _TEXTS["notice"],
        "seed": seed,
        "generator": "numpy PCG64, SeedSequence([seed, crc32(name of the series)])",
        "model": {name: text for name, text in _TEXTS.items() if name != "notice"},
        "coefficients": {
            "total": dict(truth.total),
            "paths": {name: dict(truth.paths[name]) for name in MEDIATORS},
            "effects": dict(truth.effects),
            "direct": {name: _rounded(truth.direct(name)) for name in MEDIATORS},
            "direct_beside_both": _rounded(truth.direct(*MEDIATORS)),
            "indirect": {name: round(truth.effects[name] * truth.paths[name]["ECI"], 6) for name in MEDIATORS},
        },
        "errors": {"rho": truth.rho, "sigma": dict(truth.sigma)},
        "year_effects": {
            name: dict(zip(years, map(float, effects), strict=True)) for name, effects in truth.year_effects.items()
        },
        "province_effects": {
            name: _by_province(latent, effects) for name, effects in sorted(latent.province_effects.items())
        },
        "index_weights": _rounded(latent.weights),
        "province_slopes": {
            name: slope for name, slope in _by_province(latent, slopes(latent)).items() if name in index_provinces
        },
        "oddities": [
            {"series": series, "province": province, "factors": dict(factors)}
            for (series, province), factors in ODDITIES.items()
        ],
        "missing_cells": [
            {"table": table, "province": province, "year": year} for table, cells in GAPS.items() for province, year in cells
        ],
        "editions": [{"edition": str(edition.year), "kind": edition.kind, "through": edition.year - 1} for edition in editions],
        "files": [dict(file) for file in files],
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
