"""What a refresh does, told to Dagster as events of the run that it goes on in.

One op walks the whole graph, so a run has no step per asset: an asset that is made leaves a materialization and its
checks, each with the versions by which Dagster marks what is unsynced, and an asset that fails leaves its failed checks
and that the run had planned it, by which the UI shows it as failed once the run has ended so.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_IS_USER_PROVIDED_TAG
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent

from cbe_assets.assets.node import Node
from cbe_assets.faults import Fault, say
from cbe_assets.gate import Made
from cbe_assets.refresh.asset_events import checks, metadata
from cbe_assets.refresh.event_records import asset_key, observation, pointer_tags, table_metadata, version_tags
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.run import Listener
from cbe_assets.warehouse import Record


def _tags(record: Record) -> dict[str, str]:
    return {**version_tags(record), **pointer_tags(record), DATA_VERSION_IS_USER_PROVIDED_TAG: "true"}


class RunJournal:
    """The journal of one run.

    Args:
        planner: of the refresh.
        context: of the op that makes the assets.
        listener: told too, after Dagster.
    """

    def __init__(self, planner: Planner, context: dg.OpExecutionContext, listener: Listener):
        self._planner, self._context, self._listener = planner, context, listener

    def started(self, node: Node) -> None:
        self._listener.started(node)

    def read(self, source: str, version: str) -> None:
        # Dagster has to know the files that were read, or the asset would show as unsynced.
        self._context.log_event(observation(source, version))

    def made(self, node: Node, made: Made, changed: bool) -> None:
        self._log_checks(node, made)
        record = made.record
        self._context.log_event(
            dg.AssetMaterialization(
                asset_key(node.key),
                metadata=metadata(node, made, self._planner.graph.found.simulated),
                tags=_tags(record),
            )
        )
        self._listener.made(node, made, changed)

    def confirmed(self, node: Node, record: Record) -> None:
        # The newest materialization is what the UI shows, so it repeats what the last one said.
        last = self._context.instance.get_latest_materialization_event(asset_key(node.key))
        shown = dict(last.asset_materialization.metadata) if last else table_metadata(record)
        self._context.log_event(
            dg.AssetMaterialization(
                asset_key(node.key), description=say("confirmed_event"), metadata=shown, tags=_tags(record)
            )
        )
        self._listener.confirmed(node, record)

    def failed(self, node: Node, faults: list[Fault], rejected: Made | None) -> None:
        if rejected:
            self._log_checks(node, rejected)
        context = self._context
        context.instance.report_dagster_event(
            DagsterEvent.build_asset_materialization_planned_event(
                context.job_name, context.op.name, AssetMaterializationPlannedData(asset_key(node.key))
            ),
            context.run_id,
        )
        for item in faults:
            context.log.error(item.text())
        self._listener.failed(node, faults, rejected)

    def _log_checks(self, node: Node, made: Made) -> None:
        for result in checks(self._planner.suites[node.key], made):
            self._context.log_event(dg.AssetCheckEvaluation(asset_key=asset_key(node.key), **result))
