"""What `cbe ingest` prints: a block per file and a summary for people, a dictionary for JSON."""

from __future__ import annotations

from typing import Any

from cbe_assets.faults import Fault, say
from cbe_assets.intake.filing import Batch
from cbe_assets.intake.judge import Judgement, converted
from cbe_assets.intake.reading_text import aligned, regions, skipped_dict, years_text


def batch_lines(batch: Batch) -> list[str]:
    """A block per file, then the summary table and what to do next."""
    lines: list[str] = []
    for one in batch.judgements:
        lines += [*_block(one, batch), ""]
    lines += _summary(batch)
    lines += [say(item.message, **item.facts) for item in batch.lacking]
    if batch.switch is not None and any(one.path and not one.faults for one in batch.judgements):
        folder = _shown_folder(batch)
        lines.append(say("how_to_switch", found=batch.switch, folder=folder))
    return lines


def _shown_folder(batch: Batch) -> str:
    folder, root = batch.study.yearbooks, batch.study.root
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _block(one: Judgement, batch: Batch) -> list[str]:
    facts: list[tuple[str, str]] = []
    if one.table in batch.study.tables:
        declared = batch.study.tables[one.table]
        layout = f", {say('read_layout')} {one.reading.layout}" if one.reading else ""
        facts.append((say("ingest_table"), f"{one.table}  {declared.indicator} ({converted(one, declared)}){layout}"))
    if one.edition:
        facts.append((say("ingest_edition"), f"{one.edition}  {say(one.rule)}"))
    if one.rows is not None:
        missing = int(one.rows["value"].isna().sum())
        cells = say("read_cells_text", count=len(one.rows), missing=missing)
        facts.append((say("read_cells"), f"{cells}; {regions(one.rows)}; {years_text(one.rows['year'])}"))
    if one.found is not None:
        facts.append((say("ingest_compared"), _compared(one)))
        facts += [("", text) for text in _revised(one)]
    if one.others and one.rows is not None:
        names = "; ".join(map(str, one.others[:6])) + (f" +{len(one.others) - 6}" if len(one.others) > 6 else "")
        facts.append((say("ingest_also"), names))
    facts += [(say("ingest_warning"), _without_file(item, one)) for item in one.warnings]
    facts += [(say("ingest_refused"), _without_file(item, one)) for item in one.faults]
    facts += [(say("ingest_hint"), say(item.message, **item.facts)) for item in one.hints]
    if one.path and not one.faults:
        facts.append((say("ingest_would" if batch.dry else "ingest_filed"), f"{_shown_folder(batch)}/{one.path}"))
    if one.left_aside:
        facts.append((say("ingest_left_aside"), say("dropping")))
    return [one.name, *aligned(facts)] if facts else [one.name]


def _without_file(item: Fault, one: Judgement) -> str:
    """The fault without file and table, which the block is about."""
    facts = {"file": ""} | {key: value for key, value in item.facts.items() if (key, value) != ("file", one.name)}
    if one.table is not None and one.rows is not None:
        facts["key"] = ""
    return Fault(item.message, facts, item.code).text()


def _compared(one: Judgement) -> str:
    found = one.found
    if found.against is None:
        return say("compared_first")
    against = say("compared_newer" if found.newer else "compared_older", edition=found.against)
    new = say("compared_new", count=len(found.new), years=years_text(found.new["year"])) if len(found.new) else ""
    gone = say("compared_gone", count=len(found.gone), years=years_text(found.gone["year"])) if len(found.gone) else ""
    inside = found.gone_inside
    if len(inside):
        places = "、".join(dict.fromkeys(inside["province"].head(5)))
        gone += say("compared_gone_inside", count=len(inside), found=places)
    parts = [say("compared_overlap", count=len(found.overlap)), new or say("compared_nothing_new"), gone]
    return f"{against}: " + "; ".join(filter(None, parts))


def _revised(one: Judgement, shown: int = 3) -> list[str]:
    changed = one.found.revised
    if changed.empty:
        return [say("revised_none")] if len(one.found.overlap) else []
    size = changed["relative_change"].abs()
    largest = changed.loc[size.sort_values(ascending=False, kind="stable").index].head(shown)
    head = say("revised_some", count=len(changed), median=_percent(size.median()), years=years_text(changed["year"]))
    return [head] + [
        f"{row.province} {row.year}: {row.old:.10g} -> {row.new:.10g} ({row.relative_change:+.1%})"
        for row in largest.itertuples(index=False)
    ]


def _end(name: str, width: int = 48) -> str:
    """The end of a long name, which tells files apart."""
    return name if len(name) <= width else "…" + name[1 - width :]


def _percent(share: float) -> str:
    return f"{share:.2%}" if not share < 0.0001 else "< 0.01%"


def _summary(batch: Batch) -> list[str]:
    heads = ("ingest_file", "ingest_table", "ingest_edition", "read_cells", "ingest_new", "ingest_revised",
             "ingest_gone", "ingest_verdict")  # fmt: skip
    rows: list[tuple[object, ...]] = [tuple(map(say, heads))]
    for one in batch.judgements:
        found = one.found
        counts = ("", "", "") if found is None else (len(found.new), len(found.revised), len(found.gone))
        cells = "" if one.rows is None else len(one.rows)
        rows.append((_end(one.name), one.table or "?", one.edition or "", cells, *counts, say(verdict(one, batch))))
    good = sum(1 for one in batch.judgements if one.path and not one.faults)
    bad = sum(1 for one in batch.judgements if one.faults)
    total = say("ingest_total_dry" if batch.dry else "ingest_total", good=good, bad=bad, folder=_shown_folder(batch))
    return [*aligned(rows, indent="", right=(3, 4, 5, 6)), total]


def verdict(one: Judgement, batch: Batch) -> str:
    """The message key of what became of a file."""
    if one.left_aside:
        return "verdict_left_aside"
    if one.faults:
        return "verdict_refused" if max(item.code for item in one.faults) < 2 else "verdict_unusable"
    return "verdict_would" if batch.dry else "verdict_filed"


def batch_dict(batch: Batch) -> dict[str, Any]:
    """Everything about a batch, for JSON."""
    return {
        "yearbooks": _shown_folder(batch),
        "dry_run": batch.dry,
        "code": batch.code,
        "files": [_judgement_dict(one, batch) for one in batch.judgements],
        "family_lacks": [item.as_dict() for item in batch.lacking],
        "study_yearbooks": batch.switch,
    }


def _judgement_dict(one: Judgement, batch: Batch) -> dict[str, Any]:
    rows = one.rows
    return {
        "file": one.name,
        "archive": one.archive,
        "verdict": verdict(one, batch).removeprefix("verdict_"),
        "table": one.table,
        "edition": one.edition,
        "edition_from": one.rule,
        "path": one.path if not one.faults else None,
        "sha256": one.sha256 or None,
        "layout": one.reading.layout if one.reading else None,
        "encoding": one.reading.encoding if one.reading else None,
        "source_line": one.reading.source_line if one.reading else None,
        "indicators": [] if rows is None else list(dict.fromkeys(rows["indicator"].dropna())),
        "unit": one.unit,
        "cells": None if rows is None else len(rows),
        "missing": None if rows is None else int(rows["value"].isna().sum()),
        "years": [] if rows is None else sorted({int(year) for year in rows["year"]}),
        "also_holds": [str(other) for other in one.others],
        "skipped": [skipped_dict(item) for item in one.reading.skipped] if one.reading else [],
        "comparison": one.found.as_dict() if one.found is not None else None,
        "warnings": [item.as_dict() for item in one.warnings],
        "faults": [item.as_dict() for item in one.faults],
        "hints": [item.as_dict() for item in one.hints],
    }
