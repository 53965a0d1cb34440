"""Corrections of official figures: what a study declares wrong in an edition, why, and by what authority.

A correction holds for one printed value; when the source prints something else, it no longer applies and says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cbe_assets.declared.typed_yaml import Declared, parse_yaml
from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.study import Edition, Table
from cbe_assets.yearbook.edition import as_of_date, edition_date
from cbe_assets.yearbook.units import convert

Said = Annotated[str, Field(min_length=1)]


class Correction(Declared):
    """One entry of corrections.yaml.

    Attributes:
        printed: the number as the edition prints it, in its unit; null where it prints none.
        corrected: what it should be, in the same unit; null to treat the cell as missing in that edition.
    """

    table: str
    province: str
    year: int
    edition: Edition
    printed: float | None
    corrected: float | None
    reason: Said
    reference: Said

    @property
    def cell(self) -> tuple[str, int, str]:
        return self.province, self.year, self.edition


class _Corrections(Declared):
    corrections: list[Correction] = []

    @model_validator(mode="before")
    @classmethod
    def _none_yet(cls, given: object) -> object:
        """A file of comments only, or a key without entries, is no correction."""
        return {} if given in (None, {"corrections": None}) else given


def read_corrections(
    text: str, *, file: str, tables: Mapping[str, Table], provinces: Collection[str]
) -> list[Correction]:
    """The corrections of a study, from the text of corrections.yaml (`corrections:` and a list; empty is none).

    Args:
        file: its name, for messages.
        tables: the study's tables, which entries must name.
        provinces: the names that may be corrected, the nation among them.

    Raises:
        StudyFault: every unknown key, wrong type, unknown table or province and repeated cell, with line and key.
    """
    parsed, faults = parse_yaml(text, _Corrections, file)
    if faults or not isinstance(parsed, _Corrections):
        raise StudyFault(faults)
    seen: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(parsed.corrections):
        key = f"corrections.{index}"
        if entry.table not in tables:
            faults.append(fault("undefined_name", file=file, key=key, found=entry.table, expected=", ".join(tables)))
        if entry.province not in provinces:
            known = ", ".join(provinces)
            faults.append(fault("undefined_name", file=file, key=key, found=entry.province, expected=known))
        first = seen.setdefault((entry.table, *map(str, entry.cell)), index)
        if first != index:
            faults.append(fault("correction_twice", file=file, key=key, found=f"corrections.{first}"))
    if faults:
        raise StudyFault(faults)
    return parsed.corrections


def correct(
    table: str,
    observations: pd.DataFrame,
    corrections: Iterable[Correction],
    stored_unit: str,
    as_of: date | str | None = None,
) -> tuple[pd.DataFrame, list[Fault]]:
    """Puts the corrected values in; `correction` then says what was printed, '' where nothing was corrected.

    Args:
        observations: province, year, edition, printed (number as printed), unit (of `printed`), value (stored unit).
        corrections: of any table; those of other tables and of editions newer than `as_of` are left aside.
        stored_unit: unit of `value`.

    Returns:
        The observations, and a fault for each correction whose cell is not there or prints something else.
    """
    mine = [entry for entry in corrections if entry.table == table]
    if as_of is not None:
        mine = [entry for entry in mine if edition_date(entry.edition) <= as_of_date(as_of)]
    note = np.full(len(observations), "", dtype=object)
    if not mine:
        return observations.assign(correction=note), []
    value = observations["value"].to_numpy(dtype=float, copy=True)
    printed, unit = observations["printed"].to_numpy(dtype=float), observations["unit"].to_numpy(dtype=object)
    cells = zip(observations["province"], observations["year"], observations["edition"], strict=True)
    rows = {cell: row for row, cell in enumerate(cells)}
    faults = []
    for entry in mine:
        row = rows.get(entry.cell)
        if row is None:
            faults.append(_nowhere(entry))
        elif not _same(printed[row], entry.printed):
            faults.append(_stale(entry, observations.iloc[row]))
        else:
            new = math.nan if entry.corrected is None else entry.corrected
            value[row] = convert(new, unit[row], stored_unit)
            note[row] = f"{_number(entry.printed)} -> {_number(entry.corrected)} {unit[row]}: {entry.reason}"
    return observations.assign(value=value, correction=note), faults


def _same(found: float, declared: float | None) -> bool:
    if declared is None or math.isnan(found):
        return declared is None and math.isnan(found)
    return math.isclose(found, declared, rel_tol=1e-12)


def _number(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else repr(float(value)).removesuffix(".0")


def _nowhere(entry: Correction) -> Fault:
    return fault(
        "correction_without_cell", province=entry.province, year=entry.year, key=entry.table, edition=entry.edition
    )


def _stale(entry: Correction, row: pd.Series) -> Fault:
    return fault(
        "correction_stale",
        file=row["file"],
        sheet=row["sheet"],
        cell=row["cell"],
        province=entry.province,
        year=entry.year,
        key=entry.table,
        edition=entry.edition,
        found=_number(float(row["printed"])),
        expected=_number(entry.printed),
        unit=row["unit"],
    )
