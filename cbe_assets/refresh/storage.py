"""Dagster's run and event storage in SQLite, with a connection kept open.

Dagster opens a new connection for each event and SQLite syncs each one to disk; with some hundred events a run that is
most of its time.  Here one pooled engine in write-ahead mode serves all, synchronous=NORMAL.  Losing the last events in
a power cut loses no table: what is stored is recorded in the Parquet files themselves.  Named in dagster.yaml.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as db
from dagster import StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

BUSY_SECONDS = 30


def pooled_engine(address: str) -> db.Engine:
    """An engine that keeps its connections, in write-ahead mode."""
    engine = db.create_engine(
        address, pool_size=4, max_overflow=16, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @db.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("pragma journal_mode = wal")
        cursor.execute("pragma synchronous = normal")
        cursor.close()

    return engine


class _Pooled:
    """Mixin: one engine for the life of the storage object, made in the process that uses it."""

    _conn_string: str
    _engine: db.Engine | None = None
    _owner: int | None = None

    def dispose(self) -> None:
        super().dispose()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _kept(self) -> db.Engine:
        if self._engine is None or self._owner != os.getpid():
            self._engine, self._owner = pooled_engine(self._conn_string), os.getpid()
        return self._engine

    @contextmanager
    def _transaction(self):
        with self._kept().connect() as connection, connection.begin():
            yield connection


class PooledRunStorage(_Pooled, SqliteRunStorage):
    """Runs, through the kept engine."""

    def connect(self):
        return self._transaction()


class PooledEventLogStorage(_Pooled, ConsolidatedSqliteEventLogStorage):
    """Events of all runs in one file, through the kept engine."""

    _watcher: SqlPollingEventWatcher | None = None

    def __init__(self, *arguments: Any, **settings: Any):
        self._tables: set[str] = set()
        super().__init__(*arguments, **settings)

    def _connect(self):
        return self._transaction()

    # Asked at every check; Dagster makes a new engine each time.
    def has_table(self, table_name: str) -> bool:
        if table_name not in self._tables:
            with self._transaction() as connection:
                if not self._kept().dialect.has_table(connection, table_name):
                    return False
            self._tables.add(table_name)
        return True

    # Dagster watches the database file, which write-ahead mode leaves untouched for long; polling sees each event.
    def watch(self, run_id, cursor, callback):
        if self._watcher is None:
            self._watcher = SqlPollingEventWatcher(self)
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id, handler):
        if self._watcher is not None:
            self._watcher.unwatch_run(run_id, handler)

    def dispose(self):
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        super().dispose()


def _create(folder: Path, *kinds: Callable[[str], Any]) -> None:
    """Databases appear with all their tables or not at all: Dagster mends none that was left half made."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=folder.parent) as new:
        made = Path(new, folder.name)
        for kind in kinds:
            kind(str(made)).dispose()
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first
                raise


class PooledSqliteStorage(DagsterStorage, ConfigurableClass):
    """What dagster.yaml names under `storage`; `base_dir` is the folder of the databases."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self.base_dir = base_dir
        self._inst_data = inst_data
        _create(Path(base_dir, "history"), PooledRunStorage.from_local, PooledEventLogStorage)
        _create(Path(base_dir, "schedules"), SqliteScheduleStorage.from_local)
        self._runs = PooledRunStorage.from_local(os.path.join(base_dir, "history"))
        self._events = PooledEventLogStorage(os.path.join(base_dir, "history"))
        self._schedules = SqliteScheduleStorage.from_local(os.path.join(base_dir, "schedules"))
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: dict[str, Any]) -> PooledSqliteStorage:
        return cls(inst_data=inst_data, **config_value)

    def register_instance(self, instance: Any) -> None:
        super().register_instance(instance)
        for storage in (self._runs, self._events, self._schedules):
            if not storage.has_instance:
                storage.register_instance(instance)

    @property
    def event_log_storage(self) -> PooledEventLogStorage:
        return self._events

    @property
    def run_storage(self) -> PooledRunStorage:
        return self._runs

    @property
    def schedule_storage(self) -> SqliteScheduleStorage:
        return self._schedules

    @property
    def event_storage_data(self) -> ConfigurableClassData | None:
        return None

    @property
    def run_storage_data(self) -> ConfigurableClassData | None:
        return None

    @property
    def schedule_storage_data(self) -> ConfigurableClassData | None:
        return None

    def dispose(self) -> None:
        for storage in (self._events, self._runs, self._schedules):
            storage.dispose()
