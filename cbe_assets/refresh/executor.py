"""How runs started in Dagster execute: all steps in one process, and the reader's database built after them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.executor_definition import IN_PROC_CONFIG
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from cbe_assets.refresh.lock import writing
from cbe_assets.refresh.plan import Planner


class PublishingExecutor(InProcessExecutor):
    """The in-process executor; when the steps have ended, whatever became of them, cbe.duckdb holds what is stored."""

    def __init__(self, planner: Planner, retries: RetryMode):
        super().__init__(retries=retries)
        self._planner = planner

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        yield from super().execute(plan_context, execution_plan)
        warehouse = self._planner.warehouse
        with writing(self._planner.graph.study.warehouse):
            records = {key: record for key in self._planner.graph.nodes if (record := warehouse.record(key))}
            if warehouse.database_state(records) != "current":
                warehouse.publish_database(records)


def one_process(planner: Planner) -> dg.ExecutorDefinition:
    """The executor of every job of the study: a process per step would cost more than the steps."""

    @dg.executor(name="in_process", config_schema=IN_PROC_CONFIG)
    def in_process(context) -> PublishingExecutor:
        return PublishingExecutor(planner, RetryMode.from_config(context.executor_config["retries"]))

    return in_process
