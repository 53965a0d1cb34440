"""The stored tables: one Parquet file each, whole or not at all, with what made it in its own footer.

Parquet in, Parquet out; cbe.duckdb for readers is built beside and swapped in.  Nothing here knows how a table is made
or whether it is good.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbe_assets.faults import FAILED, StudyFault, fault

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_FOOTER = b"cbe"
_PART = ".part"


@dataclass(frozen=True)
class Record:
    """What made a stored table, kept in the footer of its Parquet file.

    Attributes:
        key: asset key, `layer/name`.
        data_version: hash of the table's content (`content_version`).
        code_version: hash of everything that defines the table but its inputs.
        inputs: asset key -> data version read.
        rows: number of rows.
        columns: column name -> type.
        files: exported files made with it, path under data/exports -> sha256.
        facts: numbers and texts shown with the table (N, R2, counts).
        warnings: expectations that failed with severity warning.
        definition: part of what defines it -> hash (`Node.parts`); `code_version` is the hash of them all.
        sources: file of the inputs `source/...` -> hash, as `Sources.files` names them.
        contents: column name -> hash of its content (`column_versions`).
        columns_read: input of which not all columns are read -> hash of those that are (`columns_version`).
    """

    key: str
    data_version: str
    code_version: str
    inputs: dict[str, str]
    rows: int
    columns: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    definition: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    columns_read: dict[str, str] = field(default_factory=dict)

    def columns_version(self, columns: Iterable[str]) -> str:
        """Hash of some columns of the table; row order counts."""
        return joined_columns({name: self.contents.get(name, "") for name in sorted(columns)})


def column_versions(frame: pd.DataFrame) -> dict[str, str]:
    """Column name -> hash of its type, order and values."""
    found = {}
    for name in frame.columns:
        column = frame[name]
        found[str(name)] = hashlib.sha256(f"{_kind(column)}\x1f".encode() + _content(column)).hexdigest()[:16]
    return found


def content_version(frame: pd.DataFrame) -> str:
    """Hash of names, types, order and values of a frame; equal content, equal hash, on any machine."""
    return joined_columns(column_versions(frame))


def joined_columns(versions: Mapping[str, str]) -> str:
    """The `content_version` of a frame whose columns have these hashes."""
    text = "\x1d".join(f"{name}\x1f{version}" for name, version in versions.items())
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _kind(column: pd.Series) -> str:
    kind = column.dtype.kind if hasattr(column.dtype, "kind") else "O"
    return {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "time"}.get(kind, "text")


def _content(column: pd.Series) -> bytes:
    import numpy as np

    kind = _kind(column)
    if kind == "number":
        values = column.to_numpy(dtype="<f8", copy=True)
        values[np.isnan(values)] = np.nan
        return (values + 0.0).tobytes()
    if kind == "integer":
        return column.to_numpy(dtype="<i8").tobytes()
    if kind == "boolean":
        return column.to_numpy(dtype="u1", na_value=2).tobytes()
    missing = column.isna().to_numpy()
    texts = ["\x00" if gone else str(value) for gone, value in zip(missing, column.tolist(), strict=True)]
    return "\x1e".join(texts).encode()


def digest(data: bytes) -> str:
    """sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: temporary file beside it, fsync, rename.

    Raises:
        StudyFault: the disk is full or the folder cannot be written; the old file stands.
    """
    with _replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    temporary: Path | None = None
    try:
        with disk_faults_said(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=_PART, dir=path.parent)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
            _sync_folder(path.parent)
    finally:
        if temporary is not None and temporary.exists():
            temporary.unlink()


@contextlib.contextmanager
def disk_faults_said(path: Path) -> Iterator[None]:
    """A full disk and a folder that cannot be written are faults with a message, not tracebacks.

    Raises:
        StudyFault: `disk_full` or `not_writable`, naming `path`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StudyFault([fault("disk_full", file=str(path), code=FAILED)]) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StudyFault([fault("not_writable", file=str(path), code=FAILED)]) from error
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Warehouse:
    """The Parquet files under one folder: <layer>/<name>.parquet, rejected/<layer>/<name>.*."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"

    @property
    def database(self) -> Path:
        return self.folder / "cbe.duckdb"

    def stored(self) -> list[str]:
        """Keys of everything stored, sorted."""
        found = (path.relative_to(self.folder).with_suffix("").as_posix() for path in self.folder.glob("*/*.parquet"))
        return sorted(key for key in found if not key.startswith("rejected/"))

    def read(self, key: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """The stored table.

        Raises:
            StudyFault: it was never stored, or its file is damaged.
        """
        import pyarrow.parquet as pq

        path = self.path(key)
        if not path.is_file():
            raise StudyFault([fault("not_stored", key=key, code=FAILED)])
        try:
            # read_table would load pyarrow.dataset, a quarter of a second, and guess partitions from the path.
            with pq.ParquetFile(path) as file:
                return _frame(file.read(columns=None if columns is None else list(columns)))
        except (OSError, ValueError) as error:
            raise StudyFault(
                [fault("damaged_table", file=str(path), key=key, found=str(error), code=FAILED)]
            ) from error

    def record(self, key: str) -> Record | None:
        """What made the stored table; None where nothing readable is stored."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.path(key)
        if not path.is_file():
            return None
        try:
            metadata = pq.read_schema(path).metadata or {}
            stored = json.loads(metadata[_FOOTER])
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return None
        known = {item.name for item in fields(Record)}
        return Record(**{name: value for name, value in stored.items() if name in known})

    def intact(self, record: Record) -> bool:
        """Whether the stored content still is what its record says."""
        try:
            return content_version(self.read(record.key)) == record.data_version
        except StudyFault:
            return False

    def store(self, frame: pd.DataFrame, record: Record) -> None:
        """Replaces the table atomically, its record in the footer."""
        write_atomically(self.path(record.key), _parquet(frame, record))
        for left in (*self.rejected(record.key), self.failure(record.key)):
            left.unlink(missing_ok=True)

    def rewrite_record(self, record: Record) -> None:
        """Gives the stored table another record; its content stays."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path(record.key)) as file:
            table = file.read()
        write_atomically(self.path(record.key), _written(table, record))

    def reject(self, key: str, frame: pd.DataFrame, reasons: list[dict[str, object]]) -> Path:
        """Keeps a candidate that failed its suite, with the reasons beside it; returns the Parquet file."""
        record = Record(key, content_version(frame), "", {}, len(frame), column_types(frame))
        target = self.folder / "rejected" / f"{key}.parquet"
        write_atomically(target, _parquet(frame, record))
        text = json.dumps(reasons, ensure_ascii=False, indent=1, default=str)
        write_atomically(target.with_suffix(".json"), text.encode())
        return target

    def rejected(self, key: str) -> list[Path]:
        """Files a failed suite left of this table; empty once a candidate was accepted."""
        stem = self.folder / "rejected" / key
        return [path for path in (stem.with_suffix(".parquet"), stem.with_suffix(".json")) if path.is_file()]

    def failure(self, key: str) -> Path:
        """Where `note_failure` says why the table could not be made; gone once it was."""
        return self.folder / "failed" / f"{key}.json"

    def note_failure(self, key: str, reasons: list[dict[str, object]]) -> None:
        """Keeps why the table could not be made, until it can."""
        text = json.dumps(reasons, ensure_ascii=False, indent=1, default=str)
        write_atomically(self.failure(key), text.encode())

    def remove(self, key: str) -> None:
        """Deletes a table that the study no longer declares."""
        self.path(key).unlink(missing_ok=True)

    def database_state(self, records: Mapping[str, Record]) -> str:
        """Whether cbe.duckdb holds these tables: current, absent, outdated, or damaged (its bytes are not as built)."""
        if not self.database.is_file():
            return "absent" if records else "current"
        try:
            built = json.loads(self._database_record.read_bytes())
            wanted, found = built["sha256"], built["tables"]
        except (OSError, ValueError, TypeError, KeyError):
            return "damaged"
        if digest(self.database.read_bytes()) != wanted:
            return "damaged"
        return "current" if found == {key: item.data_version for key, item in records.items()} else "outdated"

    @property
    def _database_record(self) -> Path:
        return self.database.with_name(f"{self.database.name}.json")

    def publish_database(self, keys: Iterable[str]) -> None:
        """Builds cbe.duckdb of the stored tables beside the old one and swaps it in; open readers keep theirs.

        cbe.duckdb.json says which tables it holds and the sha256 of its bytes, for `database_state`.

        Raises:
            StudyFault: the disk is full or the folder cannot be written; the old file stands.
        """
        records = {key: record for key in keys if (record := self.record(key))}
        with _replacing(self.database) as temporary:
            temporary.unlink()
            self._fill(temporary, records)
            built = {
                "sha256": digest(temporary.read_bytes()),
                "tables": {k: v.data_version for k, v in records.items()},
            }
        write_atomically(self._database_record, json.dumps(built, indent=1).encode())

    def _fill(self, target: Path, keys: Iterable[str]) -> None:
        import duckdb

        try:
            with duckdb.connect(config={"threads": 1}) as connection:
                # The smallest blocks: a hundred small tables would take 30 MB in blocks of the usual size.
                connection.execute(f"attach {_quoted(target)} as built (block_size 16384)")
                connection.execute("use built")
                connection.execute("begin")
                for key in keys:
                    layer, name = key.split("/")
                    connection.execute(f'create schema if not exists "{layer}"')
                    connection.execute(
                        f'create table "{layer}"."{name}" as select * from read_parquet({_quoted(self.path(key))}, '
                        "hive_partitioning = false)"
                    )
                connection.execute("commit")
                connection.execute("use memory")
                connection.execute("detach built")
        except duckdb.Error as error:
            target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
            # DuckDB gives the system's words and no errno.
            if os.strerror(errno.ENOSPC) in str(error):
                raise StudyFault([fault("disk_full", file=str(self.database), code=FAILED)]) from error
            raise


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"


def sweep(folder: Path) -> None:
    """Deletes what killed processes left half-written under a folder; only for the holder of the lock."""
    for path in folder.rglob(f".*{_PART}*"):
        path.unlink(missing_ok=True)


def column_types(frame: pd.DataFrame) -> dict[str, str]:
    """Column name -> integer, number, text, boolean or time."""
    return {str(name): _kind(frame[name]) for name in frame.columns}


def _frame(table: Any) -> pd.DataFrame:
    """An Arrow table as it was stored: a flag that is missing in places stays a flag, and is no text."""
    flags = [name for name in table.column_names if str(table.schema.field(name).type) == "bool"]
    gaps = {name: "boolean" for name in flags if table.column(name).null_count}
    frame = table.to_pandas()
    return frame.astype(gaps) if gaps else frame


def _parquet(frame: pd.DataFrame, record: Record) -> bytes:
    import pyarrow as pa

    return _written(pa.Table.from_pandas(frame, preserve_index=False), record)


def _written(table: pa.Table, record: Record) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = json.dumps(asdict(record), ensure_ascii=False, sort_keys=True, default=str).encode()
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({_FOOTER: footer}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()
