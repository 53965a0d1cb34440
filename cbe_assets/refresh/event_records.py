"""What Dagster's event log says of stored tables and files, and telling it again where its records were lost.

The warehouse is the truth: every table carries its versions in its own footer.  Events repeat them, so that the UI's
marks and `cbe status` rest on the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    NULL_EVENT_POINTER,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)

from cbe_assets.refresh.plan import Planner
from cbe_assets.warehouse import Record

NO_FILES = "no files"
"""Data version of a source whose files are all gone."""


def asset_key(key: str) -> dg.AssetKey:
    """`layer/name` as Dagster writes it."""
    return dg.AssetKey(key.split("/"))


def input_tags(inputs: Mapping[str, str]) -> dict[str, str]:
    """Tags that say which versions of its inputs a table was made from, as Dagster's staleness reads them."""
    return {get_input_data_version_tag(asset_key(dep)): version for dep, version in inputs.items()}


def observation(source: str, version: str | None) -> dg.AssetObservation:
    """The content of the files of `source/<table>` as it was seen."""
    return dg.AssetObservation(asset_key(source), tags={DATA_VERSION_TAG: version or NO_FILES})


def table_metadata(record: Record) -> dict[str, Any]:
    """Row count, column schema and facts of a stored table."""
    columns = [dg.TableColumn(name, type=kind) for name, kind in record.columns.items()]
    return {
        "dagster/row_count": record.rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        **record.facts,
    }


def restore(instance: dg.DagsterInstance, planner: Planner) -> list[str]:
    """Reports every stored table of which the instance has no record, or another one; returns their keys.

    Nothing reruns because records were lost, so this is how the UI learns of what is stored.
    """
    stored = {key: record for key in planner.graph.nodes if (record := planner.warehouse.record(key))}
    entries = [item.asset_entry for item in instance.get_asset_records([asset_key(key) for key in stored])]
    newest = {
        entry.asset_key: entry.last_materialization.asset_materialization.tags or {}
        for entry in entries
        if entry.last_materialization
    }
    lost = {
        key: record
        for key, record in stored.items()
        if not version_tags(record).items() <= newest.get(asset_key(key), {}).items()
    }
    for source in dict.fromkeys(
        dep for record in lost.values() for dep in record.inputs if dep in planner.source_versions
    ):
        instance.report_runless_asset_event(observation(source, planner.source_versions[source]))
    for record in lost.values():
        for event in _events(planner, record):
            instance.report_runless_asset_event(event)
    return list(lost)


def version_tags(record: Record) -> dict[str, str]:
    """The tags by which Dagster knows what a table holds and what it was made from."""
    own = {CODE_VERSION_TAG: record.code_version, DATA_VERSION_TAG: record.data_version}
    return {**own, **input_tags(record.inputs)}


def pointer_tags(record: Record) -> dict[str, str]:
    """Tags by which Dagster would find the events of the inputs; their versions say what is needed."""
    return {get_input_event_pointer_tag(asset_key(dep)): NULL_EVENT_POINTER for dep in record.inputs}


def _events(planner: Planner, record: Record) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """A materialization as the run reported it, and its checks: what is stored has passed."""
    made = dg.AssetMaterialization(
        asset_key(record.key),
        description="Reported from the warehouse: Dagster's own record was lost.",
        metadata=table_metadata(record),
        tags={**version_tags(record), **pointer_tags(record), DATA_VERSION_IS_USER_PROVIDED_TAG: "true"},
    )
    suite = planner.suites.get(record.key, {"expectations": []})
    used = {item["severity"] for item in suite["expectations"]}
    return [made, *(_check(record, severity) for severity in ("critical", "warning") if severity in used)]


def _check(record: Record, severity: str) -> dg.AssetCheckEvaluation:
    failed = record.warnings if severity == "warning" else []
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(record.key),
        check_name=severity,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if severity == "critical" else dg.AssetCheckSeverity.WARN,
        metadata={f"{number}": text for number, text in enumerate(failed, start=1)},
    )
