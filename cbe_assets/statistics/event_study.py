"""Staggered adoption: Sun and Abraham's interaction-weighted event study, its pre-trend test and overall effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.result import Term
from cbe_assets.statistics.specification import Specification, select

COLUMNS = (
    "relative_year", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "provinces", "dose",
)  # fmt: skip
NAN = float("nan")
LEAST_CONTROLS = 5
"""Provinces that must stand for no adoption: with one, clustered standard errors are far too small."""
LEAST_COHORT = 3
"""Provinces of a cohort that is estimated: one alone is fitted without error and seems certain."""


@dataclass(frozen=True)
class EventStudy:
    """Effects by years since adoption.

    Attributes:
        table: `COLUMNS`; relative year -1 is the reference (0, no standard error).  `provinces` is how many carry the
            estimate, `dose` their mean dose in that year.
        effect: of all treated province-years together (relative year 0 on).
        pre_trend: F test that all effects before adoption are 0: value, df1, df2, p_value.
        cohorts: year of adoption -> number of provinces that adopted then and are compared.
        control: which provinces and years stand for no adoption: `never treated`, or `treated last (<year>)`: those
            that adopt in that year or later, in the years before it.
        dropped: provinces treated from the first year on, which have no years before, and those of small cohorts.
        n: rows used.
    """

    table: pd.DataFrame
    effect: Term
    pre_trend: dict[str, float]
    cohorts: dict[int, int]
    control: str
    dropped: tuple[str, ...]
    n: int


def adoption_years(frame: pd.DataFrame, dose: str, entity: str = "province", time: str = "year") -> pd.Series:
    """First year in which `dose` is above zero, for every row; missing for provinces that never have any."""
    first = frame.loc[frame[dose] > 0].groupby(entity)[time].min()
    return frame[entity].map(first).astype(float).rename("adoption")


def sun_abraham(
    frame: pd.DataFrame, specification: Specification, adoption: str, *, dose: str | None = None
) -> EventStudy:
    """Interaction-weighted estimator of Sun and Abraham (2021), Journal of Econometrics 225(2).

    The outcome is regressed on province effects, year dummies, controls and a dummy for every cohort and relative
    year but -1; effects of a relative year are averaged over cohorts by their shares of its observations, which are
    taken as given.  Controls of comparison are provinces that never adopt or, if those are fewer than
    `LEAST_CONTROLS`, those that adopt last, as many cohorts of them as it takes, and then only in years before the
    first of these does.  (With one province for a control the test of no effect rejects 44 % of true nulls at 5 %,
    and that of the years before 86 %.)  Standard errors are clustered, t(G - 1).  The test of the years before takes
    the jackknife's covariance (CV3) and Hotelling's F(q, G - q), which keep its size where many years are tested.

    Args:
        frame: one row per province-year.
        specification: outcome, controls, entity, time and clusters; its regressors of interest are not used.
        adoption: column of the year of adoption, missing for provinces that never do.
        dose: column whose mean over the treated is stated beside each effect.

    Raises:
        StudyFault: as specification.select; nobody adopts after the first year, or all in the same year.
    """
    extra = [adoption] + ([dose] if dose else [])
    plain = Specification(
        specification.name, specification.outcome, specification.controls[:1] or (specification.outcome,),
        specification.controls[1:], entity=specification.entity, time=specification.time,
    )  # fmt: skip
    rows = _complete(frame, specification, plain)
    rows = rows.assign(**{name: frame.loc[rows.index, name] for name in extra})
    rows, control, dropped = _comparison(rows, specification, adoption)
    relative = rows[specification.time] - rows[adoption]
    cells = _cells(rows, adoption, relative)
    dummies = {name: ((rows[adoption] == cohort) & (relative == step)).astype(float) for name, cohort, step in cells}
    cluster = specification.cluster_by if specification.covariance == "clustered" else specification.entity
    keys = dict.fromkeys([specification.entity, specification.time, cluster])
    design = pd.concat(
        [rows[[*keys, *specification.controls, specification.outcome]], pd.DataFrame(dummies, index=rows.index)], axis=1
    )
    names = [*specification.controls, *dummies]
    products = CrossProducts.from_frame(
        design, [*names, specification.outcome], entity=specification.entity, time=specification.time,
        cluster_by=cluster,
    )  # fmt: skip
    return _aggregate(products, specification, names, cells, rows, adoption, dose, control, dropped)


def _complete(frame: pd.DataFrame, specification: Specification, plain: Specification) -> pd.DataFrame:
    if specification.controls:
        return select(frame, plain)[0]
    return frame[np.isfinite(frame[specification.outcome].astype(float))]


def _comparison(rows: pd.DataFrame, specification: Specification, adoption: str):
    """Rows that can be compared, what stands for no adoption, and who was dropped."""
    first, last = int(rows[specification.time].min()), int(rows[specification.time].max())
    # Whoever adopts after the last year in the data is a control throughout.
    adopted = rows[adoption].where(rows[adoption] <= last)
    start = _control_from(adopted.groupby(rows[specification.entity]).first(), first)
    sizes = rows.groupby(adopted)[specification.entity].nunique()
    lost = (adopted < start) & ((adopted <= first) | (adopted.map(sizes) < LEAST_COHORT))
    dropped = tuple(dict.fromkeys(map(str, rows.loc[lost, specification.entity])))
    rows = rows.assign(**{adoption: adopted.where(adopted < start)})[~lost & (rows[specification.time] < start)]
    if not rows[adoption].notna().any() or not rows[adoption].isna().any():
        raise StudyFault([fault("statistics_no_comparison", key=specification.name, found=adoption)])
    return rows, f"treated last ({int(start)})" if np.isfinite(start) else "never treated", dropped


def _control_from(adopted: pd.Series, first: int) -> float:
    """The latest year in or after which, or never, enough provinces adopt to be the control; infinite for never.

    Args:
        adopted: year of every province, missing for those that never do.
        first: year of the data.
    """
    years = sorted(adopted.dropna().unique())
    # Somebody has to adopt before the control does.
    usable = [year for year in years if min([other for other in years if other > first], default=year) < year]
    candidates = [*([float("inf")] if adopted.isna().any() else []), *reversed(usable)]
    enough = [year for year in candidates if (adopted.isna() | (adopted >= year)).sum() >= LEAST_CONTROLS]
    return (enough or candidates[-1:] or [float("inf")])[0]


def _cells(rows: pd.DataFrame, adoption: str, relative: pd.Series) -> list[tuple[str, int, int]]:
    """(name, cohort, relative year) of every dummy: all that occur but the year before adoption."""
    pairs = sorted(set(zip(rows[adoption].dropna().astype(int), relative.dropna().astype(int), strict=True)))
    return [(f"cohort[{cohort}]relative[{step}]", cohort, step) for cohort, step in pairs if step != -1]


def _aggregate(products, specification, names, cells, rows, adoption, dose, control, dropped) -> EventStudy:
    outcome = specification.outcome
    estimates = products.fit(outcome, names).coefficients[0]
    covariance, jackknife = (
        products.clustered_covariance(outcome, names), products.jackknife_covariance(outcome, names)
    )  # fmt: skip
    positions = np.array([names.index(name) for name, _, _ in cells])
    found = np.isfinite(estimates[positions])
    delta = np.nan_to_num(estimates[positions])
    spread = covariance[np.ix_(positions, positions)]
    relative = rows[specification.time] - rows[adoption]
    counts = np.array([((rows[adoption] == cohort) & (relative == step)).sum() for _, cohort, step in cells]) * found
    steps = np.array([step for _, _, step in cells])
    df = products.groups - 1
    weights, lines = [], []
    for step in sorted({*map(int, steps), -1}):
        share = np.where(steps == step, counts, 0).astype(float)
        carried = relative == step
        facts = (int(rows.loc[carried, specification.entity].nunique()),
                 float(rows.loc[carried, dose].mean()) if dose else NAN)  # fmt: skip
        if step == -1 or not share.sum():
            lines.append((step, 0.0 if step == -1 else NAN, NAN, NAN, NAN, NAN, NAN, *facts))
            continue
        share = share / share.sum()
        weights.append((step, share))
        term = Term.from_t(float(share @ delta), float(np.sqrt(share @ spread @ share)), df)
        lines.append((step, term.estimate, term.std_error, term.statistic, term.p_value, term.conf_low,
                      term.conf_high, *facts))  # fmt: skip
    after = np.where(steps >= 0, counts, 0) / np.where(steps >= 0, counts, 0).sum()
    effect = Term.from_t(float(after @ delta), float(np.sqrt(after @ spread @ after)), df)
    before = np.array([share for step, share in weights if step < -1])
    cohorts = rows.dropna(subset=[adoption]).groupby(adoption)[specification.entity].nunique()
    return EventStudy(
        pd.DataFrame(lines, columns=list(COLUMNS)), effect,
        _hotelling(before, delta, jackknife[np.ix_(positions, positions)], products.groups),
        {int(year): int(size) for year, size in cohorts.items()}, control, dropped, len(rows),
    )  # fmt: skip


def _hotelling(contrasts: np.ndarray, delta: np.ndarray, spread: np.ndarray, groups: int) -> dict[str, float]:
    """F(q, G - q) that all contrasts are 0, W (G - q) / ((G - 1) q).

    Missing if there is none, or if an effect rests on one cluster, so that it has no jackknife.
    """
    from scipy import stats

    if not len(contrasts) or not np.isfinite(covariance := contrasts @ spread @ contrasts.T).all():
        return {"value": NAN, "df1": float(len(contrasts)), "df2": NAN, "p_value": NAN}
    gap = contrasts @ delta
    values, vectors = np.linalg.eigh(covariance)
    large = values > 1e-10 * values[-1]
    turned = vectors[:, large].T @ gap
    rank = int(large.sum())
    wald, df = float((turned**2 / values[large]).sum()), groups - rank
    value = wald * df / ((groups - 1) * rank)
    return {"value": value, "df1": float(rank), "df2": float(df), "p_value": float(stats.f.sf(value, rank, df))}
