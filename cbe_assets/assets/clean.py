"""Clean tables: vintage chosen, units converted, gaps treated and flagged; one row per province and year."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.study import Study

if TYPE_CHECKING:
    from cbe_assets.yearbook.corrections import Correction


def settled_tables(study: Study) -> list[str]:
    """The official tables that have no sql/clean/<table>.sql of their own."""
    return [name for name in study.tables if not (study.root / "sql" / "clean" / f"{name}.sql").is_file()]


def nodes(study: Study) -> list[Node]:
    """A node per settled table."""
    return [_node(study, name) for name in settled_tables(study)]


def _node(study: Study, name: str) -> Node:
    from cbe_assets.yearbook.settle import needs, needs_clean

    table = study.tables[name]
    tables, computed_from = needs(study.tables, name), needs_clean(study.tables, name)
    applied = [item for item in corrections(study) if item.table in tables]
    return Node(
        key=f"clean/{name}",
        deps=(*(f"raw/{other}" for other in tables), *(f"clean/{other}" for other in computed_from)),
        definition={
            "tables": {other: study.tables[other].model_dump(exclude={"title", "source"}) for other in tables},
            "years": study.years,
            "corrections": [item.model_dump() for item in applied],
            **as_of(study),
        },
        code=("yearbook", "assets.clean"),
        kinds=("python", "pandas"),
        title=table.title,
        make=lambda inputs: _settled(study, name, tables, computed_from, applied, inputs),
        lineage=lambda: _lineage(name, tables, computed_from),
    )


def as_of(study: Study) -> dict[str, str]:
    """The day that a definition depends on; nothing where all editions count."""
    return {"as_of": study.as_of} if study.as_of else {}


def _lineage(name: str, tables: list[str], computed_from: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Value, edition and flags come from the table's own cells; which edition that is depends on the whole family."""
    own = f"raw/{name}"
    filled = [(f"clean/{other}", other) for other in computed_from]
    editions = [(f"raw/{other}", "edition") for other in tables]
    editions += [(f"clean/{other}", "edition") for other in computed_from]
    value = [(own, "value"), (own, "unit"), *filled]
    return {
        "province": [(own, "province")],
        "year": [(own, "year")],
        name: value,
        "unit": [(own, "unit")],
        "edition": editions,
        "first_published": [(own, "edition"), *((f"clean/{other}", "first_published") for other in computed_from)],
        "revised": [*value, (own, "edition")],
        "method": [(own, "value"), *filled],
        "note": [(own, "value"), *filled],
    }


def _settled(
    study: Study, name: str, tables: list[str], computed_from: list[str], applied: list[Correction], inputs: Inputs
) -> Output:
    from cbe_assets.yearbook.settle import settle

    places = gazetteer(study)
    raw = {other: inputs(f"raw/{other}") for other in tables}
    clean = {other: inputs(f"clean/{other}") for other in computed_from}
    provinces = [province.name for province in places.provinces]
    settled = settle(name, raw, study.tables, provinces, study.years, study.as_of, applied, clean)
    return Output(settled.frame, facts=settled.counts)


@lru_cache(maxsize=4)
def corrections(study: Study) -> list[Correction]:
    """data/corrections.yaml of the study root; none where it is absent."""
    from cbe_assets.yearbook.corrections import read_corrections

    path = study.data / "corrections.yaml"
    if not path.is_file():
        return []
    places = gazetteer(study)
    known = [place.name for place in (*places.provinces, places.nation)]
    return read_corrections(
        path.read_text(encoding="utf-8"), file="data/corrections.yaml", tables=study.tables, provinces=known
    )
