"""Promise: a stored table or cbe.duckdb that is not what was accepted is seen by its hash, said, and made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_study
from stored_state import database, stored

TABLE = "data/warehouse/panel/variables.parquet"


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replace_by_noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def edit_a_value(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    values = table.column("ECI").to_pylist()
    values[0] += 0.5
    changed = table.set_column(table.schema.get_field_index("ECI"), "ECI", pa.array(values))
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path, compression="zstd")


def lose_it(path: Path) -> None:
    path.unlink()


def slow(damage: Callable[[Path], None]) -> object:
    return pytest.param(damage, marks=pytest.mark.slow)


@pytest.mark.parametrize("damage", [flip_a_byte, cut_in_half, edit_a_value, slow(replace_by_noise), slow(lose_it)])
def test_a_damaged_table_is_made_again_and_nothing_else(root, cbe, damage):
    before = stored(root)
    damage(root / TABLE)
    status = cbe("status", "--root", str(root))
    done = cbe("refresh", "--root", str(root), "--json")
    status.wait()
    assert "panel/variables" in status.printed
    assert ("never built" if damage is lose_it else "damaged") in status.printed
    assert done.wait() == 0, done.said
    assert [item["asset"] for item in done.json()["made"]] == ["panel/variables"]
    assert stored(root) == before


@pytest.mark.parametrize("damage", [flip_a_byte, lose_it, slow(cut_in_half), slow(replace_by_noise)])
def test_a_damaged_database_for_readers_is_built_again(root, cbe, damage):
    before = database(root)
    damage(root / "data/warehouse/cbe.duckdb")
    status = cbe("status", "--root", str(root))
    status.wait()
    assert "cbe.duckdb" in status.printed and ("absent" if damage is lose_it else "damaged") in status.printed
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 0, done.said
    assert damage is lose_it or "cbe.duckdb" in done.printed
    assert "nothing ran" in done.printed
    assert database(root) == before
    again = cbe("status", "--root", str(root))
    assert again.wait() == 0 and "cbe.duckdb" not in again.printed


def test_a_database_of_older_tables_is_built_again(root, cbe):
    """As after a refresh killed between its last table and the database."""
    old = {name: (root / "data/warehouse" / name).read_bytes() for name in ("cbe.duckdb", "cbe.duckdb.json")}
    small_study.write_edition(root, "gdp", edition="2024", change=500.0)
    assert cbe("refresh", "--root", str(root)).wait() == 0
    new = database(root)
    for name, data in old.items():
        (root / "data/warehouse" / name).write_bytes(data)
    done = cbe("refresh", "--root", str(root))
    assert done.wait() == 0
    assert "cbe.duckdb" in done.printed and "nothing ran" in done.printed
    assert database(root) == new
