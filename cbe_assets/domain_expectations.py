"""Expectations that Great Expectations does not ship and official statistics need.

Importing this module registers them, after which suites name them like any other.  Each works on the whole frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

PLACES = ("province", "year", "indicator", "variable", "term", "statistic", "effect", "series", "table")
"""Columns that say which row is meant, where a table has them."""
Number = int | float | dict
"""A number, or the {"$PARAMETER": name} that stands for it in a suite's file."""


class _Rows(TableMetricProvider):
    """The frame itself, so that an expectation over several columns can look at it."""

    metric_name = "table.rows"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration):
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        return frame


class _WholeFrame(BatchExpectation):
    """Base: subclasses say which rows break the rule."""

    metric_dependencies = ("table.rows",)

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        """Boolean per row: True where the rule is broken."""
        raise TypeError(f"{type(self).__name__} does not say what it expects")

    def observed(self, frame: pd.DataFrame) -> float | None:
        """The number that the rule is about, where it is about one."""
        return None

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: dict | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        frame = metrics["table.rows"]
        try:
            broken = self.broken(frame).to_numpy(dtype=bool)
        except KeyError as error:
            raise ValueError(f"the table lacks a column: {error.args[0]}") from error
        result = {"unexpected_count": int(broken.sum()), "element_count": len(frame)}
        if (observed := self.observed(frame)) is not None:
            result["observed_value"] = observed
        places = frame.loc[broken, [name for name in PLACES if name in frame]]
        examples = [" ".join(str(value) for value in row) for row in places.head(5).itertuples(index=False)]
        return {"success": not broken.any(), "result": result | {"partial_unexpected_list": examples}}


def _within(column: pd.Series, limits: list[Any]) -> pd.Series:
    low, high = limits
    return column.between(-np.inf if low is None else low, np.inf if high is None else high)


def _named(frame: pd.DataFrame, rows: dict[str, list[Any]]) -> pd.Series:
    """The rows whose columns have one of the values listed; all of them where nothing is listed."""
    meant = pd.Series(True, index=frame.index)
    for column, values in rows.items():
        meant &= frame[column].isin(values)
    return meant


class ExpectEveryProvinceEveryYear(_WholeFrame):
    """Every province has every year between `first_year` and `last_year` once, with a value of `column` if named."""

    first_year: int | dict
    last_year: int | dict
    column: str | None = None

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        years = list(range(self.first_year, self.last_year + 1))
        complete = frame.groupby("province")["year"].agg(lambda seen: sorted(seen) == years)
        broken = ~frame["province"].map(complete).fillna(False).astype(bool)
        return broken | frame[self.column].isna() if self.column else broken


class ExpectYearlyChangeToBeBetween(_WholeFrame):
    """From one year to the next a province's value changes by a factor between the limits.

    First years and years after a zero are free.
    """

    column: str
    min_factor: float
    max_factor: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        ordered = frame.sort_values(["province", "year"])
        before = ordered.groupby("province", sort=False)[self.column].shift()
        ratio = ordered[self.column] / before
        outside = before.gt(0) & ~ratio.between(self.min_factor, self.max_factor)
        return outside.reindex(frame.index)


class ExpectColumnsToSumToTotal(_WholeFrame):
    """The parts sum to the total within a relative tolerance, row by row; a missing value breaks the rule."""

    parts: list[str]
    total: str
    tolerance: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        gap = (frame[self.parts].sum(axis=1, skipna=False) - frame[self.total]).abs()
        return ~(gap <= self.tolerance * frame[self.total].abs())


class ExpectColumnProductToEqual(_WholeFrame):
    """`left` times `right` times `factor` is `product` within a relative tolerance, row by row."""

    left: str
    right: str
    product: str
    factor: float = 1.0
    tolerance: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        gap = (frame[self.left] * frame[self.right] * self.factor - frame[self.product]).abs()
        return ~(gap <= self.tolerance * frame[self.product].abs())


class ExpectColumnToSumTo(_WholeFrame):
    """The column sums to a value within an absolute tolerance."""

    column: str
    value: float
    tolerance: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        off = not abs(self.observed(frame) - self.value) <= self.tolerance
        return pd.Series(off, index=frame.index)

    def observed(self, frame: pd.DataFrame) -> float:
        return float(frame[self.column].sum(skipna=False))


class ExpectColumnsToLieBetween(_WholeFrame):
    """Every column named lies within its limits, ends included, in all rows or those that `rows` names.

    Limits are [low, high], either of them null where there is none.  A missing value breaks the rule.
    """

    ranges: dict[str, list[Number | None]]
    rows: dict[str, list[Any]] = {}

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        outside = [~_within(frame[name], limits) for name, limits in self.ranges.items()]
        return pd.concat(outside, axis=1).any(axis=1) & _named(frame, self.rows)


class ExpectNamedRowsToLieBetween(_WholeFrame):
    """`column` lies within limits in the rows that `by` names: the coefficient of ECI, the line of a figure.

    Limits are [low, high], either of them null where there is none.  A missing value breaks the rule.
    """

    column: str
    by: str
    ranges: dict[str, list[Number | None]]

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        broken = pd.Series(False, index=frame.index)
        for name, limits in self.ranges.items():
            broken |= frame[self.by].eq(name) & ~_within(frame[self.column], limits)
        return broken


class ExpectCellsOfKindToMatch(_WholeFrame):
    """Every cell of an exhibit that is of `kind` prints text that `regex` matches whole, in both languages."""

    kind: str
    regex: str

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        matched = frame[["text_zh", "text_en"]].apply(lambda text: text.str.fullmatch(self.regex, na=False)).all(axis=1)
        return frame["kind"].eq(self.kind) & ~matched


class ExpectColumnsToAscend(_WholeFrame):
    """Each column is at least the one before: conf_low, estimate, conf_high; in all rows or those that `rows` names."""

    columns: list[str]
    rows: dict[str, list[Any]] = {}

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        values = frame[self.columns].to_numpy(dtype=float)
        ascending = (values[:, 1:] >= values[:, :-1]).all(axis=1)
        return pd.Series(~ascending, index=frame.index) & _named(frame, self.rows)


class ExpectStarsToFollowPValues(_WholeFrame):
    """`stars` is *** below 1 %, ** below 5 %, * below 10 % of `p_value`, and empty otherwise."""

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        p_value = frame["p_value"]
        stars = np.select([p_value < 0.01, p_value < 0.05, p_value < 0.10], ["***", "**", "*"], default="")
        return frame["stars"].ne(pd.Series(stars, index=frame.index))


class ExpectEditionToCoverYear(_WholeFrame):
    """The edition in column `edition` is of `year` (a column or a year) or later: a figure is out after its year."""

    edition: str
    year: int | str | dict

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        published = pd.to_numeric(frame[self.edition].str.extract(r"^([0-9]{4})", expand=False))
        return ~(published >= (frame[self.year] if isinstance(self.year, str) else self.year))


REGISTERED = (
    ExpectEveryProvinceEveryYear,
    ExpectYearlyChangeToBeBetween,
    ExpectColumnsToSumToTotal,
    ExpectColumnProductToEqual,
    ExpectColumnToSumTo,
    ExpectColumnsToLieBetween,
    ExpectNamedRowsToLieBetween,
    ExpectCellsOfKindToMatch,
    ExpectColumnsToAscend,
    ExpectStarsToFollowPValues,
    ExpectEditionToCoverYear,
)
"""Every expectation of this module, for the documentation of suites."""
