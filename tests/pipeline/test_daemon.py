"""The real daemon: `dagster dev` on a study of its own, a file dropped in, what follows seen through its GraphQL."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_study

from cbe_assets.assets.graph import build
from cbe_assets.refresh.plan import Planner
from cbe_assets.refresh.run import refresh
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse

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
        """Ends it with all its children, gently at first."""
        os.killpg(self.process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job, newest first."""
        query = """query($f: RunsFilter!) { runsOrError(filter: $f, limit: 20) { ... on Runs { results {
                   runId status } } } }"""
        return self.ask(query, f={"pipelineName": job})["runsOrError"]["results"]

    def made(self, run_id: str) -> set[str]:
        """The assets that a run materialized, as its page shows them."""
        query = (
            "query($r: ID!) { runOrError(runId: $r) { ... on Run { assetMaterializations { assetKey { path } } } } }"
        )
        found = self.ask(query, r=run_id)["runOrError"]["assetMaterializations"]
        return {"/".join(item["assetKey"]["path"]) for item in found}

    def finished(self, job: str) -> dict[str, Any] | None:
        """The newest run of a job, once it has ended."""
        found = self.runs(job)
        return found[0] if found and found[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

    def unsynced(self) -> set[str]:
        nodes = self.ask("{ assetNodes { assetKey { path } staleStatus } }")["assetNodes"]
        return {"/".join(node["assetKey"]["path"]) for node in nodes if node["staleStatus"] != "FRESH"}

    def sensor(self, name: str) -> dict[str, Any]:
        query = """query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState {
                   status ticks(limit: 20) { status skipReason error { message } } } } } }"""
        return self.ask(query, s={**SELECTOR, "sensorName": name})["sensorOrError"]["sensorState"]

    def switch_on(self, name: str) -> None:
        query = "mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"
        assert self.ask(query, s={**SELECTOR, "sensorName": name})["startSensor"]["__typename"] == "Sensor"

    def launch(self, *keys: str) -> str:
        """What the button "Materialize selected" does; gives the run's id."""
        query = """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
                   ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        selector = {**SELECTOR, "pipelineName": "__ASSET_JOB", "assetSelection": [{"path": k.split("/")} for k in keys]}
        return self.ask(query, p={"selector": selector})["launchPipelineExecution"]["run"]["runId"]

    def status(self, run_id: str) -> str:
        query = "query($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }"
        return self.ask(query, r=run_id)["runOrError"]["status"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small study after one refresh."""
    folder = small_study.write(tmp_path / "root")
    monkeypatch.setenv("DAGSTER_HOME", str(folder / ".dagster"))
    outcome = refresh(build(Study.load(folder)))
    assert outcome.code == 0, [item.text() for item in outcome.faults]
    return folder


@pytest.fixture
def daemon(root: Path, tmp_path: Path) -> Iterator[Daemon]:
    started = Daemon(root, tmp_path / "dagster.log")
    try:
        query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
        started.until(lambda: started.ask(query)["repositoriesOrError"].get("nodes"), START_SECONDS)
        yield started
    finally:
        started.stop()


def published(root: Path) -> float:
    import duckdb

    with duckdb.connect(str(root / "data/warehouse/cbe.duckdb"), read_only=True) as connection:
        return connection.execute("select sum(gdp) from clean.gdp").fetchall()[0][0]


def test_a_file_dropped_in_is_refreshed_by_the_daemon(daemon, root):
    warehouse, before = Warehouse(root / "data/warehouse"), published(root)
    old = warehouse.record("model/table4_1")
    assert daemon.sensor("yearbooks")["status"] == "STOPPED" and daemon.unsynced() == set()
    daemon.switch_on("yearbooks")
    small_study.write_edition(root, "gdp", edition="2024", change=50000.0)
    run = daemon.until(lambda: daemon.finished("refresh_stale"), RUN_SECONDS)
    assert run["status"] == "SUCCESS"
    assert len(daemon.runs("refresh_stale")) == 1
    assert published(root) == pytest.approx(before + 50000.0)
    assert warehouse.record("model/table4_1").data_version != old.data_version
    made = daemon.made(run["runId"])
    assert "raw/gdp" in made and not made & {"raw/population", "clean/exports"}
    assert daemon.unsynced() == set() == Planner(build(Study.load(root))).plan().marked
    ticks = daemon.sensor("yearbooks")["ticks"]
    assert [tick["status"] for tick in ticks].count("SUCCESS") == 1 and not any(tick["error"] for tick in ticks)


@pytest.mark.slow
def test_assets_materialized_in_the_ui_read_the_files_as_they_are_now(daemon, root):
    """The code server is not reloaded in between: a run is a process of its own, which reads everything again."""
    before = published(root)
    small_study.write_edition(root, "gdp", edition="2024", change=50000.0)
    run_id = daemon.launch("raw/gdp", "clean/gdp")
    status = daemon.until(lambda: (s := daemon.status(run_id)) in ("SUCCESS", "FAILURE") and s, RUN_SECONDS)
    assert status == "SUCCESS"
    assert published(root) == pytest.approx(before + 50000.0)
    assert daemon.unsynced() == Planner(build(Study.load(root))).plan().marked != set()
