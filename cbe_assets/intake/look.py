"""One file read for looking at: nothing is recognised as a table's, compared or filed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbe_assets.assets.raw import gazetteer
from cbe_assets.intake.opening import read_bounded, readable, refuse_bomb
from cbe_assets.study import Study
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import Reading, read


def look(path: Path, root: Path | None, **stated: Any) -> tuple[str, Reading, Study, Gazetteer]:
    """The file's name, what it says, and the study whose names of provinces and tables are used.

    Args:
        path: the file.
        root: the study root.
        stated: indicator, unit, province, year, where the file does not say.
    """
    study = Study.load(root)
    places = gazetteer(study)
    name = readable(path.name)
    data = read_bounded(path)
    refuse_bomb(data, name)
    return name, read(data, file=name, gazetteer=places, **stated), study, places
