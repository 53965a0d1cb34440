"""Variants of one specification, one row each: other samples, other dynamics, other effects, another covariance.

Index variants are in index_variants.py, placebo permutations in placebo.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.few_clusters import ROW, VariantRows
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.result import Term
from cbe_assets.statistics.specification import Specification, select
from cbe_assets.statistics.winsorize import Percent, winsorize

NAN = float("nan")


def table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Rows of `few_clusters.variant_row` as a frame with the columns `ROW`."""
    return pd.DataFrame(list(rows), columns=list(ROW)).astype(dict.fromkeys(ROW[1:8], float))


def fitted_row(
    variant: str, frame: pd.DataFrame, specification: Specification, term: str, rows: VariantRows, **options: object
) -> dict[str, object]:
    """The row of `specification` on `frame`; absorbed controls are left out.

    Args:
        options: those of CrossProducts.from_frame, such as `trends`.
    """
    chosen, _ = select(frame, specification)
    products = CrossProducts.from_specification(chosen, specification, **options)
    return _row(variant, products, specification, term, rows)


def _row(variant: str, products: CrossProducts, specification: Specification, term: str, rows: VariantRows):
    order = [*(name for name in specification.explanatory if name != term), term]
    estimates = products.fit(specification.outcome, order).coefficients[0]
    if not np.isfinite(estimates[-1]):
        raise StudyFault([fault("statistics_all_absorbed", key=f"{specification.name}.{variant}", found=term)])
    names = [name for name, estimate in zip(order, estimates, strict=True) if np.isfinite(estimate)]
    return rows.row(variant, products, specification.outcome, names, term)


def winsor_limits(
    frame: pd.DataFrame,
    specification: Specification,
    term: str,
    rows: VariantRows,
    *,
    percents: Sequence[Percent] = (0, 1, 2.5, 5),
    variables: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The specification with its variables winsorized at p and 100 - p percent, `winsor_<p>`.

    Args:
        frame: not winsorized yet.
        percents: p; 0 leaves the variables as they are.
        variables: what is winsorized, by default outcome and all explanatory variables.
    """
    names = list(variables or (specification.outcome, *specification.explanatory))
    found = []
    for percent in percents:
        cut = frame.copy()
        if percent:
            for name in names:
                cut[name] = winsorize(frame[name], percent, 100 - percent)
        found.append(fitted_row(f"winsor_{percent}", cut, specification, term, rows))
    return table(found)


def lagged(frame: pd.DataFrame, specification: Specification, variables: Sequence[str], years: int) -> pd.DataFrame:
    """`frame` with `variables` replaced by their values of `years` earlier; missing where there was none."""
    keys = [specification.entity, specification.time]
    earlier = frame[[*keys, *variables]].assign(**{specification.time: frame[specification.time] + years})
    return frame.drop(columns=list(variables)).merge(earlier, on=keys, how="left", validate="one_to_one")


def lagged_regressor(
    frame: pd.DataFrame, specification: Specification, term: str, rows: VariantRows, *, lags: Sequence[int] = (1, 2)
) -> pd.DataFrame:
    """The specification with `term` lagged, `lag_<years>`; the first years drop out."""
    return table([
        fitted_row(f"lag_{lag}", lagged(frame, specification, [term], lag), specification, term, rows) for lag in lags
    ])  # fmt: skip


def long_differences(
    frame: pd.DataFrame,
    specification: Specification,
    term: str,
    rows: VariantRows,
    *,
    spans: Sequence[int] = (3, 5, 9),
) -> pd.DataFrame:
    """All overlapping differences over `spans` years with year effects, `difference_<years>`, clustered as before."""
    names = [specification.outcome, *specification.explanatory]
    keys = [specification.entity, specification.time]
    plain = replace(specification, province_effects=False)
    found = []
    for span in spans:
        before = lagged(frame, specification, names, span).set_index(keys)[names]
        now = frame.set_index(keys)
        now[names] = now[names] - before.reindex(now.index)
        found.append(fitted_row(f"difference_{span}", now.reset_index(), plain, term, rows))
    return table(found)


def further_effects(
    frame: pd.DataFrame, specification: Specification, term: str, rows: VariantRows, *, region: str = "region"
) -> pd.DataFrame:
    """Province trends, and year effects of each region: `province_trends`, `region_by_year`, and both.

    Trends and province effects lie within clusters and are not counted in the CR1 factor (as reghdfe does).

    Args:
        region: column of `frame`.
    """
    regional = {"year_effects_by": region}
    return table([
        fitted_row("province_trends", frame, specification, term, rows, trends=True),
        fitted_row("region_by_year", frame, specification, term, rows, **regional),
        fitted_row("province_trends_region_by_year", frame, specification, term, rows, trends=True, **regional),
    ])  # fmt: skip


def leave_one_province_out(
    frame: pd.DataFrame, specification: Specification, term: str, rows: VariantRows
) -> pd.DataFrame:
    """One row per cluster left out, `without_<province>`, from one set of cross-products."""
    chosen, _ = select(frame, specification)
    products = CrossProducts.from_specification(chosen, specification)
    return table([
        _row(f"without_{cluster}", products.without(cluster), specification, term, rows)
        for cluster in products.clusters
    ])  # fmt: skip


def leave_one_year_out(
    frame: pd.DataFrame, specification: Specification, term: str, rows: VariantRows
) -> pd.DataFrame:
    """One row per year left out, `without_<year>`."""
    years = sorted(set(frame[specification.time]))
    return table([
        fitted_row(f"without_{year}", frame[frame[specification.time] != year], specification, term, rows)
        for year in years
    ])  # fmt: skip


def without_provinces(
    frame: pd.DataFrame,
    specification: Specification,
    term: str,
    rows: VariantRows,
    provinces: Sequence[str],
    variant: str = "without_municipalities",
) -> pd.DataFrame:
    """One row without all of `provinces`.

    Raises:
        StudyFault: names every province the frame does not have.
    """
    known = set(frame[specification.entity])
    unknown = [province for province in provinces if province not in known]
    if unknown:
        raise StudyFault([fault("statistics_unknown_province", province=name, key=variant) for name in unknown])
    kept = frame[~frame[specification.entity].isin(list(provinces))]
    return table([fitted_row(variant, kept, specification, term, rows)])


def other_specifications(
    frame: pd.DataFrame, specifications: Sequence[Specification], rows: VariantRows
) -> pd.DataFrame:
    """One row per specification and regressor of interest, `<name>[<term>]`: swaps of outcome and regressor."""
    return table([
        fitted_row(f"{specification.name}[{term}]", frame, specification, term, rows)
        for specification in specifications
        for term in specification.regressors
    ])  # fmt: skip


def driscoll_kraay(
    frame: pd.DataFrame, specification: Specification, term: str, *, bandwidth: int | None = None
) -> pd.DataFrame:
    """One row with Driscoll and Kraay's standard error, `driscoll_kraay`, under t(T - 1); a side column only.

    It rests on many years: with ten it is too small as often as not.  Bartlett kernel, bandwidth
    floor(4 (T/100)^(2/9)) by default.

    Args:
        bandwidth: lags of the kernel.
    """
    from cbe_assets.statistics.design import absorbs_provinces, design
    from cbe_assets.statistics.panel import linear_model

    panel = design(frame, specification)
    periods = len(np.unique(panel.year))
    lags = int(4 * (periods / 100) ** (2 / 9)) if bandwidth is None else bandwidth
    fitted = linear_model(panel, absorbs_provinces(specification)).fit(
        cov_type="kernel", kernel="bartlett", bandwidth=lags
    )
    found = Term.from_t(float(fitted.params[term]), float(fitted.std_errors[term]), periods - 1)
    return table([{
        "variant": "driscoll_kraay", "estimate": found.estimate, "std_error": found.std_error, "cv3": NAN,
        "p_value": found.p_value, "wcr_p": NAN, "conf_low": found.conf_low, "conf_high": found.conf_high,
        "n": panel.n, "groups": panel.groups,
    }])  # fmt: skip
