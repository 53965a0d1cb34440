"""The graph on Dagster's stock storage and multiprocess executor, to compare with; for `dagster job execute`."""

import dagster as dg

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study

_ours = definitions(Planner(build(Study.load())))
_everything = dg.define_asset_job(
    "everything", selection=dg.AssetSelection.all(), executor_def=dg.multiprocess_executor
)

defs = dg.Definitions(assets=_ours.assets, jobs=[_everything])
