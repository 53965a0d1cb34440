"""Why an asset is stale: its stored record against files, inputs, definition, suite, code and exports as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cbe_assets.assets.node import Node
from cbe_assets.faults import say
from cbe_assets.warehouse import Record

SHOWN = 4
"""So many names stand in a reason; the rest are counted."""
ELSEWHERE = "input_elsewhere"
"""An input changed, but in no column that the asset reads: it is confirmed, not made."""
PARTS = ("sql", "specification", "suite", "libraries")


@dataclass(frozen=True)
class Reason:
    """Why an asset is stale: a key of messages.yaml under `stale_`, and what it is about."""

    message: str
    facts: dict[str, object] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """One line; of a list of names the first few."""
        facts = {name: _few(item) if isinstance(item, list) else item for name, item in self.facts.items()}
        return say(f"stale_{self.message}", lang, **facts)


def _few(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" +{rest}" if rest > 0 else "")


def definition_reasons(record: Record, parts: Mapping[str, str]) -> Iterator[Reason]:
    """Which parts of what defines the asset are others."""
    if not record.definition:
        # Stored by a program that kept one hash of them all.
        yield Reason("definition_changed")
        return
    changed = [name for name in {**record.definition, **parts} if record.definition.get(name) != parts.get(name)]
    for name in PARTS:
        if name in changed:
            yield Reason(f"{name}_changed", {"key": record.key})
    packages = [name.removeprefix("code ") for name in changed if name.startswith("code ")]
    if packages:
        yield Reason("code_changed", {"packages": packages})


def file_reasons(record: Record, sources: list[str], files: Mapping[str, str]) -> Iterator[Reason]:
    """Which files are new, changed or gone; where only their order or a sidecar's name is another, the tables."""
    old = record.sources
    changes = {
        "file_new": [name for name in files if name not in old],
        "file_changed": [name for name in files if name in old and old[name] != files[name]],
        "file_removed": [name for name in old if name not in files],
    }
    if not old or not any(changes.values()):
        changes = {"file_changed": sources}
    for message, names in changes.items():
        if names:
            yield Reason(message, {"files": names})


def input_reasons(record: Record, node: Node, records: Mapping[str, Record | None]) -> Iterator[Reason]:
    """Which input tables hold other content, are read for the first time or no more.

    Args:
        record: of the stored table.
        node: the asset.
        records: of its inputs; None where a table is lost, which may well be made again as it was.
    """
    stored = {dep: found for dep in node.deps if (found := records.get(dep))}
    changed = [
        dep for dep, found in stored.items() if dep in record.inputs and found.data_version != record.inputs[dep]
    ]
    elsewhere = [dep for dep in changed if columns_read(node, stored[dep]) == record.columns_read.get(dep, "")]
    named = {
        "input_changed": [dep for dep in changed if dep not in elsewhere],
        ELSEWHERE: elsewhere,
        "input_new": [dep for dep in stored if dep not in record.inputs],
        "input_gone": [dep for dep in record.inputs if dep not in node.deps and not dep.startswith("source/")],
    }
    for message, names in named.items():
        if names:
            yield Reason(message, {"inputs": names})


def columns_read(node: Node, record: Record) -> str | None:
    """Hash of the columns of an input that the asset reads; None where it reads them all."""
    columns = node.reads.get(record.key)
    return record.columns_version(columns) if columns is not None else None
