"""Expectations that Great Expectations does not ship and official statistics need.

Importing this module registers them, after which suites name them like any other.  Each works on the whole frame.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider


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

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: dict | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        frame = metrics["table.rows"]
        broken = self.broken(frame)
        places = frame.loc[broken.to_numpy(), [name for name in ("province", "year") if name in frame]]
        examples = [" ".join(str(value) for value in row) for row in places.head(5).itertuples(index=False)]
        result = {"observed_value": int(broken.sum()), "unexpected_count": int(broken.sum())}
        return {"success": not broken.any(), "result": result | {"partial_unexpected_list": examples}}


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


class ExpectYearlyChangeToBeBetween(_WholeFrame):
    """From one year to the next a province's value changes by a factor between the limits; first years are free."""

    column: str
    min_factor: float
    max_factor: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        ordered = frame.sort_values(["province", "year"])
        before = ordered.groupby("province", sort=False)[self.column].shift()
        ratio = ordered[self.column] / before
        outside = before.gt(0) & ~ratio.between(self.min_factor, self.max_factor)
        return outside.reindex(frame.index)


class ExpectEveryProvinceEveryYear(_WholeFrame):
    """Every province has every year between `first_year` and `last_year` once."""

    first_year: int | dict
    last_year: int | dict

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        years = list(range(self.first_year, self.last_year + 1))
        complete = frame.groupby("province")["year"].agg(lambda seen: sorted(seen) == years)
        return ~frame["province"].map(complete).fillna(False).astype(bool)


class ExpectColumnToSumTo(_WholeFrame):
    """The column sums to a value within an absolute tolerance."""

    column: str
    value: float
    tolerance: float

    def broken(self, frame: pd.DataFrame) -> pd.Series:
        off = not abs(frame[self.column].sum(skipna=False) - self.value) <= self.tolerance
        return pd.Series(off, index=frame.index)


REGISTERED = (
    ExpectColumnsToSumToTotal,
    ExpectColumnProductToEqual,
    ExpectYearlyChangeToBeBetween,
    ExpectEveryProvinceEveryYear,
    ExpectColumnToSumTo,
)
"""Every expectation of this module, for the documentation of suites."""
