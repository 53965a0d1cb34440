"""The real daemon: `dagster dev` on a study of its own, a file dropped in, what follows seen through its GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

DAGSTER = str(Path(sys.executable).with_name("dagster"))
START_SECONDS, RUN_SECONDS = 90, 120
SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "cbe_assets.definitions"}


class Daemon:
    """`dagster dev` of a study root, and its GraphQL."""

    def __init__(self, root: Path, log: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {**os.environ, "CBE_ROOT": str(root), "DAGSTER_HOME": str(root / ".dagster"), "CBE_LANG": "en"}
        command = [DAGSTER, "dev", "-m", "cbe_assets.definitions", "-h", "127.0.0.1", "-p", str(self.port)]
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, env=environment, cwd=root, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]

    def until(self, what: Callable[[], Any], seconds: float) -> Any:
        """The first true answer of `what`; fails with the end of the log where none comes in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            try:
                if answer := what():
                    return answer
            except OSError:
                pass  # not listening yet
            time.sleep(0.3)
        raise AssertionError(f"nothing after {seconds} s\n{self.log.read_text(errors='replace')[-5000:]}")

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)
