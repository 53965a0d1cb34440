"""A filed edition and its sidecar: what the sidecar says, and how both are read together.

The sidecar of <edition>.<ext> is <edition>.<ext>.meta.yaml.  It completes what the file does not say and names the
series of the table where the file holds several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import yaml

from cbe_assets.faults import StudyFault, fault
from cbe_assets.intake.recognise import named
from cbe_assets.study import Table
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import Reading, Skipped, read

_STATED = ("indicator", "unit", "province", "year")


def sidecar_bytes(content: Mapping[str, Any]) -> bytes:
    """The sidecar as YAML, keys in the order given, without those that are None."""
    said = {key: value for key, value in content.items() if value is not None}
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=10_000).encode()


def read_filed(
    data: bytes, *, file: str, sidecar: Mapping[str, Any], tables: Mapping[str, Table], table: str, gazetteer: Gazetteer
) -> Reading:
    """The observations of one table in a filed edition.

    Args:
        data: the file's bytes.
        file: its name, for messages.
        sidecar: what its sidecar says; `indicator` may be a list where the table goes on under another name.
        tables: the study's tables.
        table: the one it is filed under.
        gazetteer: the names of provinces.

    Returns:
        The reading with this table's observations only; series of something else are in `skipped`.

    Raises:
        StudyFault: as `read`; or the file has none of the indicators or units that the sidecar names.
    """
    stated = {key: sidecar[key] for key in _STATED if sidecar.get(key)}
    try:
        if not any(isinstance(value, list) for value in stated.values()):
            return _of_table(read(data, file=file, gazetteer=gazetteer, **stated), stated, tables, table)
    except StudyFault as error:
        # What contradicts the whole file may name one of its series.
        if any(item.message != "stated_otherwise" for item in error.faults):
            raise
    chosen = _chosen(data, stated, file, gazetteer)
    if chosen is None:
        expected = "; ".join(f"{key}: {value}" for key, value in stated.items())
        printed = _printed(data, stated, file, gazetteer)
        raise StudyFault([fault("sidecar_without_series", file=file, key=table, found=printed, expected=expected)])
    return chosen


def _printed(data: bytes, stated: Mapping[str, Any], file: str, gazetteer: Gazetteer) -> str:
    """The series the file itself prints, for a message."""
    given = {key: stated[key] for key in ("province", "year") if key in stated}
    held = read(data, file=file, gazetteer=gazetteer, **given).observations[["indicator", "unit"]].drop_duplicates()
    names = [f"{row.indicator} ({row.unit})" for row in held.fillna("?").head(5).itertuples()]
    return ", ".join(names)


def _chosen(data: bytes, stated: Mapping[str, Any], file: str, gazetteer: Gazetteer) -> Reading | None:
    """Of what the file prints, the indicators and units that the sidecar names; None where it prints none of them."""
    given = {key: stated[key] for key in ("province", "year") if key in stated}
    reading = read(data, file=file, gazetteer=gazetteer, **given)
    held = reading.observations
    wanted = pd.Series(True, index=held.index)
    for key in ("indicator", "unit"):
        if key in stated:
            names = stated[key] if isinstance(stated[key], list) else [stated[key]]
            unsaid = held[key].isna()
            wanted &= held[key].isin(names) | (unsaid if key == "unit" or unsaid.all() else False)
    if not wanted.any():
        return None
    unit = stated.get("unit") if isinstance(stated.get("unit"), str) else None
    return _keep(reading, wanted, held.assign(unit=held["unit"].fillna(unit)) if unit else held)


def _of_table(reading: Reading, stated: Mapping[str, Any], tables: Mapping[str, Table], table: str) -> Reading:
    """Of a file with several indicators and no word which, those that name the table; all, where none does."""
    names = reading.observations["indicator"].dropna().unique()
    if "indicator" in stated or len(names) < 2:
        return reading
    mine = [name for name in names if table in named(name, tables)]
    if not mine:
        return reading
    return _keep(reading, reading.observations["indicator"].isin(mine), reading.observations)


def _keep(reading: Reading, wanted: pd.Series, observations: pd.DataFrame) -> Reading:
    left = observations[~wanted]
    skipped = [
        Skipped(rows["cell"].iloc[0], _said(rows["sheet"].iloc[0]), str(name), "skipped_other_series", len(rows))
        for name, rows in left.groupby("indicator", dropna=False, sort=False)
    ]
    kept = observations[wanted].reset_index(drop=True)
    return replace(reading, observations=kept, skipped=[*reading.skipped, *skipped])


def _said(value: object) -> Any:
    return None if pd.isna(value) else value
