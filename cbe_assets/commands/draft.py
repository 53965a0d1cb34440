"""cbe draft: a first suite for every asset that has none."""

from __future__ import annotations

from cbe_assets.commands.common import Root, Yearbooks, graph_of
from cbe_assets.faults import say


def draft(root: Root = None, yearbooks: Yearbooks = None) -> None:
    """Write a first suite of expectations for every asset that has none; change none that is there."""
    from cbe_assets.drafts import write_missing

    graph = graph_of(root, yearbooks)
    written = write_missing(graph)
    print(say("drafted", count=len(written), folder=graph.study.root / "expectations"))
