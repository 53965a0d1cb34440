"""cbe audit: the printed numbers against themselves."""

from __future__ import annotations

import typer

from cbe_assets.commands.common import Json, Root, faults_as_json, print_json
from cbe_assets.faults import FAILED, language, say

STYLES = {
    "holds": "green", "broken": "bold white on red", "refuted": "yellow", "implied": "cyan", "wrong": "bold red",
    "open": "magenta",
}  # fmt: skip


def audit(root: Root = None, as_json: Json = False) -> None:
    """Hold the numbers a paper prints against each other; needs no data. Exit 1: printed numbers contradict."""
    with faults_as_json(as_json):
        from cbe_assets.assets import paper
        from cbe_assets.study import Study

        study = Study.load(root)
        printed = paper.printed(study)
        table = paper.audited(study, printed)
    found = paper.counts(table)
    code = FAILED if found["broken"] else 0
    if as_json:
        print_json({"study": study.settings.name, "code": code, "verdicts": found, "checks": paper.rows(table)})
        raise typer.Exit(code)
    from cbe_assets.grid_screen import show
    from cbe_assets.publish.audit_table import audit_heads, audit_lines, counted
    from cbe_assets.publish.wording import words

    known = study.settings.paper
    print(say("audit_about", citation=known.citation if known else study.settings.title[language()]) + "\n")
    show(audit_heads(), audit_lines(table), language(), STYLES, aligned=False)
    print("\n" + words("audit_checks", count=len(table))[language()] + counted(table)[language()])
    print(words("audit_legend")[language()])
    print(say("audit_contradicts" if code else "audit_consistent", count=found["broken"]))
    raise typer.Exit(code)
