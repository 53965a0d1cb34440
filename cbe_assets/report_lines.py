"""What the command line prints about plans, refreshes and checks: progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from cbe_assets.faults import language, say

if TYPE_CHECKING:
    from cbe_assets.assets.graph import Graph
    from cbe_assets.recheck import Rechecked
    from cbe_assets.refresh.plan import Plan
    from cbe_assets.refresh.run import Outcome


class Progress:
    """Hears a refresh.  On a terminal one moving line, elsewhere a line per asset; nothing with `quiet`."""

    def __init__(self, quiet: bool = False):
        self._quiet = quiet
        self._begun = time.monotonic()
        self._count = 0
        self._status: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console

            self._status = Console(stderr=True).status(say("planning"))
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, event: str, key: str, facts: dict[str, Any]) -> None:
        if self._quiet:
            return
        if event == "waiting":
            print(say("waiting_for_lock", **facts), file=sys.stderr, flush=True)
            return
        if event == "start":
            if self._status is not None:
                self._status.update(f"{self._count} ✓  {key}")
            return
        self._count += 1
        if self._status is None:
            seconds = time.monotonic() - self._begun
            print(
                f"[{seconds:6.1f} s] {say('progress_' + event, key=key, **_shown(facts))}", file=sys.stderr, flush=True
            )


def _shown(facts: dict[str, Any]) -> dict[str, object]:
    return {"rows": facts.get("rows", ""), "count": len(facts.get("faults", ()))}


def refresh_lines(graph: Graph, outcome: Outcome) -> list[str]:
    """The end of a refresh: what was made, what changed, warnings, what waits, and where the tables are."""
    changed = sum(outcome.made.values())
    lines = []
    for key, warnings in outcome.warnings.items():
        lines += [say("warned", key=key, text=text) for text in warnings]
    if graph.found.unknown:
        lines.append(say("unknown_files", count=len(graph.found.unknown), files=", ".join(graph.found.unknown[:10])))
    if outcome.database == "damaged" or (outcome.database == "outdated" and not outcome.made):
        lines.append(say("database_built", state=say(f"database_{outcome.database}")))
    if outcome.restored:
        lines.append(say("restored", count=len(outcome.restored)))
    if not outcome.made and not outcome.failed and not outcome.confirmed:
        lines.append(say("nothing_stale", count=len(outcome.plan.fresh)))
    else:
        facts = {"made": len(outcome.made), "changed": changed, "failed": len(outcome.failed)}
        lines.append(say("refreshed", fresh=len(outcome.plan.fresh), **facts))
    if outcome.confirmed:
        lines.append(say("confirmed", count=len(outcome.confirmed), names=few(outcome.confirmed, 8)))
    if outcome.plan.blocked:
        names = few(list(outcome.plan.blocked), 8)
        lines.append(say("waiting", count=len(outcome.plan.blocked), names=names))
    if (graph.study.exports / "tables").is_dir():
        lines.append(say("exports_at", folder=graph.study.exports))
    lines += _as_of(graph)
    if _simulated(graph):
        lines.append(say("simulated_mark"))
    return [*lines, *_moved(graph, outcome)]


def _moved(graph: Graph, outcome: Outcome) -> list[str]:
    """What moved against the state before, in five lines; nothing if no asset that says so was made."""
    from cbe_assets.assets.drift import summary_lines

    return summary_lines(graph.study, outcome.made, language())


def _as_of(graph: Graph) -> list[str]:
    """That this is an older state, or that an older one lies in the warehouse."""
    from cbe_assets.assets.audit import EDITIONS
    from cbe_assets.warehouse import Warehouse

    first, last = graph.study.settings.years
    if graph.study.as_of:
        return [say("as_of_now", date=graph.study.as_of, years=f"{first}-{last}")]
    record = Warehouse(graph.study.warehouse).record(EDITIONS)
    stored = record.facts.get("as_of") if record else None
    return [say("as_of_stored", date=stored)] if stored else []


def _simulated(graph: Graph) -> bool:
    return graph.found.simulated


def status_lines(graph: Graph, plan: Plan) -> list[str]:
    """A line per stale asset with its reasons, what may follow, what waits, then the counts."""
    stale = plan.stale | {key: why for key, why in plan.later.items() if why}
    lines = [f"{key:45} {'; '.join(reason.text() for reason in why)}" for key, why in stale.items()]
    follow = [key for key in plan.later if key not in stale]
    if follow:
        lines.append(say("later", count=len(follow), names=few(follow, 8)))
    if plan.blocked:
        lines += [f"{key:45} {say('blocked_by', inputs=few(waits))}" for key, waits in plan.blocked.items()]
    if plan.database == "damaged" or (plan.database != "current" and not plan.stale):
        lines.append(say("database_stale", state=say(f"database_{plan.database}")))
    if plan.orphans:
        lines.append(say("orphans", names=", ".join(plan.orphans)))
    if graph.found.unknown:
        lines.append(say("unknown_files", count=len(graph.found.unknown), files=", ".join(graph.found.unknown[:10])))
    counts = {"later": len(follow), "blocked": len(plan.blocked), "fresh": len(plan.fresh)}
    lines.append(say("status_counts", stale=len(stale), **counts))
    return lines + _as_of(graph)


def few(names: list[str], shown: int = 3) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" +{rest}" if rest > 0 else "")


def check_lines(results: Rechecked) -> list[str]:
    """Failures and warnings, then the counts."""
    lines = []
    for key, verdict in results.verdicts.items():
        lines += [f"{check.severity:8} {key}: {check.text()}" for check in verdict.checks if not check.success]
    if results.absent:
        lines.append(say("check_absent", count=len(results.absent), names=few(results.absent, 8)))
    expectations = sum(len(verdict.checks) for verdict in results.verdicts.values())
    critical = sum(len(verdict.failed("critical")) for verdict in results.verdicts.values())
    warned = sum(len(verdict.failed("warning")) for verdict in results.verdicts.values())
    lines.append(
        say("check_counts", tables=len(results.verdicts), expectations=expectations, failed=critical, warned=warned)
    )
    return lines
