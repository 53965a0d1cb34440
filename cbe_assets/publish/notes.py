"""The notes under each table: simulated data, standard errors, stars, sample, tests, editions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cbe_assets.publish import tested
from cbe_assets.publish.inference_rows import inference_notes
from cbe_assets.publish.material import Material
from cbe_assets.publish.wording import enumerated, joined, same, sentences, words
from cbe_assets.study import Text

NAMED = 3
"""An edition of more tables than this is noted with their number, not their names; the report names all."""


def regression_notes(material: Material) -> list[Text]:
    """Standard errors by column, stars, sample, what R2 is, splits, rows beyond the paper, tests, editions."""
    models = {name: material.model(name) for name in material.shown()}
    first = [*_covariances(material, models), words("stars"), words("t_in_parentheses")]
    second = [*sample(material, _first_terms(models)), *_splits(material)]
    if any(material.study.specifications[name].effects for name in models) and "r2" in material.exhibit.statistics:
        second.append(words("within_r2"))
    second += _not_shown(material, models)
    own = [sentences(first), sentences(second), *inference_notes(material, models), *tested.notes(material)]
    return with_common(material, own)


def slopes_notes(material: Material) -> list[Text]:
    """What the three estimators are, sample, homogeneity test."""
    term = material.exhibit.terms[0]
    models = {name: material.model(name) for name in material.shown()}
    first = [words("slopes_note", term=term)]
    for name, terms in models.items():
        if material.study.specifications[name].estimator == "swamy" and term in terms:
            row = terms[term]
            first.append(tested.swamy_mean(row))
    second = [*_covariances(material, models), words("stars"), *sample(material, _first_terms(models))]
    return with_common(material, [sentences(first), sentences(second), *tested.notes(material)])


def weights_notes(material: Material, printed: float | None) -> list[Text]:
    """By which method and over what the weights are computed."""
    facts = {"method": words(f"method_{material.study.index.weights}"), "years": _years(material)}
    facts["provinces"] = len(panel_provinces(material))
    if printed is None:
        return with_common(material, [words("weights_note_unprinted", **facts)])
    return with_common(material, [words("weights_note", printed=f"{printed:.1f}", **facts)])


def variables_notes(material: Material) -> list[Text]:
    return with_common(material, [])


def descriptives_notes(material: Material, within: bool) -> list[Text]:
    """Winsorizing and how the VIFs are computed."""
    factors = words("vif_note" if within else "vif_note_pooled")
    return with_common(material, [sentences([_winsorized(material), factors])])


def with_common(material: Material, own: Iterable[Text]) -> list[Text]:
    """The mark of simulated data first; the exhibit's own notes, gaps and editions last."""
    notes = [words("simulated_note")] if material.context.simulated else []
    return [*notes, *own, *material.exhibit.notes, *closing(material)]


def closing(material: Material) -> list[Text]:
    """As of which day, how many cells were filled, corrected, revised, and the editions; none if there is nothing."""
    context = material.context
    counts = {"filled": context.filled, "corrected": context.corrected, "revised": context.revised}
    last = [words("as_of", date=context.as_of)] if context.as_of else []
    last += [words(what, count=count) for what, count in counts.items() if count]
    if context.editions:
        last.append(editions(material))
    return [sentences(last)] if last else []


def editions(material: Material) -> Text:
    """Newest edition of the tables, oldest first: names where few share one, else their number."""
    tables: dict[str, list[str]] = {}
    for table, edition in sorted(material.context.editions.items()):
        tables.setdefault(str(edition), []).append(table)
    parts = []
    for edition, names in sorted(tables.items()):
        titles = enumerated(table_title(material, name) for name in names)
        said = titles if len(names) <= NAMED else words("edition_count", count=len(names))
        parts.append(words("edition_tables", edition=edition, tables=said))
    return words("editions", list=enumerated(parts))


def table_title(material: Material, table: str) -> Text:
    """Title of a raw or reference table; its key if the study no longer declares it."""
    declared = {**material.study.tables, **material.study.reference_tables}
    return declared[table].title if table in declared else same(table)


def panel_provinces(material: Material) -> list[str]:
    """Short names of the provinces the panels keep."""
    excluded = material.study.settings.excluded_provinces
    return [item.name for item in material.context.gazetteer.provinces if item.name not in excluded]


def without(material: Material) -> Text:
    """The provinces left out, in brackets; nothing if there are none."""
    names = material.study.settings.excluded_provinces
    if not names:
        return same("")
    places = [material.context.gazetteer.named(name) for name in names]
    return words("without", list=enumerated(Text(zh=place.name, en=place.name_en) for place in places))


def _years(material: Material) -> str:
    years = material.study.settings.years
    return f"{years[0]}\u2013{years[1]}"


def _winsorized(material: Material) -> Text:
    low, high = material.study.settings.winsor
    return words("winsorized", low=f"{low:g}", high=f"{high:g}") if (low, high) != (0, 100) else words("not_winsorized")


def _first_terms(models: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [next(iter(terms.values())) for terms in models.values()]


def sample(material: Material, rows: Iterable[dict[str, Any]]) -> list[Text]:
    """Provinces, years, N of the rows, winsorizing."""
    counts = list(dict.fromkeys(int(row["n"]) for row in rows))
    facts = {"provinces": len(panel_provinces(material)), "without": without(material), "years": _years(material)}
    return [words("sample", n=enumerated(map(str, counts)), **facts), _winsorized(material)]


def _which(columns: Sequence[int], of: int) -> Text:
    """All columns, column (3), columns (1), (2)."""
    if len(columns) == of:
        return words("every_column")
    listed = enumerated(f"({column})" for column in columns)
    return words("columns_one" if len(columns) == 1 else "columns_many", list=listed)


def _covariances(material: Material, models: dict[str, dict[str, dict[str, Any]]]) -> list[Text]:
    """One sentence per kind of standard error (and degrees of freedom), with the columns it holds for."""
    kinds: dict[tuple[str, str], list[int]] = {}
    for column, (name, terms) in enumerate(models.items(), start=1):
        df = float(next(iter(terms.values()))["df"])
        covariance = material.study.specifications[name].covariance
        t = "" if math.isnan(df) or covariance != "clustered" else f"{df:g}"
        kinds.setdefault((covariance, t), []).append(column)
    groups: dict[str, list[tuple[str, list[int]]]] = {}
    for (covariance, t), columns in kinds.items():
        groups.setdefault(covariance, []).append((t, columns))
    said = []
    for covariance, members in groups.items():
        columns = sorted(column for _, part in members for column in part)
        t = enumerated(words("t_with_df", df=df) for df, _ in members)
        said.append(words(f"covariance_{covariance}", which=_which(columns, len(models)), t=t))
    return said


def _splits(material: Material) -> list[Text]:
    said = []
    for column, name in enumerate(material.shown(), start=1):
        sample = material.study.specifications[name].sample
        if sample and sample.without_filled:
            said.append(words("without_filled", column=_which([column], 0)))
        if sample and sample.split:
            title = material.study.variables[sample.split].title
            variable = joined([title, f" ({sample.split})"])
            facts = {"variable": variable, "side": words(f"side_{sample.side}")}
            said.append(words("split", column=_which([column], 0), **facts))
    return said


def _not_shown(material: Material, models: dict[str, dict[str, dict[str, Any]]]) -> list[Text]:
    """Variables of a column that the exhibit does not list: nothing is left out unsaid."""
    said = []
    for column, terms in enumerate(models.values(), start=1):
        hidden = [term for term in terms if term not in material.exhibit.terms and term != "_cons"]
        if hidden:
            said.append(words("not_shown", column=_which([column], 0), list=enumerated(hidden)))
    return said
