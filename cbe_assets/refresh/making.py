"""One walk down the graph: each asset that is stale by the time it is reached is made, gated and stored.

Nothing here knows Dagster: a journal is told what happens.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from cbe_assets.assets.node import Node
from cbe_assets.faults import Fault, StudyFault
from cbe_assets.gate import Made, Rejected, accept, make
from cbe_assets.refresh.plan import Planner, Records
from cbe_assets.refresh.reasons import ELSEWHERE, Reason
from cbe_assets.warehouse import Record

STORAGE_FAULTS = {"disk_full", "not_writable"}


class Journal(Protocol):
    """Hears what becomes of each asset."""

    def started(self, node: Node) -> None:
        """The asset is being made."""

    def read(self, source: str, version: str) -> None:
        """The files of `source/<table>` were read, with this content."""

    def made(self, node: Node, made: Made, changed: bool) -> None:
        """It was accepted and stored; `changed` says whether its content is new."""

    def confirmed(self, node: Node, record: Record) -> None:
        """It was not made, for none of the columns it reads has changed; the record says so now."""

    def failed(self, node: Node, faults: list[Fault], rejected: Made | None) -> None:
        """It was not; `rejected` is the candidate that failed its suite."""


def make_one(planner: Planner, node: Node, records: Records, journal: Journal) -> Made:
    """Makes an asset of what is stored, validates it and stores it.

    Raises:
        StudyFault: it cannot be made, or its candidate was rejected; the journal was told.
    """
    journal.started(node)
    before = records[node.key]
    try:
        origin = planner.origin(node, records)
        for dep in node.deps:
            if dep.startswith("source/"):
                journal.read(dep, origin.inputs[dep])
        output, record = make(node, planner.warehouse, origin)
        suite, study = planner.suites[node.key], planner.graph.study
        made = accept(node, output, record, suite, planner.suite_values, planner.warehouse, study.exports)
    except Rejected as rejection:
        journal.failed(node, rejection.faults, rejection.made)
        raise
    except StudyFault as error:
        if not STORAGE_FAULTS & {item.message for item in error.faults}:
            planner.warehouse.note_failure(node.key, [item.as_dict() for item in error.faults])
        journal.failed(node, error.faults, None)
        raise
    journal.made(node, made, before is None or before.data_version != made.record.data_version)
    return made


def confirm(planner: Planner, node: Node, records: Records, journal: Journal) -> Record:
    """Records that the stored table holds for its inputs as they are: in the columns it reads nothing changed."""
    record = replace(records[node.key], inputs=planner.origin(node, records).inputs)
    planner.warehouse.rewrite_record(record)
    journal.confirmed(node, record)
    return record


def make_stale(planner: Planner, journal: Journal, select: set[str] | None = None, full: bool = False) -> None:
    """Makes what is stale, upstream first; confirms what is so only in columns it does not read.

    Args:
        planner: of the graph.
        journal: told of each asset.
        select: keys that may be made; None for all.  What rests on a stale table that may not be made waits too.
        full: make everything anew.
    """
    records = planner.records()
    stopped = set(planner.blocked(set())[0])
    waiting: set[str] = set()
    for key, node in planner.graph.nodes.items():
        if key in stopped or not stopped.isdisjoint(node.deps):
            stopped.add(key)
            continue
        why = [Reason("full")] if full else planner.reasons(node, records)
        rests = not full and not waiting.isdisjoint(node.deps)
        if rests or (why and select is not None and key not in select):
            waiting.add(key)
        elif {item.message for item in why} == {ELSEWHERE}:
            records[key] = confirm(planner, node, records, journal)
        elif why:
            try:
                records[key] = make_one(planner, node, records, journal).record
            except StudyFault:
                stopped.add(key)
