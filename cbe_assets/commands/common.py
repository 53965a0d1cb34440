"""What every command shares: its options, the graph of a root, and how faults and JSON are printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated

import typer

from cbe_assets.faults import Fault, StudyFault

if TYPE_CHECKING:
    from cbe_assets.assets.graph import Graph

Root = Annotated[
    Path | None, typer.Option("--root", help="Study root; default: CBE_ROOT, else the nearest folder above.")
]
Yearbooks = Annotated[Path | None, typer.Option("--yearbooks", help="Folder of yearbook files; default: study.yaml.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="A day such as 2022-06-30: the study as it would have been, of editions out by then."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines.")]


def graph_of(root: Path | None, yearbooks: Path | None = None, as_of: str | None = None) -> Graph:
    """The checked graph of the study root meant, where `as_of` is given as it would have been on that day."""
    from cbe_assets.assets.graph import build
    from cbe_assets.study import Study

    return build(Study.load(root, yearbooks, as_of))


class faults_as_json:
    """With --json, faults raised inside are printed as JSON on standard output instead of lines on standard error."""

    def __init__(self, wanted: bool):
        self.wanted = wanted

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.wanted and isinstance(error, StudyFault):
            print_json({"faults": [item.as_dict() for item in error.faults], "code": error.code})
            raise typer.Exit(error.code)


def print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def print_faults(faults: list[Fault]) -> None:
    """Each fault once, a line on standard error."""
    for text in dict.fromkeys(item.text() for item in faults):
        print(text, file=sys.stderr)
