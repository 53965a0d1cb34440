"""The Dagster run that a refresh goes on in: on which instance, and what earlier, killed runs left open there."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import dagster as dg
from sqlalchemy.exc import DatabaseError

from cbe_assets.assets.graph import Graph
from cbe_assets.faults import FAILED, Fault, StudyFault, fault
from cbe_assets.refresh import event_records
from cbe_assets.refresh.home import home_of, instance
from cbe_assets.refresh.lost_runs import REFRESH_TAG, close_lost_runs
from cbe_assets.refresh.plan import Planner
from cbe_assets.warehouse import disk_faults_said

JOB = "cbe_refresh"
OP = "make_what_is_stale"
Work = Callable[[dg.OpExecutionContext], list[Fault]]
"""What goes on in the run; gives what failed."""


class Runs:
    """Dagster for one refresh, which holds the lock of the warehouse.

    Args:
        planner: of the refresh.
        context: of the op that the refresh goes on in already; None for a run of its own, in this process.
    """

    def __init__(self, planner: Planner, context: dg.OpExecutionContext | None = None):
        self.planner = planner
        self._context = context
        with self._storage_faults_said():
            self.instance = context.instance if context else instance(planner.graph.study.root)

    def __enter__(self) -> Runs:
        with self._storage_faults_said():
            close_lost_runs(self.instance)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._context is None:
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

    def execute(self, work: Work) -> str:
        """Does the work in a run, which fails if anything does; returns the run's id.

        Raises:
            StudyFault: Dagster's records cannot be written.
        """
        with self._storage_faults_said():
            if self._context:
                work(self._context)
                return self._context.run_id
            raised: list[BaseException] = []
            result = _job(work, raised).execute_in_process(
                instance=self.instance,
                raise_on_error=False,
                run_config={"loggers": {"quiet": {}}},
                tags={REFRESH_TAG: "1"},
            )
            if raised:
                # Dagster's word for Ctrl-C is one of its own.
                interrupted = isinstance(raised[0], dg.DagsterExecutionInterruptedError)
                raise KeyboardInterrupt if interrupted else raised[0]
            return result.run_id

    @contextlib.contextmanager
    def _storage_faults_said(self) -> Iterator[None]:
        """SQLite's words for a full disk, a read-only folder and a damaged file as faults."""
        place = home_of(self.planner.graph.study.root)
        try:
            with disk_faults_said(place):
                yield
        except DatabaseError as error:
            if message := _storage_fault(str(error.orig), place):
                raise StudyFault([fault(message, file=str(place), code=FAILED)]) from error
            raise


def _storage_fault(said: str, place: Path) -> str | None:
    """The message for SQLite's words.  A disk with no room for its shared index it calls an I/O error, too."""
    if "disk I/O error" in said:
        free = shutil.disk_usage(place if place.exists() else place.parent).free
        return "disk_full" if free < _ROOM else "disk_failing"
    return next((message for words, message in _STORAGE_FAULTS.items() if words in said), None)


_ROOM = 1 << 20
"""Bytes; with less free space SQLite cannot be sure to write."""
_STORAGE_FAULTS = {
    "disk is full": "disk_full",
    "readonly database": "not_writable",
    "unable to open database file": "not_writable",
    "file is not a database": "records_damaged",
    "disk image is malformed": "records_damaged",
}


def _job(work: Work, raised: list[BaseException]) -> dg.JobDefinition:
    """A job of one op that does the work; an exception that is no failure of an asset is kept for the caller."""

    @dg.op(name=OP)
    def op(context) -> None:
        try:
            faults = work(context)
        except BaseException as error:
            raised.append(error)
            raise
        if faults:
            raise failure(faults)

    @dg.job(name=JOB, logger_defs={"quiet": quiet})
    def job() -> None:
        op()

    return job


def failure(faults: list[Fault]) -> dg.Failure:
    """What makes a run fail, each fault once."""
    texts = list(dict.fromkeys(item.text() for item in faults))
    metadata = {f"fault {number}": text for number, text in enumerate(texts, start=1)}
    return dg.Failure("\n".join(texts), metadata=metadata, allow_retries=False)


@dg.logger
def quiet(_context: dg.InitLoggerContext) -> logging.Logger:
    """Silent: `cbe refresh` prints what matters, and a console line per event costs more than the work."""
    logger = logging.Logger("cbe", level=logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


def select(selection: str, graph: Graph) -> set[str]:
    """The keys that Dagster's selection syntax names.

    Raises:
        StudyFault: not a selection, or one that names nothing.
    """
    from cbe_assets.refresh.dagster_assets import definitions

    loaded = definitions(Planner(graph))
    try:
        found = dg.AssetSelection.from_string(selection).resolve(loaded.resolve_asset_graph())
    except (dg.DagsterError, ValueError) as error:
        raise StudyFault([fault("bad_selection", found=selection, expected=str(error).splitlines()[0])]) from error
    keys = {"/".join(key.path) for key in found} & set(graph.nodes)
    if not keys:
        raise StudyFault([fault("empty_selection", found=selection)])
    return keys
