"""What Dagster loads: the graph of the study root in CBE_ROOT, or of the folder it was started in."""

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study

defs = definitions(Planner(build(Study.load())))
