"""The cbe command: reads arguments, calls one function each, prints, and exits 0, 1 or 2.

0 done; 1 a check or comparison failed; 2 wrong use or unreadable input.  Heavy libraries are imported by what needs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cbe_assets.faults import StudyFault, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A provincial panel study: official yearbooks in, validated panels, regressions and printable tables out.",
)

Root = Annotated[Path | None, typer.Option("--root", help="Study root; default: CBE_ROOT, else the nearest folder above.")]
Yearbooks = Annotated[Path | None, typer.Option("--yearbooks", help="Folder of yearbook files; default: study.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines.")]


def main() -> None:
    """Entry point: faults become messages on standard error and the exit code."""
    try:
        app()
    except StudyFault as error:
        _print_faults(error.faults)
        sys.exit(error.code)
    except KeyboardInterrupt:
        print(say("interrupted"), file=sys.stderr)
        sys.exit(130)


@app.command()
def refresh(
    select: Annotated[str | None, typer.Option("--select", help="Dagster's selection syntax, e.g. 'group:model'.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Make everything anew.")] = False,
    root: Root = None,
    yearbooks: Yearbooks = None,
    as_json: Json = False,
) -> None:
    """Make what is stale: plan, run, say what changed."""
    from cbe_assets.report_lines import Progress, refresh_lines

    with _said_as_json(as_json):
        graph = _graph(root, yearbooks)
        from cbe_assets.refresh.run import keys_of
        from cbe_assets.refresh.run import refresh as run

        chosen = keys_of(select, graph) if select else None
        with Progress(quiet=as_json) as progress:
            outcome = run(graph, select=chosen, full=full, say=progress)
        if as_json:
            _print_json(_outcome_dict(outcome))
        else:
            print("\n".join(refresh_lines(graph, outcome)))
            _print_faults(outcome.faults)
    raise typer.Exit(outcome.code)


@app.command()
def status(root: Root = None, yearbooks: Yearbooks = None, as_json: Json = False) -> None:
    """Say what is stale and why, and what is missing; run nothing."""
    from cbe_assets.report_lines import status_lines

    with _said_as_json(as_json):
        from cbe_assets.refresh.plan import Planner

        graph = _graph(root, yearbooks)
        plan = Planner(graph).plan()
        if as_json:
            _print_json(plan.as_dict() | {"unknown_files": graph.found.unknown})
        else:
            print("\n".join(status_lines(graph, plan)))
            _print_faults(plan.faults)
    raise typer.Exit(max((item.code for item in plan.faults), default=0))


@app.command()
def check(root: Root = None, yearbooks: Yearbooks = None, as_json: Json = False) -> None:
    """Run every suite against what is stored; change nothing."""
    from cbe_assets.report_lines import check_lines

    with _said_as_json(as_json):
        from cbe_assets.recheck import recheck

        results = recheck(_graph(root, yearbooks))
        if as_json:
            _print_json({key: [item.as_dict() for item in verdict.checks] for key, verdict in results.verdicts.items()})
        else:
            print("\n".join(check_lines(results)))
        _print_faults(results.faults if not as_json else [])
    raise typer.Exit(results.code)


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to; default: data/sample.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Default: seeds.simulate of study.yaml.")] = None,
    through: Annotated[int | None, typer.Option("--through", help="Last year; default: the study's.")] = None,
    root: Root = None,
) -> None:
    """Write a yearbook with known truth, in the layouts of official exports."""
    from cbe_assets.simulated_files import write_yearbook

    folder, files = write_yearbook(root, out, seed, through)
    print(say("simulated_written", files=files, folder=folder))


@app.command()
def ui(
    root: Root = None,
    port: Annotated[int, typer.Option("--port")] = 3000,
) -> None:
    """Open Dagster's web UI on 127.0.0.1 with this study's own home."""
    import os

    from cbe_assets.refresh.home import prepare_home
    from cbe_assets.study import find_root

    folder = find_root(root)
    prepare_home(folder)
    os.environ["CBE_ROOT"] = str(folder)
    command = str(Path(sys.executable).with_name("dagster"))
    print(say("ui_opens", address=f"http://127.0.0.1:{port}"), flush=True)
    os.execv(command, [command, "dev", "-m", "cbe_assets.definitions", "-h", "127.0.0.1", "-p", str(port)])


def _graph(root: Path | None, yearbooks: Path | None) -> Any:
    from cbe_assets.assets.graph import build
    from cbe_assets.study import Study

    return build(Study.load(root, yearbooks))


class _said_as_json:
    """With --json, faults raised inside are printed as JSON on standard output."""

    def __init__(self, wanted: bool):
        self.wanted = wanted

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if self.wanted and isinstance(error, StudyFault):
            _print_json({"faults": [item.as_dict() for item in error.faults], "code": error.code})
            raise typer.Exit(error.code)


def _outcome_dict(outcome: Any) -> dict[str, Any]:
    failed = {key: [item.as_dict() for item in faults] for key, faults in outcome.failed.items()}
    return {
        "code": outcome.code,
        "made": [{"asset": key, "changed": changed} for key, changed in outcome.made.items()],
        "failed": failed,
        "warnings": outcome.warnings,
        "runs": outcome.runs,
        "plan": outcome.plan.as_dict(),
    }


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def _print_faults(faults: list[Any]) -> None:
    for text in dict.fromkeys(item.text() for item in faults):
        print(text, file=sys.stderr)
