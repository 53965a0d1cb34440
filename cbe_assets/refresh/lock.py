"""One writer at a time: an advisory lock on the warehouse folder, released by the system when its holder ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cbe_assets.faults import StudyFault, fault
from cbe_assets.warehouse import disk_faults_said

POLL_SECONDS = 0.2


@contextlib.contextmanager
def writing(warehouse: Path, wait: float | None = None, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Holds the lock of a warehouse.

    Args:
        warehouse: its folder.
        wait: seconds to wait for another holder; None waits as long as it takes.
        waiting: told the holder's process id once, when there is something to wait for.

    Raises:
        StudyFault: still held after `wait` seconds, the folder cannot be written, or the disk is full.
    """
    path = warehouse / ".lock"
    with disk_faults_said(path):
        warehouse.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(handle, path, wait, waiting)
        with disk_faults_said(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


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
        if waiting and holder != "?":
            waiting(holder)
            waiting = None
        time.sleep(POLL_SECONDS)
