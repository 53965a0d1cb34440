"""The trace of what was asked for, whether a cell, a variable or a coefficient."""

from __future__ import annotations

from cbe_assets.faults import StudyFault, fault
from cbe_assets.study import Study
from cbe_assets.trace.behind import coefficient, column, sources
from cbe_assets.trace.cell import cell
from cbe_assets.trace.names import coefficient as named_coefficient
from cbe_assets.trace.names import columns_named, province_named, stored_cell
from cbe_assets.trace.step import Step
from cbe_assets.trace.stored import Stored


def trace(study: Study, asked: str, province: str | None = None, year: int | None = None) -> Step:
    """Where a number comes from.

    Args:
        study: whose stored tables are read.
        asked: a variable, for a cell with province and year; or a coefficient.
        province: by any of its names or its code.
        year: of the cell.

    Returns:
        The number and, below it, what it was made of.  Its facts hold `stale`, the tables on the way whose inputs have
        changed since, and `as_of`, where what is stored is an older state.

    Raises:
        StudyFault: an unknown name, a cell that is not there, a table that was never stored.
    """
    stored = Stored(study)
    wanted = named_coefficient(study, asked)
    if wanted:
        step = coefficient(stored, wanted)
    else:
        places = columns_named(stored, asked)
        if province is None and year is None:
            step = column(stored, *places[0])
            step.facts["sources"] = sources((step,))
        elif province is None or year is None:
            raise StudyFault([fault("trace_half_a_cell", key=asked)])
        else:
            place = province_named(stored, province)
            step = cell(stored, *stored_cell(stored, places, place, year), place, year)
    if stale := stored.stale():
        step.facts["stale"] = stale
    if day := stored.as_of():
        step.facts["as_of"] = day
    return step
