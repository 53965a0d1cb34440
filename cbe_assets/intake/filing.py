"""Files a batch: each file judged, then written with its sidecar, both or neither.

The sidecar is written first and the data file last: an edition exists from the moment its data file does, and a sidecar
without one is no edition.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cbe_assets.faults import FAILED, Fault, StudyFault, fault
from cbe_assets.intake.filed import sidecar_bytes
from cbe_assets.intake.hints import hints
from cbe_assets.intake.judge import Judgement, Said, is_simulated, judge, recognised
from cbe_assets.intake.opening import Unopened, open_all
from cbe_assets.intake.shelf import Shelf
from cbe_assets.sources import READABLE, SIDECAR, scan
from cbe_assets.study import Study
from cbe_assets.warehouse import write_atomically
from cbe_assets.yearbook.edition import edition_date, edition_order

OWN = "data/yearbooks"
"""Where own files go while the study still runs on the simulated yearbook."""


@dataclass
class Batch:
    """What became of the files given.

    Attributes:
        study: with the yearbooks folder that was filed into.
        judgements: one per file and table, in the order given.
        dry: nothing was to be written.
        switch: the yearbooks entry that study.yaml still has, where it is not this folder.
        lacking: what a family has not in an edition of which this batch filed a part.
    """

    study: Study
    judgements: list[Judgement]
    dry: bool
    switch: str | None = None
    lacking: list[Fault] = field(default_factory=list)

    @property
    def code(self) -> int:
        """0 all filed, 1 some refused by checks, 2 some unreadable or wrongly asked for."""
        return max((item.code for one in self.judgements for item in one.faults), default=0)


def ingest(
    paths: Iterable[Path], said: Said, *, root: Path | None = None, yearbooks: Path | None = None, dry: bool = False
) -> Batch:
    """Judges the files and files those that pass.

    Args:
        paths: files, and zip archives of files.
        said: what the user says of them.
        root: the study root.
        yearbooks: the folder to file into; default that of study.yaml, or data/yearbooks where that one is simulated.
        dry: only judge.

    Raises:
        StudyFault: what the user says cannot be; nothing was judged.
    """
    study = _study(root, yearbooks)
    faults = _wrong_use(said, study)
    if faults:
        raise StudyFault(faults)
    shelf = Shelf(study)
    judgements: list[Judgement] = []
    for opened in open_all(paths):
        if isinstance(opened, Unopened):
            aside = not opened.faults
            judgements.append(Judgement(opened.name, opened.archive, faults=opened.faults, left_aside=aside))
        else:
            judgements += recognised(opened, said, shelf)
    with contextlib.nullcontext() if dry else _alone(study.yearbooks):
        # Oldest first, so that each edition is compared with those before it.
        for one in sorted(judgements, key=lambda one: edition_order(one.edition or "1000")):
            _settle(one, shelf, said, dry)
    for one in judgements:
        if one.unsaid:
            one.hints = hints(one.reading, shelf)
    shown = study.settings.yearbooks
    switch = shown if study.yearbooks != (study.root / shown).resolve() else None
    return Batch(study, judgements, dry, switch, _lacking(shelf, judgements))


def _settle(one: Judgement, shelf: Shelf, said: Said, dry: bool) -> None:
    judge(one, shelf)
    if one.faults or one.path is None:
        return
    if not dry:
        try:
            official = shelf.study.tables[one.table].indicator
            file_edition(shelf.study.yearbooks, one, sidecar(one, said, official))
        except StudyFault as error:
            one.faults += error.faults
            return
    shelf.add(one.table, one.edition, one.stored, one.sha256)


def _study(root: Path | None, yearbooks: Path | None) -> Study:
    """The study, with the folder to file into; a simulated yearbook is never filed into."""
    study = Study.load(root, yearbooks)
    if _official(study):
        return study
    if yearbooks is not None:
        raise StudyFault([fault("yearbooks_simulated", file=str(yearbooks))])
    own = copy(study)
    own.yearbooks = (study.root / OWN).resolve()
    if not _official(own):
        raise StudyFault([fault("yearbooks_simulated", file=OWN)])
    return own


def _official(study: Study) -> bool:
    """Whether official files may lie in its yearbooks folder; data/sample is the simulated one's even while empty."""
    return study.yearbooks != (study.data / "sample").resolve() and not scan(study).simulated


def _wrong_use(said: Said, study: Study) -> list[Fault]:
    faults = []
    if said.table is not None and said.table not in study.tables:
        known = ", ".join(study.tables)
        faults.append(fault("no_such_table", key=said.table, expected=known))
    if said.edition is not None:
        try:
            edition_date(said.edition)
        except StudyFault as error:
            faults += error.faults
    if said.accessed is not None:
        try:
            date.fromisoformat(said.accessed)
        except ValueError:
            faults.append(fault("accessed_malformed", found=said.accessed))
    return faults


def sidecar(one: Judgement, said: Said, official: str) -> dict[str, Any]:
    """What is written beside a filed edition: what it is, where it is from, and what the file does not say.

    Args:
        official: the name of the table's indicator, for files that print none.
    """
    names = list(dict.fromkeys(one.rows["indicator"].dropna()))
    units = list(dict.fromkeys(one.rows["unit"].dropna()))
    indicator = names[0] if len(names) == 1 else names
    return {
        "table": one.table,
        "edition": one.edition,
        "edition_from": one.rule,
        "indicator": indicator or official,
        "unit": units[0] if len(units) == 1 else units or one.unit,
        "province": said.province,
        "year": said.year,
        "source_line": one.reading.source_line,
        "layout": one.reading.layout,
        "original": one.incoming.original,
        "archive": one.archive,
        "sha256": one.sha256,
        "simulated": True if is_simulated(one) else None,
        "accessed": said.accessed,
        "licence": said.licence,
    }


def file_edition(yearbooks: Path, one: Judgement, content: dict[str, Any]) -> Path:
    """Writes <yearbooks>/<table>/<edition>.<ext> and its sidecar: both, or neither.

    Raises:
        StudyFault: the edition appeared meanwhile, the table's folder leads out of the yearbooks, or the disk is full.
    """
    target = yearbooks / one.path
    if not target.parent.resolve().is_relative_to(yearbooks.resolve()):
        raise StudyFault([fault("folder_outside", file=one.path, found=str(target.parent.resolve()), code=FAILED)])
    taken = [target.with_suffix(suffix) for suffix in READABLE if target.with_suffix(suffix).exists()]
    if taken:
        raise StudyFault([fault("edition_taken", file=one.name, key=one.table, found=one.edition, code=FAILED)])
    beside = target.with_name(target.name + SIDECAR)
    write_atomically(beside, sidecar_bytes(content))
    try:
        write_atomically(target, one.incoming.data)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return target


@contextlib.contextmanager
def _alone(yearbooks: Path) -> Iterator[None]:
    """One batch at a time in a yearbooks folder; a second waits."""
    try:
        yearbooks.mkdir(parents=True, exist_ok=True)
        handle = os.open(yearbooks / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StudyFault([fault("not_writable", file=str(yearbooks), code=FAILED)]) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lacking(shelf: Shelf, judgements: list[Judgement]) -> list[Fault]:
    """Tables of one family are taken from one edition: which are not there yet in the editions just filed."""
    tables = shelf.study.tables
    filed = {(tables[one.table].family, one.edition) for one in judgements if one.path and not one.faults}
    alike: dict[tuple[str, str], list[str]] = {}
    for family, edition in sorted((family, edition) for family, edition in filed if family):
        members = [name for name, table in tables.items() if table.family == family]
        lost = [name for name in members if edition not in shelf.filed(name).editions]
        if lost:
            alike.setdefault((family, ", ".join(lost)), []).append(edition)
    return [
        fault("family_lacks", found=lost, expected=family, edition=", ".join(editions), code=0)
        for (family, lost), editions in alike.items()
    ]
