"""What an estimation or a test returns: terms, fit, tests and sample, as an object, as JSON and as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Verdict = Mapping[str, float | str | bool | None]

COLUMNS = (
    "specification", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "stars",
    "n", "groups", "df", "r2", "r2_within",
)  # fmt: skip
"""Columns of `Result.frame()`, in order."""

STATISTIC_COLUMNS = ("statistic", "value", "df1", "df2", "p_value", "verdict")
"""Columns of `TestResult.statistics`, in order."""


def stars(p_value: float) -> str:
    """`***` below 1 %, `**` below 5 %, `*` below 10 %, nothing otherwise or if p is not a number."""
    return "***" if p_value < 0.01 else "**" if p_value < 0.05 else "*" if p_value < 0.10 else ""


def plain(value: Any) -> Any:
    """`value` as JSON has it: numpy scalars become Python's, a non-finite number becomes None, tuples lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class Term:
    """One coefficient: estimate, standard error, t (or z), two-sided p, 95 % interval."""

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float

    @classmethod
    def from_t(cls, estimate: float, std_error: float, df: float) -> Term:
        """From estimate and standard error under t(df); `df` = inf gives the normal distribution (z)."""
        from scipy import stats

        statistic = estimate / std_error if std_error > 0 else float("nan")
        half = stats.t.ppf(0.975, df) * std_error
        p_value = 2 * stats.t.sf(abs(statistic), df)
        return cls(*map(float, (estimate, std_error, statistic, p_value, estimate - half, estimate + half)))

    @property
    def stars(self) -> str:
        return stars(self.p_value)


@dataclass(frozen=True)
class Result:
    """One estimated specification.

    Attributes:
        specification: its name.
        estimator: name in `panel.ESTIMATORS`.
        outcome: dependent variable.
        n: observations used.
        groups: provinces used.
        df: degrees of freedom of the t distribution behind p-values and intervals; None if it is the normal
            distribution or differs between terms.
        r2: the figure the paper prints as R2: within R2 (year dummies included) of a fixed-effects model, else R2.
        r2_within: within R2, None without province effects.
        covariance: `conventional`, `HC1` or `clustered by province`.
        terms: term -> Term, regressors first, then controls, then `_cons`; a province's slope is `ECI[北京]`.
        tests: further numbers by group, such as `fit`, `year_effects`, `std_error_conventional`.
        sample: which rows were used, and what was dropped and why.
    """

    specification: str
    estimator: str
    outcome: str
    n: int
    groups: int
    df: float | None
    r2: float | None
    r2_within: float | None
    covariance: str
    terms: Mapping[str, Term]
    tests: Mapping[str, Verdict] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)

    def to_json_dict(self, versions: Mapping[str, str]) -> dict[str, Any]:
        """For data/exports/results/<specification>.json; numbers that are not finite become None.

        Args:
            versions: library -> version.
        """
        head = {name: getattr(self, name) for name in _HEAD}
        terms = {name: {key: getattr(term, key) for key in _TERM} for name, term in self.terms.items()}
        return plain({**head, "terms": terms, "tests": self.tests, "sample": self.sample, "versions": dict(versions)})

    @classmethod
    def from_json_dict(cls, record: Mapping[str, Any]) -> Result:
        """The Result `to_json_dict` wrote; a null within a term comes back as NaN."""
        nan = float("nan")
        terms = {
            name: Term(*(nan if values[key] is None else values[key] for key in _TERM))
            for name, values in record["terms"].items()
        }
        head = {name: record[name] for name in _HEAD}
        return cls(**head, terms=terms, tests=record["tests"], sample=record["sample"])

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Result:
        """The Result behind a stored table; what the table does not hold (estimator, outcome, tests) is empty."""
        numbers = frame[list(_TERM)].astype(float).itertuples(index=False)
        terms = {name: Term(*row) for name, row in zip(frame["term"], numbers, strict=True)}
        fit = {name: float(frame[name].iloc[0]) for name in ("df", "r2", "r2_within")}
        known = {name: None if math.isnan(value) else value for name, value in fit.items()}
        n, groups = int(frame["n"].iloc[0]), int(frame["groups"].iloc[0])
        head = {"specification": str(frame["specification"].iloc[0]), "estimator": "", "outcome": "", "covariance": ""}
        return cls(**head, n=n, groups=groups, **known, terms=terms)

    def frame(self) -> pd.DataFrame:
        """One row per term with `COLUMNS`: the table that is stored and validated."""
        tail = {name: getattr(self, name) for name in ("n", "groups", "df", "r2", "r2_within")}
        rows = [
            {"specification": self.specification, "term": name, **{key: getattr(term, key) for key in _TERM},
             "stars": term.stars, **tail}
            for name, term in self.terms.items()
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(("df", "r2", "r2_within"), float))


_HEAD = ("specification", "estimator", "outcome", "n", "groups", "df", "r2", "r2_within", "covariance")
_TERM = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True)
class TestResult:
    """One specification test, in the same JSON shape as a Result with no terms.

    Attributes:
        name: of the test, as its asset.
        outcome: dependent variable of the tested model, or an empty string.
        n: observations used.
        groups: provinces used.
        statistics: one row per statistic with `STATISTIC_COLUMNS`; `verdict` is `rejected` or `not rejected` (the
            null, at 5 %), or says why there is none.
        sample: as in Result.
        tests: further numbers by group.
    """

    __test__ = False  # pytest would take the name for a test class.

    name: str
    outcome: str
    n: int
    groups: int
    statistics: pd.DataFrame
    sample: Mapping[str, Any] = field(default_factory=dict)
    tests: Mapping[str, Verdict] = field(default_factory=dict)

    def to_json_dict(self, versions: Mapping[str, str]) -> dict[str, Any]:
        """As Result.to_json_dict: terms empty, every statistic an entry of tests."""
        rows = {row.pop("statistic"): row for row in self.statistics.to_dict("records")}
        head = {"specification": self.name, "estimator": "test", "outcome": self.outcome, "n": self.n}
        rest = {"groups": self.groups, "df": None, "r2": None, "r2_within": None, "covariance": "", "terms": {}}
        tests = {**rows, **self.tests}
        return plain({**head, **rest, "tests": tests, "sample": self.sample, "versions": dict(versions)})

    def value(self, statistic: str) -> float:
        """The value of one statistic."""
        return float(self.statistics.set_index("statistic").at[statistic, "value"])


def statistics_frame(rows: list[tuple[str, float, float, float, float, str]]) -> pd.DataFrame:
    """Rows of (statistic, value, df1, df2, p_value, verdict) as `TestResult.statistics`."""
    return pd.DataFrame(rows, columns=list(STATISTIC_COLUMNS)).astype(
        dict.fromkeys(("value", "df1", "df2", "p_value"), float)
    )


def verdict(p_value: float) -> str:
    """`rejected` or `not rejected`, of the null hypothesis at 5 %."""
    return "rejected" if p_value < 0.05 else "not rejected"
