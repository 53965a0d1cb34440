"""The paper held to account: its printed numbers against each other, and beside what is computed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.audit import EDITIONS
from cbe_assets.assets.clean import as_of
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.declared.published import PublishedPaper
from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.study import Study, Text

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED, COMPARISON = KEYS = ("audit/published", "audit/comparison")
WEIGHTS = "index/weights"
COMPARED = {"provinces", "years", "places", "weights", "descriptives", "columns", "slopes_of", "slopes"}
"""Keys of published.yaml that the comparison uses: it does not care for statements."""


def nodes(study: Study) -> list[Node]:
    """audit/published and audit/comparison; none in a study without a paper."""
    return [_published(study, study.published), _comparison(study, study.published)] if study.published else []


def printed(study: Study) -> PublishedPaper:
    """The paper of a study.

    Raises:
        StudyFault: it has none.
    """
    if study.published is None:
        raise StudyFault([fault("no_paper", file="study/published.yaml")])
    return study.published


def faults(study: Study) -> Iterator[Fault]:
    """Provinces of published.yaml that the reference table does not have, or has in another region."""
    # Without the reference table nothing can be made, which the plan says.
    if study.published is None or not study.published.slopes or not (study.reference / "provinces.csv").is_file():
        return
    regions = {province.name: province.region for province in gazetteer(study).provinces}
    for region, slopes in study.published.slopes.items():
        for name in slopes:
            place = {"file": "study/published.yaml", "key": f"slopes.{region}"}
            if name not in regions:
                near = difflib.get_close_matches(name, list(regions), n=3) or list(regions)[:8]
                yield fault("printed_unknown_province", **place, found=name, expected=", ".join(near))
            elif regions[name] != region:
                yield fault("printed_wrong_region", **place, found=name, expected=region)


def _published(study: Study, paper: PublishedPaper) -> Node:
    return Node(
        key=PUBLISHED,
        deps=(),
        definition={"published": paper.model_dump(exclude={"slopes_of"})},
        code=("statistics", "assets.paper"),
        kinds=("python", "scipy"),
        title=Text(zh="所印数字的自洽检查", en="The printed numbers held against each other"),
        make=lambda inputs: _audited(study, paper),
    )


def audited(study: Study, paper: PublishedPaper) -> pd.DataFrame:
    """The checks of published.yaml, one row each."""
    from cbe_assets.statistics.paper_audit import audit

    return audit(paper.content(), {province.name: province.name_en for province in gazetteer(study).provinces})


def counts(table: pd.DataFrame) -> dict[str, int]:
    """Verdict -> how many checks have it, in the order of statistics.paper_rows."""
    from cbe_assets.statistics.paper_rows import VERDICTS

    return {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}


def _audited(study: Study, paper: PublishedPaper) -> Output:
    table = audited(study, paper)
    found = counts(table)
    record = {"study": study.settings.name, "verdicts": found, "checks": rows(table)}
    return Output(table, {"results/paper_audit.json": _json(record)}, found)


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: missing and infinite numbers are null."""
    from cbe_assets.statistics.result import plain

    return [
        {key: None if value is None or value != value else plain(value) for key, value in row.items()}
        for row in table.astype(object).where(table.notna(), None).to_dict("records")
    ]


def _json(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _comparison(study: Study, paper: PublishedPaper) -> Node:
    results = compared_results(study, paper)
    tests, summary = _tests(study, paper), _descriptives(study)
    models = [f"model/{name}" for name in dict.fromkeys([*results, *tests.values(), *([summary] if summary else [])])]
    weights = [WEIGHTS] if paper.weights else []
    return Node(
        key=COMPARISON,
        deps=(*models, *weights, EDITIONS),
        definition={"published": paper.model_dump(include=COMPARED), **as_of(study)},
        code=("statistics", "publish.tested", "assets.paper"),
        kinds=("python",),
        title=Text(zh="所印数字与计算结果对照", en="Printed beside computed, number by number"),
        make=lambda inputs: _compared(study, paper, inputs),
        lineage=lambda: {
            "computed": [
                *((f"model/{name}", "estimate") for name in results),
                *((f"model/{name}", "value") for name in tests.values()),
                *((key, "weight") for key in weights),
            ]
        },
    )


def compared_results(study: Study, paper: PublishedPaper) -> list[str]:
    """The specifications that have a printed counterpart."""
    return [*paper.columns, *([paper.slopes_of] if paper.slopes_of else [])]


def _tests(study: Study, paper: PublishedPaper) -> dict[tuple[str, str], str]:
    """(specification, f_test or hausman) -> the study's test of it, where the paper prints one."""
    return {
        (specification, test.kind): name
        for name, test in study.tests.items()
        for specification in test.specifications
        if test.kind in ("f_test", "hausman")
        and specification in paper.columns
        and getattr(paper.columns[specification].statistics, test.kind) is not None
    }


def _descriptives(study: Study) -> str | None:
    return next((name for name, test in study.tests.items() if test.kind == "descriptives"), None)


def _compared(study: Study, paper: PublishedPaper, inputs: Inputs) -> Output:
    from cbe_assets.statistics.comparison import compare, overall
    from cbe_assets.statistics.result import Result, plain

    results = {name: Result.from_frame(inputs(f"model/{name}")) for name in compared_results(study, paper)}
    summary = _descriptives(study)
    table = compare(
        paper.content(),
        results,
        weights=dict(inputs(WEIGHTS)[["indicator", "weight"]].itertuples(index=False)) if paper.weights else None,
        descriptives=inputs(f"model/{summary}") if summary else None,
        tests={pair: _tested(pair[1], inputs(f"model/{name}")) for pair, name in _tests(study, paper).items()},
    )
    verdict = plain(overall(table, simulated=bool(inputs(EDITIONS)["simulated"].any())))
    record = {"study": study.settings.name, **as_of(study), **verdict, "numbers": rows(table)}
    shown = {key: value for key, value in verdict.items() if key not in ("zh", "en") and value is not None}
    return Output(table, {"results/paper_comparison.json": _json(record)}, shown)


def _tested(kind: str, frame: pd.DataFrame) -> tuple[float, float]:
    """Statistic and p of the form that the tables print."""
    from cbe_assets.publish.tested import hausman_printed

    found = {row["statistic"]: row for row in frame.to_dict("records")}
    row = found[hausman_printed(found) if kind == "hausman" else "f_province_effects"]
    return float(row["value"]), float(row["p_value"])
