"""One writer at a time: an advisory lock on the warehouse folder, released by the system when its holder ends.

The lock file names its holder.  A holder that ends empties it, so what still stands there was left by one that was
killed; it stays until a refresh has made good what that one left open.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cbe_assets.faults import StudyFault, fault
from cbe_assets.warehouse import disk_faults_said

POLL_SECONDS = 0.2
_KILLED = b"killed"


@dataclass
class Turn:
    """Someone's time with the lock; `interrupted`: the one before was killed, and nobody has cleared up since."""

    interrupted: bool


def lock_file(warehouse: Path) -> Path:
    return warehouse / ".lock"


def left_open(warehouse: Path) -> bool:
    """Whether the lock file names a holder: one at work, or one that was killed."""
    path = lock_file(warehouse)
    return path.is_file() and path.stat().st_size > 0


@contextlib.contextmanager
def writing(warehouse: Path, wait: float | None = None, waiting: Callable[[str], None] | None = None) -> Iterator[Turn]:
    """Holds the lock of a warehouse.

    Args:
        warehouse: its folder.
        wait: seconds to wait for another holder; None waits as long as it takes.
        waiting: told the holder's process id once, when there is something to wait for.

    Raises:
        StudyFault: still held after `wait` seconds, the folder cannot be written, or the disk is full.
    """
    path = lock_file(warehouse)
    with disk_faults_said(path):
        warehouse.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(handle, path, wait, waiting)
        turn = Turn(interrupted=os.fstat(handle).st_size > 0)
        _write(handle, path, str(os.getpid()).encode())
        try:
            yield turn
        finally:
            _write(handle, path, _KILLED if turn.interrupted else b"")
    finally:
        os.close(handle)


def _write(handle: int, path: Path, text: bytes) -> None:
    with disk_faults_said(path):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)


def _acquire(handle: int, path: Path, wait: float | None, waiting: Callable[[str], None] | None) -> None:
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = path.read_text(encoding="ascii").strip() or "?"
        if wait is not None and time.monotonic() - begun >= wait:
            raise StudyFault([fault("locked", found=holder, expected=f"{wait:g}")])
        if waiting and holder.isdigit():
            waiting(holder)
            waiting = None
        time.sleep(POLL_SECONDS)
