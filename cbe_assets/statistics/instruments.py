"""Instrumental variables: shift-share instrument, 2SLS through linearmodels, effective F, Anderson-Rubin set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.design import Design, absorbs_provinces, demean, design
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.result import Term
from cbe_assets.statistics.specification import Specification


@dataclass(frozen=True)
class Instrumented:
    """A 2SLS estimate and how far its instruments carry.

    Attributes:
        term: the instrumented variable.
        second_stage: its 2SLS coefficient, clustered, t(G - 1).
        least_squares: the same coefficient by least squares.
        first_stage: instrument -> its coefficient in the first stage.
        effective_f: Montiel Olea and Pflueger's; the clustered F if there is one instrument.
        critical_value: of effective_f, for a bias of at most 10 % of the worst case at 5 % (23.1 with one instrument).
        anderson_rubin: the intervals that make up the Anderson-Rubin confidence set; limits may be infinite.
        anderson_rubin_p: p of the hypothesis that the coefficient is 0, whatever the strength of the instruments.
        n: rows.
        groups: clusters.
    """

    term: str
    second_stage: Term
    least_squares: Term
    first_stage: dict[str, Term]
    effective_f: float
    critical_value: float
    anderson_rubin: tuple[tuple[float, float], ...]
    anderson_rubin_p: float
    n: int
    groups: int

    @property
    def weak(self) -> bool:
        """Whether the instruments must count as weak: read the Anderson-Rubin set, not the t."""
        return self.effective_f < self.critical_value


def shift_share(
    frame: pd.DataFrame, share: str, shift: str, base_year: int, *, entity: str = "province", time: str = "year"
) -> pd.Series:
    """Share of the base year times the other provinces' mean of `shift` in the year (leave-one-out).

    Bartik (1991); Goldsmith-Pinkham, Sorkin and Swift (2020), AER 110(8): identification rests on the base-year
    shares.

    Args:
        frame: one row per province-year.
        share: exposure, taken from `base_year`.
        shift: what moves over time.
        base_year: a year before or at the start of the sample.

    Returns:
        The instrument, indexed as the frame; missing for a province without the base year.

    Raises:
        StudyFault: nobody has the base year.
    """
    exposure = frame[frame[time] == base_year].set_index(entity)[share]
    if exposure.empty:
        raise StudyFault([fault("statistics_no_base_year", year=base_year, found=share)])
    by_year = frame.groupby(time)[shift]
    others = (by_year.transform("sum") - frame[shift]) / (by_year.transform("count") - 1)
    return (frame[entity].map(exposure) * others).rename(f"{share}_x_{shift}")


def instrumented(
    frame: pd.DataFrame, specification: Specification, term: str, instruments: Sequence[str], *, level: float = 0.95
) -> Instrumented:
    """2SLS of a fixed-effects regression with `term` instrumented.

    Province means are taken out of everything; year dummies and controls are exogenous regressors.  Standard errors
    have the CR1 factor of the least-squares columns.

    Args:
        frame: one row per province-year.
        specification: `fixed_effects`, clustered; `term` is among its regressors.
        instruments: columns outside the specification.
        level: of the Anderson-Rubin set.

    Raises:
        StudyFault: as design.design; an instrument that effects and controls span.
    """
    longer = replace(specification, controls=(*specification.controls, *instruments))
    panel = design(frame, longer)
    lost = [name for name in (term, *instruments) if name not in panel.terms]
    if lost:
        raise StudyFault([fault("statistics_all_absorbed", key=specification.name, found=name) for name in lost])
    parts = _parts(panel, term, list(instruments))
    least_squares = fit(frame.loc[frame[list(instruments)].notna().all(axis=1)], specification).terms[term]
    effective, critical = _effective_f(parts)
    quadratic = _AndersonRubin(parts, level)
    second = _second_stage(parts)
    return Instrumented(
        term, second, least_squares, _first_stage(parts, list(instruments)), effective, critical,
        quadratic.intervals(second), quadratic.p_value(0.0), panel.n, panel.clusters,
    )  # fmt: skip


@dataclass(frozen=True)
class _Parts:
    """Outcome, treatment (n,) and instruments (n, m), effects and controls out; clusters; what is exogenous."""

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    exogenous: np.ndarray
    raw: tuple[np.ndarray, np.ndarray, np.ndarray]
    cluster: np.ndarray
    parameters: int

    @property
    def groups(self) -> int:
        return int(self.cluster.max()) + 1

    def factor(self, parameters: int) -> float:
        """CR1."""
        n = len(self.y)
        return self.groups / (self.groups - 1) * (n - 1) / (n - parameters)

    def summed(self, rows: np.ndarray) -> np.ndarray:
        """Sums of rows (n, m) within clusters."""
        sums = np.zeros((self.groups, rows.shape[1]))
        np.add.at(sums, self.cluster, rows)
        return sums


def _parts(panel: Design, term: str, instruments: list[str]) -> _Parts:
    names = list(panel.terms)
    inner = [j for j, name in enumerate(names) if name not in (term, *instruments)]
    columns = np.column_stack([panel.dummies, panel.x[:, inner]])
    x, z = panel.x[:, [names.index(term)]], panel.x[:, [names.index(name) for name in instruments]]
    y = panel.y[:, None]
    if absorbs_provinces(panel.specification):
        y, x, z, columns = (demean(part, panel.province) for part in (y, x, z, columns))
    else:
        columns = np.column_stack([columns, np.ones(panel.n)])
    size = np.sqrt((columns**2).sum(axis=0))
    basis = np.linalg.qr(columns / size)[0] if columns.shape[1] else columns
    free = [part - basis @ (basis.T @ part) for part in (y, x, z)]
    parameters = columns.shape[1] + 1 + int(absorbs_provinces(panel.specification))
    return _Parts(free[0][:, 0], free[1][:, 0], free[2], columns, (y, x, z), panel.cluster, parameters)


def _second_stage(parts: _Parts) -> Term:
    """linearmodels' IV2SLS on the demeaned data, its clustered covariance with the CR1 factor of this package."""
    from linearmodels.iv import IV2SLS

    y, x, z = parts.raw
    fitted = IV2SLS(y, parts.exogenous if parts.exogenous.shape[1] else None, x, z).fit(
        cov_type="clustered", clusters=parts.cluster, debiased=False
    )
    # Without debiasing linearmodels has no factor for small samples.
    error = float(fitted.std_errors.iloc[-1]) * np.sqrt(parts.factor(parts.parameters))
    return Term.from_t(float(fitted.params.iloc[-1]), float(error), parts.groups - 1)


def _first_stage(parts: _Parts, instruments: list[str]) -> dict[str, Term]:
    q, r = np.linalg.qr(parts.z)
    inverse = np.linalg.inv(r)
    slopes = inverse @ (q.T @ parts.x)
    scores = parts.summed(parts.z * (parts.x - parts.z @ slopes)[:, None])
    bread = inverse @ inverse.T
    factor = parts.factor(parts.parameters - 1 + len(instruments))
    errors = np.sqrt(factor * np.diagonal(bread @ (scores.T @ scores) @ bread))
    return {name: Term.from_t(slopes[j], errors[j], parts.groups - 1) for j, name in enumerate(instruments)}


def _effective_f(parts: _Parts, bias: float = 0.10, size: float = 0.05) -> tuple[float, float]:
    """Effective F and its critical value (Montiel Olea and Pflueger 2013, JBES 31(3), simplified procedure)."""
    from scipy import stats

    q = np.linalg.qr(parts.z)[0]
    toward = q.T @ parts.x
    scores = parts.summed(q * (parts.x - q @ toward)[:, None])
    covariance = parts.factor(parts.parameters - 1 + q.shape[1]) * scores.T @ scores
    trace, top = float(np.trace(covariance)), float(np.linalg.eigvalsh(covariance)[-1])
    x = 1 / bias
    freedom = trace**2 * (1 + 2 * x) / (float(np.trace(covariance @ covariance)) + 2 * x * trace * top)
    critical = float(stats.ncx2.ppf(1 - size, freedom, freedom * x)) / freedom
    return float(toward @ toward) / trace, critical


class _AndersonRubin:
    """The clustered Anderson-Rubin statistic as a function of the coefficient, F(m, G - 1)."""

    def __init__(self, parts: _Parts, level: float):
        from scipy import stats

        self._freedom = (parts.z.shape[1], parts.groups - 1)
        self._limit = float(stats.f.ppf(level, *self._freedom))
        q = np.linalg.qr(parts.z)[0]
        both = np.column_stack([parts.y, parts.x])
        self._toward = q.T @ both
        left = both - q @ self._toward
        scores = [parts.summed(q * left[:, [j]]) for j in (0, 1)]
        factor = parts.factor(parts.parameters - 1 + q.shape[1])
        self._spread = {(i, j): factor * scores[i].T @ scores[j] for i in (0, 1) for j in (0, 1)}

    def statistics(self, directions: np.ndarray) -> np.ndarray:
        """At the coefficients directions[:, 1] / directions[:, 0]; (0, 1) is infinity."""
        one, coefficient = directions[:, 0], directions[:, 1]
        gap = one[:, None] * self._toward[:, 0] - coefficient[:, None] * self._toward[:, 1]
        cross = self._spread[0, 1] + self._spread[1, 0]
        weights = (one**2, -one * coefficient, coefficient**2)
        parts = (self._spread[0, 0], cross, self._spread[1, 1])
        covariance = sum(weight[:, None, None] * part for weight, part in zip(weights, parts, strict=True))
        solved = np.linalg.solve(covariance, gap[:, :, None])[:, :, 0]
        return np.einsum("mi,mi->m", gap, solved) / self._freedom[0]

    def p_value(self, coefficient: float) -> float:
        from scipy import stats

        return float(stats.f.sf(self.statistics(np.array([[1.0, coefficient]]))[0], *self._freedom))

    def intervals(self, around: Term, points: int = 4001) -> tuple[tuple[float, float], ...]:
        """All coefficients that are not rejected, as disjoint intervals in ascending order.

        The line is walked by angle around the estimate, so that infinity is a point like any other; changes between
        neighbouring points are narrowed down by bisection.
        """

        def accepted(angles: np.ndarray) -> np.ndarray:
            cosines = np.where(np.abs(angles) < np.pi / 2, np.cos(angles), 0.0)
            tangent = cosines * around.estimate + np.sin(angles) * around.std_error
            return self.statistics(np.column_stack([cosines, tangent])) <= self._limit

        angles = np.linspace(-np.pi / 2, np.pi / 2, points)
        inside = accepted(angles)
        edges = [-np.inf] if inside[0] else []
        for j in np.flatnonzero(inside[1:] != inside[:-1]):
            low, high = angles[j], angles[j + 1]
            while (middle := (low + high) / 2) not in (low, high):
                same = accepted(np.array([middle]))[0] == inside[j]
                low, high = (middle, high) if same else (low, middle)
            edges.append(around.estimate + around.std_error * float(np.tan(low)))
        edges += [np.inf] if inside[-1] else []
        return tuple((float(low), float(high)) for low, high in zip(edges[::2], edges[1::2], strict=True))
