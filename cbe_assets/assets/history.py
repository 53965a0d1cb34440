"""audit/history: the state of the study as a snapshot, filed under data/warehouse/history when it is another one.

Its table lists what the snapshot holds and which snapshot came before; whatever reads the history depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING

from cbe_assets.assets.audit import EDITIONS
from cbe_assets.assets.clean import as_of
from cbe_assets.assets.code import code_digest
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.result_file import versions
from cbe_assets.history.blocks import address, column_block
from cbe_assets.history.snapshot import KeptTable, Snapshot
from cbe_assets.history.store import History
from cbe_assets.sources import Sources
from cbe_assets.study import Study, Text
from cbe_assets.warehouse import Record, Warehouse, column_types
from cbe_assets.yearbook.edition import as_of_date, edition_date

if TYPE_CHECKING:
    import pandas as pd

HISTORY = "audit/history"
LAYERS = ("clean", "panel", "index", "model")
DERIVED = ("index/normalized",)
"""Not kept: it follows from panel/indicators and index/weights, and is as large as the panel."""
Defined = Callable[[], dict[str, str]]


def node(study: Study, found: Sources, upstream: list[Node]) -> Node:
    """The node of a graph whose other nodes, exhibits aside, are `upstream`."""
    by_key = {item.key: item for item in upstream}
    read = {dep for item in upstream if item.layer in LAYERS for dep in item.deps}
    references = [f"raw/{name}" for name in study.reference_tables if f"raw/{name}" in read]
    kept = [item.key for item in upstream if item.layer in LAYERS and item.key not in DERIVED]
    keys = [*references, *kept, EDITIONS]
    made_from = {key: tuple(sorted(_sources_of(key, by_key))) for key in keys if key.split("/")[0] in ("raw", "clean")}
    packages = sorted({package for item in upstream if item.layer in LAYERS for package in item.code})
    return Node(
        key=HISTORY,
        deps=tuple(keys),
        definition={"study": study.settings.name, "kept": keys, **as_of(study)},
        code=("history", "assets.history"),
        kinds=("python",),
        title=Text(zh="本次更新后的状态快照", en="Snapshot of the state after this refresh"),
        make=lambda inputs: _filed(study, found, keys, made_from, packages, inputs),
    )


def _sources_of(key: str, by_key: dict[str, Node]) -> set[str]:
    """The source tables behind an asset."""
    reached: set[str] = set()
    for dep in by_key[key].deps if key in by_key else ():
        reached |= {dep.split("/")[1]} if dep.startswith("source/") else _sources_of(dep, by_key)
    return reached


def _filed(
    study: Study,
    found: Sources,
    keys: list[str],
    made_from: dict[str, tuple[str, ...]],
    packages: list[str],
    inputs: Inputs,
) -> Output:
    """The snapshot as a table, and as the file that the history gains."""
    import pandas as pd

    warehouse, history = Warehouse(study.warehouse), History(study.warehouse)
    records = {key: record for key in keys if (record := warehouse.record(key))}
    newest = [entry for entry in history.entries if history.has(entry.snapshot)]
    last = history.snapshot(newest[-1].snapshot) if newest else None
    blocks: dict[str, bytes] = {}
    tables = {key: _kept(records[key], last, history, inputs, blocks) for key in keys}
    texts = definitions(study)
    blocks |= {address(text.encode()): text.encode() for text in texts.values()}
    snapshot = Snapshot(
        study=study.settings.name,
        simulated=bool(inputs(EDITIONS)["simulated"].any()),
        tables=tables,
        sources=_versions(study, found),
        made_from=made_from,
        definitions={path: address(text.encode()) for path, text in texts.items()},
        code=code(packages),
    )
    before = history.last_other_than(snapshot.id)
    frame = _contents(snapshot, before.snapshot if before else "", history)
    facts = {"snapshot": snapshot.id, "previous": before.snapshot if before else ""}
    lost = [item.text() for item in history.damaged]
    shown = {"damaged": pd.DataFrame({"file": lost})} if lost else {}
    return Output(frame, facts=facts, tables=shown, kept=history.addition(snapshot, blocks))


def _kept(
    record: Record, last: Snapshot | None, history: History, inputs: Inputs, blocks: dict[str, bytes]
) -> KeptTable:
    """A table as kept; its columns are read only if the last snapshot has others."""
    known = last.tables.get(record.key) if last else None
    if known and known.data_version == record.data_version and all(history.has(block) for *_, block in known.columns):
        return KeptTable(record.data_version, record.code_version, record.rows, known.columns)
    frame = inputs(record.key)
    columns = []
    for name, kind in column_types(frame).items():
        block = column_block(frame[name])
        blocks[address(block)] = block
        columns.append((name, kind, address(block)))
    return KeptTable(record.data_version, record.code_version, record.rows, tuple(columns))


def _versions(study: Study, found: Sources) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Table -> file, edition and version of everything read for it; with --as-of of editions out by then."""
    last = as_of_date(study.as_of) if study.as_of else None
    files = {
        name: tuple(
            (f"{name}/{file.path.name}", file.edition, file.version)
            for file in found.editions[name]
            if last is None or edition_date(file.edition) <= last
        )
        for name in sorted(found.editions)
    }
    references = {name: ((path.name, "", found.version(name) or ""),) for name, path in sorted(found.reference.items())}
    return files | references


def definitions(study: Study) -> dict[str, str]:
    """Path -> text of the files that say what is computed: study/*.yaml, sql/**, data/corrections.yaml."""
    root = study.root
    paths = [*root.glob("study/*.yaml"), *root.glob("sql/**/*.sql"), *root.glob("data/corrections.yaml")]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}


def code(packages: list[str]) -> dict[str, str]:
    """Version of the code and of the libraries behind every table kept."""
    own = {f"cbe_assets.{package}": code_digest(package)[:24] for package in packages}
    return own | versions() | {"duckdb": metadata.version("duckdb")}


def _contents(snapshot: Snapshot, previous: str, history: History) -> pd.DataFrame:
    """One row per table kept."""
    import pandas as pd

    old = history.snapshot(previous).tables if previous else {}
    rows = [
        {
            "table": key,
            "rows": table.rows,
            "data_version": table.data_version,
            "changed": key not in old or old[key].data_version != table.data_version,
            "snapshot": snapshot.id,
            "previous": previous,
        }
        for key, table in snapshot.tables.items()
    ]
    return pd.DataFrame(rows)
