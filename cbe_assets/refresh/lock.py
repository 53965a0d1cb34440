"""One writer at a time: an advisory lock on the warehouse folder, released by the system when its holder ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cbe_assets.faults import FAILED, StudyFault, fault

POLL_SECONDS = 0.2


@contextlib.contextmanager
def writing(warehouse: Path, wait: float | None = None, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Holds the lock of a warehouse.

    Args:
        warehouse: its folder.
        wait: seconds to wait for another holder; None waits as long as it takes.
        waiting: told the holder's process id once, when there is something to wait for.

    Raises:
        StudyFault: still held after `wait` seconds, or the folder cannot be written.
    """
    path = warehouse / ".lock"
    try:
        warehouse.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StudyFault([fault("not_writable", file=str(path), code=FAILED)]) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StudyFault([fault("disk_full", file=str(path), code=FAILED)]) from error
        raise
    try:
        _acquire(handle, path, wait, waiting)
        _sign(handle, path)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _sign(handle: int, path: Path) -> None:
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StudyFault([fault("disk_full", file=str(path), code=FAILED)]) from error
        raise


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
