"""Columns and texts as blocks addressed by their content, and packs: the new blocks of one snapshot in one file.

A block is JSON, so that any reader can open it; its address is the hash of that JSON, so that equal columns are kept
once whatever the compressor does.  Bytes in, values out; nothing here knows folders or tables.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cbe_assets.faults import FAILED, StudyFault, fault

if TYPE_CHECKING:
    import pandas as pd

MAGIC = b"cbe snapshots 1\n"
LEVEL = 6


def address(block: bytes) -> str:
    """The name of a block: 24 hexadecimal digits of its sha256."""
    return hashlib.sha256(block).hexdigest()[:24]


def canonical(content: Any) -> bytes:
    """JSON with one spelling for equal content."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def column_block(column: pd.Series) -> bytes:
    """A column as a JSON list; numbers round-trip exactly, what is missing is null, times are ISO 8601."""
    missing = column.isna().tolist()
    plain = str if column.dtype.kind == "M" else (lambda value: value)
    values = [None if gone else plain(value) for gone, value in zip(missing, column.tolist(), strict=True)]
    return canonical(values)


def column_of(block: bytes, kind: str) -> pd.Series:
    """The column behind a block; `kind` is one of `warehouse.column_types`."""
    import pandas as pd

    values = json.loads(block)
    if kind == "time":
        return pd.Series(pd.to_datetime(values))
    if kind == "text":
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype={"number": "float64", "integer": "int64", "boolean": "bool"}[kind])


@dataclass(frozen=True)
class Pack:
    """What one refresh adds to the history.

    Attributes:
        snapshot: address of the snapshot's own block.
        compressed: address -> compressed block.
    """

    snapshot: str
    compressed: Mapping[str, bytes]

    @classmethod
    def of(cls, snapshot: str, blocks: Mapping[str, bytes]) -> Pack:
        """A pack of plain blocks."""
        return cls(snapshot, {name: zlib.compress(block, LEVEL) for name, block in blocks.items()})

    @cached_property
    def data(self) -> bytes:
        """The file: magic, sha256 of the rest, length of the table of contents, the contents, the blocks."""
        names = sorted(self.compressed)
        listed = [[name, len(self.compressed[name])] for name in names]
        head = zlib.compress(canonical({"snapshot": self.snapshot, "blocks": listed}), LEVEL)
        rest = len(head).to_bytes(8, "big") + head + b"".join(self.compressed[name] for name in names)
        return MAGIC + hashlib.sha256(rest).digest() + rest

    @classmethod
    def read(cls, data: bytes, file: str) -> Pack:
        """The pack in a file.

        Raises:
            StudyFault: the bytes are not those that were written.
        """
        start = len(MAGIC) + 32
        digest, rest = data[len(MAGIC) : start], data[start:]
        if not data.startswith(MAGIC) or hashlib.sha256(rest).digest() != digest:
            raise StudyFault([fault("history_damaged", file=file, code=FAILED)])
        length = int.from_bytes(rest[:8], "big")
        head = json.loads(zlib.decompress(rest[8 : 8 + length]))
        blocks, place = {}, 8 + length
        for name, size in head["blocks"]:
            blocks[name] = rest[place : place + size]
            place += size
        return cls(head["snapshot"], blocks)

    def block(self, name: str) -> bytes:
        return zlib.decompress(self.compressed[name])
