"""cbe refresh: make what is stale and say what changed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cbe_assets.commands.common import AsOf, Json, Root, Yearbooks, faults_as_json, graph_of, print_faults, print_json


def refresh(
    select: Annotated[
        str | None, typer.Option("--select", help="Dagster's selection syntax, e.g. 'group:model'.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Make everything anew.")] = False,
    wait: Annotated[
        float | None, typer.Option("--wait", help="Seconds to wait for another refresh; default: until it ends.")
    ] = None,
    root: Root = None,
    yearbooks: Yearbooks = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Make what is stale: plan, run, say what changed."""
    from cbe_assets.report_lines import Progress, refresh_lines

    with faults_as_json(as_json):
        graph = graph_of(root, yearbooks, as_of)
        from cbe_assets.refresh.run import keys_of
        from cbe_assets.refresh.run import refresh as run

        chosen = keys_of(select, graph) if select else None
        with Progress(quiet=as_json) as progress:
            outcome = run(graph, select=chosen, full=full, wait=wait, say=progress)
        if as_json:
            print_json(_outcome_dict(outcome))
        else:
            print("\n".join(refresh_lines(graph, outcome)))
            print_faults(outcome.faults)
    raise typer.Exit(outcome.code)


def _outcome_dict(outcome: Any) -> dict[str, Any]:
    failed = {key: [item.as_dict() for item in faults] for key, faults in outcome.failed.items()}
    return {
        "code": outcome.code,
        "made": [{"asset": key, "changed": changed} for key, changed in outcome.made.items()],
        "confirmed": outcome.confirmed,
        "failed": failed,
        "warnings": outcome.warnings,
        "runs": outcome.runs,
        "plan": outcome.plan.as_dict(),
    }
