"""Runs in Dagster: which assets, on which instance, and what earlier, killed runs left open there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import dagster as dg
from sqlalchemy.exc import DatabaseError

from cbe_assets.assets.graph import Graph
from cbe_assets.faults import FAILED, StudyFault, fault
from cbe_assets.refresh import event_records
from cbe_assets.refresh.dagster_assets import Recorder, definitions
from cbe_assets.refresh.home import home_of, instance
from cbe_assets.refresh.lost_runs import REFRESH_TAG, close_lost_runs
from cbe_assets.refresh.plan import Planner
from cbe_assets.warehouse import disk_faults_said

ASSET_JOB = "__ASSET_JOB"


class Runs:
    """A series of in-process runs of one refresh, which holds the lock of the warehouse."""

    def __init__(self, planner: Planner, recorder: Recorder, given: dg.DagsterInstance | None = None):
        self.planner = planner
        self._given = given
        with self._storage_faults_said():
            self.instance = given or instance(planner.graph.study.root)
        self.job = definitions(planner, recorder).resolve_job_def(ASSET_JOB)

    def __enter__(self) -> Runs:
        with self._storage_faults_said():
            close_lost_runs(self.instance)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._given is None:
            self.instance.dispose()

    def restore(self, interrupted: bool) -> list[str]:
        """Reports stored tables of which Dagster has no record, or another one; returns their keys.

        Args:
            interrupted: the refresh before was killed, maybe between a table and its event; else only an instance
                without any record is looked at closely.
        """
        with self._storage_faults_said():
            if not interrupted and self.instance.get_asset_keys(limit=1):
                return []
            return event_records.restore(self.instance, self.planner)

    def execute(self, keys: list[str]) -> str:
        """Runs the assets; returns the run's id.  What failed was told to the recorder.

        Raises:
            StudyFault: Dagster's records cannot be written.
        """
        with self._storage_faults_said():
            result = self.job.execute_in_process(
                instance=self.instance,
                asset_selection=[event_records.asset_key(key) for key in keys],
                raise_on_error=False,
                run_config={"loggers": {"quiet": {}}},
                tags={REFRESH_TAG: "1"},
            )
        unheard = [event for event in result.get_step_failure_events() if not _is_known(event)]
        if unheard:
            raise RuntimeError("\n".join(str(event.step_failure_data.error) for event in unheard))
        return result.run_id

    @contextlib.contextmanager
    def _storage_faults_said(self) -> Iterator[None]:
        """SQLite's words for a full disk, a read-only folder and a damaged file as faults."""
        place = home_of(self.planner.graph.study.root)
        try:
            with disk_faults_said(place):
                yield
        except DatabaseError as error:
            for words, message in _STORAGE_FAULTS.items():
                if words in str(error.orig):
                    raise StudyFault([fault(message, file=str(place), code=FAILED)]) from error
            raise


_STORAGE_FAULTS = {
    "disk is full": "disk_full",
    "readonly database": "not_writable",
    "unable to open database file": "not_writable",
    "file is not a database": "records_damaged",
    "disk image is malformed": "records_damaged",
}


def _is_known(event: Any) -> bool:
    """Whether a step failed by a fault that the recorder heard of."""
    data = event.step_failure_data
    return data.user_failure_data is not None


def select(selection: str, graph: Graph) -> set[str]:
    """The keys that Dagster's selection syntax names.

    Raises:
        StudyFault: not a selection, or one that names nothing.
    """
    loaded = definitions(Planner(graph))
    try:
        found = dg.AssetSelection.from_string(selection).resolve(loaded.resolve_asset_graph())
    except (dg.DagsterError, ValueError) as error:
        raise StudyFault([fault("bad_selection", found=selection, expected=str(error).splitlines()[0])]) from error
    keys = {"/".join(key.path) for key in found} & set(graph.nodes)
    if not keys:
        raise StudyFault([fault("empty_selection", found=selection)])
    return keys
