"""cbe check: all suites against what is stored."""

from __future__ import annotations

import typer

from cbe_assets.commands.common import Json, Root, Yearbooks, faults_as_json, graph_of, print_faults, print_json


def check(root: Root = None, yearbooks: Yearbooks = None, as_json: Json = False) -> None:
    """Run every suite against what is stored; change nothing."""
    from cbe_assets.report_lines import check_lines

    with faults_as_json(as_json):
        from cbe_assets.recheck import recheck

        results = recheck(graph_of(root, yearbooks))
        if as_json:
            print_json({key: [item.as_dict() for item in verdict.checks] for key, verdict in results.verdicts.items()})
        else:
            print("\n".join(check_lines(results)))
        print_faults(results.faults if not as_json else [])
    raise typer.Exit(results.code)
