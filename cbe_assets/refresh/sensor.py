"""The Dagster sensor on the yearbooks folder; watch.py decides, this carries.  Off until switched on in the UI."""

from __future__ import annotations

import time
from dataclasses import replace

import dagster as dg
from dagster._core.storage.tags import RUN_KEY_TAG

from cbe_assets.assets.graph import Graph
from cbe_assets.faults import say
from cbe_assets.refresh.event_records import observation
from cbe_assets.refresh.lost_runs import LostRuns
from cbe_assets.refresh.stale_job import JOB, both, config, tables_of
from cbe_assets.refresh.watch import Asked, Cursor, Failed, Folder, Run, decide
from cbe_assets.warehouse import Warehouse

NAME = "yearbooks"
INTERVAL_SECONDS = 15
TABLES_TAG = "cbe/tables"
_ENDED = {dg.DagsterRunStatus.SUCCESS: "succeeded", dg.DagsterRunStatus.FAILURE: "failed",
          dg.DagsterRunStatus.CANCELED: "failed"}  # fmt: skip


def yearbooks_sensor(graph: Graph, job: dg.JobDefinition, folder: Folder | None = None) -> dg.SensorDefinition:
    """The sensor of a study.

    Args:
        graph: the study.
        job: what it runs.
        folder: how it looks at the files; the memory of what was hashed lasts as long as the code server.
    """
    watched = folder or Folder(graph.study)
    lost = LostRuns(graph.study.warehouse, JOB)

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=both("sensor_about"),
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        lost.close(instance, time.time())
        cursor = _settled(Cursor.parse(context.cursor), instance)
        decision = decide(
            cursor,
            watched.look(),
            recorded(graph),
            _run(instance, cursor.asked),
            lambda key: _newest(instance, tags={RUN_KEY_TAG: key}) is not None,
        )
        message, facts = decision.notice
        context.log.info(say(message, **facts))
        asked = decision.request
        return dg.SensorResult(
            run_requests=[_request(asked)] if asked else None,
            skip_reason=None if asked else dg.SkipReason(say(message, **facts)),
            cursor=decision.cursor.dump(),
            asset_events=[observation(f"source/{name}", version) for name, version in decision.observe.items()],
        )

    return sensor


def recorded(graph: Graph) -> dict[str, str | None]:
    """Table -> content of its files when its raw table was accepted; None where there is no such table."""
    warehouse = Warehouse(graph.study.warehouse)
    records = {key.split("/")[1]: warehouse.record(f"raw/{key.split('/')[1]}") for key in graph.sources}
    return {name: record.inputs.get(f"source/{name}") if record else None for name, record in records.items()}


def _request(asked: Asked) -> dg.RunRequest:
    tables = list(asked.versions)
    return dg.RunRequest(run_key=asked.run_key, run_config=config(tables), tags={TABLES_TAG: ", ".join(tables)})


def _newest(instance: dg.DagsterInstance, **about: object) -> dg.DagsterRun | None:
    return next(iter(instance.get_runs(dg.RunsFilter(**about), limit=1)), None)


def _run(instance: dg.DagsterInstance, asked: Asked | None) -> Run | None:
    found = _newest(instance, tags={RUN_KEY_TAG: asked.run_key}) if asked else None
    return Run(found.run_id, _ENDED.get(found.status, "running")) if found else None


def _settled(cursor: Cursor, instance: dg.DagsterInstance) -> Cursor:
    """Without the failures that a later, successful run of the job for everything has overtaken."""
    if not cursor.given_up:
        return cursor
    newest = _newest(instance, job_name=JOB)
    if newest is None or newest.status != dg.DagsterRunStatus.SUCCESS:
        return cursor
    done = tables_of(newest.run_config)
    left: dict[str, Failed] = {name: item for name, item in cursor.given_up.items() if done and name not in done}
    return replace(cursor, given_up=left)
