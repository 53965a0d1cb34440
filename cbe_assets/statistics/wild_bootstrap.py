"""The restricted wild cluster bootstrap (WCR): weights, bootstrap t statistics for any null at once, p, interval.

Everything comes from the cross-products of kernel.py; no residual is ever formed.  Cameron, Gelbach and Miller
(2008); Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19(1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.kernel import CrossProducts

KINDS = ("rademacher", "webb")
TIE = 1e-10
"""Bootstrap statistics within this share of the sample's own count as equal to it."""
_FARTHEST = 2.0**20
"""How many standard errors away a limit is sought before the interval counts as unbounded."""


@dataclass(frozen=True)
class WildWeights:
    """Weights of clusters in every draw.

    Attributes:
        values: (B, G).
        kind: one of `KINDS`.
        enumerated: whether they are all 2^G sign patterns, each once, instead of draws.
    """

    values: np.ndarray
    kind: str
    enumerated: bool

    @property
    def draws(self) -> int:
        return len(self.values)

    def share(self, counts: np.ndarray) -> np.ndarray:
        """`counts` of draws at least as extreme as the sample, as p-values; drawn weights add the sample itself."""
        return counts / self.draws if self.enumerated else (counts + 1) / (self.draws + 1)


def wild_weights(groups: int, draws: int, seed: int, kind: str = "rademacher") -> WildWeights:
    """Weights for `groups` clusters.

    Rademacher weights are enumerated where there are no more than `draws` sign patterns: the p-value is then exact
    and needs no seed.  Webb's six points (+-sqrt(1/2), +-1, +-sqrt(3/2)) are for fewer than a dozen clusters.

    Raises:
        StudyFault: another kind, or fewer than one draw.
    """
    found = []
    if kind not in KINDS:
        found.append(fault("statistics_unknown_setting", key="wild_bootstrap", setting="kind", found=kind,
                           expected=", ".join(KINDS)))  # fmt: skip
    if draws < 1:
        found.append(fault("statistics_draws", found=draws))
    if found:
        raise StudyFault(found)
    if kind == "rademacher" and groups < 31 and 2**groups <= draws:
        return WildWeights(np.array(list(product((1.0, -1.0), repeat=groups))), kind, True)
    generator = np.random.Generator(np.random.PCG64(seed))
    points = np.array([-1.0, 1.0])
    if kind == "webb":
        points = np.sqrt([0.5, 1.0, 1.5])
        points = np.concatenate([-points[::-1], points])
    return WildWeights(points[generator.integers(0, len(points), size=(draws, groups))], kind, False)


@dataclass(frozen=True)
class WildTest:
    """A WCR test of one coefficient.

    Attributes:
        term: name of the coefficient.
        null: the value tested.
        estimate: least squares.
        std_error: CR1, of the sample.
        statistic: (estimate - null) / std_error.
        p_value: two-sided, symmetric.
        p_equal_tail: twice the smaller tail.
        conf_low, conf_high: all nulls the symmetric test does not reject at 1 - level lie between them.
        equal_tail_low, equal_tail_high: the same for the equal-tail test.
        groups: clusters.
        draws: bootstrap draws, 2^G if enumerated.
        kind: of the weights.
        enumerated: as in WildWeights.
    """

    term: str
    null: float
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    p_equal_tail: float
    conf_low: float
    conf_high: float
    equal_tail_low: float
    equal_tail_high: float
    groups: int
    draws: int
    kind: str
    enumerated: bool


@dataclass(frozen=True)
class Pieces:
    """What bootstrap t statistics are made of, as functions of the null: at the estimate, and per unit away from it.

    The score of cluster g in a draw v is (matrix v)_g and the estimate less the null numerator' v, with
    numerator(b + d) = numerator - d * numerator_slope and matrix likewise.

    Attributes:
        estimate: b.
        std_error: CR1.
        factor: of CR1.
        numerator, numerator_slope: (G,).
        matrix, matrix_slope: (G, G).
    """

    estimate: float
    std_error: float
    factor: float
    numerator: np.ndarray
    numerator_slope: np.ndarray
    matrix: np.ndarray
    matrix_slope: np.ndarray


def pieces(products: CrossProducts, outcome: str, regressors: Sequence[str], term: str) -> Pieces:
    """The pieces of `term`'s bootstrap statistics.

    With x~, y~ the term and the outcome less their projections on all other columns D, a = x~'X-weights of the
    estimate: numerator_g = x~_g'y~_g / x~'x~, and a cluster's score loses what the refit takes out,
    x~_g'X_g (X'X)^-1 X_h'y~_h / x~'x~.

    Raises:
        StudyFault: the term is spanned by the columns before it.
    """
    others = [name for name in regressors if name != term]
    solved = products.solution(outcome, [*others, term])
    if not solved.kept[-1]:
        raise StudyFault([fault("statistics_all_absorbed", key="wild_bootstrap", found=term)])
    inside = solved.columns
    blocks = products.blocks[:, inside[:, None], inside]
    toward = products.blocks[:, inside, solved.outcome]
    # The last row of the inverse is x~ in terms of the columns, over x~'x~.
    row = solved.inverse[-1] / solved.inverse[-1, -1]
    spread = 1 / solved.inverse[-1, -1]
    estimates = np.einsum("ij,gj->i", solved.inverse, toward)
    reach = np.einsum("gij,j->gi", blocks, row)
    pulled = np.einsum("gi,ij->gj", reach, solved.inverse)
    scores = {"at": toward - np.einsum("gij,j->gi", blocks, estimates), "slope": reach}
    numerator = {key: np.einsum("i,gi->g", row, value) / spread for key, value in scores.items()}
    matrix = {
        key: np.diag(numerator[key]) - np.einsum("gj,hj->gh", pulled, value) / spread for key, value in scores.items()
    }
    error = float(np.sqrt(solved.factor * (numerator["at"] ** 2).sum()))
    return Pieces(
        float(estimates[-1]), error, solved.factor, numerator["at"], numerator["slope"], matrix["at"], matrix["slope"]
    )


class WildCluster:
    """Bootstrap distribution of one coefficient's t statistic under every null, on one set of weights."""

    def __init__(self, parts: Pieces, weights: WildWeights):
        self.parts, self.weights = parts, weights
        values = weights.values
        at = np.einsum("bh,gh->bg", values, parts.matrix)
        slope = np.einsum("bh,gh->bg", values, parts.matrix_slope)
        self._numerator = np.einsum("bg,g->b", values, parts.numerator)
        self._numerator_slope = np.einsum("bg,g->b", values, parts.numerator_slope)
        self._squares = [np.einsum("bg,bg->b", one, two) for one, two in ((at, at), (at, slope), (slope, slope))]

    def statistics(self, nulls: np.ndarray | float) -> np.ndarray:
        """Bootstrap t statistics (len(nulls), B), each null imposed on its own draws."""
        return np.stack([self._under(null) for null in np.atleast_1d(np.asarray(nulls, dtype=float))])

    def _under(self, null: float) -> np.ndarray:
        """Bootstrap t statistics (B,) under one null: few enough numbers to stay in cache."""
        gap = null - self.parts.estimate
        own, cross, far = self._squares
        numerator = self._numerator - gap * self._numerator_slope
        variance = self.parts.factor * np.maximum(own - 2 * gap * cross + gap**2 * far, 0)
        # A draw without spread has an infinite statistic, unless its numerator is nothing too.
        error = np.sqrt(variance)
        blank = error <= 1e-12 * np.abs(numerator)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(blank, np.copysign(np.inf, numerator), numerator / error)
        return np.where((numerator == 0) & (variance == 0), 0.0, ratio)

    def sample_statistics(self, nulls: np.ndarray | float) -> np.ndarray:
        """The sample's own t statistics, (len(nulls),)."""
        return (self.parts.estimate - np.atleast_1d(np.asarray(nulls, dtype=float))) / self.parts.std_error

    def p_values(self, nulls: np.ndarray | float) -> np.ndarray:
        """Symmetric two-sided p-values: share of |t*| >= |t|."""
        nulls = np.atleast_1d(np.asarray(nulls, dtype=float))
        own = np.abs(self.sample_statistics(nulls)) * (1 - TIE)
        beyond = [(np.abs(self._under(null)) >= size).sum() for null, size in zip(nulls, own, strict=True)]
        return self.weights.share(np.array(beyond))

    def p_values_equal_tail(self, nulls: np.ndarray | float) -> np.ndarray:
        """Twice the smaller of the shares of t* <= t and t* >= t, at most 1."""
        nulls = np.atleast_1d(np.asarray(nulls, dtype=float))
        counts = np.empty((2, len(nulls)), dtype=int)
        for position, (null, own) in enumerate(zip(nulls, self.sample_statistics(nulls), strict=True)):
            drawn, slack = self._under(null), TIE * np.abs(own)
            counts[:, position] = (drawn <= own + slack).sum(), (drawn >= own - slack).sum()
        return np.minimum(1, 2 * self.weights.share(counts).min(axis=0))

    def interval(self, level: float = 0.95, *, equal_tail: bool = False) -> tuple[float, float]:
        """The outermost nulls that are not rejected at 1 - level; infinite where none is rejected on a side."""
        p_values = self.p_values_equal_tail if equal_tail else self.p_values
        low, high = (self._limit(p_values, side, 1 - level) for side in (-1.0, 1.0))
        return low, high

    def _limit(self, p_values: Callable[[np.ndarray], np.ndarray], side: float, size: float) -> float:
        """The null farthest on one side with p > size: outwards on a grid, then bisection.

        p is a step function of the null that need not fall evenly, so the last crossing on the grid is taken.
        """
        start, unit = self.parts.estimate, side * self.parts.std_error
        if not unit:
            return start

        def last_accepted(grid: np.ndarray) -> int:
            """Sought from the outside: most of the grid lies beyond the limit."""
            outwards = range(len(grid) - 1, -1, -1)
            return next((at for at in outwards if p_values(start + unit * grid[at])[0] > size), 0)

        reach, grid = 8.0, np.linspace(0, 8, 65)
        while (last := last_accepted(grid)) == len(grid) - 1:
            if reach >= _FARTHEST:
                return side * float("inf")
            grid = np.linspace(reach, 2 * reach, 33)
            reach = 2 * reach
        inner, outer = grid[last], grid[min(last + 1, len(grid) - 1)]
        while outer - inner > 1e-12 * max(1.0, outer):
            middle = (inner + outer) / 2
            if middle in (inner, outer):
                break
            if p_values(np.array([start + unit * middle]))[0] > size:
                inner = middle
            else:
                outer = middle
        return float(start + unit * inner)


def wild_cluster(
    products: CrossProducts,
    outcome: str,
    regressors: Sequence[str],
    term: str,
    *,
    draws: int,
    seed: int,
    kind: str = "rademacher",
    null: float = 0.0,
    level: float = 0.95,
) -> WildTest:
    """WCR test of `term` = `null` in the regression of `outcome` on `regressors`, with both intervals.

    Args:
        products: kernel of the sample; its clusters are those of the bootstrap.
        regressors: all of them, `term` among them.
        draws: bootstrap draws; `draws + 1` times the size of the test should be whole (999, 9999).
        seed: of the weights, unless they are enumerated.
        kind: `rademacher` or `webb`.
        null: value tested.
        level: of the intervals.
    """
    weights = wild_weights(products.groups, draws, seed, kind)
    wild = WildCluster(pieces(products, outcome, regressors, term), weights)
    low, high = wild.interval(level)
    tail_low, tail_high = wild.interval(level, equal_tail=True)
    return WildTest(
        term, null, wild.parts.estimate, wild.parts.std_error, float(wild.sample_statistics(null)[0]),
        float(wild.p_values(null)[0]), float(wild.p_values_equal_tail(null)[0]), low, high, tail_low, tail_high,
        products.groups, weights.draws, kind, weights.enumerated,
    )  # fmt: skip
