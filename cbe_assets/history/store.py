"""The history of a warehouse: data/warehouse/history/<number>-<snapshot>.pack, one file per accepted refresh.

The order is the number, the time is the file's own; no file holds a clock.  A snapshot that comes back (A, B, A) is
listed again and costs a few bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cbe_assets.faults import FAILED, USAGE, Fault, StudyFault, fault
from cbe_assets.history.blocks import Pack, address, column_of
from cbe_assets.history.snapshot import Snapshot
from cbe_assets.warehouse import write_atomically

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "history"
_NAME = re.compile(r"(\d{6})-([0-9a-f]{24})\.pack")


@dataclass(frozen=True)
class Entry:
    """One accepted refresh: its number, the snapshot it left, and the file that was added."""

    number: int
    snapshot: str
    path: Path

    @property
    def time(self) -> float:
        """Seconds since 1970, of the file."""
        return self.path.stat().st_mtime

    @property
    def size(self) -> int:
        """Bytes that this refresh added."""
        return self.path.stat().st_size


class History:
    """The packs of one warehouse, read when asked for."""

    def __init__(self, warehouse: Path):
        self.folder = warehouse / FOLDER

    @cached_property
    def entries(self) -> list[Entry]:
        """Every refresh, oldest first."""
        found = ((_NAME.fullmatch(path.name), path) for path in sorted(self.folder.glob("*.pack")))
        return [Entry(int(match[1]), match[2], path) for match, path in found if match]

    @cached_property
    def _packs(self) -> tuple[dict[Path, Pack], list[Fault]]:
        packs, faults = {}, []
        for entry in self.entries:
            try:
                packs[entry.path] = Pack.read(entry.path.read_bytes(), entry.path.name)
            except StudyFault as error:
                faults += error.faults
        return packs, faults

    @property
    def damaged(self) -> list[Fault]:
        """A fault per file that is not what was written."""
        return self._packs[1]

    @cached_property
    def _where(self) -> dict[str, Pack]:
        return {name: pack for pack in self._packs[0].values() for name in pack.compressed}

    def has(self, block: str) -> bool:
        return block in self._where

    def block(self, name: str) -> bytes:
        """The block of that address.

        Raises:
            StudyFault: no readable pack holds it, or its content is another.
        """
        data = self._where[name].block(name) if name in self._where else b""
        if address(data) != name:
            raise StudyFault([fault("history_block_lost", found=name, code=FAILED), *self.damaged])
        return data

    def snapshot(self, name: str) -> Snapshot:
        return Snapshot.of_block(self.block(name))

    def frame(self, snapshot: Snapshot, key: str) -> pd.DataFrame:
        """A table as it was stored."""
        import pandas as pd

        columns = snapshot.tables[key].columns
        return pd.DataFrame({name: column_of(self.block(block), kind) for name, kind, block in columns})

    def texts(self, snapshot: Snapshot) -> dict[str, str]:
        """Path -> text of its study and SQL files."""
        return {path: self.block(name).decode() for path, name in snapshot.definitions.items()}

    def before(self, later: Entry) -> Entry | None:
        """The refresh that `later` is compared with: the last readable one before it that left another state."""
        return self._last_other([entry for entry in self.entries if entry.number < later.number], later.snapshot)

    def last_other_than(self, snapshot: str) -> Entry | None:
        """The newest readable refresh that left another state; None before the second state of a study."""
        return self._last_other(self.entries, snapshot)

    def _last_other(self, entries: list[Entry], snapshot: str) -> Entry | None:
        others = [entry for entry in entries if entry.snapshot != snapshot and self.has(entry.snapshot)]
        return others[-1] if others else None

    def number_of_next(self) -> int:
        return self.entries[-1].number + 1 if self.entries else 1

    def addition(self, snapshot: Snapshot, blocks: Mapping[str, bytes]) -> dict[str, bytes]:
        """What to write so that `snapshot` is the newest: path below the warehouse -> bytes; nothing if it is.

        Args:
            blocks: those that may be new; the rest is there.
        """
        name = snapshot.id
        if self.entries and self.entries[-1].snapshot == name and self.has(name):
            return {}
        new = {key: block for key, block in {**blocks, name: snapshot.block}.items() if not self.has(key)}
        return {f"{FOLDER}/{self.number_of_next():06d}-{name}.pack": Pack.of(name, new).data}

    def find(self, given: str) -> Entry:
        """The refresh meant: its number, or the first digits of its snapshot (the newest of that snapshot).

        Raises:
            StudyFault: none or several.
        """
        by_number = [entry for entry in self.entries if given.isdigit() and entry.number == int(given)]
        matching = by_number or [entry for entry in self.entries if entry.snapshot.startswith(given.lower())]
        if len({entry.snapshot for entry in matching}) != 1:
            listed = ", ".join(f"{entry.number} ({entry.snapshot[:8]})" for entry in self.entries[-10:]) or "-"
            raise StudyFault([fault("history_unknown", found=given, expected=listed, code=USAGE)])
        return matching[-1]

    def prune(self, keep: int) -> list[Entry]:
        """Forgets all but the newest `keep` refreshes; returns those forgotten.

        What the kept ones share with them moves into the oldest kept file before anything is deleted.
        """
        gone, kept = self.entries[:-keep], self.entries[-keep:]
        if not gone:
            return []
        needed = {entry.snapshot for entry in kept if self.has(entry.snapshot)}
        for name in sorted(needed):
            needed = needed | self.snapshot(name).addresses
        packs, oldest = self._packs[0], kept[0]
        there = {name for entry in kept if entry.path in packs for name in packs[entry.path].compressed}
        moved = {name: self._where[name].compressed[name] for name in sorted(needed - there) if self.has(name)}
        if moved:
            own = packs[oldest.path].compressed if oldest.path in packs else {}
            time = oldest.path.stat().st_mtime_ns
            write_atomically(oldest.path, Pack(oldest.snapshot, {**own, **moved}).data)
            os.utime(oldest.path, ns=(time, time))
        for entry in gone:
            entry.path.unlink()
        for name in ("entries", "_packs", "_where"):
            self.__dict__.pop(name, None)
        return gone
