"""Every table, figure and the report of exhibits.yaml: one asset each, exported in all formats and both languages."""

from __future__ import annotations

from typing import Any

from cbe_assets.assets.audit import EDITIONS
from cbe_assets.assets.clean import as_of
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.study import Study


def nodes(study: Study) -> list[Node]:
    """A node per exhibit that shows stored results; what moved since another state is assets/drift.py's."""
    return [_node(study, name) for name, declared in study.exhibits.items() if declared.kind != "drift"]


def _node(study: Study, name: str) -> Node:
    from cbe_assets.publish.inputs import inputs_of

    declared = study.exhibits[name]
    return Node(
        key=f"exhibit/{name}",
        deps=(*inputs_of(study, name), EDITIONS),
        definition=_definition(study, name),
        code=("publish", "assets.exhibit"),
        kinds=("figure",) if name.startswith("figure") else ("table",),
        title=declared.title,
        make=lambda inputs: _rendered(study, name, inputs),
    )


def _definition(study: Study, name: str) -> dict[str, object]:
    """The exhibit and the words of the study that it prints."""
    from cbe_assets.publish.inputs import shown_in

    exhibit = study.exhibits[name]
    tests = {key: study.tests[key] for key in (*exhibit.columns, *exhibit.tests) if key in study.tests}
    battery = {key: study.robustness[key] for key in exhibit.columns if key in study.robustness}
    named = [*exhibit.columns, *(key for item in (*tests.values(), *battery.values()) for key in item.specifications)]
    specifications = {key: study.specifications[key] for key in named if key in study.specifications}
    used = {variable for item in (*specifications.values(), *tests.values()) for variable in item.variables}
    shown = {*exhibit.terms, *used, exhibit.x, exhibit.y}
    series = [*exhibit.bars, *((*exhibit.line.numerator, exhibit.line.denominator) if exhibit.line else ())]
    parts: dict[str, Any] = {
        "variables": {key: item for key, item in study.variables.items() if key in shown},
        "specifications": specifications,
        "tests": tests,
        "robustness": battery,
        "tables": {key: study.tables[key] for key in series},
        "groups": study.groups if exhibit.kind == "weights" else {},
        "indicators": study.indicators if exhibit.kind == "weights" else {},
    }
    words = {part: {key: item.model_dump() for key, item in items.items()} for part, items in parts.items()}
    settings = study.settings.model_dump(include={"title", "paper", "years", "winsor", "excluded_provinces"})
    if exhibit.inference:
        settings["wild_bootstrap"] = study.settings.draws.wild_bootstrap
    rest = {"settings": settings, "index": study.index.model_dump(), **as_of(study)}
    places = {key: shown_in(study, key) for key in specifications}
    return {"exhibit": exhibit.model_dump(), **rest, **words, "places": places, **_named(study, list(battery))}


def _named(study: Study, battery: list[str]) -> dict[str, object]:
    """What an exhibit of the battery says beside its entries: numbers of draws, titles of what they name."""
    if not battery:
        return {}
    titles = {key: item.title.model_dump() for key, item in {**study.variables, **study.indicators}.items()}
    return {"draws": study.settings.draws.model_dump(), "titles": titles}


def _rendered(study: Study, name: str, inputs: Inputs) -> Output:
    from cbe_assets.publish import render
    from cbe_assets.publish.inputs import inputs_of

    editions = inputs(EDITIONS)
    places = gazetteer(study)
    context = render.Context(
        simulated=bool(editions["simulated"].any()),
        editions=dict(zip(editions["table"], editions["newest"], strict=True)),
        filled=int(editions["filled"].sum()),
        corrected=int(editions["corrected"].sum()),
        revised=int(editions["revised"].sum()),
        as_of=study.as_of,
        gazetteer=places,
        exported=lambda path: (study.exports / path).read_bytes(),
    )
    frames = {key: inputs(key) for key in inputs_of(study, name)}
    rendered = render.render(study, name, frames, context)
    return Output(rendered.grid, rendered.files, preview=rendered.preview_md, picture=rendered.thumbnail_png)
