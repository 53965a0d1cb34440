"""Rows of public record (data/reference): which lines of which file a value rests on."""

from __future__ import annotations

import csv

from cbe_assets.study import ReferenceTable
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored, plain


def recorded(stored: Stored, name: str, column: str, province: str, year: int) -> Step:
    """The rows of a reference table that a province and year can rest on.

    Those of the province and of the year, where the table has such columns; of a table of dated events (approvals of
    pilot zones) those up to the year's end.
    """
    declared, key = stored.study.reference_tables[name], f"raw/{name}"
    rows = stored.rows(key, province, year)
    dates = [column for column, kind in declared.columns.items() if kind == "date"]
    for date in dates if "year" not in declared.columns else []:
        rows = rows[(rows[date].dt.year <= year).to_numpy()]
    printed = _lines(stored, declared)
    listed = [{"line": printed[at][0], **printed[at][1]} for at in rows.index]
    facts = {"file": f"{_folder(stored)}{declared.file}", "rows": listed}
    value = plain(rows[column].iloc[0]) if len(rows) == 1 and "year" in declared.columns else None
    own_province, own_year = ("province" in declared.columns), ("year" in declared.columns or bool(dates))
    return Step("reference", key, column, value, province if own_province else None, year if own_year else None,
                facts=facts)  # fmt: skip


def _folder(stored: Stored) -> str:
    return f"{stored.study.settings.reference.rstrip('/')}/"


def _lines(stored: Stored, declared: ReferenceTable) -> list[tuple[int, dict[str, str]]]:
    """Line number and printed cells of every row of the file, comments and blank lines left out."""
    text = (stored.study.reference / declared.file).read_text(encoding="utf-8-sig")
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), start=1)]
    kept = [(number, line) for number, line in numbered if line.strip() and not line.startswith("#")]
    rows = list(csv.DictReader(line for _, line in kept))
    return [
        (number, {name: row[name].strip() for name in declared.columns if row.get(name)})
        for (number, _), row in zip(kept[1:], rows, strict=True)
    ]
