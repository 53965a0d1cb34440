"""Every entry of the robustness battery in regressions.yaml: one asset each, with its JSON under exports/results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cbe_assets.assets import battery
from cbe_assets.assets.battery import INDICATORS, VARIABLES, Given
from cbe_assets.assets.code import with_imports
from cbe_assets.assets.model import SAMPLE, columns_needed
from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.assets.raw import gazetteer
from cbe_assets.assets.result_file import finite, table_file, versions
from cbe_assets.declared.battery import OF_THE_INDEX
from cbe_assets.declared.regressions import Robustness
from cbe_assets.study import Study

if TYPE_CHECKING:
    import pandas as pd

CODE = ("assets.battery", "assets.model", "assets.result_file", "assets.robustness")
WILD = (("wild_bootstrap", "bootstrap"),)
PERMUTED = (("permutation", "permutation"),)
Facts = Callable[["pd.DataFrame"], dict[str, float]]


def _of_rows(label: str, **shown: str) -> Facts:
    """Of every row, named by `label`, the columns shown and what they are called."""

    def facts(frame: pd.DataFrame) -> dict[str, float]:
        rows = frame.to_dict("records")
        return {f"{row[label]} {name}": row[column] for row in rows for name, column in shown.items()}

    return facts


def _extremes(frame: pd.DataFrame) -> dict[str, float]:
    left = frame[frame["left_out"].ne("none")]
    return {
        "estimate": frame["estimate"].iloc[0], "lowest": left["estimate"].min(), "highest": left["estimate"].max(),
        "largest p": left["p_value"].max(),
    }  # fmt: skip


def _shares(frame: pd.DataFrame) -> dict[str, float]:
    own = frame[frame["output"].str.startswith("coefficient")]
    spread = {name: own[name].iloc[0] for name in ("mean", "sd", "low", "high")}
    return spread | {f"total {row.factor}": row.total for row in own.itertuples()}


def _sample(frame: pd.DataFrame) -> dict[str, float]:
    own, drawn = frame.iloc[0], frame["estimate"].iloc[1:]
    return {"estimate": own["estimate"], "p": own["p_value"], "p t": own["p_value_t"], "sd of draws": drawn.std()}


def _identified(frame: pd.DataFrame) -> dict[str, float]:
    """Estimate, p and statistic of every row but those of single years."""
    rows = frame[frame["row"].ne("effect")].drop_duplicates("row").itertuples()
    return {
        f"{row.row} {name}": getattr(row, name)
        for row in rows
        for name in ("estimate", "statistic", "p_value", "conf_low", "conf_high")
    }


def _curve(frame: pd.DataFrame) -> dict[str, float]:
    shown = {f"estimate of the paper's {name}": frame.loc[frame["paper"], name].sum() for name in ("estimate", "wcr_p")}
    share = {"positive": (frame["estimate"] > 0).mean(), "significant": (frame["wcr_p"] < 0.05).mean()}
    return {"specifications": len(frame), "median": frame["standardized"].median(), **share, **shown}


ESTIMATES = _of_rows("variant", estimate="estimate", p="p_value")


@dataclass(frozen=True)
class Kind:
    """How entries of one kind are made.

    Attributes:
        make: the frame.
        modules: of cbe_assets.statistics, whose code and imports make it.
        deps: the stored tables it reads.
        drawn: (draws, seed) by their names in study.yaml.
        by: columns that tell its rows apart.
        facts: what is shown of it.
        shown: the rows that its JSON holds; the table has all.
        variants: whether rows are variants of one specification, which the first two columns then name.
    """

    make: Callable[[Given], pd.DataFrame]
    modules: tuple[str, ...]
    deps: tuple[str, ...] = (SAMPLE,)
    drawn: tuple[tuple[str, str], ...] = WILD
    by: tuple[str, ...] = ("variant",)
    facts: Facts = ESTIMATES
    shown: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    variants: bool = False


def _robustness(make: Callable[[Given], pd.DataFrame], **options: Any) -> Kind:
    return Kind(make, ("robustness", "few_clusters"), variants=True, **options)


KINDS = {
    "winsor_limits": _robustness(battery.winsor_limits, deps=(VARIABLES,)),
    "alternatives": _robustness(battery.alternatives),
    "lagged_regressor": _robustness(battery.lagged_regressor),
    "long_differences": _robustness(battery.long_differences),
    "further_effects": _robustness(battery.further_effects),
    "leave_one_out": _robustness(battery.leave_one_out, facts=_extremes),
    "without_provinces": _robustness(battery.without_provinces),
    "driscoll_kraay": _robustness(battery.driscoll_kraay, drawn=()),
    "index_variants": Kind(
        battery.index_variants, ("index_variants", "few_clusters"), (SAMPLE, INDICATORS), variants=True,
        facts=_of_rows("variant", per_sd="per_sd", p="p_value", spearman="spearman"),
    ),
    "index_uncertainty": Kind(
        battery.index_uncertainty, ("index_uncertainty",), (SAMPLE, INDICATORS), (("monte_carlo", "monte_carlo"),),
        ("output", "factor"), _shares,
    ),
    "placebo": Kind(
        battery.placebo, ("placebo",), drawn=PERMUTED, by=("draw",), facts=_sample, shown=lambda frame: frame.head(1)
    ),
    "multiple_testing": Kind(
        battery.multiple_testing, ("multiplicity",), by=("test", "term"),
        facts=_of_rows("test", romano_wolf="romano_wolf_p", benjamini_hochberg="benjamini_hochberg_p"),
    ),
    "event_study": Kind(
        battery.event_study, ("event_study",), drawn=(), by=("row", "relative_year"), facts=_identified
    ),
    "shift_share": Kind(
        battery.shift_share, ("instruments",), (SAMPLE, INDICATORS), (), ("row", "conf_low"), _identified
    ),
    "specification_curve": Kind(
        battery.specification_curve, ("specification_curve", "index_variants"), (VARIABLES, INDICATORS),
        (("curve", "bootstrap"),), ("outcome", "index", "winsor", "effects", "controls"), _curve,
        shown=lambda frame: frame[frame["paper"]],
    ),
    "curve_permutation": Kind(
        battery.curve_permutation, ("curve_permutation", "index_variants"), (VARIABLES, INDICATORS),
        (("curve_permutation", "permutation"),), ("statistic",), _of_rows("statistic", value="value", p="p_value"),
    ),
}  # fmt: skip
"""Kind of entry (regressions.yaml) -> how it is made."""


def nodes(study: Study) -> list[Node]:
    """A node per entry; none for a study without a battery."""
    return [_node(study, name, entry) for name, entry in study.robustness.items()]


def _node(study: Study, name: str, entry: Robustness) -> Node:
    kind = KINDS[entry.kind]
    used = regions(study) if _regional(entry) else {}
    definition = _definition(study, entry, kind) | ({"regions": used} if used else {})
    return Node(
        key=f"model/{name}",
        deps=kind.deps,
        definition=definition,
        code=(*with_imports(*(f"statistics.{module}" for module in kind.modules)), *CODE),
        kinds=("python", "numpy"),
        title=entry.title,
        make=lambda inputs: _made(study, name, entry, used, definition, inputs),
        reads=_reads(study, entry, kind),
        lineage=lambda: {"estimate": sorted(set(_read(study, entry, kind)))},
    )


def _definition(study: Study, entry: Robustness, kind: Kind) -> dict[str, Any]:
    """The entry and everything of the study that its maker uses, no more."""
    settings = study.settings
    parts: dict[str, Any] = {
        "entry": entry.model_dump(exclude={"title": True, "without": {"__all__": {"title"}}}),
        "specifications": {name: study.specifications[name].model_dump() for name in entry.specifications},
        "draws": {draws: getattr(settings.draws, draws) for draws, _ in kind.drawn},
        "seeds": {seed: getattr(settings.seeds, seed) for _, seed in kind.drawn},
        "versions": versions(),
    }
    if entry.kind in OF_THE_INDEX:
        indicators = {name: item.model_dump(include={"direction", "printed_weight"})
                      for name, item in study.indicators.items()}  # fmt: skip
        parts |= {"index": study.index.model_dump(), "indicators": indicators, "winsor": settings.winsor}
    return parts


def _regional(entry: Robustness) -> bool:
    return entry.kind == "further_effects" or "region_by_year" in getattr(entry, "effects", ())


def regions(study: Study) -> dict[str, str]:
    """Province -> region of reference/provinces.csv; it stands in the definition, so that an edit is seen."""
    return {place.name: place.region for place in gazetteer(study).provinces}


def _read(study: Study, entry: Robustness, kind: Kind) -> Iterator[tuple[str, str]]:
    """The columns it is computed from."""
    names = [name for key in entry.specifications for name in study.specifications[key].variables]
    sample = [key for key in kind.deps if key != INDICATORS]
    yield from ((key, name) for key in sample for name in (*names, *entry.variables))
    if entry.kind == "shift_share":
        for name in (entry.share, entry.shift):
            yield (INDICATORS if name in study.indicators else SAMPLE, name)
    elif INDICATORS in kind.deps:
        yield from ((INDICATORS, name) for name in study.indicators)


def _reads(study: Study, entry: Robustness, kind: Kind) -> dict[str, tuple[str, ...]]:
    """Input -> its columns that the entry needs, as `_read` and its specifications name them."""
    columns: dict[str, set[str]] = {key: {"province", "year"} for key in kind.deps}
    for key, name in _read(study, entry, kind):
        columns[key].add(name)
    for key, names in columns_needed(study.specifications[name] for name in entry.specifications).items():
        columns.setdefault(key, set()).update(names)
    return {key: tuple(sorted(names)) for key, names in columns.items() if key in kind.deps}


def _made(
    study: Study, name: str, entry: Robustness, used: dict[str, str], definition: dict[str, Any], inputs: Inputs
) -> Output:
    kind, given = KINDS[entry.kind], Given(study, name, entry, inputs, used)
    frame = kind.make(given)
    if kind.variants and "term" not in frame:
        frame.insert(0, "specification", given.of.name)
        frame.insert(1, "term", given.term)
    shown = kind.shown(frame) if kind.shown else frame
    sample = {part: definition[part] for part in ("entry", "draws", "seeds")}
    facts = finite(kind.facts(frame))
    files = table_file(
        name, shown, kind.by, estimator=entry.kind, outcome=given.of.outcome, sample={**sample, "facts": facts}
    )
    return Output(frame, files, facts)
