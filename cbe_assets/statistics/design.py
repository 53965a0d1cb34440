"""From the rows of a specification to the arrays an estimator needs: dummies, codes, and what is absorbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.specification import Specification, select

TOLERANCE = 1e-10
"""A column whose residual on the columns before it has less than this share of its variance counts as absorbed."""


@dataclass(frozen=True)
class Design:
    """Arrays of one specification, n rows in panel order.

    Attributes:
        y: outcome, (n,).
        x: explanatory variables that are identified, (n, k).
        terms: their names.
        dummies: dummies of the identified years but the first, (n, d).
        years: the years of the dummies.
        province: code of the province, (n,), 0 ... groups - 1 in order of appearance.
        provinces: their names.
        year: (n,).
        cluster: code of the cluster, (n,).
        sample: what `select` recorded, with provinces, years, balance, singletons and dropped terms.
    """

    specification: Specification
    y: np.ndarray
    x: np.ndarray
    terms: tuple[str, ...]
    dummies: np.ndarray
    years: tuple[int, ...]
    province: np.ndarray
    provinces: tuple[Any, ...]
    year: np.ndarray
    cluster: np.ndarray
    sample: dict[str, Any]

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def groups(self) -> int:
        return len(self.provinces)

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1


def demean(columns: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """`columns` (n, c) less their means within each code (n,)."""
    return columns - group_means(columns, codes)[codes]


def group_means(columns: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Means of `columns` (n, c) within each code, (groups, c)."""
    sums = np.zeros((codes.max() + 1, columns.shape[1]))
    np.add.at(sums, codes, columns)
    return sums / np.bincount(codes)[:, None]


def year_dummies(year: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """Dummies (n, years - 1) of all years but the first, and those years."""
    years = np.unique(year)[1:]
    return (year[:, None] == years[None, :]).astype(float), tuple(int(value) for value in years)


def identified(columns: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Which columns (n, c) are not spanned by the columns before them.

    Args:
        columns: after the effects were taken out.
        reference: sum of squares of each column before that, (c,): the scale of "nothing is left".

    Returns:
        bool (c,).
    """
    basis = np.zeros((columns.shape[0], 0))
    kept = np.zeros(columns.shape[1], dtype=bool)
    for j in range(columns.shape[1]):
        rest = columns[:, j].copy()
        for _ in range(2):  # Twice is enough: one pass of Gram-Schmidt leaves rounding that a second removes.
            rest -= basis @ (basis.T @ rest)
        size = float(rest @ rest)
        if size > TOLERANCE * reference[j]:
            kept[j] = True
            basis = np.column_stack([basis, rest / np.sqrt(size)])
    return kept


def design(frame: pd.DataFrame, specification: Specification) -> Design:
    """Rows and arrays of `specification`, with absorbed terms taken out and recorded.

    A regressor that province effects, year dummies or earlier regressors span cannot be estimated; it is left out
    and stands in `sample["dropped"]`.

    Raises:
        StudyFault: as `select`; or no regressor of interest is left; or there are fewer rows than coefficients.
    """
    rows, sample = select(frame, specification)
    province, provinces = pd.factorize(rows[specification.entity])
    year = rows[specification.time].to_numpy(dtype=int)
    clustered = specification.covariance == "clustered"
    cluster = pd.factorize(rows[specification.cluster_by])[0] if clustered else province
    if (cluster < 0).any():
        raise StudyFault([fault("statistics_no_cluster", key=specification.name,
                                found=specification.cluster_by, expected=int((cluster < 0).sum()))])  # fmt: skip
    x = rows[list(specification.explanatory)].to_numpy(dtype=float)
    dummies, years = year_dummies(year) if specification.year_effects else (np.zeros((len(rows), 0)), ())
    kept_years, kept_terms = _identified_terms(specification, x, dummies, province)
    terms = tuple(name for name, keep in zip(specification.explanatory, kept_terms, strict=True) if keep)
    kept = tuple(value for value, keep in zip(years, kept_years, strict=True) if keep)
    lost = [name for name in specification.explanatory if name not in terms]
    lost += [f"year[{value}]" for value in years if value not in kept]
    sizes = np.bincount(province)
    sample |= {
        "provinces": len(provinces), "years": [int(value) for value in np.unique(year)],
        "balanced": bool((sizes == len(np.unique(year))).all()),
        "singletons": [str(provinces[code]) for code in np.flatnonzero(sizes == 1)],
        "dropped": [{"term": name, "reason": "absorbed"} for name in lost],
    }  # fmt: skip
    outcome = rows[specification.outcome].to_numpy(dtype=float)
    built = Design(
        specification, outcome, x[:, kept_terms], terms, dummies[:, kept_years], kept,
        province, tuple(provinces), year, cluster, sample,
    )  # fmt: skip
    _check_estimable(built)
    return built


def absorbs_provinces(specification: Specification) -> bool:
    """Whether every province has its own constant: always with province slopes, never in pooled OLS."""
    if specification.estimator == "fixed_effects":
        return specification.province_effects
    return specification.estimator != "pooled_ols"


def _identified_terms(specification, x, dummies, province) -> tuple[np.ndarray, np.ndarray]:
    """Which year dummies and which explanatory variables are identified: the dummies go first."""
    columns = np.column_stack([dummies, x])
    centred = columns - columns.mean(axis=0)
    absorbing = absorbs_provinces(specification)
    # A constant has no variance of its own to compare with; its size serves.
    reference = np.maximum((centred**2).sum(axis=0), 1e-14 * (columns**2).sum(axis=0))
    kept = identified(demean(columns, province) if absorbing else centred, reference)
    return kept[: dummies.shape[1]], kept[dummies.shape[1] :]


def _check_estimable(built: Design) -> None:
    specification = built.specification
    needed = built.x.shape[1] + built.dummies.shape[1] + (built.groups if absorbs_provinces(specification) else 1)
    found = []
    if not set(specification.regressors) & set(built.terms):
        facts = {"found": ", ".join(specification.regressors)}
        found.append(fault("statistics_all_absorbed", key=specification.name, **facts))
    if built.n <= needed:
        found.append(fault("statistics_too_few_rows", key=specification.name, found=built.n, expected=needed + 1))
    if specification.covariance == "clustered" and built.clusters < 2:
        found.append(fault("statistics_one_cluster", key=specification.name, found=specification.cluster_by))
    if found:
        raise StudyFault(found)
