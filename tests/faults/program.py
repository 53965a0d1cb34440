"""The cbe program as a process of its own, forked from one that has its imports done: seconds saved per start."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

_forking = multiprocessing.get_context("forkserver")


def serve() -> None:
    """Starts the process that the others are forked from; it imports warmed.py, and passes over what it cannot find."""
    _forking.set_forkserver_preload(["warmed"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        forkserver.ensure_running()


@dataclass
class Program:
    """One run of cbe that was started."""

    process: Any
    out: Path
    err: Path
    begun: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        return self.err.read_text(encoding="utf-8")

    @property
    def printed(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def json(self) -> dict[str, Any]:
        return json.loads(self.printed)

    def wait(self, seconds: float = 120.0) -> int:
        """Its exit code; a process that does not end in time is killed and fails the test."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"no end after {seconds} s\n{self.printed}\n{self.said}")
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.process.join(10)


def start(folder: Path, *arguments: str, **variables: str) -> Program:
    """Starts `cbe ARGUMENTS`; what it prints goes to new files under `folder`."""
    serve()
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.out")))
    out, err = folder / f"{number}.out", folder / f"{number}.err"
    out.touch()
    settings = {"CBE_LANG": "en", **variables}
    process = _forking.Process(target=_main, args=(list(arguments), settings, str(out), str(err)))
    process.start()
    return Program(process, out, err)


def _main(arguments: list[str], variables: dict[str, str], out: str, err: str) -> None:
    for number, name in ((1, out), (2, err)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
    sys.stdout, sys.stderr = open(1, "w", encoding="utf-8"), open(2, "w", encoding="utf-8")  # noqa: SIM115
    os.environ.pop("DAGSTER_HOME", None)
    os.environ.update(variables)
    sys.argv = ["cbe", *arguments]
    from cbe_assets.cli import main

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer of `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"nothing after {seconds} s")
