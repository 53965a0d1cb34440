"""An exhibit of the study, from stored frames to a long table and the files of all formats in both languages.

Files: tables/<exhibit>.<zh|en>.<csv|tex|docx|xlsx|html|md>, figures/<exhibit>.<zh|en>.<svg|png>, report/index*.html.
The same frames give the same bytes: no clock, no machine, no order of dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

import pandas as pd

from cbe_assets.publish.grid import Grid
from cbe_assets.publish.inputs import inputs_of
from cbe_assets.publish.material import Context, Material
from cbe_assets.publish.wording import LANGUAGES, Language
from cbe_assets.study import Study

__all__ = ["Context", "Rendered", "inputs_of", "render"]


@dataclass(frozen=True)
class Rendered:
    """An exhibit made.

    Attributes:
        grid: what is stored as exhibit/<name>: a table in long form (`grid.COLUMNS`), a figure's plotted data (series,
            x, y, label), or the list of exhibits of the report (position, exhibit, title_zh, title_en).
        files: path below data/exports -> bytes.
        preview_md: Markdown for the web interface.
        thumbnail_png: a small picture of a figure.
    """

    grid: pd.DataFrame
    files: dict[str, bytes] = field(default_factory=dict)
    preview_md: str = ""
    thumbnail_png: bytes | None = None


def render(study: Study, name: str, inputs: Mapping[str, pd.DataFrame], context: Context) -> Rendered:
    """Exhibit `name` of the study.

    Args:
        study: with the exhibit declared.
        name: key in exhibits.yaml.
        inputs: stored frames by asset key, those of `inputs_of(study, name)`.
        context: what the run knows.
    """
    material = Material(study, name, inputs, context)
    kind = material.exhibit.kind
    if kind == "report":
        return _report(material)
    return _table(material) if kind in TABLES else _figure(material)


def _from(module: str, function: str) -> Callable[[Material], Grid]:
    """`function` of a module of this package that is not imported before a table of its kind is made."""

    def make(material: Material) -> Grid:
        return getattr(import_module(f"cbe_assets.publish.{module}"), function)(material)

    return make


TABLES: dict[str, Callable[[Material], Grid]] = {
    "weights": _from("listing_tables", "weights_table"),
    "variables": _from("listing_tables", "variables_table"),
    "descriptives": _from("listing_tables", "descriptives_table"),
    "regression": _from("regression_table", "regression_table"),
    "province_slopes": _from("province_slopes_table", "province_slopes_table"),
    "variants": _from("battery_tables", "variants_table"),
    "index_variants": _from("battery_tables", "index_variants_table"),
    "multiple_testing": _from("battery_tables", "multiple_testing_table"),
    "diagnostics": _from("diagnostic_tables", "diagnostics_table"),
    "index_uncertainty": _from("diagnostic_tables", "index_uncertainty_table"),
    "event_study": _from("identification_tables", "event_study_table"),
    "instruments": _from("identification_tables", "instruments_table"),
    "audit": _from("audit_table", "audit_table"),
    "comparison": _from("comparison_table", "comparison_table"),
}
"""Kind of table -> what makes its grid."""


def _table(material: Material) -> Rendered:
    from cbe_assets.publish.text_formats import markdown

    grid, files = TABLES[material.exhibit.kind](material), {}
    for language in LANGUAGES:
        for ending, data in formats(grid, language).items():
            files[f"tables/{material.name}.{language}.{ending}"] = data
    return Rendered(grid.frame(), files, markdown(grid, material.context.language))


def formats(grid: Grid, language: Language) -> dict[str, bytes]:
    """File ending -> the table in that format."""
    from cbe_assets.publish.latex import latex
    from cbe_assets.publish.page import table_page
    from cbe_assets.publish.text_formats import csv_bytes, markdown
    from cbe_assets.publish.word import word
    from cbe_assets.publish.workbook import workbook

    return {
        "csv": csv_bytes(grid, language),
        "tex": latex(grid, language).encode(),
        "docx": word(grid, language),
        "xlsx": workbook(grid, language),
        "html": table_page(grid, language).encode(),
        "md": markdown(grid, language).encode(),
    }


def _figure(material: Material) -> Rendered:
    from cbe_assets.publish.drawing import drawn, preview
    from cbe_assets.publish.figure_data import figure_data

    data, files = figure_data(material), {}
    for language in LANGUAGES:
        for ending, picture in zip(("svg", "png"), drawn(material, data, language), strict=True):
            files[f"figures/{material.name}.{language}.{ending}"] = picture
    title = material.title()[material.context.language]
    return Rendered(data, files, f"**{title}**\n", preview(material, data, material.context.language))


def _report(material: Material) -> Rendered:
    from cbe_assets.publish.report import entries, report_files

    listed = entries(material)
    rows = [(position, name, title.zh, title.en) for position, (name, title) in enumerate(listed, start=1)]
    grid = pd.DataFrame(rows, columns=["position", "exhibit", "title_zh", "title_en"])
    language = material.context.language
    preview = "".join(f"1. {title[language]}\n" for _, title in listed)
    return Rendered(grid, report_files(material), f"**{material.title()[language]}**\n\n{preview}")
