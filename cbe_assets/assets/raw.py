"""Raw tables: every printed cell of every edition of an official table, with the file, sheet and cell it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbe_assets.assets.node import Node, Output
from cbe_assets.faults import StudyFault, fault
from cbe_assets.sources import EditionFile, Sources
from cbe_assets.study import ReferenceTable, Study, Table

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.yearbook.gazetteer import Gazetteer
    from cbe_assets.yearbook.reading import Reading

COLUMNS = (
    "province", "year", "value", "text", "indicator", "unit", "region", "edition", "file", "sheet", "cell", "simulated",
)  # fmt: skip
"""Columns of a raw table: one row per printed cell."""


def gazetteer(study: Study) -> Gazetteer:
    """The provinces of the study's reference folder.

    Raises:
        StudyFault: provinces.csv is not there.
    """
    from cbe_assets.yearbook.gazetteer import Gazetteer

    path = study.reference / "provinces.csv"
    if not path.is_file():
        raise StudyFault([fault("reference_missing", key="provinces", file=str(path))])
    return Gazetteer.from_csv(path.read_text(encoding="utf-8"))


def nodes(study: Study, found: Sources) -> list[Node]:
    """A node per table of tables.yaml, official and reference."""
    return [_official(study, found, name, table) for name, table in study.tables.items()] + [
        _reference(study, name, table) for name, table in study.reference_tables.items()
    ]


def _official(study: Study, found: Sources, name: str, table: Table) -> Node:
    return Node(
        key=f"raw/{name}",
        deps=(f"source/{name}",),
        definition={"indicator": table.indicator, "aliases": table.aliases, "codes": table.codes, "scope": table.scope},
        code=("yearbook", "intake.filed", "intake.recognise", "assets.raw"),
        kinds=("python", "parquet"),
        title=table.title,
        make=lambda inputs: _read_all(study, found, name),
    )


def _read_all(study: Study, found: Sources, name: str) -> Output:
    import pandas as pd

    files = found.editions.get(name, [])
    if not files:
        expected = f"{study.settings.yearbooks}/{name}/<edition>.csv"
        raise StudyFault([fault("table_without_file", key=name, found=study.tables[name].indicator, expected=expected)])
    places = gazetteer(study)
    frames, skipped, notes, faults = [], [], [], []
    for file in files:
        try:
            reading = read_edition(study, file, places)
        except StudyFault as error:
            faults += error.faults
            continue
        frames.append(_with_edition(reading, file, found.simulated))
        skipped += [
            {"file": file.path.name, "cell": s.cell, "text": s.text, "reason": s.say()} for s in reading.skipped
        ]
        notes += [{"file": file.path.name, "note": note} for note in reading.notes]
    if faults:
        raise StudyFault(faults)
    frame = pd.concat(frames, ignore_index=True)
    facts = {"editions": len(files), "missing cells": int(frame["value"].isna().sum()), "skipped": len(skipped)}
    tables = {"skipped": pd.DataFrame(skipped), "notes": pd.DataFrame(notes)}
    return Output(frame, facts=facts, tables={title: shown for title, shown in tables.items() if len(shown)})


def read_edition(study: Study, file: EditionFile, places: Gazetteer) -> Reading:
    """The observations of the file's table; what it does not print (unit, indicator, province) its sidecar says.

    Raises:
        StudyFault: it cannot be read, or what it prints is another table of the study.
    """
    from cbe_assets.intake.filed import read_filed
    from cbe_assets.intake.recognise import named

    place = f"{file.table}/{file.path.name}"
    reading = read_filed(
        file.data, file=place, sidecar=file.sidecar, tables=study.tables, table=file.table, gazetteer=places
    )
    if not file.sidecar.get("indicator"):
        printed = [str(name) for name in reading.observations["indicator"].dropna().unique()]
        meant = {name: named(name, study.tables) for name in printed}
        elsewhere = {name: tables for name, tables in meant.items() if tables and file.table not in tables}
        if elsewhere:
            facts = {"found": ", ".join(elsewhere), "expected": ", ".join(sum(elsewhere.values(), []))}
            raise StudyFault([fault("filed_under_another_table", file=place, key=file.table, **facts)])
    return reading


def _with_edition(reading: Reading, file: EditionFile, simulated: bool) -> pd.DataFrame:
    said = f"{reading.source_line or ''} {file.sidecar.get('source', '')}"
    marked = simulated or bool(file.sidecar.get("simulated")) or "SIMULATED" in said or "模拟数据" in said
    frame = reading.observations.assign(edition=file.edition, file=f"{file.table}/{file.path.name}", simulated=marked)
    for column in ("indicator", "unit", "sheet"):
        frame[column] = frame[column].astype("str").where(frame[column].notna(), None)
    return frame[list(COLUMNS)]


def _reference(study: Study, name: str, table: ReferenceTable) -> Node:
    return Node(
        key=f"raw/{name}",
        deps=(f"source/{name}",),
        definition=table.model_dump(exclude={"title", "source"}),
        code=("assets.raw",),
        kinds=("csv", "parquet"),
        title=table.title,
        make=lambda inputs: Output(read_reference(study, table)),
    )


def read_reference(study: Study, table: ReferenceTable) -> pd.DataFrame:
    """A CSV of public record with the columns and types that tables.yaml declares.

    Raises:
        StudyFault: missing file or columns, cells of another type, key values that stand twice; all of them.
    """
    import io

    import pandas as pd

    path = study.reference / table.file
    if not path.is_file():
        raise StudyFault([fault("reference_missing", key=table.file, file=str(path))])
    try:
        text = path.read_text(encoding="utf-8-sig")
        printed = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, comment="#")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise StudyFault([fault("reference_unreadable", file=table.file, found=str(error))]) from error
    lost = [name for name in table.columns if name not in printed]
    if lost:
        facts = {"found": ", ".join(lost), "expected": ", ".join(table.columns)}
        raise StudyFault([fault("reference_column_missing", file=table.file, **facts)])
    typed, faults = {}, []
    for name, kind in table.columns.items():
        typed[name], bad = _typed(printed[name].str.strip(), kind)
        faults += [
            fault("reference_cell", file=table.file, line=f"line {row + 2}", key=name, found=printed.at[row, name],
                  expected=kind) for row in bad
        ]  # fmt: skip
    frame = pd.DataFrame(typed)
    twice = frame[frame.duplicated(table.key)]
    faults += [
        fault("reference_twice", file=table.file, found=str(dict(row[table.key]))) for _, row in twice.iterrows()
    ]
    if faults:
        raise StudyFault(faults)
    return frame


def _typed(column: pd.Series, kind: str) -> tuple[pd.Series, list[int]]:
    """The column as `kind`, and the rows that are not."""
    import pandas as pd

    if kind == "text":
        return column, []
    if kind == "date":
        days = pd.to_datetime(column, format="%Y-%m-%d", errors="coerce")
        return days, column.index[days.isna()].tolist()
    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() | ((numbers % 1 != 0) if kind == "integer" else False)
    return numbers if bad.any() or kind == "number" else numbers.astype("int64"), column.index[bad].tolist()
