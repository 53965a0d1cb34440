"""The lines under a figure: simulated data, how it was computed, where the data come from."""

from __future__ import annotations

import pandas as pd

from cbe_assets.publish import battery_notes
from cbe_assets.publish.figure_data import least_squares
from cbe_assets.publish.inputs import SAMPLE
from cbe_assets.publish.material import Material
from cbe_assets.publish.notes import panel_provinces
from cbe_assets.publish.numbers import decimal
from cbe_assets.publish.wording import enumerated, joined, sentences, words
from cbe_assets.study import Text


def figure_notes(material: Material, data: pd.DataFrame) -> list[Text]:
    """How to read the figure and its sources; the mark of simulated data is drawn by itself."""
    return [sentences([*NOTES[material.exhibit.kind](material, data), *material.exhibit.notes])]


def _bars_and_line(material: Material, data: pd.DataFrame) -> list[Text]:
    said, tables = [], list(material.exhibit.bars)
    if line := material.exhibit.line:
        titles = [material.study.tables[key].title for key in line.numerator]
        facts = {"numerator": joined(titles, Text(zh="与", en=" and "))}
        said.append(words("penetration_note", denominator=material.study.tables[line.denominator].title, **facts))
        tables += [*line.numerator, line.denominator]
    names = {material.study.tables[key].source.en: material.study.tables[key].source for key in tables}
    return [*said, words("sources", list=enumerated(names.values()))]


def _scatter_with_fit(material: Material, data: pd.DataFrame) -> list[Text]:
    frame = material.inputs[SAMPLE].dropna(subset=[material.exhibit.x, material.exhibit.y])
    x, y = (frame[name].to_numpy(float) for name in (material.exhibit.x, material.exhibit.y))
    slope, _, r2, _ = least_squares(x, y)
    return [words("fit_note", slope=decimal(slope), r2=decimal(r2), n=len(frame)), _sources(material)]


def _regional_means(material: Material, data: pd.DataFrame) -> list[Text]:
    kept = set(panel_provinces(material))
    provinces = [item for item in material.context.gazetteer.provinces if item.name in kept]
    counts = {name: sum(item.region == name for item in provinces) for name in ("east", "central", "west")}
    return [words("means_note", **counts), _sources(material)]


def _sources(material: Material) -> Text:
    names = [name for name in (material.exhibit.x, material.exhibit.y) if name]
    texts = {material.study.variables[name].source.en: material.study.variables[name].source for name in names}
    return words("sources", list=enumerated(texts.values()))


NOTES = {
    "bars_and_line": _bars_and_line,
    "scatter_with_fit": _scatter_with_fit,
    "regional_means": _regional_means,
    **battery_notes.NOTES,
}
"""Kind of exhibit -> what its notes say."""
