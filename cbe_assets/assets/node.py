"""One asset as data: key, inputs, definition and the function that makes its table.  Nothing here knows Dagster."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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


@cache
def code_digest(package: str) -> str:
    """Hash of the files of a package or module of cbe_assets; comments, layout and docstrings of code do not count."""
    place = _place(package)
    files = sorted(path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    joined = hashlib.sha256()
    for path in files or [place.with_suffix(".py")]:
        joined.update(path.name.encode())
        joined.update(_code_of(path) if path.suffix == ".py" else path.read_bytes())
    return joined.hexdigest()


@cache
def with_imports(*modules: str) -> tuple[str, ...]:
    """Modules of a package of cbe_assets and those of the same package that they import, in order of name.

    So an asset that takes long is made again for an edit of what it runs, not of its whole package.

    Args:
        modules: `statistics.placebo`, ...
    """
    packages, reached, waiting = {name.split(".")[0] for name in modules}, set(), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [name for name in _imported(module) if name.split(".")[0] in packages]
    return tuple(sorted(reached))


def _imported(module: str) -> Iterator[str]:
    """Modules of cbe_assets that a module imports, at its top or within."""
    for node in ast.walk(_tree(_place(module).with_suffix(".py"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cbe_assets."):
            name = node.module.removeprefix("cbe_assets.")
            yield from [f"{name}.{item.name}" for item in node.names] if "." not in name else [name]


def _place(package: str) -> Path:
    return Path(str(resources.files("cbe_assets"))).joinpath(*package.split("."))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _code_of(path: Path) -> bytes:
    tree = _tree(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _is_text(item)]
    return ast.dump(tree).encode()


def _is_text(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)
