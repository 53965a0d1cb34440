"""The index built in other ways: other weights, fewer indicators; how the rankings and the coefficient move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.few_clusters import ROW, VariantRows
from cbe_assets.statistics.index import WEIGHTING, composite, normalize
from cbe_assets.statistics.robustness import fitted_row
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.winsorize import Percent, winsorize

BASELINE = "entropy"
KEYS = ["province", "year"]
RANK_COLUMNS = (
    "variant", "spearman", "kendall", "spearman_within_year", "correlation_within_province", "largest_rank_change",
)  # fmt: skip


def index_paths(
    indicators: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    methods: Sequence[str] = tuple(WEIGHTING),
    printed: Mapping[str, float] | None = None,
    dropped: Mapping[str, Sequence[str]] | None = None,
    winsor: tuple[Percent, Percent] | None = None,
    base: str = BASELINE,
) -> pd.DataFrame:
    """Every variant of the index as a column beside province and year.

    Args:
        indicators: province, year and the columns of `directions`.
        directions: indicator -> `positive` or `negative`.
        methods: weighting methods of `index.WEIGHTING`, each over all indicators; the variant has the method's name.
        printed: weights as printed, for the method `printed`.
        dropped: variant -> indicators it does without, weighted by `base`: `{"without_mechanical": [...]}`.
        winsor: percentiles at which each index is cut, as the panel's own index is.
        base: the panel's own weighting method.

    Returns:
        province, year, one column per variant.

    Raises:
        StudyFault: unknown methods, indicators that are not there; as index.normalize.
    """
    omitted = {name: list(gone) for name, gone in (dropped or {}).items()}
    found = [
        fault("statistics_unknown_setting", key="index", setting="weights", found=method,
              expected=", ".join(WEIGHTING))
        for method in dict.fromkeys([*methods, base]) if method not in WEIGHTING
    ]  # fmt: skip
    for variant, gone in omitted.items():
        facts = {"key": f"index.{variant}", "expected": ", ".join(directions)}
        found += [fault("statistics_unknown_variable", found=name, **facts) for name in gone if name not in directions]
    if found:
        raise StudyFault(found)
    z, years = normalize(indicators, directions), indicators["year"]
    paths = indicators[KEYS].copy()
    for method in methods:
        paths[method] = composite(z, WEIGHTING[method](z, years, printed or {}), years)
    for variant, gone in omitted.items():
        kept = z.drop(columns=gone)
        paths[variant] = composite(kept, WEIGHTING[base](kept, years, printed or {}), years)
    for variant in (*methods, *omitted):
        paths[variant] = paths[variant] if winsor is None else winsorize(paths[variant], *winsor)
    return paths


def rank_correlations(paths: pd.DataFrame, base: str = BASELINE) -> pd.DataFrame:
    """How each variant orders the provinces, against `base`.

    * `spearman`, `kendall`: over all province-years (Kendall's tau-b).
    * `spearman_within_year`: mean over the years.
    * `correlation_within_province`: of the two paths once province and year means are out: what a fixed-effects
      regression sees of them.
    * `largest_rank_change`: of any province in any year.

    Args:
        paths: as index_paths returns them.
        base: the variant compared with.

    Returns:
        One row per variant, `RANK_COLUMNS`.
    """
    from scipy import stats

    variants = [name for name in paths.columns if name not in KEYS]
    ranks = paths.groupby("year")[variants].rank(ascending=False)
    within = _two_way(paths, variants)
    rows = []
    for name in variants:
        yearly = [
            stats.spearmanr(part[name], part[base]).statistic for _, part in paths.groupby("year", sort=True)
        ]
        pooled = (stats.spearmanr(paths[name], paths[base]), stats.kendalltau(paths[name], paths[base]))
        seen = np.corrcoef(within[name], within[base])[0, 1]
        largest = (ranks[name] - ranks[base]).abs().max()
        rows.append((name, *(found.statistic for found in pooled), np.mean(yearly), seen, largest))
    return pd.DataFrame(rows, columns=list(RANK_COLUMNS)).astype(dict.fromkeys(RANK_COLUMNS[1:], float))


def _two_way(paths: pd.DataFrame, variants: list[str]) -> pd.DataFrame:
    """`variants` of a balanced panel less province and year means."""
    values = paths[variants]
    by_province = values.groupby(paths["province"]).transform("mean")
    return values - by_province - values.groupby(paths["year"]).transform("mean") + values.mean()


def index_rows(
    frame: pd.DataFrame, specification: Specification, term: str, paths: pd.DataFrame, rows: VariantRows
) -> pd.DataFrame:
    """The specification with each variant in place of the index, `index_<variant>`.

    Indices of different variants have different spreads: compare `per_sd`, the estimate times the standard deviation
    of the variant, not `estimate`.

    Args:
        frame: the estimation sample with province and year.
        term: the index in it.
        paths: as index_paths returns them.

    Returns:
        `ROW` and `per_sd`.
    """
    found = []
    for variant in [name for name in paths.columns if name not in KEYS]:
        swapped = frame.drop(columns=[term]).merge(
            paths[[*KEYS, variant]].rename(columns={variant: term}), on=KEYS, how="left", validate="one_to_one"
        )
        row = fitted_row(f"index_{variant}", swapped, specification, term, rows)
        found.append({**row, "per_sd": row["estimate"] * float(swapped[term].std())})
    return pd.DataFrame(found, columns=[*ROW, "per_sd"])
