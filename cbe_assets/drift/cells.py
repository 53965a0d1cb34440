"""Cells of two states of the tables that estimates start from: new, revised and gone, and the states between them.

A cell is a row of a table, named by its key columns.  Where a table has one value column, a missing value is no cell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

CELL_COLUMNS = (
    "table", "province", "year", "change", "old", "new", "old_edition", "new_edition", "old_method", "new_method",
)  # fmt: skip
"""Columns of `changed_cells`: `change` is new, revised or gone; what is not known is an empty text or NaN."""
CHANGES = ("new", "revised", "gone")


@dataclass(frozen=True)
class Shape:
    """How a table names its cells.

    Attributes:
        keys: the columns that name a row.
        value: its one value column; None where all other columns are compared together, as in a list of approvals.
    """

    keys: tuple[str, ...]
    value: str | None = None


def _indexed(frame: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    return frame.set_index(list(shape.keys), drop=False).rename_axis(range(len(shape.keys)))


def _present(frame: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    return frame[frame[shape.value].notna()] if shape.value in frame.columns else frame


def changed_cells(old: pd.DataFrame, new: pd.DataFrame, table: str, shape: Shape) -> pd.DataFrame:
    """Cells that one of two states of a table has and the other has not, or has otherwise.

    Args:
        old, new: with the key columns and the value; edition and method where the table has them.
        table: name put into the column `table`.
        shape: of both.

    Returns:
        `CELL_COLUMNS`, in the order of the new state, then what is gone.
    """
    before, after = (_present(_indexed(frame, shape), shape) for frame in (old, new))
    both = after.index[after.index.isin(before.index)]
    moved = _differs(before.loc[both], after.loc[both], shape)
    rows = [
        _rows("new", None, after[~after.index.isin(before.index)], shape),
        _rows("revised", before.loc[both][moved], after.loc[both][moved], shape),
        _rows("gone", before[~before.index.isin(after.index)], None, shape),
    ]
    found = [part for part in rows if len(part)]
    if not found:
        return nothing()
    listed = pd.concat(found, ignore_index=True)
    listed.insert(0, "table", table)
    return listed[list(CELL_COLUMNS)]


def nothing() -> pd.DataFrame:
    """`changed_cells` of equal states."""
    kinds = {name: "float64" if name in ("year", "old", "new") else "str" for name in CELL_COLUMNS}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _differs(before: pd.DataFrame, after: pd.DataFrame, shape: Shape) -> list[bool]:
    """Whether a row's value, or where there is no one value any column that both have, is another."""
    names = [shape.value] if shape.value else [name for name in before.columns if name in after.columns]
    left = [before[name].astype(object).where(before[name].notna(), None).tolist() for name in names]
    right = [after[name].astype(object).where(after[name].notna(), None).tolist() for name in names]
    return [a != b for a, b in zip(zip(*left, strict=True), zip(*right, strict=True), strict=True)]


def _rows(change: str, before: pd.DataFrame | None, after: pd.DataFrame | None, shape: Shape) -> pd.DataFrame:
    shown = after if after is not None else before
    found = {"change": pd.Series(change, index=shown.index, dtype="str")}
    found["province"] = _column(shown, "province", "str")
    found["year"] = _column(shown, "year", "float64")
    for side, frame in (("old", before), ("new", after)):
        frame = frame if frame is not None else pd.DataFrame(index=shown.index)
        found[side] = _column(frame, shape.value, "float64")
        found[f"{side}_edition"] = _column(frame, "edition", "str")
        found[f"{side}_method"] = _column(frame, "method", "str")
    return pd.DataFrame({name: column.to_numpy() for name, column in found.items()})


def _column(frame: pd.DataFrame, name: str | None, kind: str) -> pd.Series:
    if name not in frame.columns:
        return pd.Series(float("nan") if kind == "float64" else "", index=frame.index, dtype=kind)
    column = frame[name]
    return column.astype(kind) if kind == "float64" else column.astype("str").where(column.notna(), "")


Tables = Mapping[str, pd.DataFrame]


def with_revisions(old: Tables, new: Tables, shapes: Mapping[str, Shape], renewed: Collection[str]) -> Tables:
    """The old tables with the new values of the cells that both states have.

    Args:
        old, new: table -> frame.
        shapes: of the tables.
        renewed: the tables whose files changed; the others keep their old values, for what moved them is not data.
    """
    made = {}
    for key, frame in old.items():
        made[key] = _revised(frame, new[key], shapes[key]) if key in renewed and key in new else frame
    return made


def _revised(old: pd.DataFrame, new: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    before, after = _indexed(old, shape), _like(_indexed(new, shape), old)
    shared = before.index.isin(_present(after, shape).index) & before.index.isin(_present(before, shape).index)
    return _joined(before[~shared], after.loc[before.index[shared]], before.index)


def with_coverage(revised: Tables, new: Tables, shapes: Mapping[str, Shape], renewed: Collection[str]) -> Tables:
    """The tables of `with_revisions` with the rows of the new state: cells added, cells gone."""
    made = {}
    for key, frame in revised.items():
        made[key] = _extended(frame, new[key], shapes[key], key in renewed) if key in new else frame
    return made


def _extended(revised: pd.DataFrame, new: pd.DataFrame, shape: Shape, renewed: bool) -> pd.DataFrame:
    before, after = _indexed(revised, shape), _like(_indexed(new, shape), revised)
    if renewed:
        return after.reset_index(drop=True)
    stays = before[before.index.isin(after.index)]
    return _joined(stays, after[~after.index.isin(before.index)], after.index)


def _like(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """With the columns of another state: what is new is left out, what is gone is missing."""
    return frame.reindex(columns=list(other.columns))


def _joined(first: pd.DataFrame, second: pd.DataFrame, order: pd.Index) -> pd.DataFrame:
    parts = [part for part in (first, second) if len(part)]
    return (pd.concat(parts) if parts else first).loc[order].reset_index(drop=True)
