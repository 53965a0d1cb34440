"""What Dagster is shown of an asset that was made: checks, row count, schema, lineage, preview, numbers over time.

The same for assets that a refresh makes and for those made from the UI.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import dagster as dg

from cbe_assets.assets.node import Node, Output
from cbe_assets.faults import language
from cbe_assets.gate import Made
from cbe_assets.refresh.event_records import asset_key, table_metadata
from cbe_assets.validation import Check

PREVIEW_ROWS = 10
SIMULATED_MARK = "SIMULATED / 模拟数据"
CHECKED = ("critical", "warning")
"""Severities that Dagster shows as checks."""


def severities(suite: dict[str, Any]) -> list[str]:
    """The checks of a suite: one for each severity that it uses."""
    used = {item["severity"] for item in suite["expectations"]}
    return [severity for severity in CHECKED if severity in used]


def checks(suite: dict[str, Any], made: Made) -> Iterator[dict[str, Any]]:
    """The result of each check, as Dagster's classes take it; the failed expectations stand in its metadata."""
    for severity in severities(suite):
        of_it = [check for check in made.verdict.checks if check.severity == severity]
        failed = [check for check in of_it if not check.success]
        yield {
            "check_name": severity,
            "passed": not failed,
            "severity": dg.AssetCheckSeverity.ERROR if severity == "critical" else dg.AssetCheckSeverity.WARN,
            "description": f"{len(of_it) - len(failed)} of {len(of_it)} expectations hold",
            "metadata": {
                f"{number} {check.expectation}": _check_text(check) for number, check in enumerate(failed, start=1)
            },
        }


def _check_text(check: Check) -> str:
    return check.text() + (f" ({'; '.join(check.examples)})" if check.examples else "")


def metadata(node: Node, made: Made, simulated: bool) -> dict[str, Any]:
    """Row count, column schema, lineage, preview and the numbers that plot over time."""
    output: Output = made.output
    shown = table_metadata(made.record)
    if node.lineage:
        shown["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(asset_key=asset_key(key), column_name=name) for key, name in pairs]
                for column, pairs in node.lineage().items()
            }
        )
    shown["preview"] = dg.MetadataValue.md(output.preview) if output.preview else _table(output.frame)
    shown |= {title: _table(frame) for title, frame in output.tables.items()}
    if simulated:
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
