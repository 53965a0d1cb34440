"""What Dagster's UI shows of a study: the assets it marks as unsynced or missing."""

from __future__ import annotations

from pathlib import Path

from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from cbe_assets.assets.graph import build
from cbe_assets.refresh.dagster_assets import definitions
from cbe_assets.refresh.home import instance
from cbe_assets.refresh.plan import Planner
from cbe_assets.study import Study


def unsynced(root: Path) -> set[str]:
    """Keys that the UI marks; the resolver is the one behind its GraphQL field `staleStatus`."""
    graph = definitions(Planner(build(Study.load(root)))).resolve_asset_graph()
    with instance(root) as opened:
        resolver = CachingStaleStatusResolver(opened, graph, LoadingContextForTest(opened))
        marked = [key for key in graph.get_all_asset_keys() if resolver.get_status(key) != StaleStatus.FRESH]
    return {"/".join(key.path) for key in marked}
