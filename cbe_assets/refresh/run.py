"""A refresh in one process: plan, and in one Dagster run make what is stale, going down the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.code import remembered
from cbe_assets.assets.graph import CODE_READ, Graph
from cbe_assets.faults import Fault
from cbe_assets.refresh.home import history_lost
from cbe_assets.refresh.lock import left_open, writing
from cbe_assets.refresh.plan import Plan, Planner
from cbe_assets.warehouse import sweep, write_atomically

if TYPE_CHECKING:
    from dagster import OpExecutionContext

    from cbe_assets.assets.node import Node
    from cbe_assets.gate import Made
    from cbe_assets.warehouse import Record

Say = Callable[[str, str, dict[str, Any]], None]
"""Told what happens: event ("waiting", "start", "made", "confirmed", "failed"), asset key, facts."""


@dataclass
class Outcome:
    """What a refresh did.

    Attributes:
        made: assets made, in order -> whether their content changed.
        confirmed: assets that were not made, for an input changed only in columns that they do not read.
        failed: assets that failed -> why.
        warnings: asset -> expectations of severity warning that failed.
        plan: the state after it.
        runs: id of the Dagster run, if anything ran.
        database: what cbe.duckdb was when it was built anew: absent, outdated or damaged; None where it was not.
        restored: assets whose record Dagster had lost, or never got, and was told from the warehouse.
    """

    made: dict[str, bool] = field(default_factory=dict)
    confirmed: list[str] = field(default_factory=list)
    failed: dict[str, list[Fault]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    plan: Plan | None = None
    runs: list[str] = field(default_factory=list)
    database: str | None = None
    restored: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[Fault]:
        """Everything that went wrong: failed assets, then what keeps others blocked."""
        return [item for faults in self.failed.values() for item in faults] + (self.plan.faults if self.plan else [])

    @property
    def code(self) -> int:
        return max((item.code for item in self.faults), default=0)


def refresh(
    graph: Graph,
    *,
    select: set[str] | None = None,
    full: bool = False,
    wait: float | None = None,
    say: Say | None = None,
    context: OpExecutionContext | None = None,
) -> Outcome:
    """Makes what is stale.

    Args:
        graph: the study.
        select: keys that may be made; None for all.
        full: make everything anew.
        wait: seconds to wait for another refresh; None waits as long as it takes.
        say: told of progress.
        context: of the Dagster op that calls, whose run then tells of every asset; None starts a run.

    Raises:
        StudyFault: another refresh still holds the lock after `wait` seconds, or nothing can be written.
    """
    told = say or (lambda *_: None)
    planner = Planner(graph)
    plan = planner.plan(full=full)
    warehouse = graph.study.warehouse
    idle = plan.database == "current" and not left_open(warehouse) and not _unrecorded(planner, context)
    if idle and not _wanted(plan, select):
        return Outcome(plan=plan)
    with writing(warehouse, wait, lambda holder: told("waiting", "", {"holder": holder})) as turn:
        for folder in (warehouse, graph.study.exports):
            sweep(folder)
        interrupted, turn.interrupted = turn.interrupted, True  # until this one has ended well
        outcome = _refresh(planner, Listener(told), select, full, context, interrupted)
        _publish(planner, outcome)
        turn.interrupted = False
    return outcome


def _unrecorded(planner: Planner, context: OpExecutionContext | None) -> bool:
    """Whether something is stored but Dagster's records are gone; only the study root's own home can be so."""
    return context is None and history_lost(planner.graph.study.root) and bool(planner.warehouse.stored())


def _refresh(
    planner: Planner,
    listener: Listener,
    select: set[str] | None,
    full: bool,
    context: OpExecutionContext | None,
    interrupted: bool,
) -> Outcome:
    """Makes what is stale; planned anew, for another refresh may have ended meanwhile."""
    outcome = listener.outcome
    outcome.plan = planner.plan(full=full)
    wanted = _wanted(outcome.plan, select)
    if not wanted and not interrupted and not _unrecorded(planner, context):
        return outcome
    from cbe_assets.refresh.dagster_runs import Runs

    with Runs(planner, context) as runs:
        outcome.restored = runs.restore(interrupted)
        if wanted:
            write_atomically(planner.warehouse.folder / CODE_READ, remembered())
            outcome.runs.append(runs.execute(lambda op: _work(planner, listener, op, select, full)))
            outcome.plan = planner.plan(failed=outcome.failed)
    return outcome


def _work(
    planner: Planner, listener: Listener, context: OpExecutionContext, select: set[str] | None, full: bool
) -> list[Fault]:
    from cbe_assets.refresh.journal import RunJournal
    from cbe_assets.refresh.making import make_stale

    make_stale(planner, RunJournal(planner, context, listener), select, full)
    return [item for faults in listener.outcome.failed.values() for item in faults]


def _publish(planner: Planner, outcome: Outcome) -> None:
    """Builds the reader's database where it does not hold what is stored."""
    if outcome.plan.database != "current":
        outcome.database = outcome.plan.database
        planner.warehouse.publish_database(planner.graph.nodes)
        outcome.plan.database = "current"


def _wanted(plan: Plan, select: set[str] | None) -> list[str]:
    return [key for key in plan.stale if select is None or key in select]


class Listener:
    """Fills the outcome of a refresh and tells of progress."""

    def __init__(self, say: Say):
        self.outcome = Outcome()
        self._say = say

    def started(self, node: Node) -> None:
        self._say("start", node.key, {})

    def made(self, node: Node, made: Made, changed: bool) -> None:
        warnings = made.record.warnings
        self.outcome.made[node.key] = changed
        if warnings:
            self.outcome.warnings[node.key] = warnings
        self._say("made", node.key, {"rows": made.record.rows, "changed": changed, "warnings": warnings})

    def confirmed(self, node: Node, record: Record) -> None:
        self.outcome.confirmed.append(node.key)
        self._say("confirmed", node.key, {})

    def failed(self, node: Node, faults: list[Fault], rejected: Made | None) -> None:
        self.outcome.failed[node.key] = faults
        self._say("failed", node.key, {"faults": faults})


def keys_of(selection: str, graph: Graph) -> set[str]:
    """The keys that Dagster's selection syntax names, e.g. `raw/gdp+` or `group:model`.

    Raises:
        StudyFault: not a selection, or one that names nothing.
    """
    from cbe_assets.refresh.dagster_runs import select

    return select(selection, graph)
