"""exhibit/drift: what moved between the last two snapshots; and the same between any two of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.audit import EDITIONS
from cbe_assets.assets.history import HISTORY
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.faults import StudyFault
from cbe_assets.history.snapshot import Snapshot
from cbe_assets.history.store import Entry, History
from cbe_assets.study import Study, Text
from cbe_assets.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.assets.rebuild import Definition
    from cbe_assets.drift.attribution import Attribution
    from cbe_assets.drift.cells import Shape
    from cbe_assets.drift.report import Drift, Side

PANEL = "panel/estimation"
WEIGHTS = "index/weights"


def nodes(study: Study) -> list[Node]:
    """A node per exhibit of kind drift."""
    return [_node(study, name) for name in exhibits(study)]


def _node(study: Study, name: str) -> Node:
    declared = study.exhibits[name]
    specifications = {key: study.specifications[key].model_dump() for key in declared.columns}
    words = {
        "tables": {key: item.title.model_dump() for key, item in study.tables.items()},
        "indicators": {key: item.title.model_dump() for key, item in study.indicators.items()},
        "title": study.settings.title.model_dump(),
    }
    return Node(
        key=f"exhibit/{name}",
        deps=(HISTORY, EDITIONS),
        definition={"exhibit": declared.model_dump(), "specifications": specifications, **words},
        code=("publish", "drift", "history", "assets.drift", "assets.rebuild"),
        kinds=("table",),
        title=declared.title,
        make=lambda inputs: _rendered(study, name, inputs),
    )


def _rendered(study: Study, name: str, inputs: Inputs) -> Output:
    from cbe_assets.publish.drift_page import render

    history = History(study.warehouse)
    new = history.find(inputs(HISTORY)["snapshot"].iloc[0])
    drift = between(study, history, history.before(new), new, study.exhibits[name].columns)
    rendered = render(drift, study, name, gazetteer(study))
    return Output(rendered.grid, rendered.files, preview=rendered.preview_md)


def between(study: Study, history: History, old: Entry | None, new: Entry, headline: list[str]) -> Drift:
    """What moved from one refresh to another.

    Args:
        study: for the code of today; what was computed is read from the snapshots.
        history: of its warehouse.
        old: None if there is none before `new`.
        new: the later one.
        headline: specifications whose coefficients of interest are attributed.

    Raises:
        StudyFault: a snapshot cannot be read whole.
    """
    after = history.snapshot(new.snapshot)
    before = history.snapshot(old.snapshot) if old else None
    wanted = {name: list(study.specifications[name].regressors) for name in headline if name in study.specifications}
    drift = _compared(study, history, (old, before), (new, after), wanted)
    if before is None:
        return drift
    try:
        parts = _attribution(history, before, after, wanted)
    except StudyFault as error:
        reasons = [Text(zh=item.text("zh"), en=item.text("en")) for item in error.faults]
        return replace(drift, unattributed=reasons)
    return replace(drift, attribution=parts)


def _compared(
    study: Study,
    history: History,
    earlier: tuple[Entry | None, Snapshot | None],
    later: tuple[Entry, Snapshot],
    wanted: Mapping[str, list[str]],
) -> Drift:
    from cbe_assets.drift.report import Drift
    from cbe_assets.drift.results import compared_coefficients, moved_ranks, moved_weights

    (old, before), (new, after) = earlier, later
    pair = (before, after) if before else (after, after)
    index = f"index/{study.index.name.lower()}"
    weights = [history.frame(side, WEIGHTS) for side in pair]
    # An index of another name is another index: nothing to compare.
    sides = pair if all(index in side.tables for side in pair) else (after, after)
    composite = [history.frame(side, index) for side in sides]
    terms = [_terms(history, side) for side in pair]
    panel = history.frame(after, PANEL)
    return Drift(
        old=_side(history, old, before) if old and before else None,
        new=_side(history, new, after),
        simulated=after.simulated or pair[0].simulated,
        provinces=[item.name for item in gazetteer(study).provinces],
        years=sorted({int(year) for year in panel["year"]}),
        files=_files(*pair),
        definitions=_definitions(*pair),
        cells=_cells(study, history, *pair),
        weights=moved_weights(*weights),
        ranks=moved_ranks(*composite, study.index.name),
        weighted=len(set(weights[0]["indicator"]) & set(weights[1]["indicator"])),
        ranked=len(composite[0].merge(composite[1], on=["province", "year"])),
        coefficients=compared_coefficients(*terms),
        headline=[(name, term) for name, terms in wanted.items() for term in terms],
        course=_course(history, new, wanted),
    )


def _cells(study: Study, history: History, old: Snapshot, new: Snapshot) -> pd.DataFrame:
    """Cells of all official and reference tables that changed."""
    import pandas as pd

    from cbe_assets.drift.cells import changed_cells, nothing

    found = []
    for key, shape in _shapes(study).items():
        if _comparable(key, shape, old, new) and old.tables[key].data_version != new.tables[key].data_version:
            sides = (history.frame(side, key) for side in (old, new))
            found.append(changed_cells(*sides, key.split("/")[1], shape))
    full = [frame for frame in found if len(frame)]
    return pd.concat(full, ignore_index=True) if full else nothing()


def _comparable(key: str, shape: Shape, old: Snapshot, new: Snapshot) -> bool:
    """Whether both states have the table and name its cells by the same columns."""
    columns = [{name for name, *_ in side.tables[key].columns} for side in (old, new) if key in side.tables]
    return len(columns) == 2 and all(set(shape.keys) <= names for names in columns)


def _shapes(study: Study) -> dict[str, Shape]:
    """Asset key -> how its cells are named, for official tables and for those of public record."""
    from cbe_assets.drift.cells import Shape

    shapes = {f"clean/{name}": Shape(("province", "year"), name) for name in study.tables}
    for name, table in study.reference_tables.items():
        rest = [column for column in table.columns if column not in table.key]
        shapes[f"raw/{name}"] = Shape(tuple(table.key), rest[0] if len(rest) == 1 else None)
    return shapes


def _side(history: History, entry: Entry, snapshot: Snapshot) -> Side:
    from cbe_assets.drift.report import Side

    panel = history.frame(snapshot, PANEL)
    return Side(
        entry.number, entry.snapshot, panel["province"].nunique(), (int(panel["year"].min()), int(panel["year"].max()))
    )


def _terms(history: History, snapshot: Snapshot) -> dict[str, pd.DataFrame]:
    """Specification -> its terms."""
    estimated = [
        key
        for key, table in snapshot.tables.items()
        if key.startswith("model/")
        and {"term", "estimate", "conf_low", "stars"} <= {name for name, *_ in table.columns}
    ]
    return {key.split("/")[1]: history.frame(snapshot, key) for key in estimated}


def _files(old: Snapshot, new: Snapshot) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for table in dict.fromkeys((*new.sources, *old.sources)):
        sides = [
            {file: (edition, version) for file, edition, version in side.sources.get(table, ())} for side in (old, new)
        ]
        for file in sorted({*sides[0], *sides[1]}):
            before, after = (side.get(file) for side in sides)
            if before != after:
                change = "new" if before is None else "gone" if after is None else "changed"
                rows.append((table, file, (after or before)[0], change))
    return pd.DataFrame(rows, columns=["table", "file", "edition", "change"]).astype("str")


def _definitions(old: Snapshot, new: Snapshot) -> pd.DataFrame:
    """Study and SQL files, then code and libraries, whose text or version is another."""
    import pandas as pd

    rows = []
    for before, after, shown in ((old.definitions, new.definitions, False), (old.code, new.code, True)):
        for what in sorted({*before, *after}):
            left, right = before.get(what), after.get(what)
            if left != right:
                change = "new" if left is None else "gone" if right is None else "changed"
                rows.append((what, change, left or "" if shown else "", right or "" if shown else ""))
    return pd.DataFrame(rows, columns=["what", "change", "old", "new"]).astype("str")


def _course(history: History, until: Entry, wanted: Mapping[str, list[str]]) -> pd.DataFrame:
    """The headline coefficients at every refresh up to `until` that can be read."""
    import pandas as pd

    from cbe_assets.drift.report import COURSE_COLUMNS

    rows: list[tuple[Any, ...]] = []
    for entry in history.entries:
        if entry.number > until.number or not history.has(entry.snapshot):
            continue
        snapshot = history.snapshot(entry.snapshot)
        for name, terms in wanted.items():
            if f"model/{name}" not in snapshot.tables:
                continue
            frame = history.frame(snapshot, f"model/{name}")
            for row in frame[frame["term"].isin(terms)].itertuples():
                values = (row.term, row.estimate, row.conf_low, row.conf_high)
                rows.append((entry.number, entry.snapshot, name, *values))
    return pd.DataFrame(rows, columns=list(COURSE_COLUMNS))


def _attribution(history: History, old: Snapshot, new: Snapshot, wanted: Mapping[str, list[str]]) -> list[Attribution]:
    """The parts of the change of every headline coefficient."""
    from cbe_assets.assets.rebuild import Definition, Rebuild, coverage
    from cbe_assets.drift.attribution import attributed
    from cbe_assets.drift.cells import with_coverage, with_revisions

    texts = history.texts(old), history.texts(new)
    first = Definition.of(texts[0])
    defined = first, first if texts[0] == texts[1] else Definition.of(texts[1])
    covering = coverage(defined[1].study)
    wider = first if covering == coverage(first.study) else Definition.of(texts[0], covering)
    given = [_given(history, side, definition, wanted) for side, definition in zip((old, new), defined, strict=True)]
    shapes = {**_shapes(defined[0].study), **_shapes(defined[1].study)}
    comparable = [key for key in given[0] if key in shapes and _comparable(key, shapes[key], old, new)]
    shared = {key: history.frame(new, key) for key in comparable}
    renewed = {key for key in shared if _files_differ(key, old, new)}
    revised = with_revisions(given[0], shared, shapes, renewed)
    covered = with_coverage(revised, shared, shapes, renewed)
    stored = [_stored(history, side, wanted) for side in (old, new)]
    rebuild = Rebuild(wanted)
    for definition, tables, snapshot, estimates in zip(defined, given, (old, new), stored, strict=True):
        if _same_code(snapshot, definition):
            rebuild.know(definition, tables, estimates)
    steps = [(defined[0], given[0]), (defined[0], revised), (wider, covered), (defined[1], given[1])]
    return attributed(stored[0], stored[1], [rebuild.estimates(*step) for step in steps])


def _given(
    history: History, snapshot: Snapshot, definition: Definition, wanted: Mapping[str, list[str]]
) -> dict[str, pd.DataFrame]:
    """The tables of a snapshot that its headline coefficients start from."""
    _, keys = definition.behind(f"model/{name}" for name in wanted if f"model/{name}" in definition.nodes)
    return {key: history.frame(snapshot, key) for key in sorted(keys) if key in snapshot.tables}


def _files_differ(key: str, old: Snapshot, new: Snapshot) -> bool:
    """Whether the files behind a table are others."""
    tables = {*old.made_from.get(key, ()), *new.made_from.get(key, ())}
    return any(old.sources.get(table) != new.sources.get(table) for table in tables)


def _stored(history: History, snapshot: Snapshot, wanted: Mapping[str, list[str]]) -> dict[tuple[str, str], float]:
    from cbe_assets.assets.rebuild import estimates_of

    kept = [name for name in wanted if f"model/{name}" in snapshot.tables]
    return {
        key: value
        for name in kept
        for key, value in estimates_of(name, history.frame(snapshot, f"model/{name}"), wanted).items()
    }


def _same_code(snapshot: Snapshot, definition: Definition) -> bool:
    """Whether a snapshot was made by the code and libraries of today, as far as its estimates go."""
    from cbe_assets.assets.history import code

    today = code(sorted({package for node in definition.nodes.values() for package in node.code}))
    return all(snapshot.code.get(name) == version for name, version in today.items())


def exhibits(study: Study) -> list[str]:
    """The exhibits of kind drift."""
    return [name for name, declared in study.exhibits.items() if declared.kind == "drift"]


def summary_lines(study: Study, made: Mapping[str, bool], lang: str) -> list[str]:
    """What moved, as the exhibits that a refresh made anew say it in five lines.

    Args:
        study: the study.
        made: assets that the refresh made -> whether their content changed.
        lang: zh or en.
    """
    lines = []
    for name in exhibits(study):
        if made.get(f"exhibit/{name}"):
            frame = Warehouse(study.warehouse).read(f"exhibit/{name}", ["part", f"text_{lang}"])
            lines += frame.loc[frame["part"].eq("summary"), f"text_{lang}"].tolist()
    return lines
