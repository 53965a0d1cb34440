"""Which edition an incoming file is, where the user does not say: what it prints, else the year after its newest."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook.edition import edition_date
from cbe_assets.yearbook.reading import Reading

_PUBLISHED = re.compile(
    r"(?:发布|公布|出版|更新)(?:日期|时间)?\s*[:：]?\s*((?:19|20)\d\d)\s*[-年./]\s*(\d{1,2})(?:\s*[-月./]\s*(\d{1,2}))?"
)
_YEARBOOK = re.compile(r"统计年鉴\s*[》」]?\s*[-—－–(（]*\s*((?:19|20)\d\d)(?!\s*[-—－–~至]?\s*\d)")


def default_edition(reading: Reading, rows: pd.DataFrame) -> tuple[str, str]:
    """The edition of a file and the rule that gave it, a key of messages.yaml.

    1. `edition_printed`: the one publication date it prints (发布日期：2025-03-17).
    2. `edition_yearbook`: the one statistical yearbook it names (中国统计年鉴2024).
    3. `edition_by_rule`: the newest year with values, plus 1: annual figures come out in the year after.

    A download says nowhere when it was downloaded.  What is printed counts only if no value is newer.

    Args:
        reading: for its titles, notes and source line.
        rows: the observations of the table; at least one has a value.
    """
    newest = int(rows.loc[rows["value"].notna(), "year"].max())
    lines = [*reading.titles, *reading.notes, reading.source_line or ""]
    for rule, found in (("edition_printed", _dates(lines)), ("edition_yearbook", _yearbooks(lines))):
        if len(found) == 1 and int(next(iter(found))[:4]) >= newest:
            return found.pop(), rule
    return str(newest + 1), "edition_by_rule"


def _dates(lines: Iterable[str]) -> set[str]:
    dates = set()
    for line in lines:
        for year, month, day in _PUBLISHED.findall(line):
            edition = "-".join([year, month.zfill(2), *([day.zfill(2)] if day else [])])
            if _exists(edition):
                dates.add(edition)
    return dates


def _exists(edition: str) -> bool:
    try:
        edition_date(edition)
    except StudyFault:
        return False
    return True


def _yearbooks(lines: Iterable[str]) -> set[str]:
    return {year for line in lines for year in _YEARBOOK.findall(line)}
