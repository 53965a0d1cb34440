"""The yearbooks folder from one look to the next: which files are whole, what they hold, and what to ask for.

Nothing here knows Dagster, so every case can be tried without one; sensor.py carries it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cbe_assets.sources import SIDECAR, joined_version, reference_version, scan
from cbe_assets.study import Study

SETTLE_SECONDS = 3.0
"""A file counts as whole when it has not changed for so long."""
ATTEMPTS = 2
"""A refresh that failed is asked for once more."""

Stamp = tuple[tuple[int, int, int, int], ...]
"""What stat says of a file and its sidecar: inode, size, times of content and of change in ns, for each."""
Versions = dict[str, str | None]
"""Table -> hash of its files; None where all are gone."""


@dataclass(frozen=True)
class Sight:
    """One look: versions of the tables all of whose files are whole, files still being written, files of no table."""

    versions: Versions
    unsettled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class Folder:
    """Looks at the files of a study and hashes only those that stat says have changed.

    Args:
        study: whose yearbooks and reference folders are watched.
        settle: seconds without change after which a file is whole.
        now: the wall clock, which file times are compared with.
        steady: a clock that nobody sets, for files whose times lie in the future.
    """

    def __init__(
        self,
        study: Study,
        settle: float = SETTLE_SECONDS,
        now: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ):
        self._study, self._settle, self._now, self._steady = study, settle, now, steady
        self._since: dict[Path, tuple[Stamp, float]] = {}
        self._known: dict[Path, tuple[Stamp, str]] = {}

    def look(self) -> Sight:
        """The folder now."""
        found = scan(self._study)
        versions: Versions = dict.fromkeys((*self._study.tables, *self._study.reference_tables))
        hashes: dict[Path, str | None] = {}
        for name, path in found.reference.items():
            hashes[path] = versions[name] = self._hash(path, lambda path=path: reference_version(path))
        for name, files in found.editions.items():
            for file in files:
                hashes[file.path] = self._hash(file.path, lambda file=file: file.version)
            each = [hashes[file.path] for file in files]
            versions[name] = joined_version(each) if all(each) else None
        for name in (*found.reference, *found.editions):
            if versions[name] is None:
                del versions[name]
        self._since = {path: seen for path, seen in self._since.items() if path in hashes}
        self._known = {path: seen for path, seen in self._known.items() if path in hashes}
        unsettled = [f"{path.parent.name}/{path.name}" for path, version in hashes.items() if version is None]
        return Sight(versions, unsettled, found.unknown)

    def _hash(self, path: Path, content: Callable[[], str]) -> str | None:
        """Hash of a file that is whole; None for one that is being written, or gone since it was listed."""
        try:
            stamp = _stamp(path)
            if path in self._known and self._known[path][0] == stamp:
                return self._known[path][1]
            if not self._settled(path, stamp):
                return None
            version = content()
            if _stamp(path) != stamp:
                return None
        except FileNotFoundError:
            return None
        self._known[path] = (stamp, version)
        return version

    def _settled(self, path: Path, stamp: Stamp) -> bool:
        """Old enough by its own times, or seen unchanged for long enough: times in the future say nothing."""
        if path not in self._since or self._since[path][0] != stamp:
            self._since[path] = (stamp, self._steady())
        newest = max(max(content, change) for _, _, content, change in stamp) / 1e9
        return self._now() - newest >= self._settle or self._steady() - self._since[path][1] >= self._settle


def _stamp(path: Path) -> Stamp:
    beside = path.with_name(path.name + SIDECAR)
    found = [os.stat(path)] + ([os.stat(beside)] if beside.is_file() else [])
    return tuple((item.st_ino, item.st_size, item.st_mtime_ns, item.st_ctime_ns) for item in found)


@dataclass(frozen=True)
class Asked:
    """A refresh asked for: of which content, under which key, the first or the second time."""

    versions: Versions
    run_key: str
    attempt: int


@dataclass(frozen=True)
class Failed:
    """Content whose refresh failed too often, and the last run that did."""

    version: str | None
    run_id: str


@dataclass(frozen=True)
class Cursor:
    """What one look leaves to the next.  What was accepted is not here: the warehouse records it.

    Attributes:
        count: refreshes asked for so far; part of their keys, so that A -> B -> A never repeats one.
        asked: the refresh whose end is awaited.
        given_up: table -> content not asked for again until it changes.
        observed: table -> content last reported to Dagster.
    """

    count: int = 0
    asked: Asked | None = None
    given_up: dict[str, Failed] = field(default_factory=dict)
    observed: Versions = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        """The cursor as `dump` wrote it; a new one where there is none."""
        if not text:
            return cls()
        stored = json.loads(text)
        return cls(
            stored["count"],
            Asked(**stored["asked"]) if stored["asked"] else None,
            {table: Failed(**item) for table, item in stored["given_up"].items()},
            stored["observed"],
        )

    def dump(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Run:
    """The run that was asked for: `running`, `succeeded` or `failed`."""

    run_id: str
    state: str


@dataclass(frozen=True)
class Decision:
    """What follows from a look: the next cursor, a refresh to ask for, content to report, and what to tell the user.

    `notice` is a key of messages.yaml with its facts.
    """

    cursor: Cursor
    request: Asked | None
    observe: Versions
    notice: tuple[str, dict[str, object]]


def decide(
    cursor: Cursor,
    sight: Sight,
    recorded: Mapping[str, str | None],
    run: Run | None,
    taken: Callable[[str], bool] = lambda _: False,
) -> Decision:
    """What to do now.

    Args:
        cursor: what the look before left.
        sight: the folder now.
        recorded: table -> content that its stored raw table was made from.
        run: the run of `cursor.asked`; None where there is none.
        taken: whether a run key was used before, as after the cursor was reset by hand.
    """
    seen = sight.versions
    observe = {name: v for name, v in seen.items() if name not in cursor.observed or cursor.observed[name] != v}
    cursor = replace(cursor, observed={**cursor.observed, **observe})
    if cursor.asked and run and run.state == "running":
        return Decision(cursor, None, observe, ("sensor_running", {"run": run.run_id}))
    failed = cursor.asked if run and run.state == "failed" else None
    if failed and not set(failed.versions) <= set(seen):
        return Decision(cursor, None, observe, _quiet(sight, cursor))
    again, given_up = _after_failure(cursor, seen, failed, run)
    changed = {name: v for name, v in seen.items() if v != recorded.get(name) and name not in given_up}
    wanted = again | changed
    cursor = replace(cursor, asked=None, given_up=given_up)
    if not wanted:
        return Decision(cursor, None, observe, _quiet(sight, cursor))
    attempt = failed.attempt + 1 if failed and wanted == failed.versions else 1
    count, request = _request(wanted, attempt, cursor.count + 1, taken)
    notice = ("sensor_asks", {"tables": ", ".join(wanted), "attempt": attempt})
    return Decision(replace(cursor, count=count, asked=request), request, observe, notice)


def _after_failure(
    cursor: Cursor, seen: Versions, failed: Asked | None, run: Run | None
) -> tuple[Versions, dict[str, Failed]]:
    """What is asked for once more, and what is given up until it changes."""
    given_up = {name: item for name, item in cursor.given_up.items() if seen.get(name, item.version) == item.version}
    if failed is None:
        return {}, given_up
    same = {name: version for name, version in failed.versions.items() if seen[name] == version}
    if failed.attempt < ATTEMPTS:
        return same, given_up
    return {}, given_up | {name: Failed(version, run.run_id) for name, version in same.items()}


def _request(wanted: Versions, attempt: int, count: int, taken: Callable[[str], bool]) -> tuple[int, Asked]:
    content = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
    while taken(f"{content}-{count}"):
        count += 1
    return count, Asked(wanted, f"{content}-{count}", attempt)


def _quiet(sight: Sight, cursor: Cursor) -> tuple[str, dict[str, object]]:
    """Why nothing is asked for."""
    if sight.unsettled:
        return "sensor_unsettled", {"files": ", ".join(sight.unsettled[:5]), "count": len(sight.unsettled)}
    if cursor.given_up:
        runs = ", ".join(sorted({item.run_id for item in cursor.given_up.values()}))
        return "sensor_gave_up", {"tables": ", ".join(cursor.given_up), "runs": runs}
    return "sensor_nothing", {"tables": len(sight.versions), "unknown": len(sight.unknown)}
