"""The cbe program: its commands, and how faults become messages and exit codes.

0 done; 1 a check or comparison failed; 2 wrong use or unreadable input.  Heavy libraries are imported where used.
"""

from __future__ import annotations

import sys

import typer

from cbe_assets.collector import collecting_rarely
from cbe_assets.commands import (
    audit,
    check,
    compare,
    draft,
    drift,
    history,
    ingest,
    read,
    refresh,
    simulate,
    status,
    trace,
    ui,
)
from cbe_assets.commands.common import print_faults
from cbe_assets.faults import StudyFault, say

INTERRUPTED = 130
"""Exit code that Typer makes of Ctrl-C."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A provincial panel study: official yearbooks in, validated panels, regressions and printable tables out.",
)
app.command()(refresh.refresh)
app.command()(status.status)
app.command()(audit.audit)
app.command()(check.check)
app.command()(compare.compare)
app.command()(draft.draft)
app.command()(drift.drift)
app.add_typer(history.app, name="history")
app.command()(ingest.ingest)
app.command()(read.read)
app.command()(simulate.simulate)
app.command()(trace.trace)
app.command()(ui.ui)


def main() -> None:
    """Entry point: faults become messages on standard error and the exit code."""
    try:
        with collecting_rarely():
            app()
    except StudyFault as error:
        print_faults(error.faults)
        sys.exit(error.code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print(say("interrupted"), file=sys.stderr)
        raise
