"""What a trace reads: stored tables, each once, and whether they are what their inputs would make now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbe_assets.assets.audit import EDITIONS
from cbe_assets.assets.columns import Columns
from cbe_assets.assets.raw import gazetteer
from cbe_assets.sources import Sources, scan
from cbe_assets.study import Study
from cbe_assets.warehouse import Record, Warehouse

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.yearbook.gazetteer import Gazetteer


class Stored:
    """The stored tables of a study, as a trace looks things up in them."""

    def __init__(self, study: Study):
        self.study = study
        self.columns = Columns(study)
        self._warehouse = Warehouse(study.warehouse)
        self._frames: dict[str, pd.DataFrame] = {}
        self._records: dict[str, Record | None] = {}
        self._found: Sources | None = None
        self._gazetteer: Gazetteer | None = None

    @property
    def gazetteer(self) -> Gazetteer:
        if self._gazetteer is None:
            self._gazetteer = gazetteer(self.study)
        return self._gazetteer

    @property
    def found(self) -> Sources:
        """The files as they lie now."""
        if self._found is None:
            self._found = scan(self.study)
        return self._found

    def frame(self, key: str) -> pd.DataFrame:
        """The stored table.

        Raises:
            StudyFault: it was never stored, or is damaged.
        """
        if key not in self._frames:
            self._frames[key] = self._warehouse.read(key)
        return self._frames[key]

    def rows(self, key: str, province: str | None, year: int | None) -> pd.DataFrame:
        """The rows of a cell; a table without provinces, or without years, has them for all."""
        frame = self.frame(key)
        keep = [
            frame[name] == value
            for name, value in (("province", province), ("year", year))
            if name in frame and value is not None
        ]
        for mask in keep:
            frame = frame[mask.reindex(frame.index)]
        return frame

    def value(self, key: str, column: str, province: str, year: int) -> Any:
        """The value of a cell as a Python number; None where it is missing or has no row."""
        rows = self.rows(key, province, year)
        return plain(rows[column].iloc[0]) if len(rows) else None

    def record(self, key: str) -> Record | None:
        if key not in self._records:
            self._records[key] = self._warehouse.record(key)
        return self._records[key]

    def as_of(self) -> str | None:
        """The day of which what is stored is the state; None for the newest."""
        record = self.record(EDITIONS)
        day = record.facts.get("as_of") if record else None
        return str(day) if day else None

    def stale(self) -> list[str]:
        """The tables read so far that were made from other inputs than those stored, or from files that changed."""
        return sorted(key for key in self._frames if self._made_of_others(key))

    def _made_of_others(self, key: str) -> bool:
        record = self.record(key)
        inputs = record.inputs if record else {}
        now = {name: self._version(name) for name in inputs}
        # A file that is not found may lie in another folder of yearbooks, named at the refresh.
        return any(now[name] != version for name, version in inputs.items() if now[name] is not None)

    def _version(self, key: str) -> str | None:
        if key.startswith("source/"):
            return self.found.version(key.split("/")[1])
        record = self.record(key)
        return record.data_version if record else None


def plain(value: Any) -> Any:
    """A number, text or flag as JSON holds it; None for a missing one."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value
