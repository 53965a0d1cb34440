"""The cbe command for tests: as a process of its own, or in this process where only its words and code matter."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from cbe_assets.assets.graph import Graph

CBE = str(Path(sys.executable).with_name("cbe"))


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def cbe_process(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    """Runs cbe as users do."""
    environment = {**os.environ, "CBE_LANG": "en", **variables}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.run([CBE, *arguments], capture_output=True, text=True, env=environment, check=False)


def cbe(*arguments: str, **variables: str) -> Said:
    """Runs cbe's entry point here: the same code without seconds of imports."""
    from cbe_assets import cli

    out, error = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.dict(os.environ, {"CBE_LANG": "en", **variables}),
        mock.patch.object(sys, "argv", ["cbe", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Said(code, out.getvalue(), error.getvalue())


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, path -> bytes."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def upstream(graph: Graph, *keys: str) -> set[str]:
    """The assets named and all they are made from."""
    found, waiting = set(), list(keys)
    while waiting:
        key = waiting.pop()
        if key in graph.nodes and key not in found:
            found.add(key)
            waiting += graph.nodes[key].deps
    return found
