"""Tables of the robustness battery: variants of a specification, variants of the index, many tests at once."""

from __future__ import annotations

from cbe_assets.publish.grid import Grid, Line
from cbe_assets.publish.material import Material, place_of
from cbe_assets.publish.notes import sample, with_common
from cbe_assets.publish.numbers import integer
from cbe_assets.publish.result_lines import count, estimate, heads, limits, line, number, p_column, panel
from cbe_assets.publish.variants import (
    ROBUST,
    index_variant,
    of,
    paper_row,
    term_of,
    variant,
    with_cv3_interval,
)
from cbe_assets.publish.wording import joined, same, sentences, words
from cbe_assets.study import Text

VARIANTS = (
    estimate(), number("statistic", "t", 2), number("cv3", "cv3_error"), p_column("wcr_p", "wcr_p"), *limits(*ROBUST),
    count("n", "n"), count("groups", "groups"),
)  # fmt: skip
INDEX = (
    estimate(), number("per_sd", "per_sd"), number("cv3", "cv3_error"), p_column("wcr_p", "wcr_p"),
    number("spearman", "spearman", over="against_index"), number("kendall", "kendall", over="against_index"),
    number("correlation_within_province", "within_correlation", over="against_index"),
    count("largest_rank_change", "rank_change", over="against_index"),
)  # fmt: skip
FAMILY = (
    estimate(), p_column("p_value", "p_value"), p_column("wcr_p", "wcr_p"), p_column("romano_wolf_p", "romano_wolf_p"),
    p_column("benjamini_hochberg_p", "benjamini_hochberg_p"),
)  # fmt: skip


def variants_table(material: Material) -> Grid:
    """The paper's own column, then a panel per entry of the battery with a line per variant."""
    entries = material.exhibit.columns
    specification, term = of(material, entries[0]), term_of(material, entries[0])
    width = 1 + len(VARIANTS)
    own = paper_row(material, specification, term)
    label = words("paper_column", place=place_of(material.study, specification))
    lines: list[Line] = [line([label], own, VARIANTS, f"model/{specification}", term)]
    for entry in entries:
        lines.append(panel(material.study.robustness[entry].title, width))
        lines += _variants(material, entry, f"{specification}[{term}]")
    outcome = material.study.specifications[specification].outcome
    first = [words("variants_note", outcome=outcome, term=term), words("stars"), *_robust(material)]
    return Grid(
        material.name, material.title(), heads(["variant"], VARIANTS), tuple(lines),
        tuple(with_common(material, [sentences(first), sentences(sample(material, [own]))])),
    )  # fmt: skip


def _variants(material: Material, entry: str, paper: str) -> list[Line]:
    """The lines of one entry; the paper's own column is not repeated among its alternatives."""
    frame = with_cv3_interval(material.inputs[f"model/{entry}"])
    frame = frame.assign(statistic=frame["estimate"] / frame["std_error"])
    return [
        line([variant(material, entry, row["variant"])], row, VARIANTS, f"model/{entry}", row["variant"])
        for row in frame.to_dict("records")
        if row["variant"] != paper
    ]


def _robust(material: Material) -> list[Text]:
    """What CV3, WCR and the interval are."""
    return [words("robust_note", draws=integer(material.study.settings.draws.wild_bootstrap))]


def index_variants_table(material: Material) -> Grid:
    """The specification with the index by other weights, then without some of its indicators."""
    (entry,) = material.exhibit.columns
    declared, frame = material.study.robustness[entry], material.inputs[f"model/{entry}"]
    rows = {row["variant"]: row for row in frame.to_dict("records")}
    lines: list[Line] = []
    for head, names in (("index_by_weights", declared.weights), ("index_without", declared.without)):
        if names:
            lines.append(panel(words(head), 1 + len(INDEX)))
            labels = [(name, index_variant(material, entry, name)) for name in names]
            lines += [line([label], rows[name], INDEX, f"model/{entry}", name) for name, label in labels]
    place = place_of(material.study, declared.of)
    first = [words("index_variants_note", place=place), words("stars"), *_robust_errors(material)]
    own = [words("index_ranks_note", weights=words(f"weights_{material.study.index.weights}"))]
    notes = with_common(material, [sentences(first), sentences([*own, *sample(material, list(rows.values()))])])
    return Grid(material.name, material.title(), heads(["index"], INDEX), tuple(lines), tuple(notes))


def _robust_errors(material: Material) -> list[Text]:
    return [words("robust_errors_note", draws=integer(material.study.settings.draws.wild_bootstrap))]


def multiple_testing_table(material: Material) -> Grid:
    """Every reported test with its p values, alone and among all."""
    (entry,) = material.exhibit.columns
    rows = material.inputs[f"model/{entry}"].to_dict("records")
    lines = []
    for row in rows:
        specification = row["test"].partition("[")[0]
        outcome = material.study.specifications[specification].outcome
        labels = [place_of(material.study, specification), same(outcome), same(row["term"])]
        lines.append(line(labels, row, FAMILY, f"model/{entry}", f"{specification}.{row['term']}"))
    first = [words("family_note", count=len(rows)), words("stars")]
    draws = integer(material.study.settings.draws.wild_bootstrap)
    second = [words("family_adjusted_note", draws=draws), joined([_lost(rows)])]
    notes = with_common(material, [sentences(first), sentences(second)])
    return Grid(material.name, material.title(), heads(["where", "outcome", "regressor"], FAMILY), tuple(lines),
                tuple(notes))  # fmt: skip


def _lost(rows: list[dict]) -> Text:
    """How many are significant at 5 % alone, and how many still are among all."""
    counts = {
        key: sum(float(row[column]) < 0.05 for row in rows)
        for key, column in (("alone", "p_value"), ("wild", "wcr_p"), ("family", "romano_wolf_p"),
                            ("discovery", "benjamini_hochberg_p"))
    }  # fmt: skip
    return words("family_counts", count=len(rows), **counts)
