"""The graph as Dagster sees it: assets with checks, groups, kinds, versions and metadata.  No study logic here."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import dagster as dg

from cbe_assets.assets.node import Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.faults import Fault, StudyFault, language
from cbe_assets.gate import Made, Rejected, accept, make
from cbe_assets.refresh.automation import automation_sensor, condition
from cbe_assets.refresh.event_records import NO_FILES, asset_key, input_tags, observation, table_metadata
from cbe_assets.refresh.executor import one_process
from cbe_assets.refresh.lock import writing
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.schedules import schedules
from cbe_assets.refresh.sensor import yearbooks_sensor
from cbe_assets.refresh.stale_job import stale_job
from cbe_assets.sources import scan
from cbe_assets.study import Study, Text
from cbe_assets.validation import Check, parameters
from cbe_assets.warehouse import Record

PREVIEW_ROWS = 10
SIMULATED_MARK = "SIMULATED / 模拟数据"
SIMULATED_TAG = {"data": "simulated"}


class Recorder:
    """Hears what each asset did, for the command line."""

    def turn(self) -> AbstractContextManager[object]:
        """Held while an asset is made and recorded; a refresh already holds the lock of the warehouse."""
        return nullcontext()

    def started(self, key: str) -> None:
        """An asset is being made."""

    def made(self, key: str, made: Made, changed: bool) -> None:
        """It was accepted and stored; `changed` says whether its content is new."""

    def failed(self, key: str, faults: list[Fault]) -> None:
        """It was not."""


class Alone(Recorder):
    """For runs started in Dagster: each asset waits for its turn to write."""

    def __init__(self, warehouse: Path):
        self._warehouse = warehouse

    def turn(self) -> AbstractContextManager[object]:
        return writing(self._warehouse)


def definitions(planner: Planner, recorder: Recorder | None = None) -> dg.Definitions:
    """Everything Dagster loads for a study.

    Args:
        planner: of the graph.
        recorder: of a refresh that holds the lock; without one each asset takes the lock while it is made.
    """
    heard = recorder or Alone(planner.graph.study.warehouse)
    graph = planner.graph
    values = parameters(graph.study, len(gazetteer(graph.study).provinces))
    assets = [asset(planner, node, values, heard) for node in graph.nodes.values() if node.key in planner.suites]
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
        loggers={"quiet": quiet},
    )


@dg.logger
def quiet(_context: dg.InitLoggerContext) -> Any:
    """Silent: `cbe refresh` prints what matters, and a console line per event costs more than the work."""
    import logging

    logger = logging.Logger("cbe", level=logging.CRITICAL)
    logger.addHandler(logging.StreamHandler())
    return logger


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


def asset(planner: Planner, node: Node, values: dict[str, Any], heard: Recorder) -> dg.AssetsDefinition:
    """A node as a Dagster asset with a check per severity that its suite uses."""
    suite = planner.suites[node.key]
    key = asset_key(node.key)
    severities = {item["severity"] for item in suite["expectations"]}
    specs = [
        dg.AssetCheckSpec(severity, asset=key, description=f"{severity} expectations of expectations/{node.key}.json")
        for severity in ("critical", "warning")
        if severity in severities
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
        with heard.turn():
            yield from _materialize(context, planner, node, suite, values, heard, [spec.name for spec in specs])

    return materialize


def _tags(planner: Planner) -> dict[str, str]:
    return SIMULATED_TAG if planner.graph.found.simulated else {}


def _described(planner: Planner, title: Text) -> str:
    mark = f"**{SIMULATED_MARK}**\n\n" if planner.graph.found.simulated else ""
    return f"{mark}{title.en}\n\n{title.zh}"


def _place(planner: Planner, node: Node) -> dict[str, str]:
    path = planner.graph.study.root / "sql" / f"{node.key}.sql"
    return {"sql": f"sql/{node.key}.sql"} if path.is_file() else {}


def _materialize(
    context: dg.AssetExecutionContext,
    planner: Planner,
    node: Node,
    suite: dict,
    values: dict[str, Any],
    heard: Recorder,
    severities: list[str],
) -> Iterator[Any]:
    study, warehouse = planner.graph.study, planner.warehouse
    heard.started(node.key)
    try:
        before = warehouse.record(node.key)
        records = {dep: warehouse.record(dep) for dep in node.deps if not dep.startswith("source/")}
        inputs = {dep: planner.version(dep, records) for dep in node.deps}
        for dep in node.deps:
            # Dagster has to know the files that were read, or the asset would show as unsynced.
            if dep.startswith("source/"):
                context.log_event(observation(dep, inputs[dep]))
        output, record = make(node, warehouse, planner.code_versions[node.key], inputs)
        made = accept(node, output, record, suite, values, warehouse, study.exports)
    except Rejected as rejection:
        heard.failed(node.key, rejection.faults)
        yield from _checks(severities, rejection.made)
        raise dg.Failure(str(rejection), allow_retries=False) from None
    except StudyFault as error:
        heard.failed(node.key, error.faults)
        faults = {f"fault {n}": item.text() for n, item in enumerate(error.faults, start=1)}
        raise dg.Failure(str(error), metadata=faults, allow_retries=False) from None
    heard.made(node.key, made, changed=before is None or before.data_version != made.record.data_version)
    yield from _checks(severities, made)
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(made.record.data_version),
        metadata=_metadata(planner, node, output, made.record),
        tags=input_tags(made.record.inputs),
    )


def _checks(severities: list[str], made: Made) -> Iterator[dg.AssetCheckResult]:
    """One result per severity; the failed expectations stand in its metadata."""
    for severity in severities:
        checks = [check for check in made.verdict.checks if check.severity == severity]
        failed = [check for check in checks if not check.success]
        yield dg.AssetCheckResult(
            check_name=severity,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if severity == "critical" else dg.AssetCheckSeverity.WARN,
            description=f"{len(checks) - len(failed)} of {len(checks)} expectations hold",
            metadata={
                f"{number} {check.expectation}": _check_text(check) for number, check in enumerate(failed, start=1)
            },
        )


def _check_text(check: Check) -> str:
    return check.text() + (f" ({'; '.join(check.examples)})" if check.examples else "")


def _metadata(planner: Planner, node: Node, output: Output, record: Record) -> dict[str, Any]:
    """Row count, column schema, lineage, preview and the numbers that plot over time."""
    shown = table_metadata(record)
    if node.lineage:
        shown["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(asset_key=asset_key(key), column_name=name) for key, name in pairs]
                for column, pairs in node.lineage().items()
            }
        )
    shown["preview"] = dg.MetadataValue.md(output.preview) if output.preview else _table(output.frame)
    shown |= {title: _table(frame) for title, frame in output.tables.items()}
    if planner.graph.found.simulated:
        shown["data"] = SIMULATED_MARK
    if output.picture:
        encoded = base64.b64encode(output.picture).decode()
        shown["picture"] = dg.MetadataValue.md(f"![{node.title[language()]}](data:image/png;base64,{encoded})")
    if output.files:
        shown["exports"] = dg.MetadataValue.md("\n".join(f"- data/exports/{path}" for path in sorted(output.files)))
    return shown


def _table(frame: Any) -> dg.TableMetadataValue:
    """The first rows, every value as text or a rounded number."""
    rows = frame.head(PREVIEW_ROWS).to_dict("records")
    records = [dg.TableRecord({str(name): _cell(value) for name, value in row.items()}) for row in rows]
    columns = [dg.TableColumn(str(name)) for name in frame.columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))


def _cell(value: Any) -> str | int | float | bool:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return "" if value != value else float(f"{value:.6g}")
    return value if isinstance(value, (str, int, bool)) else ("" if value is None else str(value))
