"""Runs in Dagster: which assets, on the instance of the study root, with observations of the files they read."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import dagster as dg

from cbe_assets.assets.graph import Graph
from cbe_assets.faults import StudyFault, fault
from cbe_assets.refresh.dagster_assets import Recorder, definitions
from cbe_assets.refresh.home import instance
from cbe_assets.refresh.plan import Planner

ASSET_JOB = "__ASSET_JOB"


class Runs:
    """A series of in-process runs of one refresh."""

    def __init__(self, planner: Planner, recorder: Recorder):
        self.planner = planner
        self.instance = instance(planner.graph.study.root)
        self.job = definitions(planner, recorder).resolve_job_def(ASSET_JOB)
        self._observed: set[str] = set()

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.instance.dispose()

    def execute(self, keys: list[str]) -> str:
        """Runs the assets; returns the run's id.  What failed was told to the recorder."""
        self._observe(keys)
        result = self.job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(key.split("/")) for key in keys],
            raise_on_error=False,
            run_config={"loggers": {"quiet": {}}},
            tags={"cbe/refresh": "1"},
        )
        unheard = [event for event in result.get_step_failure_events() if not _is_known(event)]
        if unheard:
            raise RuntimeError("\n".join(str(event.step_failure_data.error) for event in unheard))
        return result.run_id

    def _observe(self, keys: list[str]) -> None:
        """Tells Dagster the data version of the files that these assets read, or they would show as unsynced."""
        read = [dep for key in keys for dep in self.planner.graph.nodes[key].deps if dep.startswith("source/")]
        for dep in read:
            if dep in self._observed:
                continue
            self._observed.add(dep)
            version = self.planner.source_versions[dep]
            self.instance.report_runless_asset_event(
                dg.AssetObservation(dg.AssetKey(dep.split("/")), tags={"dagster/data_version": version})
            )


def _is_known(event: Any) -> bool:
    """Whether a step failed by a fault that the recorder heard of."""
    data = event.step_failure_data
    return data.user_failure_data is not None


def select(selection: str, graph: Graph) -> set[str]:
    """The keys that Dagster's selection syntax names.

    Raises:
        StudyFault: not a selection, or one that names nothing.
    """
    loaded = definitions(Planner(graph))
    try:
        found = dg.AssetSelection.from_string(selection).resolve(loaded.resolve_asset_graph())
    except (dg.DagsterError, ValueError) as error:
        raise StudyFault([fault("bad_selection", found=selection, expected=str(error).splitlines()[0])]) from error
    keys = {"/".join(key.path) for key in found} & set(graph.nodes)
    if not keys:
        raise StudyFault([fault("empty_selection", found=selection)])
    return keys
