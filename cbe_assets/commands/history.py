"""cbe history: the snapshots that refreshes left, and forgetting old ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbe_assets.commands.common import Json, Root, faults_as_json, print_faults, print_json
from cbe_assets.faults import StudyFault, fault, say

if TYPE_CHECKING:
    from cbe_assets.history.store import History

app = typer.Typer(
    add_completion=False, help="List the snapshots that refreshes left; `cbe history prune --keep N` forgets old ones."
)


@app.callback(invoke_without_command=True)
def history(context: typer.Context, root: Root = None, as_json: Json = False) -> None:
    """List the snapshots that refreshes left, oldest first."""
    if context.invoked_subcommand is not None:
        return
    from cbe_assets.history.store import History
    from cbe_assets.study import Study

    with faults_as_json(as_json):
        kept = History(Study.load(root).warehouse)
        listed = _listed(kept)
    size = sum(item["size"] for item in listed)
    if as_json:
        print_json({"snapshots": listed, "bytes": size, "damaged": [item.as_dict() for item in kept.damaged]})
    else:
        shown = [item | {"snapshot": item["snapshot"][:12]} for item in listed]
        lines = [say("history_line", **item) for item in shown]
        print("\n".join([*lines, say("history_counts", count=len(listed), size=size, folder=kept.folder)]))
        print_faults(kept.damaged)
    raise typer.Exit(max((item.code for item in kept.damaged), default=0))


def _listed(kept: History) -> list[dict[str, Any]]:
    """Number, snapshot, local time, tables that changed against the snapshot before, and bytes added."""
    listed, before = [], None
    for entry in kept.entries:
        tables = kept.snapshot(entry.snapshot).tables if kept.has(entry.snapshot) else {}
        versions = {key: table.data_version for key, table in tables.items()}
        changed = len(versions) if before is None else sum(before.get(key) != item for key, item in versions.items())
        time = datetime.fromtimestamp(entry.time).astimezone().isoformat(sep=" ", timespec="seconds")
        facts = {"number": entry.number, "snapshot": entry.snapshot, "time": time}
        listed.append(facts | {"changed": changed, "size": entry.size})
        before = versions
    return listed


@app.command()
def prune(
    keep: Annotated[int, typer.Option("--keep", help="How many of the newest snapshots stay.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Forget all but the newest snapshots."""
    from cbe_assets.history.store import History
    from cbe_assets.refresh.lock import writing
    from cbe_assets.study import Study

    with faults_as_json(as_json):
        if keep < 1:
            raise StudyFault([fault("history_keep", found=keep, expected=1)])
        study = Study.load(root)
        with writing(study.warehouse):
            kept = History(study.warehouse)
            gone = kept.prune(keep)
    size = sum(entry.size for entry in kept.entries)
    if as_json:
        print_json({"forgotten": [entry.number for entry in gone], "kept": len(kept.entries), "bytes": size})
    else:
        print(say("history_pruned", count=len(gone), kept=len(kept.entries), size=size))
