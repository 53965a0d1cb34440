"""cbe read: any official export as observations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cbe_assets.commands.common import Json, Root, faults_as_json, print_json
from cbe_assets.faults import StudyFault, fault


def read(
    file: Annotated[Path, typer.Argument(help="csv, txt, json, xls, xlsx or ods; recognised by content.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="All observations as CSV on standard output.")] = False,
    province: Annotated[str | None, typer.Option("--province", help="Where the file does not say which.")] = None,
    indicator: Annotated[str | None, typer.Option("--indicator", help="Where the file does not say which.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Where the file does not say which.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="Where the file does not say which.")] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Read an official export, catalogued or not: what it holds, where each number stands, what was skipped."""
    with faults_as_json(as_json):
        from cbe_assets.intake import reading_text
        from cbe_assets.intake.look import look

        if as_csv and as_json:
            raise StudyFault([fault("one_output")])
        name, reading, study, places = look(file, root, province=province, indicator=indicator, unit=unit, year=year)
        if as_json:
            print_json(reading_text.reading_dict(reading, places, name, study))
        elif as_csv:
            sys.stdout.buffer.write(reading_text.observations_csv(reading, places))
            if reading.skipped:
                print("\n".join(reading_text.skipped_lines(reading)[1:]), file=sys.stderr)
        else:
            print("\n".join(reading_text.read_lines(reading, places, name, study)))
