"""Two-way fixed effects with clustered standard errors for panels of millions of rows, in blocks of whole entities.

No column is copied whole and no dummy is written out: year dummies enter through their cross-products.  The numbers
are those of panel.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.kernel import eliminate
from cbe_assets.statistics.result import Term

BLOCK = 1 << 15
"""Rows per block, rounded to whole entities: some columns of it fit the cache."""


@dataclass(frozen=True)
class TwoWay:
    """Slopes of a two-way fixed-effects regression, clustered by entity.

    Attributes:
        terms: regressor -> estimate with CR1 standard error and t(G - 1).
        covariance: (k, k).
        ssr: sum of squared residuals.
        n: rows.
        groups: entities.
    """

    terms: dict[str, Term]
    covariance: np.ndarray
    ssr: float
    n: int
    groups: int


def two_way(
    y: np.ndarray, x: Sequence[np.ndarray], entity: np.ndarray, time: np.ndarray, names: Sequence[str]
) -> TwoWay:
    """Regress `y` on `x` with entity and time effects, clustered by entity.

    Rows of an entity need not stand together; if they do not, they are sorted by one index array.  The factor is that
    of linearmodels' `group_debias`: G/(G-1) (N-1)/(N-K) with K = slopes + years, entities not counted.

    Args:
        y: (n,) float64.
        x: k arrays of (n,) float64, so that columns of a frame need not be copied into a matrix.
        entity: (n,) integer codes.
        time: (n,) integers.
        names: of the k regressors.

    Raises:
        StudyFault: values that are not finite, or regressors that effects and earlier regressors span.
    """
    columns = [*x, y]
    wrong = [name for name, column in zip([*names, "y"], columns, strict=True) if not np.isfinite(column).all()]
    if wrong:
        raise StudyFault([fault("statistics_missing_values", key=name) for name in wrong])
    codes, periods = _coded(np.asarray(time))
    blocks = _Blocks(columns, np.asarray(entity), codes, periods)
    products, year_sums, year_products = blocks.products()
    pinned = np.linalg.pinv(year_products, hermitian=True)
    shifts = pinned @ year_sums
    free = products - year_sums.T @ shifts
    k = len(x)
    found = eliminate(free[None].copy(), np.diagonal(products)[:k])[0][0]
    spanned = [name for name, value in zip(names, found, strict=True) if not np.isfinite(value)]
    if spanned:
        raise StudyFault([fault("statistics_all_absorbed", key="two_way", found=name) for name in spanned])
    inverse = np.linalg.inv(free[:k, :k])
    slopes = inverse @ free[:k, k]
    middle, ssr = blocks.scores(shifts, slopes)
    groups, n = blocks.groups, len(y)
    factor = groups / (groups - 1) * (n - 1) / (n - k - periods)
    covariance = factor * inverse @ middle @ inverse
    errors = np.sqrt(np.diagonal(covariance))
    terms = {name: Term.from_t(slopes[j], errors[j], groups - 1) for j, name in enumerate(names)}
    return TwoWay(terms, covariance, ssr, n, groups)


def _coded(time: np.ndarray) -> tuple[np.ndarray, int]:
    """Positions of the values among the distinct ones in order, and how many these are; without sorting years."""
    first, span = time.min(), int(time.max()) - int(time.min()) + 1
    if span > len(time):
        distinct, codes = np.unique(time, return_inverse=True)
        return codes, len(distinct)
    shifted = time - first
    present = np.bincount(shifted, minlength=span) > 0
    return (np.cumsum(present) - 1)[shifted], int(present.sum())


class _Blocks:
    """Blocks of whole entities, each column less its entity means."""

    def __init__(self, columns: list[np.ndarray], entity: np.ndarray, codes: np.ndarray, periods: int):
        self._columns, self._codes, self._periods = columns, codes, periods
        together = bool((entity[1:] >= entity[:-1]).all())
        self._order = None if together else np.argsort(entity, kind="stable")
        ordered = entity if together else entity[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self._n, self.groups = len(entity), len(self._starts)

    def _slices(self) -> Iterator[tuple[slice | np.ndarray, np.ndarray, np.ndarray]]:
        """(rows, starts of entities within them, rows per entity)."""
        first = 0
        while first < self.groups:
            last = int(np.searchsorted(self._starts, self._starts[first] + BLOCK))
            last = min(max(last, first + 1), self.groups)
            begin = int(self._starts[first])
            end = int(self._starts[last]) if last < self.groups else self._n
            rows = slice(begin, end) if self._order is None else self._order[begin:end]
            starts = self._starts[first:last] - begin
            yield rows, starts, np.diff(np.append(starts, end - begin))
            first = last

    def _centred(self, rows, starts, sizes) -> np.ndarray:
        """(columns, rows of the block) less entity means."""
        part = np.empty((len(self._columns), int(sizes.sum())))
        for j, column in enumerate(self._columns):
            part[j] = column[rows]
        part -= np.repeat(np.add.reduceat(part, starts, axis=1) / sizes, sizes, axis=1)
        return part

    def products(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cross-products of the columns, of year dummies with columns, and of year dummies, entity means out."""
        width = len(self._columns)
        products, year_sums = np.zeros((width, width)), np.zeros((self._periods, width))
        year_products = np.zeros((self._periods, self._periods))
        for rows, starts, sizes in self._slices():
            part, codes = self._centred(rows, starts, sizes), self._codes[rows]
            products += np.einsum("in,jn->ij", part, part)
            for j in range(width):
                year_sums[:, j] += np.bincount(codes, part[j], minlength=self._periods)
            owner = np.repeat(np.arange(len(starts)), sizes)
            counts = np.bincount(owner * self._periods + codes, minlength=len(starts) * self._periods)
            counts = counts.reshape(-1, self._periods).astype(float)
            year_products += np.diag(counts.sum(axis=0)) - np.einsum("gs,gt->st", counts / sizes[:, None], counts)
        return products, year_sums, year_products

    def scores(self, shifts: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, float]:
        """Sum over entities of their scores' outer products, and the sum of squared residuals."""
        k = len(slopes)
        middle, ssr = np.zeros((k, k)), 0.0
        for rows, starts, sizes in self._slices():
            part = self._centred(rows, starts, sizes)
            moved = np.ascontiguousarray(shifts[self._codes[rows]].T)
            moved -= np.repeat(np.add.reduceat(moved, starts, axis=1) / sizes, sizes, axis=1)
            part -= moved
            residual = part[k] - np.einsum("j,jn->n", slopes, part[:k])
            ssr += float(np.einsum("n,n->", residual, residual))
            sums = np.add.reduceat(part[:k] * residual, starts, axis=1)
            middle += np.einsum("ig,jg->ij", sums, sums)
        return middle, ssr
