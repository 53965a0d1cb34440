"""One asset as data: key, inputs, definition and the function that makes its table.  Nothing here knows Dagster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cbe_assets.assets.code import code_digest
from cbe_assets.study import Text

if TYPE_CHECKING:
    import pandas as pd

LAYERS = ("source", "raw", "clean", "panel", "index", "model", "exhibit", "audit")
"""Groups of the graph, upstream first."""


PART_OF = {"sql": "sql", "macros": "sql", "versions": "libraries"}
"""What entries of a definition are called where it is said what changed; all others are the specification."""


class Inputs(Protocol):
    """Gives an asset the stored tables it depends on."""

    def __call__(self, key: str) -> pd.DataFrame: ...


@dataclass
class Output:
    """What making an asset gave.

    Attributes:
        frame: its table.
        files: exported files, path under data/exports -> bytes.
        facts: numbers and texts to show; numbers plot over time in the UI.
        tables: further small tables to show, title -> frame.
        preview: Markdown shown instead of the first rows.
        picture: a small PNG.
        kept: files kept with the tables, path under data/warehouse -> bytes, in the order to write them.
    """

    frame: pd.DataFrame
    files: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    preview: str | None = None
    picture: bytes | None = None
    kept: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """One asset.

    Attributes:
        key: `layer/name`, also DuckDB schema.table, Parquet path and suite path.
        deps: keys of its inputs, `source/...` among them.
        definition: what of study/ and sql/ defines it, as JSON would hold it.
        code: packages and modules of cbe_assets whose code makes it.
        kinds: what Dagster shows as kinds.
        title: one line in both languages.
        make: gives the table from the inputs.
        reads: input -> the only columns of it that `make` is given; inputs not named here are read whole.
        lineage: column -> the (asset, column) pairs it is computed from; called only where it is shown.
    """

    key: str
    deps: tuple[str, ...]
    definition: Any
    code: tuple[str, ...]
    kinds: tuple[str, ...]
    title: Text
    make: Callable[[Inputs], Output]
    lineage: Callable[[], Mapping[str, list[tuple[str, str]]]] | None = None
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def layer(self) -> str:
        return self.key.split("/")[0]

    @property
    def name(self) -> str:
        return self.key.split("/")[1]

    def parts(self, suite: object) -> dict[str, str]:
        """Everything that defines the table but its inputs, part -> hash.

        Parts are `sql`, `specification` (what of study/ it rests on), `libraries`, `suite` and `code <package>`.
        """
        defined: dict[str, dict[str, Any]] = {}
        for name, item in (self.definition if isinstance(self.definition, dict) else {"": self.definition}).items():
            defined.setdefault(PART_OF.get(name, "specification"), {})[name] = item
        parts = {name: _hash(item) for name, item in sorted(defined.items())}
        return parts | {"suite": _hash(suite)} | {f"code {item}": code_digest(item)[:12] for item in self.code}

    def code_version(self, suite: object) -> str:
        """Hash of definition, suite and code: everything that defines the table but its inputs."""
        return _hash(self.parts(suite), 24)


def _hash(content: object, length: int = 12) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
