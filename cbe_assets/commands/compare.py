"""cbe compare: printed against computed, number by number, with a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cbe_assets.commands.common import Json, Root, Yearbooks, faults_as_json, graph_of, print_json
from cbe_assets.faults import FAILED, StudyFault, fault, language, say

if TYPE_CHECKING:
    from cbe_assets.assets.graph import Graph

UNCONFIRMED = ("different", "nothing compared")
"""Verdicts of a comparison that failed."""


def compare(root: Root = None, yearbooks: Yearbooks = None, as_json: Json = False) -> None:
    """Lay the numbers a paper prints beside the stored results. Exit 1: the results differ from the paper."""
    with faults_as_json(as_json):
        from cbe_assets.assets import paper
        from cbe_assets.assets.audit import EDITIONS
        from cbe_assets.report_lines import few
        from cbe_assets.statistics.comparison import overall
        from cbe_assets.warehouse import Warehouse

        graph, day = _graph(root, yearbooks)
        paper.printed(graph.study)
        warehouse = Warehouse(graph.study.warehouse)
        if warehouse.record(paper.COMPARISON) is None:
            raise StudyFault([fault("compare_never", key=paper.COMPARISON)])
        table, editions = warehouse.read(paper.COMPARISON), warehouse.read(EDITIONS)
        verdict = overall(table, simulated=bool(editions["simulated"].any()))
        stale = _stale(graph, paper.COMPARISON)
    code = code_of(verdict["verdict"])
    if as_json:
        from cbe_assets.statistics.result import plain

        print_json({"code": code, **plain(verdict), "stale": stale, "as_of": day, "numbers": paper.rows(table)})
    else:
        notices = [say("compare_stale", names=few(stale))] if stale else []
        _print(graph, table, verdict, notices + ([say("as_of_stored", date=day)] if day else []))
    raise typer.Exit(code)


def code_of(verdict: str) -> int:
    """Exit code of a verdict of comparison.overall; simulated data tests no claim, so nothing can fail."""
    return FAILED if verdict in UNCONFIRMED else 0


def _graph(root: Path | None, yearbooks: Path | None) -> tuple[Graph, str | None]:
    """The graph as of the day of which the stored tables are the state, and that day; None for the newest."""
    from cbe_assets.assets.audit import EDITIONS
    from cbe_assets.study import Study
    from cbe_assets.warehouse import Warehouse

    record = Warehouse(Study.load(root).warehouse).record(EDITIONS)
    day = str(record.facts["as_of"]) if record and record.facts.get("as_of") else None
    return graph_of(root, yearbooks, day), day


def _stale(graph: Graph, key: str) -> list[str]:
    """The assets behind `key`, itself among them, that a refresh would make first; those that cannot be made too."""
    from cbe_assets.refresh.plan import Planner

    plan = Planner(graph).plan()
    behind, waiting = set(), [key]
    while waiting:
        name = waiting.pop()
        if name in graph.nodes and name not in behind:
            behind.add(name)
            waiting += graph.nodes[name].deps
    return [name for name in graph.nodes if name in behind and (name in plan.marked or name in plan.blocked)]


def _print(graph: Graph, table: Any, verdict: dict[str, Any], notices: list[str]) -> None:
    from cbe_assets.assets.raw import gazetteer
    from cbe_assets.grid_screen import loud, show
    from cbe_assets.publish.comparison_table import comparison_heads, comparison_lines, labels
    from cbe_assets.publish.wording import words

    said = language()
    loud(verdict[said])
    print("\n".join([*notices, ""]))
    lines = comparison_lines(table, labels(graph.study, gazetteer(graph.study)))
    show(comparison_heads(), lines, said, {}, aligned=True)
    print("\n" + words("compared_legend")[said])
    print(say("compare_counts", **{name: verdict[name] for name in ("cells", "compared")}))
    print("\n".join(notices), end="\n" if notices else "")
    loud(verdict[said])
