"""Python's garbage collector while a command runs: a quarter of a refresh was its passes over what never goes away."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (20_000, 20, 50)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Passes come every 20 000 new objects, not every 700; a refresh holds a tenth more memory for it."""
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def spare_what_is_loaded() -> None:
    """Exempts everything alive from all later passes, those at the end of the process among them.

    To be called once, after the large imports.  Not where DuckDB is imported already: at the end it warns of objects
    of its own that no pass has seen.
    """
    if "duckdb" not in sys.modules:
        gc.freeze()
