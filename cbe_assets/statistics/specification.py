"""What a regression is, as data, and which rows of a panel it uses.  No estimation here."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cbe_assets.faults import Fault, StudyFault, fault

ESTIMATORS = ("pooled_ols", "fixed_effects", "province_slopes_ols", "province_slopes_lsdv", "swamy")
COVARIANCES = ("conventional", "hc1", "clustered")
OPERATORS: dict[str, Callable[[pd.Series, Any], pd.Series]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda column, values: column.isin(values), "not in": lambda column, values: ~column.isin(values),
}  # fmt: skip
"""Operators of a `where` condition."""


@dataclass(frozen=True)
class Specification:
    """One regression.

    Attributes:
        name: as its asset, such as `table4_3`.
        outcome: dependent variable.
        regressors: variables of interest.
        controls: further variables.
        estimator: one of `ESTIMATORS`.
        entity: column of provinces.
        time: column of years.
        province_effects: a constant per province (`fixed_effects` only).
        year_effects: a dummy per year but the first.
        covariance: one of `COVARIANCES`; province slopes and Swamy know `conventional` only.
        cluster_by: column of clusters, for `clustered`.
        sample: None for all rows, or any of
            `{"split": {"variable": "FinDev", "at": "median" or a number, "side": "high" or "low"}}` and
            `{"where": {"year": {">=": 2015}, "province": {"not in": ["北京"]}}}`, all of which must hold.
    """

    name: str
    outcome: str
    regressors: tuple[str, ...]
    controls: tuple[str, ...] = ()
    estimator: str = "fixed_effects"
    entity: str = "province"
    time: str = "year"
    province_effects: bool = True
    year_effects: bool = True
    covariance: str = "clustered"
    cluster_by: str = "province"
    sample: Mapping[str, Any] | None = None

    @property
    def explanatory(self) -> tuple[str, ...]:
        """Regressors, then controls."""
        return (*self.regressors, *self.controls)

    def faults(self) -> list[Fault]:
        """What is wrong with the specification itself, whatever the data."""
        found = [
            *_not_one_of(self, "estimator", self.estimator, ESTIMATORS),
            *_not_one_of(self, "covariance", self.covariance, COVARIANCES),
        ]
        if self.estimator == "pooled_ols" and (self.province_effects or self.year_effects):
            found.append(_mismatch(self, "pooled_ols", "province_effects: false, year_effects: false"))
        if self.estimator in ("province_slopes_ols", "province_slopes_lsdv", "swamy"):
            if self.covariance != "conventional":
                found.append(_mismatch(self, self.estimator, "covariance: conventional"))
            if self.year_effects and self.estimator != "province_slopes_lsdv":
                found.append(_mismatch(self, self.estimator, "year_effects: false"))
        if not self.regressors:
            found.append(_mismatch(self, self.estimator, "regressors: [...]"))
        names = (self.outcome, *self.explanatory)
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            found.append(fault("statistics_repeated_variable", key=self.name, found=", ".join(repeated)))
        return [*found, *_sample_faults(self)]


def _not_one_of(specification: Specification, key: str, found: object, known: tuple[str, ...]) -> list[Fault]:
    if found in known:
        return []
    facts = {"setting": key, "found": found, "expected": ", ".join(known)}
    return [fault("statistics_unknown_setting", key=specification.name, **facts)]


def _mismatch(specification: Specification, estimator: str, needs: str) -> Fault:
    return fault("statistics_setting_mismatch", key=specification.name, found=estimator, expected=needs)


def _sample_faults(specification: Specification) -> list[Fault]:
    """Unknown keys and operators of `sample`."""
    sample = specification.sample or {}
    found = [item for key in sample for item in _not_one_of(specification, "sample", key, ("split", "where"))]
    if split := sample.get("split"):
        for key in split:
            found += _not_one_of(specification, "sample.split", key, ("variable", "at", "side"))
        found += _not_one_of(specification, "sample.split.side", split.get("side"), ("high", "low"))
        at = split.get("at")
        if isinstance(at, bool) or not isinstance(at, (int, float)):
            found += _not_one_of(specification, "sample.split.at", at, ("median",))
    for conditions in (sample.get("where") or {}).values():
        for symbol in conditions:
            found += _not_one_of(specification, "sample.where", symbol, tuple(OPERATORS))
    return found


def variables(specification: Specification) -> tuple[str, ...]:
    """Every column the specification reads, each once: entity, time, cluster, outcome, explanatory, sample."""
    sample = specification.sample or {}
    split = [sample["split"].get("variable")] if sample.get("split") else []
    cluster = [specification.cluster_by] if specification.covariance == "clustered" else []
    names = [specification.entity, specification.time, *cluster, specification.outcome, *specification.explanatory]
    return tuple(dict.fromkeys([*names, *split, *(sample.get("where") or {})]))


def check(frame: pd.DataFrame, specification: Specification) -> None:
    """Raise all that keeps `specification` from being estimated on `frame`.

    Raises:
        StudyFault: unknown settings, columns the frame lacks, columns that are not numbers, a province-year that
            stands twice.
    """
    found = specification.faults()
    missing = [name for name in variables(specification) if name not in frame.columns]
    for name in missing:
        facts = {"found": name, "expected": ", ".join(map(str, frame.columns))}
        found.append(fault("statistics_unknown_variable", key=specification.name, **facts))
    for name in dict.fromkeys((specification.outcome, *specification.explanatory)):
        if name not in missing and not pd.api.types.is_numeric_dtype(frame[name]):
            found.append(fault("statistics_not_numeric", key=specification.name, found=name))
    if not {specification.entity, specification.time} & set(missing):
        keys = frame[[specification.entity, specification.time]]
        for province, year in keys[keys.duplicated()].drop_duplicates().itertuples(index=False):
            found.append(fault("statistics_repeated_row", province=province, year=year))
    if found:
        raise StudyFault(found)


def select(frame: pd.DataFrame, specification: Specification) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows `specification` is estimated on: its sample, complete in all its variables.

    The split is at the median over the observations of `frame` (a province may stand on both sides): `high` is
    above it, `low` at or below it, as Stata's `gen high = x > r(p50)`.

    Args:
        frame: one row per province-year.
        specification: checked against `frame` here.

    Returns:
        The rows in panel order (provinces as they first appear, then years), and what was left out and why:
        `rows`, `excluded`, `missing`, and the split with its threshold and counts.

    Raises:
        StudyFault: as `check`, or no row is left.
    """
    check(frame, specification)
    sample = specification.sample or {}
    keep = pd.Series(True, index=frame.index)
    record: dict[str, Any] = {"rows": len(frame)}
    if split := sample.get("split"):
        side, record["split"] = _split(frame[split["variable"]].astype(float), split)
        keep &= side
    for name, conditions in (sample.get("where") or {}).items():
        for symbol, value in conditions.items():
            keep &= OPERATORS[symbol](frame[name], value)
    if sample.get("where"):
        record["where"] = {name: dict(conditions) for name, conditions in sample["where"].items()}
    complete = np.isfinite(frame[[specification.outcome, *specification.explanatory]].astype(float)).all(axis=1)
    record["excluded"] = int((~keep).sum())
    record["missing"] = int((keep & ~complete).sum())
    chosen = frame[keep & complete]
    if chosen.empty:
        raise StudyFault([fault("statistics_no_rows", key=specification.name, found=len(frame))])
    order = np.lexsort((chosen[specification.time], pd.factorize(chosen[specification.entity])[0]))
    return chosen.iloc[order], record


def _split(values: pd.Series, split: Mapping[str, Any]) -> tuple[pd.Series, dict[str, Any]]:
    """Rows on the chosen side, and the rule with its counts."""
    threshold = float(values.median()) if split["at"] == "median" else float(split["at"])
    high, low = values > threshold, values <= threshold
    record = {
        "variable": split["variable"], "at": split["at"], "side": split["side"], "threshold": threshold,
        "rule": "high: above the threshold; low: at or below it", "high": int(high.sum()), "low": int(low.sum()),
        "without_value": int(values.isna().sum()), "at_threshold": int((values == threshold).sum()),
    }  # fmt: skip
    return (high if split["side"] == "high" else low), record
