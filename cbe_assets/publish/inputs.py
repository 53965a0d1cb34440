"""Which stored tables an exhibit is made of.  Light: the graph is built from it without pandas."""

from __future__ import annotations

from cbe_assets.study import Study

SAMPLE = "panel/estimation"
MEASURED = "panel/variables"


def inputs_of(study: Study, name: str) -> list[str]:
    """Asset keys that exhibit `name` reads, each once, in the order of its declaration."""
    exhibit = study.exhibits[name]
    models = [f"model/{result}" for result in (*exhibit.columns, *exhibit.tests)]
    if exhibit.kind == "variants":
        # The paper's own column, which every variant is a variant of.
        models.insert(0, f"model/{study.robustness[exhibit.columns[0]].specifications[0]}")
    for test in (study.tests[key] for key in exhibit.tests):
        if test.kind in ("mediation", "equal_coefficients"):
            models += [f"model/{key}" for key in test.specifications]
    keys = {
        "weights": ["index/weights"],
        "bars_and_line": [f"clean/{table}" for table in _series(study, name)],
        "scatter_with_fit": [SAMPLE],
        "regional_means": [MEASURED],
        "audit": ["audit/published"],
        "comparison": ["audit/comparison"],
        "report": [f"exhibit/{key}" for key in exhibit.of],
    }.get(exhibit.kind, [])
    return list(dict.fromkeys([*keys, *models]))


def shown_in(study: Study, specification: str) -> tuple[str, int] | None:
    """The regression table that shows a specification, and in which column from 1; None if none does."""
    for name, exhibit in study.exhibits.items():
        if exhibit.kind == "regression" and specification in exhibit.columns:
            return name, exhibit.columns.index(specification) + 1
    return None


def _series(study: Study, name: str) -> list[str]:
    exhibit = study.exhibits[name]
    line = [*exhibit.line.numerator, exhibit.line.denominator] if exhibit.line else []
    return [*exhibit.bars, *line]
