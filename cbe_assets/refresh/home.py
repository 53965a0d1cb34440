"""Dagster's own folder of a study root: .dagster/, with the dagster.yaml that fits this project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cbe_assets.faults import StudyFault, fault
from cbe_assets.warehouse import write_atomically

if TYPE_CHECKING:
    import dagster as dg

EVENTS_FILE = "event_log.db"
SETTINGS = """\
# Written by cbe; edit freely, it is not overwritten.
telemetry: {enabled: false}
nux: {enabled: false}
storage:
  custom:
    module: cbe_assets.refresh.storage
    class: PooledSqliteStorage
    config: {base_dir: {env: DAGSTER_HOME}}
concurrency: {runs: {max_concurrent_runs: 1}}
"""


# Every home that prepare_home set as DAGSTER_HOME: what it set for one study root must not decide for the next one, nor
# does it when the variable was put back to one of them.
_OURS = "CBE_DAGSTER_HOME"


def home_of(root: Path) -> Path:
    """The Dagster home of a study root: DAGSTER_HOME if set, else <root>/.dagster."""
    given = os.environ.get("DAGSTER_HOME")
    return Path(given if given and given not in _set_here() else root / ".dagster").resolve()


def _set_here() -> list[str]:
    return os.environ.get(_OURS, "").split(os.pathsep)


def history_lost(root: Path) -> bool:
    """Whether the records of earlier runs are gone.  A home that keeps them in another storage is never counted so."""
    home = home_of(root)
    settings = home / "dagster.yaml"
    own = not settings.is_file() or settings.read_text(encoding="utf-8") == SETTINGS
    return own and not (home / "history" / EVENTS_FILE).is_file()


def prepare_home(root: Path) -> Path:
    """The Dagster home of a study root, made where it is missing.

    Raises:
        StudyFault: its path holds a sign that means something else in the address Dagster makes of it.
    """
    home = home_of(root)
    if signs := [sign for sign in "?%" if sign in str(home)]:
        raise StudyFault([fault("home_address", file=str(home), found=" ".join(signs))])
    if not (home / "dagster.yaml").is_file():
        write_atomically(home / "dagster.yaml", SETTINGS.encode())
    if os.environ.get("DAGSTER_HOME") != str(home):
        os.environ["DAGSTER_HOME"] = str(home)
        os.environ[_OURS] = os.pathsep.join(dict.fromkeys([*_set_here(), str(home)]))
    return home


def instance(root: Path) -> dg.DagsterInstance:
    """The Dagster instance of a study root, the same that `make ui` shows."""
    from dagster import DagsterInstance

    return DagsterInstance.from_config(str(prepare_home(root)))
