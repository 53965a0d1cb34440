"""What an exhibit is made of: the study, the stored frames, what the run knows, and look-ups in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cbe_assets.declared.exhibits import Exhibit
from cbe_assets.declared.text import Text
from cbe_assets.publish.inputs import shown_in
from cbe_assets.publish.wording import same, words
from cbe_assets.study import Study
from cbe_assets.yearbook.gazetteer import Gazetteer


def _nothing_exported(path: str) -> bytes:
    raise FileNotFoundError(path)


@dataclass(frozen=True)
class Context:
    """What a run knows beside the frames.

    Attributes:
        simulated: any of the data is simulated; then every exhibit says so.
        editions: raw table -> its newest edition.
        gazetteer: names and regions of the provinces.
        filled: cells of the raw tables that were interpolated, carried or computed.
        corrected: cells that the study corrects against what their edition prints.
        revised: cells that the newest edition has otherwise than an older one.
        as_of: YYYY-MM-DD, where only editions out by that day were used.
        exported: path such as `figures/figure1.zh.svg` -> the bytes exported there; the report reads figures by it.
        language: of previews, `zh` or `en`.
    """

    simulated: bool
    editions: Mapping[str, str]
    gazetteer: Gazetteer
    filled: int = 0
    corrected: int = 0
    revised: int = 0
    as_of: str | None = None
    exported: Callable[[str], bytes] = field(default=_nothing_exported, compare=False)
    language: str = "en"


@dataclass(frozen=True)
class Material:
    """One exhibit with all that goes into it."""

    study: Study
    name: str
    inputs: Mapping[str, pd.DataFrame]
    context: Context

    @property
    def exhibit(self) -> Exhibit:
        return self.study.exhibits[self.name]

    def title(self) -> Text:
        """Number and title, with the mark of simulated data."""
        title = self.numbered()
        mark = words("simulated_suffix") if self.context.simulated else same("")
        return Text(zh=f"{title.zh}{mark.zh}", en=f"{title.en}{mark.en}")

    def numbered(self) -> Text:
        """Number and title."""
        number, title = number_of(self.name), self.exhibit.title
        return Text(zh=f"{number.zh} {title.zh}".strip(), en=f"{number.en}. {title.en}" if number.en else title.en)

    def model(self, name: str) -> dict[str, dict[str, Any]]:
        """Term -> its row of model/<name>."""
        frame = self.inputs[f"model/{name}"]
        return {row["term"]: row for row in frame.to_dict("records")}

    def test(self, name: str) -> dict[str, dict[str, Any]]:
        """Statistic -> its row of model/<name>."""
        frame = self.inputs[f"model/{name}"]
        return {row["statistic"]: row for row in frame.to_dict("records")}

    def tests(self, kind: str) -> list[str]:
        """The exhibit's tests of one kind."""
        return [name for name in self.exhibit.tests if self.study.tests[name].kind == kind]

    def shown(self) -> list[str]:
        """The exhibit's columns that are specifications."""
        return [name for name in self.exhibit.columns if name in self.study.specifications]


def number_of(name: str) -> Text:
    """表4 and Table 4 for `table4`, 表A1 and Table A1 for `tablea1`; nothing for a name of another kind."""
    found = re.fullmatch(r"(table|figure)(a?\d+)", name)
    return words(found[1], number=found[2].upper()) if found else same("")


def in_appendix(name: str) -> bool:
    """Whether an exhibit is numbered A1, A2, ..."""
    return re.fullmatch(r"(table|figure)a\d+", name) is not None


def place_of(study: Study, specification: str) -> Text:
    """The column of a table that shows a specification, 表4(3) and Table 4 (3); else its key."""
    place = shown_in(study, specification)
    return words("place", table=number_of(place[0]), column=place[1]) if place else same(specification)
