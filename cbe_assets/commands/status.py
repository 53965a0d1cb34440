"""cbe status: what is stale and why, what is missing."""

from __future__ import annotations

import typer

from cbe_assets.commands.common import AsOf, Json, Root, Yearbooks, faults_as_json, graph_of, print_faults, print_json


def status(root: Root = None, yearbooks: Yearbooks = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Say what is stale and why, and what is missing; run nothing."""
    from cbe_assets.report_lines import status_lines

    with faults_as_json(as_json):
        from cbe_assets.refresh.plan import Planner

        graph = graph_of(root, yearbooks, as_of)
        plan = Planner(graph).plan()
        if as_json:
            print_json(plan.as_dict() | {"unknown_files": graph.found.unknown})
        else:
            print("\n".join(status_lines(graph, plan)))
            print_faults(plan.faults)
    raise typer.Exit(max((item.code for item in plan.faults), default=0))
