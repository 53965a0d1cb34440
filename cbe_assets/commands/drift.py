"""cbe drift: what changed between two refreshes, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbe_assets.commands.common import Json, Root, faults_as_json, print_json
from cbe_assets.faults import StudyFault, fault, language, say


def drift(
    old: Annotated[
        str | None, typer.Argument(help="Number or first digits of a snapshot (cbe history); default: the one before.")
    ] = None,
    new: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the page, Markdown and figures there.")] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Say what changed between two refreshes, and why."""
    from cbe_assets.study import Study

    with faults_as_json(as_json):
        from cbe_assets.assets.drift import between, exhibits
        from cbe_assets.history.store import History

        study = Study.load(root)
        history = History(study.warehouse)
        if not history.entries:
            raise StudyFault([fault("history_empty")])
        if not exhibits(study):
            raise StudyFault([fault("drift_undeclared", file="study/exhibits.yaml")])
        name = exhibits(study)[0]
        later = history.find(new) if new else history.entries[-1]
        earlier = history.find(old) if old else history.before(later)
        found = between(study, history, earlier, later, study.exhibits[name].columns)
        if as_json:
            print_json(found.as_dict())
            return
        from cbe_assets.assets.raw import gazetteer
        from cbe_assets.publish.drift_page import render
        from cbe_assets.warehouse import write_atomically

        files = render(found, study, name, gazetteer(study)).files
        print(files[f"report/{name}.{language()}.md"].decode(), end="")
        if out:
            for path, data in sorted(files.items()):
                write_atomically(out / path, data)
            print(say("drift_written", folder=out))
