"""cbe simulate: a yearbook with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbe_assets.commands.common import Root
from cbe_assets.faults import say


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
