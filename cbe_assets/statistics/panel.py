"""Pooled and fixed-effects regressions through linearmodels, and the estimators by name.

The published point estimates and standard errors come from here; everything that is repeated comes from kernel.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.design import Design, absorbs_provinces, demean, design, group_means
from cbe_assets.statistics.result import Result, Term
from cbe_assets.statistics.specification import Specification

CONSTANT = "_cons"


def fit(frame: pd.DataFrame, specification: Specification) -> Result:
    """Estimate `specification` on `frame` with its estimator.

    Args:
        frame: one row per province-year with province, year and the variables.
        specification: checked against the frame first.

    Raises:
        StudyFault: everything that keeps it from being estimated (see specification.check and design.design).
    """
    from cbe_assets.statistics import slopes

    estimators: dict[str, Callable[[pd.DataFrame, Specification], Result]] = {
        "pooled_ols": pooled_ols,
        "fixed_effects": fixed_effects,
        "province_slopes_ols": slopes.province_slopes_ols,
        "province_slopes_lsdv": slopes.province_slopes_lsdv,
        "swamy": slopes.swamy,
    }
    if wrong := specification.faults():
        raise StudyFault(wrong)
    return estimators[specification.estimator](frame, specification)


def pooled_ols(frame: pd.DataFrame, specification: Specification) -> Result:
    """OLS on all rows; HC1 is Stata's `reg y x, r`, with t(n - k)."""
    return _estimate(design(frame, specification))


def fixed_effects(frame: pd.DataFrame, specification: Specification) -> Result:
    """Province effects and year dummies: Stata's `xtreg y x i.year, fe vce(cluster id)`, with t(G - 1).

    The constant is Stata's: mean(y) - mean(x)'b - mean year effect, base the first year.  `r2` and `r2_within` are
    the within R2 with the year dummies in it; overall and between R2 are squared correlations, as in `xtreg`.
    """
    return _estimate(design(frame, specification))


def _estimate(panel: Design) -> Result:
    """One linearmodels fit as asked, one with conventional standard errors beside it."""
    specification = panel.specification
    effects = absorbs_provinces(specification)
    model = linear_model(panel, effects)
    fitted = _covariance_fit(model, panel)
    conventional = model.fit(cov_type="unadjusted")
    df = _df(panel, effects)
    names = [*panel.terms, CONSTANT]
    terms = {name: Term.from_t(fitted.params[name], fitted.std_errors[name], df) for name in names}
    residual_df = panel.n - _coefficients(panel) - (panel.groups - 1 if effects else 0)
    beside = {
        name: Term.from_t(conventional.params[name], conventional.std_errors[name], residual_df) for name in names
    }
    within = float(fitted.rsquared_within) if effects else None
    r2 = within if effects else float(fitted.rsquared)
    return Result(
        specification.name, specification.estimator, specification.outcome, panel.n, panel.groups, df, r2, within,
        covariance_name(specification), terms,
        {
            "fit": _fit_statistics(panel, fitted, conventional, residual_df),
            "std_error_conventional": {name: term.std_error for name, term in beside.items()},
            "p_value_conventional": {name: term.p_value for name, term in beside.items()},
            **_year_effects(panel, fitted),
        },
        panel.sample,
    )  # fmt: skip


def covariance_name(specification: Specification) -> str:
    """`conventional`, `HC1` or `clustered by province`, as Result.covariance says it."""
    if specification.covariance == "clustered":
        return f"clustered by {specification.cluster_by}"
    return {"conventional": "conventional", "hc1": "HC1"}[specification.covariance]


def _coefficients(panel: Design) -> int:
    """K: slopes, year dummies and the constant."""
    return panel.x.shape[1] + panel.dummies.shape[1] + 1


def _df(panel: Design, effects: bool) -> float:
    """Degrees of freedom of the t distribution: clusters - 1, else observations less all coefficients."""
    if panel.specification.covariance == "clustered":
        return panel.clusters - 1
    return panel.n - _coefficients(panel) - (panel.groups - 1 if effects else 0)


def linear_model(panel: Design, effects: bool):
    """The PanelOLS of a design, its columns [terms, year dummies, constant]."""
    from linearmodels.panel import PanelOLS

    index = pd.MultiIndex.from_arrays([panel.province, panel.year], names=["province", "year"])
    dummies = [f"year[{year}]" for year in panel.years]
    exog = np.column_stack([panel.x, panel.dummies, np.ones(panel.n)])
    return PanelOLS(
        pd.DataFrame(panel.y, index, ["outcome"]),
        pd.DataFrame(exog, index, [*panel.terms, *dummies, CONSTANT]),
        entity_effects=effects,
    )


def _covariance_fit(model, panel: Design):
    covariance = panel.specification.covariance
    if covariance == "clustered":
        clusters = pd.DataFrame(panel.cluster, model.dependent.index, ["cluster"])
        return model.fit(cov_type="clustered", clusters=clusters, group_debias=True)
    return model.fit(cov_type={"conventional": "unadjusted", "hc1": "robust"}[covariance])


def _year_effects(panel: Design, fitted) -> dict[str, dict[str, float]]:
    """Effects of the years against the first one, with standard errors and their mean over observations."""
    if not panel.years:
        return {}
    names = [f"year[{year}]" for year in panel.years]
    estimates = fitted.params[names].to_numpy()
    return {
        "year_effects": dict(zip(map(str, panel.years), map(float, estimates), strict=True)),
        "year_effects_std_error": {
            str(year): float(fitted.std_errors[name]) for year, name in zip(panel.years, names, strict=True)
        },
    }


def _fit_statistics(panel: Design, fitted, conventional, residual_df: float) -> dict[str, float]:
    """R2s as `xtreg` defines them, root mean squared error, residual df and the mean year effect."""
    columns = np.column_stack([panel.x, panel.dummies])
    coefficients = fitted.params.to_numpy()[:-1]
    linear = columns @ coefficients
    pairs = np.column_stack([panel.y, linear])
    ssr = float(fitted.resid_ss)
    means = group_means(pairs, panel.province)
    effects = absorbs_provinces(panel.specification)
    years = coefficients[panel.x.shape[1] :]
    return {
        "r2_overall": _squared_correlation(pairs),
        "r2_between": _squared_correlation(means),
        "ssr": ssr,
        "rmse": float(np.sqrt(ssr / residual_df)),
        "df_residual": float(residual_df),
        "clusters": float(panel.clusters),
        "year_effect_mean": float(panel.dummies.mean(axis=0) @ years),
        "f_province_effects": float(conventional.f_pooled.stat) if effects else float("nan"),
    }


def _squared_correlation(pairs: np.ndarray) -> float:
    """Squared correlation of two columns, NaN if one is constant."""
    centred = demean(pairs, np.zeros(len(pairs), dtype=int))
    (yy, yx), (_, xx) = centred.T @ centred
    return float(yx * yx / (yy * xx)) if yy > 0 and xx > 0 else float("nan")
