"""cbe ui: Dagster's web UI on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cbe_assets.commands.common import Root
from cbe_assets.faults import say


def ui(
    root: Root = None,
    port: Annotated[int, typer.Option("--port")] = 3000,
) -> None:
    """Open Dagster's web UI on 127.0.0.1 with this study's own home."""
    from cbe_assets.refresh.home import prepare_home
    from cbe_assets.study import find_root

    folder = find_root(root)
    prepare_home(folder)
    os.environ["CBE_ROOT"] = str(folder)
    command = str(Path(sys.executable).with_name("dagster"))
    print(say("ui_opens", address=f"http://127.0.0.1:{port}"), flush=True)
    os.execv(command, [command, "dev", "-m", "cbe_assets.definitions", "-h", "127.0.0.1", "-p", str(port)])
