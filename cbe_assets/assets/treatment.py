"""What was done to official figures, over all tables in long form: revised by editions, filled, and odd but kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbe_assets.assets.clean import as_of, corrections, settled_tables
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.study import Study, Text

if TYPE_CHECKING:
    import pandas as pd

REVISIONS, IMPUTATIONS, ODDITIES = "clean/revisions", "clean/imputations", "clean/oddities"


def nodes(study: Study) -> list[Node]:
    """clean/revisions, clean/imputations and clean/oddities; a column `table` says whose row it is."""
    tables = settled_tables(study)
    return [_revisions(study, tables), _imputations(tables), _oddities(tables)]


def _revisions(study: Study, tables: list[str]) -> Node:
    declared = {name: study.tables[name].model_dump(include={"unit", "accepts", "unit_unstated"}) for name in tables}
    applied = [item.model_dump() for item in corrections(study)]
    raw, clean = [f"raw/{name}" for name in tables], [f"clean/{name}" for name in tables]
    return Node(
        key=REVISIONS,
        # Not read, but a table that cannot be settled must be repaired before its revisions mean anything.
        deps=(*raw, *clean),
        definition={"tables": declared, "corrections": applied, **as_of(study)},
        code=("yearbook", "assets.treatment"),
        kinds=("python", "pandas"),
        title=Text(zh="各版之间的修订", en="What each edition changed against the one before it"),
        make=lambda inputs: _revised(study, tables, inputs),
        lineage=lambda: {
            "province": [(key, "province") for key in raw],
            "year": [(key, "year") for key in raw],
            **{column: [(key, "value") for key in raw] for column in ("old", "new", "relative_change")},
            **{column: [(key, "edition") for key in raw] for column in ("old_edition", "new_edition")},
        },
    )


def _revised(study: Study, tables: list[str], inputs: Inputs) -> Output:
    from cbe_assets.yearbook.gazetteer import NATION
    from cbe_assets.yearbook.stored import store
    from cbe_assets.yearbook.vintage import revisions

    places, applied = gazetteer(study), corrections(study)
    provinces, frames = [province.name for province in places.provinces], []
    for name in tables:
        declared = study.tables[name]
        kept = [NATION] if declared.scope == "nation" else provinces
        stored = store(name, inputs(f"raw/{name}"), declared, kept, study.as_of, applied)
        frames.append(revisions(name, stored.observations, kept))
    frame = _joined(frames)
    counts = frame["table"].value_counts(sort=False).to_dict()
    largest = float(frame["relative_change"].abs().max()) if len(frame) else 0.0
    return Output(frame, facts={"revised": len(frame), "largest change": largest, **_counted("revised", counts)})


def _imputations(tables: list[str]) -> Node:
    return Node(
        key=IMPUTATIONS,
        deps=tuple(f"clean/{name}" for name in tables),
        definition={"tables": tables},
        code=("yearbook", "assets.treatment"),
        kinds=("python", "pandas"),
        title=Text(zh="插补、结转或计算得到的单元格", en="Cells that were interpolated, carried or computed"),
        make=lambda inputs: _filled(tables, inputs),
        lineage=lambda: _of_clean(tables, {"value": None, "method": "method", "neighbours": "note"}),
    )


def _filled(tables: list[str], inputs: Inputs) -> Output:
    from cbe_assets.yearbook.gaps import imputations

    frame = _joined([imputations(name, inputs(f"clean/{name}")) for name in tables])
    counts = frame["table"].value_counts(sort=False).to_dict()
    return Output(frame, facts={"filled": len(frame), **_counted("filled", counts)})


def _oddities(tables: list[str]) -> Node:
    return Node(
        key=ODDITIES,
        deps=tuple(f"clean/{name}" for name in tables),
        definition={"tables": tables},
        code=("yearbook", "assets.treatment"),
        kinds=("python", "pandas"),
        title=Text(
            zh="与前后年份相差悬殊的数值（保留）", en="Values far from the years before and after; kept as they are"
        ),
        make=lambda inputs: _odd(tables, inputs),
        lineage=lambda: _of_clean(tables, dict.fromkeys(("value", "before", "after", "ratio"))),
    )


def _odd(tables: list[str], inputs: Inputs) -> Output:
    from cbe_assets.yearbook.oddities import oddities

    frame = _joined([oddities(name, inputs(f"clean/{name}")) for name in tables])
    return Output(frame, facts={"oddities": len(frame)})


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """One under another; tables without rows do not turn numbers into objects."""
    import pandas as pd

    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _counted(what: str, counts: dict[str, Any]) -> dict[str, int]:
    return {f"{what} {table}": int(count) for table, count in counts.items()}


def _of_clean(tables: list[str], columns: dict[str, str | None]) -> dict[str, list[tuple[str, str]]]:
    """Column -> the clean columns it repeats; None stands for the table's value."""
    keys = {"province": "province", "year": "year"}
    return {
        column: [(f"clean/{name}", source or name) for name in tables] for column, source in (keys | columns).items()
    }
