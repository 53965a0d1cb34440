"""cbe ingest: official exports recognised, judged and filed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbe_assets.commands.common import Json, Root, faults_as_json, print_json


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Official exports, and zip archives of them.")],
    table: Annotated[str | None, typer.Option("--table", help="Key of tables.yaml, for files that do not say.")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Publication date: YYYY, YYYY-MM, YYYY-MM-DD.")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="For files that print none.")] = None,
    province: Annotated[str | None, typer.Option("--province", help="For files of one region.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="For files of one year that do not say which.")] = None,
    accessed: Annotated[str | None, typer.Option("--accessed", help="Day of the download, for the sidecar.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Licence of the figures, for the sidecar.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge only; write nothing.")] = False,
    yearbooks: Annotated[
        Path | None, typer.Option("--yearbooks", help="Folder to file into; default: study.yaml, or data/yearbooks.")
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Recognise, check and file official exports; refuse with reasons, and then write nothing."""
    with faults_as_json(as_json):
        from cbe_assets.intake.batch_text import batch_dict, batch_lines
        from cbe_assets.intake.filing import ingest as file_batch
        from cbe_assets.intake.judge import Said

        said = Said(table, edition, unit, province, year, accessed, licence)
        batch = file_batch(files, said, root=root, yearbooks=yearbooks, dry=dry_run)
        if as_json:
            print_json(batch_dict(batch))
        else:
            print("\n".join(batch_lines(batch)))
    raise typer.Exit(batch.code)
