"""Runs that Dagster still shows as started although their process is gone.

Left open they would keep Dagster's queue, which starts one run at a time, waiting for ever.  A refresh goes on under
the lock of the warehouse only, so whoever holds that lock knows that no other one does.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES, RunRecord

from cbe_assets.faults import StudyFault, say
from cbe_assets.refresh.lock import writing

REFRESH_TAG = "cbe/refresh"
"""Tag of the runs of a refresh, all of which go on under the lock."""
START_SECONDS = 60
"""A run that was started may take so long to import what it needs before it takes the lock."""


def close_lost_runs(instance: dg.DagsterInstance) -> None:
    """Marks the runs of killed refreshes as failed; only for the holder of the lock."""
    for record in _open(instance, tags={REFRESH_TAG: "1"}):
        instance.report_run_failed(record.dagster_run, say("run_lost"))


def _open(instance: dg.DagsterInstance, **about: object) -> list[RunRecord]:
    wanted = dg.RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES), **about)
    return list(instance.get_run_records(wanted))


class LostRuns:
    """Finds lost runs of a job that takes the lock a while after it was started and gives it back before it ends.

    Such a run is lost when nobody holds the lock at two looks in a row.
    """

    def __init__(self, warehouse: Path, job: str):
        self._warehouse, self._job = warehouse, job
        self._suspected: set[str] = set()

    def close(self, instance: dg.DagsterInstance, now: float) -> None:
        """Marks them as failed; `now` in seconds since 1970."""
        refreshes, jobs = _open(instance, tags={REFRESH_TAG: "1"}), _open(instance, job_name=self._job)
        if not refreshes and not jobs:
            return
        try:
            with writing(self._warehouse, wait=0):
                close_lost_runs(instance)
        except StudyFault as error:
            if error.faults[0].message != "locked":
                raise
            self._suspected.clear()
            return
        old = {item.dagster_run.run_id: item for item in jobs if now - _begun(item) > START_SECONDS}
        for run_id in self._suspected & set(old):
            instance.report_run_failed(old[run_id].dagster_run, say("run_lost"))
        self._suspected = set(old) - self._suspected


def _begun(record: RunRecord) -> float:
    return record.start_time or record.create_timestamp.timestamp()
