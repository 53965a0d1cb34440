"""What an honest reader asks of the graph itself: which editions stand behind a study, and what it exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cbe_assets.assets import sql
from cbe_assets.assets.clean import as_of
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.treatment import IMPUTATIONS
from cbe_assets.study import Study, Text

if TYPE_CHECKING:
    import pandas as pd

EDITIONS = "audit/editions"
MODEL_PANEL, INDEX_PANEL = "panel/estimation", "panel/indicators"


def editions(study: Study) -> Node:
    """One row per official table: its editions, its cells used, filled, corrected and revised, and as of which day."""
    tables = list(study.tables)
    return Node(
        key=EDITIONS,
        deps=tuple(f"{layer}/{name}" for name in tables for layer in ("raw", "clean")),
        definition={"tables": tables, **as_of(study)},
        code=("assets.audit",),
        kinds=("python",),
        title=Text(zh="各表所用版本", en="Editions behind each table"),
        make=lambda inputs: Output(_editions(tables, study.as_of, inputs), facts=as_of(study)),
        lineage=lambda: {
            "editions": [(f"raw/{name}", "edition") for name in tables],
            "newest": [(f"clean/{name}", "edition") for name in tables],
            "missing": [(f"clean/{name}", name) for name in tables],
            "filled": [(f"clean/{name}", "method") for name in tables],
            "corrected": [(f"clean/{name}", "method") for name in tables],
            "revised": [(f"clean/{name}", "revised") for name in tables],
            "simulated": [(f"raw/{name}", "simulated") for name in tables],
        },
    )


def _editions(tables: list[str], day: str | None, inputs: Inputs) -> pd.DataFrame:
    import pandas as pd

    from cbe_assets.yearbook.gaps import IMPUTED
    from cbe_assets.yearbook.vintage import in_order, published_by

    rows = []
    for name in tables:
        raw, clean = published_by(inputs(f"raw/{name}"), day), inputs(f"clean/{name}")
        used = in_order(clean["edition"].dropna())
        rows.append(
            {
                "table": name,
                "editions": ", ".join(in_order(raw["edition"])),
                "newest": used[-1] if used else "",
                "cells": len(clean),
                "missing": int(clean[name].isna().sum()),
                "filled": int(clean["method"].isin(IMPUTED).sum()),
                "corrected": int((clean["method"] == "corrected").sum()),
                "revised": int(clean["revised"].sum()),
                "simulated": bool(raw["simulated"].any()),
                "as_of": day or "",
            }
        )
    return pd.DataFrame(rows)


def imputed_share(study: Study) -> Node:
    """One row per variable and indicator: how many of its province-years rest on a filled cell of any table."""
    named = {MODEL_PANEL: list(study.variables), INDEX_PANEL: list(study.indicators)}
    return Node(
        key="audit/imputed_share",
        deps=(IMPUTATIONS, *named),
        definition={"variables": named, "index": study.index.name, "sql": sql.statements(study)},
        code=("assets.audit", "assets.columns"),
        kinds=("python",),
        title=Text(zh="各变量中插补数据所占比例", en="Share of each variable that rests on filled cells"),
        make=lambda inputs: _imputed_share(study, named, inputs),
        reads={key: ("province", "year") for key in named},
    )


def _imputed_share(study: Study, named: dict[str, list[str]], inputs: Inputs) -> Output:
    import pandas as pd

    from cbe_assets.assets.columns import Columns

    columns, filled = Columns(study), inputs(IMPUTATIONS)
    rows = []
    for key, names in named.items():
        cells = inputs(key)[["province", "year"]]
        for name in names:
            tables = columns.tables(key, name)
            touched = filled.loc[filled["table"].isin(tables), ["province", "year"]].drop_duplicates()
            count = len(cells.merge(touched, on=["province", "year"]))
            rows.append((name, key, ", ".join(tables), len(cells), count, count / len(cells)))
    frame = pd.DataFrame(rows, columns=["variable", "panel", "tables", "cells", "filled", "imputed_share"])
    return Output(frame, facts={"largest imputed share": float(frame["imputed_share"].max()) if len(frame) else 0.0})


def manifest(study: Study, upstream: list[Node], exporting: list[str]) -> Node:
    """One row per exported file, with its sha256; data/exports/manifest.json says the same with all data versions."""
    keys = [node.key for node in upstream]
    return Node(
        key="audit/manifest",
        deps=tuple(keys),
        definition={"study": study.settings.name, "exporting": exporting, **as_of(study)},
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
        **as_of(study),
        "tables": {key: {"data_version": record.data_version, "rows": record.rows} for key, record in records.items()},
        "files": {row["file"]: row["sha256"] for row in files},
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    frame = pd.DataFrame(sorted(files, key=lambda row: row["file"]), columns=["file", "sha256", "asset"])
    return Output(frame, {"manifest.json": text.encode()}, {"files": len(files), "tables": len(records)})
