"""The graph as Dagster sees it: assets with checks, groups, kinds, versions and metadata.  No study logic here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import dagster as dg

from cbe_assets.assets.node import Node
from cbe_assets.faults import Fault, StudyFault
from cbe_assets.gate import Made, Rejected
from cbe_assets.refresh.asset_events import SIMULATED_MARK, checks, metadata, severities
from cbe_assets.refresh.automation import automation_sensor, condition
from cbe_assets.refresh.dagster_runs import failure
from cbe_assets.refresh.event_records import NO_FILES, asset_key, input_tags, observation
from cbe_assets.refresh.executor import one_process
from cbe_assets.refresh.lock import writing
from cbe_assets.refresh.making import make_one
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.schedules import schedules
from cbe_assets.refresh.sensor import yearbooks_sensor
from cbe_assets.refresh.stale_job import stale_job
from cbe_assets.sources import scan
from cbe_assets.study import Study, Text
from cbe_assets.warehouse import Record

SIMULATED_TAG = {"data": "simulated"}


def definitions(planner: Planner) -> dg.Definitions:
    """Everything Dagster loads for a study; each asset takes the lock of the warehouse while it is made."""
    graph = planner.graph
    assets = [asset(planner, node) for node in graph.nodes.values() if node.key in planner.suites]
    everything = dg.define_asset_job(
        "refresh_everything", selection=dg.AssetSelection.all(), description="Makes every asset."
    )
    stale = stale_job(graph.study.root)
    return dg.Definitions(
        assets=[sources(graph.study, _tags(planner)), *assets],
        jobs=[everything, stale],
        sensors=[yearbooks_sensor(graph, stale), automation_sensor()],
        schedules=schedules(stale),
        executor=one_process(planner),
    )


def sources(study: Study, tags: dict[str, str]) -> dg.AssetsDefinition:
    """source/<table>: the files, observed but never made here.

    Observable, for Dagster counts the data version of no other kind of source when it marks what is unsynced.
    """
    specs = [
        dg.AssetSpec(
            asset_key(f"source/{name}"),
            group_name="source",
            kinds={"file"},
            description=f"{table.title.en} / {table.title.zh}",
            tags=tags,
        )
        for name, table in (*study.tables.items(), *study.reference_tables.items())
    ]

    def observe(context) -> Iterator[dg.ObserveResult]:
        found = scan(study)
        for key in context.selected_asset_keys:
            version = found.version(key.path[-1]) or NO_FILES
            yield dg.ObserveResult(asset_key=key, data_version=dg.DataVersion(version))

    with warnings.catch_warnings():
        # Dagster is pinned to one version, so what its warning speaks of cannot come unseen.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.multi_observable_source_asset(name="files", specs=specs, can_subset=True)(observe)


def asset(planner: Planner, node: Node) -> dg.AssetsDefinition:
    """A node as a Dagster asset with a check per severity that its suite uses."""
    key = asset_key(node.key)
    specs = [
        dg.AssetCheckSpec(severity, asset=key, description=f"{severity} expectations of expectations/{node.key}.json")
        for severity in severities(planner.suites[node.key])
    ]

    @dg.asset(
        key=key,
        deps=[asset_key(dep) for dep in node.deps],
        group_name=node.layer,
        kinds=set(node.kinds),
        code_version=planner.code_versions[node.key],
        automation_condition=condition(),
        description=_described(planner, node.title),
        tags=_tags(planner),
        check_specs=specs,
        metadata={"suite": f"expectations/{node.key}.json", **_place(planner, node)},
    )
    def materialize(context) -> Iterator[Any]:
        # Until its events are written too: what is killed in between is told to Dagster by the next refresh.
        with writing(planner.graph.study.warehouse):
            yield from _materialize(context, planner, node)

    return materialize


def _tags(planner: Planner) -> dict[str, str]:
    return SIMULATED_TAG if planner.graph.found.simulated else {}


def _described(planner: Planner, title: Text) -> str:
    mark = f"**{SIMULATED_MARK}**\n\n" if planner.graph.found.simulated else ""
    return f"{mark}{title.en}\n\n{title.zh}"


def _place(planner: Planner, node: Node) -> dict[str, str]:
    path = planner.graph.study.root / "sql" / f"{node.key}.sql"
    return {"sql": f"sql/{node.key}.sql"} if path.is_file() else {}


class _StepJournal:
    """Within a step of its own an asset needs no word but on the files it read."""

    def __init__(self, context: dg.AssetExecutionContext):
        self._context = context

    def started(self, node: Node) -> None:
        """The step's own event says so."""

    def read(self, source: str, version: str) -> None:
        # Dagster has to know the files that were read, or the asset would show as unsynced.
        self._context.log_event(observation(source, version))

    def made(self, node: Node, made: Made, changed: bool) -> None:
        """The step's result says so."""

    def confirmed(self, node: Node, record: Record) -> None:
        """A step always makes its asset."""

    def failed(self, node: Node, faults: list[Fault], rejected: Made | None) -> None:
        """The step's failure says so."""


def _materialize(context: dg.AssetExecutionContext, planner: Planner, node: Node) -> Iterator[Any]:
    suite = planner.suites[node.key]
    try:
        made = make_one(planner, node, planner.records((node.key, *node.deps)), _StepJournal(context))
    except Rejected as rejection:
        yield from (dg.AssetCheckResult(**result) for result in checks(suite, rejection.made))
        raise dg.Failure(str(rejection), allow_retries=False) from None
    except StudyFault as error:
        raise failure(error.faults) from None
    yield from (dg.AssetCheckResult(**result) for result in checks(suite, made))
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(made.record.data_version),
        metadata=metadata(node, made, planner.graph.found.simulated),
        tags=input_tags(made.record.inputs),
    )
