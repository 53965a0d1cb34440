"""What lies in the yearbooks and reference folders: which files, of which table and edition, with which sidecar.

Nothing is parsed here; cbe_assets/yearbook reads the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cbe_assets.faults import Fault, fault, one_line
from cbe_assets.study import Study

SIDECAR = ".meta.yaml"
READABLE = (".csv", ".txt", ".json", ".xls", ".xlsx", ".ods")
_LOOSE = ("truth.yaml", "README.md", "README.zh-CN.md", ".gitignore", ".gitkeep")


@dataclass(frozen=True)
class EditionFile:
    """One edition of one table: <yearbooks>/<table>/<edition>.<ext>."""

    table: str
    edition: str
    path: Path

    @cached_property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def sidecar(self) -> dict[str, Any]:
        """What stands in <file>.meta.yaml; empty where there is none."""
        import yaml

        beside = self.path.with_name(self.path.name + SIDECAR)
        return (yaml.load(beside.read_bytes(), Loader=yaml.CSafeLoader) or {}) if beside.is_file() else {}

    @cached_property
    def version(self) -> str:
        """Hash of name, bytes and sidecar bytes."""
        digest = hashlib.sha256(self.path.name.encode())
        digest.update(hashlib.sha256(self.data).digest())
        beside = self.path.with_name(self.path.name + SIDECAR)
        digest.update(beside.read_bytes() if beside.is_file() else b"")
        return digest.hexdigest()[:24]


@dataclass
class Sources:
    """The files of a study.

    Attributes:
        editions: table -> its files, by edition then name; tables without files are absent.
        reference: reference table -> its file; absent where the file is.
        unknown: files that belong to no table, relative to the yearbooks folder.
    """

    editions: dict[str, list[EditionFile]] = field(default_factory=dict)
    reference: dict[str, Path] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    simulated: bool = False

    def files(self, table: str) -> dict[str, str]:
        """File of a table, relative to the folder it is looked for in -> its hash."""
        if table in self.reference:
            return {self.reference[table].name: reference_version(self.reference[table])}
        return {one_line(f"{table}/{file.path.name}"): file.version for file in self.editions.get(table, ())}

    def version(self, table: str) -> str | None:
        """Hash of all files of a table; None where there are none."""
        if table in self.reference:
            return reference_version(self.reference[table])
        if table not in self.editions:
            return None
        return joined_version(file.version for file in self.editions[table])


def reference_version(path: Path) -> str:
    """Hash of a reference file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]


def joined_version(versions: Iterable[str]) -> str:
    """Hash of the versions of all files of a table, in the order of `Sources.editions`."""
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:24]


def scan(study: Study) -> Sources:
    """Lists the files of a study; reads none of them."""
    found = Sources(simulated=(study.yearbooks / "truth.yaml").is_file())
    for name, table in study.reference_tables.items():
        if (study.reference / table.file).is_file():
            found.reference[name] = study.reference / table.file
    if not study.yearbooks.is_dir():
        return found
    for path in sorted(study.yearbooks.rglob("*")):
        if path.is_dir() or any(part.startswith(".") for part in path.relative_to(study.yearbooks).parts):
            continue
        relative = path.relative_to(study.yearbooks)
        if len(relative.parts) == 1 and path.name in _LOOSE:
            continue
        if path.name.endswith(SIDECAR) and path.with_name(path.name.removesuffix(SIDECAR)).is_file():
            continue
        if len(relative.parts) == 2 and relative.parts[0] in study.tables and path.suffix.lower() in READABLE:
            file = EditionFile(relative.parts[0], one_line(path.stem), path)
            found.editions.setdefault(file.table, []).append(file)
        else:
            found.unknown.append(one_line(relative.as_posix()))
    return found


def missing(study: Study, found: Sources) -> list[Fault]:
    """A fault for every declared table that has no file, saying where to put one."""
    lost = [
        fault("table_without_file", key=name, found=table.indicator, expected=f"{study.yearbooks}/{name}/<edition>.csv")
        for name, table in study.tables.items()
        if name not in found.editions
    ]
    lost += [
        fault("reference_missing", key=name, file=str(study.reference / table.file))
        for name, table in study.reference_tables.items()
        if name not in found.reference
    ]
    return lost
