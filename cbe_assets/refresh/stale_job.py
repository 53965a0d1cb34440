"""The Dagster job that does what `cbe refresh` does, for the sensor, the schedules and the Launchpad.

One op calls the same refresh in its process: the plan is made anew from what lies in the study root, so the run makes
what is stale by content and stops where data versions do not change.  The run tells of every asset it makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

from cbe_assets.assets.graph import Graph, build
from cbe_assets.faults import Fault, StudyFault, say
from cbe_assets.refresh.dagster_runs import failure
from cbe_assets.refresh.run import Outcome, refresh
from cbe_assets.study import Study

JOB = "refresh_stale"
OP = "refresh_what_is_stale"


def both(message: str) -> str:
    """A message in both languages, for descriptions in the UI."""
    return f"{say(message, 'en')}\n\n{say(message, 'zh')}"


def stale_job(root: Path) -> dg.JobDefinition:
    """The job of a study root."""

    @dg.op(
        name=OP,
        description=both("job_refresh_stale"),
        config_schema={
            "tables": dg.Field([str], default_value=[], description=both("job_tables")),
            "full": dg.Field(bool, default_value=False, description=both("job_full")),
        },
    )
    def op(context) -> None:
        _refresh(context, root, context.op_config["tables"], context.op_config["full"])

    @dg.job(name=JOB, description=both("job_refresh_stale"))
    def job() -> None:
        op()

    return job


def config(tables: Iterable[str] = (), full: bool = False) -> dict[str, Any]:
    """Run config of the job: only what is made from these tables (none: everything), or everything anew."""
    return {"ops": {OP: {"config": {"tables": list(tables), "full": full}}}}


def tables_of(run_config: dict[str, Any]) -> list[str]:
    """The tables a run of the job was about; none for everything."""
    return run_config.get("ops", {}).get(OP, {}).get("config", {}).get("tables", [])


def _refresh(context: dg.OpExecutionContext, root: Path, tables: list[str], full: bool) -> None:
    try:
        graph = build(Study.load(root))
        chosen = graph.downstream({f"raw/{name}" for name in tables}) if tables else None
        outcome = refresh(graph, select=chosen, full=full, say=_teller(context), context=context)
    except StudyFault as error:
        raise failure(error.faults) from None
    context.log.info(
        say("refreshed", made=len(outcome.made), changed=sum(outcome.made.values()), failed=len(outcome.failed),
            fresh=len(outcome.plan.fresh))
    )  # fmt: skip
    faults = _faults(graph, outcome, tables)
    for item in outcome.plan.faults:
        if item not in faults:
            context.log.warning(item.text())
    if faults:
        raise failure(faults)


def _faults(graph: Graph, outcome: Outcome, tables: list[str]) -> list[Fault]:
    """What makes the run fail.  Tables that nobody asked about may be missing: a yearbook comes file by file."""
    if not tables:
        return outcome.faults
    about = {*tables, *graph.downstream({f"raw/{name}" for name in tables})}
    blocked = [item for item in outcome.plan.faults if item.facts.get("key") in about]
    return [item for faults in outcome.failed.values() for item in faults] + blocked


def _teller(context: dg.OpExecutionContext) -> Any:
    """Progress as lines of the run's log."""

    def tell(event: str, key: str, facts: dict[str, Any]) -> None:
        if event == "waiting":
            context.log.info(say("waiting_for_lock", **facts))
        elif event == "failed":
            context.log.error(say("progress_failed", key=key, count=len(facts["faults"])))

    return tell
