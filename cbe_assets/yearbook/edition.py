"""Editions: what date an edition name stands for, and which of two is newer.  Standard library only."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime

from cbe_assets.faults import StudyFault, fault

_EDITION = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def edition_date(edition: str) -> date:
    """The last day of the period an edition names: 2022 -> 2022-12-31, 2022-06 -> 2022-06-30.

    An edition is known by its publication date as far as that is recorded; until the last day of the period it cannot
    be said to have been out.

    Raises:
        StudyFault: `edition_malformed` when it is not YYYY, YYYY-MM or YYYY-MM-DD, or no such day exists.
    """
    match = _EDITION.fullmatch(edition)
    if match is None:
        raise StudyFault([fault("edition_malformed", found=edition)])
    year, month, day = match.groups()
    try:
        if day:
            return date(int(year), int(month), int(day))
        last = int(month) if month else 12
        return date(int(year), last, monthrange(int(year), last)[1])
    except ValueError as error:
        raise StudyFault([fault("edition_malformed", found=edition)]) from error


def edition_order(edition: str) -> tuple[date, str]:
    """Sort key: by date, then by name, so that 2022-12-31 follows 2022-12 follows 2022."""
    return edition_date(edition), edition


def as_of_date(as_of: date | str) -> date:
    """The last day that counts for `as_of`: a date, or an edition-like text (2022, 2022-06, 2022-06-30)."""
    if isinstance(as_of, datetime):
        return as_of.date()
    return as_of if isinstance(as_of, date) else edition_date(as_of)


def edition_name(given: object) -> object:
    """YAML reads 2022 as a number and 2022-06-30 as a date; both are meant as edition names."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given.isoformat()
    return f"{given:04d}" if isinstance(given, int) and not isinstance(given, bool) else given
