"""What a study root holds, to be compared before and after."""

from __future__ import annotations

from pathlib import Path


def stored(root: Path) -> dict[str, bytes]:
    """Every table and export of a study, path -> bytes; the reader's database is compared by its tables."""
    found = {}
    for folder in ("data/warehouse", "data/exports"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.name.startswith(("cbe.duckdb", ".lock", ".code.json")):
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def database(root: Path) -> dict[str, list[tuple]]:
    """Every table of cbe.duckdb, name -> rows."""
    import duckdb

    with duckdb.connect(str(root / "data/warehouse/cbe.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        return {
            f"{schema}/{name}": connection.execute(f'select * from "{schema}"."{name}"').fetchall()
            for schema, name in names
        }
