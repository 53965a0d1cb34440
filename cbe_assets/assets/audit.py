"""What an honest reader asks of the graph itself: which editions stand behind a study, and what it exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.study import Study, Text

if TYPE_CHECKING:
    import pandas as pd

EDITIONS = "audit/editions"


def editions(study: Study) -> Node:
    """One row per official table: editions read, cells used, filled and revised, and whether it is simulated."""
    tables = list(study.tables)
    return Node(
        key=EDITIONS,
        deps=tuple(f"{layer}/{name}" for name in tables for layer in ("raw", "clean")),
        definition={"tables": tables},
        code=("assets.audit",),
        kinds=("python",),
        title=Text(zh="各表所用版本", en="Editions behind each table"),
        make=lambda inputs: Output(_editions(tables, inputs)),
    )


def _editions(tables: list[str], inputs: Inputs) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name in tables:
        raw, clean = inputs(f"raw/{name}"), inputs(f"clean/{name}")
        used = sorted(clean["edition"].dropna().unique())
        rows.append(
            {
                "table": name,
                "editions": ", ".join(sorted(raw["edition"].unique())),
                "newest": used[-1] if used else "",
                "cells": len(clean),
                "missing": int(clean[name].isna().sum()),
                "filled": int(clean["method"].isin(["interpolated", "carried", "computed"]).sum()),
                "corrected": int((clean["method"] == "corrected").sum()),
                "revised": int(clean["revised"].sum()),
                "simulated": bool(raw["simulated"].any()),
            }
        )
    return pd.DataFrame(rows)


def manifest(study: Study, upstream: list[Node], exporting: list[str]) -> Node:
    """One row per exported file, with its sha256; data/exports/manifest.json says the same with all data versions."""
    keys = [node.key for node in upstream]
    return Node(
        key="audit/manifest",
        deps=tuple(keys),
        definition={"study": study.settings.name, "exporting": exporting},
        code=("assets.audit",),
        kinds=("python", "json"),
        title=Text(zh="导出文件清单", en="Manifest of everything exported"),
        make=lambda inputs: _manifest(study, keys, inputs),
    )


def _manifest(study: Study, keys: list[str], inputs: Inputs) -> Output:
    import pandas as pd

    from cbe_assets.warehouse import Warehouse

    warehouse = Warehouse(study.warehouse)
    records = {key: record for key in keys if (record := warehouse.record(key))}
    simulated = bool(inputs(EDITIONS)["simulated"].any())
    files = [
        {"file": path, "sha256": sha, "asset": key}
        for key, record in records.items()
        for path, sha in record.files.items()
    ]
    content = {
        "study": study.settings.name,
        "simulated": simulated,
        "mark": "SIMULATED / 模拟数据" if simulated else "",
        "tables": {key: {"data_version": record.data_version, "rows": record.rows} for key, record in records.items()},
        "files": {row["file"]: row["sha256"] for row in files},
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    frame = pd.DataFrame(sorted(files, key=lambda row: row["file"]), columns=["file", "sha256", "asset"])
    return Output(frame, {"manifest.json": text.encode()}, {"files": len(files), "tables": len(records)})
