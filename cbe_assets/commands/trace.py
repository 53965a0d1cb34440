"""cbe trace: where a number comes from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cbe_assets.commands.common import Json, Root, Yearbooks, faults_as_json, print_json

if TYPE_CHECKING:
    from cbe_assets.trace.lines import Branch


def trace(
    variable: Annotated[
        str, typer.Argument(help="A variable (EXP), a coefficient (table4_3.ECI or table4.3.ECI), or asset.column.")
    ],
    province: Annotated[str | None, typer.Option("--province", help="广东, 广东省, Guangdong or 440000.")] = None,
    year: Annotated[int | None, typer.Option("--year")] = None,
    root: Root = None,
    yearbooks: Yearbooks = None,
    as_json: Json = False,
) -> None:
    """Walk from a panel cell to the printed cells it was made of, or from a coefficient to its tables and files."""
    from cbe_assets.faults import language
    from cbe_assets.study import Study

    with faults_as_json(as_json):
        from cbe_assets.assets.raw import gazetteer
        from cbe_assets.trace.lines import tree
        from cbe_assets.trace.trace import trace as walked

        study = Study.load(root, yearbooks)
        step = walked(study, variable, province, year)
    if as_json:
        print_json(step.as_dict())
        return
    names = {item.name: item.name_en for item in gazetteer(study).provinces} if language() == "en" else {}
    _print(tree(step, language(), names))


def _print(branch: Branch) -> None:
    """A drawn tree on a terminal, indented lines elsewhere."""
    if not sys.stdout.isatty():
        print("\n".join(branch.plain()))
        return
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def grown(one: Branch) -> Tree:
        label = Text(one.head, style="bold")
        for line in one.details:
            label.append(f"\n{line}", style="not bold dim")
        drawn = Tree(label)
        for below in one.below:
            drawn.children.append(grown(below))
        return drawn

    Console(highlight=False).print(grown(branch))
