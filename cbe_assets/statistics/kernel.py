"""The resampling kernel: cross-products per province once, then one small elimination per resample.

Province means are absorbed province by province, so the sum of weighted cross-products equals a refit on the
resampled rows with relabelled provinces.  Nothing here goes through BLAS: sums run in a fixed order, so the bytes do
not depend on the number of threads.  linearmodels stays the estimator of what is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.design import year_dummies
from cbe_assets.statistics.specification import Specification

TOLERANCE = 1e-11
"""A pivot below this share of the variable's sum of squares about its mean counts as zero: the variable is spanned."""

_CHUNK = 512
"""Resamples eliminated together: about 1 MiB at 17 columns, so that they stay in cache."""


@dataclass(frozen=True)
class Fits:
    """Least-squares fits of B resamples.

    Attributes:
        coefficients: (B, k) in the order of the regressors; NaN where a regressor is spanned by those before it.
        constant: (B,), as Stata's `xtreg, fe` reports it: mean(y) - mean(x)'b - mean year effect.
        ssr: sums of squared residuals, (B,).
        n: rows in the resample, (B,).
    """

    coefficients: np.ndarray
    constant: np.ndarray
    ssr: np.ndarray
    n: np.ndarray


@dataclass(frozen=True)
class Solution:
    """Normal equations of the sample without spanned columns.

    Attributes:
        columns: positions of the columns that stay, dummies first, (p,).
        outcome: position of the outcome.
        inverse: (X'X)^-1, (p, p).
        factor: G/(G-1) * (N-1)/(N-K), what a sum of squared cluster scores is multiplied with (CR1).
        kept: which of dummies and regressors stay.
    """

    columns: np.ndarray
    outcome: int
    inverse: np.ndarray
    factor: float
    kept: np.ndarray


@dataclass(frozen=True)
class CrossProducts:
    """Cross-products of year dummies and variables, cluster by cluster.

    Attributes:
        dummies: number of leading columns that belong to every regression (year dummies; the constant, if province
            means are not absorbed).
        variables: names of the columns after them; any may be outcome or regressor.
        clusters: labels, G of them.
        blocks: (G, C, C), sums over the rows of a cluster after absorption, weighted if there are weights.
        sums: (G, C), sums of the columns before absorption.
        sizes: rows per cluster, (G,).
        mass: sum of weights per cluster, (G,); the sizes, if there are no weights.
        scale: (C,) sum of squares of each column about its overall mean.
        absorbed: coefficients taken out by absorption, per cluster, (G,).
    """

    dummies: int
    variables: tuple[str, ...]
    clusters: tuple[object, ...]
    blocks: np.ndarray
    sums: np.ndarray
    sizes: np.ndarray
    mass: np.ndarray
    scale: np.ndarray
    absorbed: np.ndarray

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        variables: Sequence[str],
        *,
        entity: str = "province",
        time: str = "year",
        province_effects: bool = True,
        year_effects: bool = True,
        cluster_by: str | None = None,
        weights: str | None = None,
        trends: bool = False,
        year_effects_by: str | None = None,
    ) -> CrossProducts:
        """Cross-products of `variables` over the rows of `frame`, which must be complete in them.

        Args:
            frame: one row per province-year, balanced or not.
            variables: numeric columns, outcomes and regressors alike.
            entity: column whose means are absorbed.
            time: column of the year dummies.
            province_effects: absorb province means; otherwise the constant is a column.
            year_effects: add dummies of all years but the first.
            cluster_by: column of clusters, each province within one; the entity itself by default.
            weights: column of positive weights, if any.
            trends: absorb a linear trend of each entity beside its mean (the constant then has no meaning).
            year_effects_by: column of groups that have year dummies of their own, such as the region.

        Raises:
            StudyFault: missing values, weights that are not positive, a province in two clusters.
        """
        values = frame[list(variables)].to_numpy(dtype=float)
        mass = np.ones(len(frame)) if weights is None else frame[weights].to_numpy(dtype=float)
        entities = pd.factorize(frame[entity])[0]
        codes, labels = pd.factorize(frame[cluster_by or entity])
        _check_rows(frame, variables, values, mass, entities, codes, entity, time)
        years = frame[time].to_numpy(dtype=int)
        parts = None if year_effects_by is None else pd.factorize(frame[year_effects_by], sort=True)[0]
        fixed = _fixed_columns(years, parts, year_effects, not province_effects)
        columns = np.column_stack([fixed, values])
        scale = (mass[:, None] * (columns - (mass[:, None] * columns).sum(axis=0) / mass.sum()) ** 2).sum(axis=0)
        if not province_effects:
            scale[0] = mass.sum()
        inner = columns - _weighted_means(columns, mass, entities)[entities] if province_effects else columns
        if trends:
            inner = _detrended(inner, mass, entities, years)
        blocks, sums = _by_cluster(columns, inner, mass, codes)
        owners = codes[np.unique(entities, return_index=True)[1]]
        absorbed = np.bincount(owners, minlength=len(labels)) * (int(province_effects) + int(trends))
        sizes, masses = np.bincount(codes), np.bincount(codes, mass)
        return cls(
            fixed.shape[1], tuple(variables), tuple(labels), blocks, sums, sizes, masses, scale, absorbed
        )  # fmt: skip

    @classmethod
    def from_specification(
        cls, rows: pd.DataFrame, specification: Specification, extra: Sequence[str] = (), **options: object
    ) -> CrossProducts:
        """Cross-products of a specification's variables, with its effects and clusters.

        Args:
            rows: the rows it is estimated on, as `specification.select` returns them.
            specification: `fixed_effects` or `pooled_ols`; clusters are provinces unless it is clustered otherwise.
            extra: further variables.
            options: further options of from_frame.
        """
        names = [*specification.explanatory, *extra, specification.outcome]
        settings = {
            "entity": specification.entity, "time": specification.time, "year_effects": specification.year_effects,
            "province_effects": specification.province_effects and specification.estimator == "fixed_effects",
            "cluster_by": specification.cluster_by if specification.covariance == "clustered" else None,
        }  # fmt: skip
        return cls.from_frame(rows, list(dict.fromkeys(names)), **{**settings, **options})

    @property
    def groups(self) -> int:
        return len(self.clusters)

    def without(self, cluster: object) -> CrossProducts:
        """The same without one cluster."""
        kept = np.array([label != cluster for label in self.clusters])
        names = ("blocks", "sums", "sizes", "mass", "absorbed")
        labels = tuple(label for label in self.clusters if label != cluster)
        return replace(self, clusters=labels, **{name: getattr(self, name)[kept] for name in names})

    def solution(self, outcome: str, regressors: Sequence[str]) -> Solution:
        """The sample's normal equations, solved, with what stays once spanned columns are out."""
        columns = self._columns(outcome, regressors)
        total = self.blocks[:, columns[:, None], columns].sum(axis=0)
        kept = np.isfinite(eliminate(total[None].copy(), self.scale[columns[:-1]])[0][0])
        inside = columns[:-1][kept]
        n, parameters = int(self.sizes.sum()), len(inside) + int(bool(self.absorbed.any()))
        factor = self.groups / (self.groups - 1) * (n - 1) / (n - parameters)
        return Solution(inside, int(columns[-1]), np.linalg.inv(total[:-1, :-1][np.ix_(kept, kept)]), factor, kept)

    def _columns(self, outcome: str, regressors: Sequence[str]) -> np.ndarray:
        """Positions of dummies, regressors and outcome among the columns."""
        positions = [self.dummies + self.variables.index(name) for name in (*regressors, outcome)]
        return np.array([*range(self.dummies), *positions])

    def fit(self, outcome: str, regressors: Sequence[str], counts: np.ndarray | None = None) -> Fits:
        """Regress `outcome` on `regressors` (and the dummies), once per row of `counts`.

        Args:
            outcome: one of the variables.
            regressors: other variables.
            counts: (B, G), how often each cluster stands in each resample; None for the sample itself.

        Returns:
            B fits.
        """
        counts = np.ones((1, self.groups)) if counts is None else np.asarray(counts, dtype=float)
        columns = self._columns(outcome, regressors)
        blocks, sums = self.blocks[:, columns[:, None], columns], self.sums[:, columns]
        p = len(columns) - 1
        solved, ssr = np.empty((len(counts), p)), np.empty(len(counts))
        means = np.empty((len(counts), p + 1))
        for start in range(0, len(counts), _CHUNK):
            part = slice(start, start + _CHUNK)
            weights = counts[part]
            products = np.einsum("bg,gij->bij", weights, blocks)
            solved[part], ssr[part] = eliminate(products, self.scale[columns[:-1]])
            mass = np.einsum("bg,g->b", weights, self.mass)
            means[part] = np.einsum("bg,gi->bi", weights, sums) / mass[:, None]
        # A variable that is spanned carries no weight in the constant.
        fitted = np.einsum("bi,bi->b", np.nan_to_num(solved), means[:, :-1])
        constant = solved[:, 0] if self.dummies and not self.absorbed.any() else means[:, -1] - fitted
        return Fits(solved[:, self.dummies :], constant, ssr, np.einsum("bg,g->b", counts, self.sizes))

    def clustered_covariance(self, outcome: str, regressors: Sequence[str]) -> np.ndarray:
        """CR1 covariance (k, k) of the sample's coefficients: G/(G-1) * (N-1)/(N-K) * A (sum s_g s_g') A.

        K counts slopes, year dummies and the constant; absorbed provinces lie within the clusters and are not
        counted.  Agrees with linearmodels (`group_debias=True`).
        """
        solved = self.solution(outcome, regressors)
        inside, inverse = solved.columns, solved.inverse
        blocks = self.blocks[:, inside[:, None], inside]
        toward = self.blocks[:, inside, solved.outcome]
        coefficients = np.einsum("ij,gj->i", inverse, toward)
        scores = toward - np.einsum("gij,j->gi", blocks, coefficients)
        middle = np.einsum("gi,gj->ij", scores, scores)
        covariance = np.zeros((len(solved.kept), len(solved.kept)))
        sandwich = solved.factor * np.einsum("ij,jk,lk->il", inverse, middle, inverse)
        covariance[np.ix_(solved.kept, solved.kept)] = sandwich
        return covariance[self.dummies :, self.dummies :]

    def jackknife_covariance(self, outcome: str, regressors: Sequence[str]) -> np.ndarray:
        """CV3 (k, k): (G-1)/G * sum_g (b_(g) - b)(b_(g) - b)' (MacKinnon, Nielsen and Webb 2023)."""
        left_out = self.fit(outcome, regressors, leave_one_out(self.groups)).coefficients
        gap = left_out - self.fit(outcome, regressors).coefficients
        return (self.groups - 1) / self.groups * np.einsum("gi,gj->ij", gap, gap)


def absorbed_columns(
    frame: pd.DataFrame, variables: Sequence[str], *, trends: bool = False, year_effects_by: str | None = None
) -> tuple[np.ndarray, int]:
    """Year dummies and `variables` less province means (and trends), (n, C), and the number of dummies.

    The columns behind CrossProducts.from_frame with the same options, for those who need rows.
    """
    entities = pd.factorize(frame["province"])[0]
    years, mass = frame["year"].to_numpy(dtype=int), np.ones(len(frame))
    parts = None if year_effects_by is None else pd.factorize(frame[year_effects_by], sort=True)[0]
    fixed = _fixed_columns(years, parts, True, False)
    columns = np.column_stack([fixed, frame[list(variables)].to_numpy(dtype=float)])
    inner = columns - _weighted_means(columns, mass, entities)[entities]
    return (_detrended(inner, mass, entities, years) if trends else inner), fixed.shape[1]


def _fixed_columns(years: np.ndarray, parts: np.ndarray | None, year_effects: bool, constant: bool) -> np.ndarray:
    """Columns of every regression: the constant, if asked for, and year dummies, of each part by itself if any."""
    dummies = year_dummies(years)[0] if year_effects else np.zeros((len(years), 0))
    if parts is not None and year_effects:
        inside = parts[:, None] == np.arange(parts.max() + 1)[None, :]
        dummies = np.column_stack([dummies * inside[:, [part]] for part in range(inside.shape[1])])
    return np.column_stack([np.ones((len(years), int(constant))), dummies])


def _detrended(inner: np.ndarray, mass: np.ndarray, entities: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Columns less their weighted linear trend within each entity; an entity of one year has none."""
    time = years[:, None].astype(float)
    time = time - _weighted_means(time, mass, entities)[entities]
    size = np.bincount(entities, mass * time[:, 0] ** 2)
    slopes = np.zeros((len(size), inner.shape[1]))
    np.add.at(slopes, entities, mass[:, None] * time * inner)
    return inner - time * (slopes / np.where(size > 0, size, 1)[:, None])[entities]


def _weighted_means(columns: np.ndarray, mass: np.ndarray, codes: np.ndarray) -> np.ndarray:
    sums = np.zeros((codes.max() + 1, columns.shape[1]))
    np.add.at(sums, codes, mass[:, None] * columns)
    return sums / np.bincount(codes, mass)[:, None]


def _by_cluster(columns, inner, mass, codes) -> tuple[np.ndarray, np.ndarray]:
    """Cross-products of `inner` and sums of `columns`, cluster by cluster, (G, C, C) and (G, C)."""
    count, width = codes.max() + 1, columns.shape[1]
    blocks, sums = np.zeros((count, width, width)), np.zeros((count, width))
    for code in range(count):
        rows = codes == code
        blocks[code] = np.einsum("ni,nj->ij", mass[rows, None] * inner[rows], inner[rows])
        sums[code] = (mass[rows, None] * columns[rows]).sum(axis=0)
    return blocks, sums


def _check_rows(frame, variables, values, mass, entities, codes, entity, time) -> None:
    found = []
    for name, column in zip(variables, values.T, strict=True):
        for row in np.flatnonzero(~np.isfinite(column)):
            place = {"province": frame[entity].iat[row], "year": frame[time].iat[row]}
            found.append(fault("statistics_missing_value", **place, found=name))
    if not (mass > 0).all():
        found.append(fault("statistics_weights", found=int((~(mass > 0)).sum())))
    if len(np.unique(np.column_stack([entities, codes]), axis=0)) > len(np.unique(entities)):
        found.append(fault("statistics_not_nested", found=entity))
    if found:
        raise StudyFault(found)


def eliminate(products: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve B normal equations at once by Gauss-Jordan elimination, in the order of the columns.

    Args:
        products: (B, p + 1, p + 1) cross-products of p regressors and the outcome; overwritten.
        scale: (p,) what each regressor's pivot is measured against.

    Returns:
        Coefficients (B, p), NaN where a regressor is spanned by those before it; sums of squared residuals (B,).
    """
    p = len(scale)
    for j in range(p):
        pivot = products[:, j, j]
        kept = pivot > TOLERANCE * scale[j]
        row = np.where(kept, 1 / np.where(kept, pivot, 1), 0)[:, None] * products[:, j, j + 1 :]
        # Columns up to j are not needed any more: they are left as they are.
        products[:, :, j + 1 :] -= products[:, :, j, None] * row[:, None, :]
        products[:, j, j + 1 :] = np.where(kept[:, None], row, 0)
        products[:, j, j] = kept
    coefficients = np.where(np.diagonal(products, axis1=1, axis2=2)[:, :p] > 0, products[:, :p, p], np.nan)
    return coefficients, products[:, p, p].copy()


def bootstrap_counts(groups: int, draws: int, seed: int) -> np.ndarray:
    """How often each cluster is drawn in each of `draws` resamples of `groups` clusters with replacement.

    Args:
        seed: of a PCG64 generator made here; the same seed gives the same counts.

    Returns:
        (draws, groups) int64, rows summing to `groups`.
    """
    picks = np.random.Generator(np.random.PCG64(seed)).integers(0, groups, size=(draws, groups))
    flat = np.arange(draws)[:, None] * groups + picks
    return np.bincount(flat.ravel(), minlength=draws * groups).reshape(draws, groups)


def leave_one_out(groups: int) -> np.ndarray:
    """Counts (G, G) that leave out one cluster each."""
    return 1 - np.eye(groups)


def cluster_bootstrap(
    products: CrossProducts, outcome: str, regressors: Sequence[str], *, draws: int, seed: int
) -> np.ndarray:
    """Coefficients (draws, k) of the pairs cluster bootstrap."""
    return products.fit(outcome, regressors, bootstrap_counts(products.groups, draws, seed)).coefficients


def leave_one_province_out(products: CrossProducts, outcome: str, regressors: Sequence[str]) -> pd.DataFrame:
    """Coefficients without each cluster in turn: one row per cluster left out, one column per regressor."""
    fits = products.fit(outcome, regressors, leave_one_out(products.groups))
    return pd.DataFrame(fits.coefficients, index=pd.Index(products.clusters, name="left_out"), columns=list(regressors))


def leave_one_year_out(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, time: str = "year", **options: object
) -> pd.DataFrame:
    """Coefficients without each year in turn: one row per year left out, one column per regressor.

    Province means change with every year, so the cross-products are formed anew for each.

    Args:
        options: those of CrossProducts.from_frame.
    """
    years = np.unique(frame[time])
    rows = [
        CrossProducts.from_frame(frame[frame[time] != year], [*regressors, outcome], time=time, **options)
        .fit(outcome, regressors)
        .coefficients[0]
        for year in years
    ]
    return pd.DataFrame(rows, index=pd.Index(years, name="left_out"), columns=list(regressors))


def interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the finite draws: quantiles by linear interpolation (Hyndman-Fan 7)."""
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
