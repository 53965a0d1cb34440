"""The graph on Dagster's stock storage and multiprocess executor, to compare with; for `dagster job execute`."""

import dagster as dg

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study


def stock() -> dg.Definitions:
    """Our assets, their checks and gate; nothing else of ours."""
    everything = dg.define_asset_job(
        "everything", selection=dg.AssetSelection.all(), executor_def=dg.multiprocess_executor
    )
    return dg.Definitions(assets=definitions(Planner(build(Study.load()))).assets, jobs=[everything])


defs = stock()
