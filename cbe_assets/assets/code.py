"""The program's own code by content: what an edit of it makes stale.  Comments, layout and docstrings do not count.

Reading what a module says takes a while, so what was read is kept by the hash of its text and never read twice.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from functools import cache
from importlib import resources
from pathlib import Path

_known: dict[str, tuple[str, tuple[str, ...]]] = {}
"""Hash of a module's text -> hash of its code, and what it imports of cbe_assets."""


@cache
def code_digest(package: str) -> str:
    """Hash of the code of a package or module of cbe_assets, and of its other files."""
    place = _place(package)
    files = sorted(path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    joined = hashlib.sha256()
    for path in files or [place.with_suffix(".py")]:
        joined.update(path.name.encode())
        joined.update(_read(path)[0].encode() if path.suffix == ".py" else path.read_bytes())
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
            imported = _read(_place(module).with_suffix(".py"))[1]
            waiting += [name for name in imported if name.split(".")[0] in packages]
    return tuple(sorted(reached))


def recall(kept: Path) -> None:
    """Takes what an earlier process has read; a file that is absent or broken says nothing."""
    try:
        found = json.loads(kept.read_bytes())
        _known.update({str(text): (str(code), tuple(imports)) for text, (code, imports) in found.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return


def remembered() -> bytes:
    """What was read so far, for `recall`."""
    return json.dumps(_known, sort_keys=True, indent=0).encode()


def _place(package: str) -> Path:
    return Path(str(resources.files("cbe_assets"))).joinpath(*package.split("."))


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Hash of the code of a module and what it imports of cbe_assets, at its top or within."""
    text = path.read_bytes()
    # Another Python writes the same code out in another way.
    key = hashlib.sha256(f"{sys.version_info[:2]} ".encode() + text).hexdigest()[:24]
    if key not in _known:
        tree = ast.parse(text)
        _known[key] = (hashlib.sha256(_code_of(tree)).hexdigest(), tuple(_imported(tree)))
    return _known[key]


def _imported(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cbe_assets."):
            name = node.module.removeprefix("cbe_assets.")
            found += [f"{name}.{item.name}" for item in node.names] if "." not in name else [name]
    return list(dict.fromkeys(found))


def _code_of(tree: ast.Module) -> bytes:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _is_text(item)]
    return ast.dump(tree).encode()


def _is_text(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)
