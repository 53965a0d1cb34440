"""One state of the study by content: which tables, of which files, by which definitions and code.  Holds no clock."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from cbe_assets.history.blocks import address, canonical

FORMAT = 1


@dataclass(frozen=True)
class KeptTable:
    """A stored table as a snapshot keeps it.

    Attributes:
        data_version, code_version: as in its warehouse record.
        rows: number of rows.
        columns: (name, kind, address of the block), in order.
    """

    data_version: str
    code_version: str
    rows: int
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Snapshot:
    """The content of one accepted state.

    Attributes:
        study: its name.
        simulated: whether any of the data is.
        tables: asset key -> table.
        sources: official or reference table -> (file, edition, version) of each file read.
        made_from: asset key of a table that estimates start from -> the source tables behind it.
        definitions: path of a study or SQL file -> address of its text.
        code: package or library -> version.
    """

    study: str
    simulated: bool
    tables: dict[str, KeptTable]
    sources: dict[str, tuple[tuple[str, str, str], ...]]
    made_from: dict[str, tuple[str, ...]]
    definitions: dict[str, str]
    code: dict[str, str] = field(default_factory=dict)

    @property
    def block(self) -> bytes:
        """The snapshot itself as a block."""
        return canonical({"format": FORMAT, **asdict(self)})

    @cached_property
    def id(self) -> str:
        return address(self.block)

    @classmethod
    def of_block(cls, block: bytes) -> Snapshot:
        content: dict[str, Any] = json.loads(block)
        del content["format"]
        tables = {
            key: KeptTable(**item | {"columns": tuple(map(tuple, item["columns"]))})
            for key, item in content.pop("tables").items()
        }
        sources = {key: tuple(map(tuple, files)) for key, files in content.pop("sources").items()}
        made_from = {key: tuple(names) for key, names in content.pop("made_from").items()}
        return cls(tables=tables, sources=sources, made_from=made_from, **content)

    @property
    def addresses(self) -> set[str]:
        """Every block it is made of, but its own."""
        kept = {block for table in self.tables.values() for _, _, block in table.columns}
        return kept | set(self.definitions.values())
