"""The editions already filed, read once when a table is asked for; and what a batch has added to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from cbe_assets.assets.clean import corrections
from cbe_assets.assets.raw import COLUMNS, gazetteer, read_edition
from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.sources import EditionFile, scan
from cbe_assets.study import Study
from cbe_assets.warehouse import digest
from cbe_assets.yearbook.gazetteer import NATION, Gazetteer
from cbe_assets.yearbook.stored import Stored, store


@dataclass
class Filed:
    """What is filed of a table.

    Attributes:
        observations: of all editions in the stored unit.
        digests: sha256 -> edition.
        editions: the editions there are, readable or not.
        unreadable: a warning for each that cannot be compared with.
    """

    observations: pd.DataFrame
    digests: dict[str, str] = field(default_factory=dict)
    editions: set[str] = field(default_factory=set)
    unreadable: list[Fault] = field(default_factory=list)


class Shelf:
    """The filed editions of a study's yearbooks folder."""

    def __init__(self, study: Study):
        self.study = study
        self.gazetteer: Gazetteer = gazetteer(study)
        self._filed: dict[str, Filed] = {}

    @cached_property
    def _found(self) -> dict[str, list[EditionFile]]:
        return scan(self.study).editions

    def places(self, table: str) -> list[str]:
        """The places a table is of: all provinces, or the nation."""
        nation = self.study.tables[table].scope == "nation"
        return [NATION] if nation else [province.name for province in self.gazetteer.provinces]

    def stored(self, table: str, raw: pd.DataFrame, edition: str) -> Stored:
        """The raw observations of an edition in the table's unit, corrected as data/corrections.yaml says."""
        mine = [one for one in corrections(self.study) if one.table == table and one.edition == edition]
        declared, places = self.study.tables[table], self.places(table)
        return store(table, raw.assign(edition=edition), declared, places, corrections=mine)

    def filed(self, table: str) -> Filed:
        """What is filed of a table, additions of this batch included."""
        if table not in self._filed:
            self._filed[table] = self._read(table)
        return self._filed[table]

    def add(self, table: str, edition: str, observations: pd.DataFrame, sha256: str) -> None:
        """Counts an edition as filed."""
        filed = self.filed(table)
        held = [frame for frame in (filed.observations, observations) if len(frame)]
        filed.observations = pd.concat(held, ignore_index=True) if held else observations
        filed.digests.setdefault(sha256, edition)
        filed.editions.add(edition)

    def _read(self, table: str) -> Filed:
        filed = Filed(self.stored(table, pd.DataFrame(columns=list(COLUMNS)), "").observations)
        frames = []
        for file in self._found.get(table, []):
            filed.editions.add(file.edition)
            filed.digests.setdefault(digest(file.data), file.edition)
            observations, faults = self._edition(table, file)
            frames += [] if observations is None else [observations]
            if faults:
                facts = {"key": table, "edition": file.edition, "found": faults[0].text()}
                filed.unreadable.append(fault("filed_unreadable", code=0, **facts))
        if frames:
            filed.observations = pd.concat(frames, ignore_index=True)
        return filed

    def _edition(self, table: str, file: EditionFile) -> tuple[pd.DataFrame | None, list[Fault]]:
        name = f"{table}/{file.path.name}"
        try:
            reading = read_edition(self.study, file, self.gazetteer)
        except StudyFault as error:
            return None, error.faults
        stored = self.stored(table, reading.observations.assign(file=name), file.edition)
        return stored.observations, stored.faults
