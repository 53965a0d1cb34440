"""Every test and summary of regressions.yaml: one asset each, with its JSON under data/exports/results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.code import with_imports
from cbe_assets.assets.model import SAMPLE, columns_needed, specification
from cbe_assets.assets.node import Node, Output
from cbe_assets.assets.result_file import finite, result_file, table_file, versions
from cbe_assets.declared.regressions import Test
from cbe_assets.declared.text import Text
from cbe_assets.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.statistics.result import TestResult

CODE = ("assets.model", "assets.model_tests", "assets.result_file")


@dataclass(frozen=True)
class Given:
    """What a test is made from.

    Attributes:
        study: for seeds and draws.
        name: of the test.
        test: as declared.
        frame: the estimation sample.
    """

    study: Study
    name: str
    test: Test
    frame: pd.DataFrame

    @property
    def specifications(self) -> list[Any]:
        """Those it is of, as cbe_assets.statistics takes them."""
        return [specification(name, self.study.specifications[name]) for name in self.test.specifications]

    @property
    def drawn(self) -> dict[str, int]:
        """How many draws of which seed, where the test draws."""
        names = KINDS[self.test.kind].draws
        return _drawn(self.study, *names) if names else {}


@dataclass(frozen=True)
class Kind:
    """How tests of one kind are made.

    Attributes:
        make: gives the asset's table, file and facts.
        module: of cbe_assets.statistics, whose code and imports make it.
        draws: names of its draws and seed in study.yaml.
        column: of its table, whose lineage is all variables.
    """

    make: Callable[[Given], Output]
    module: str
    draws: tuple[str, str] | None = None
    column: str = "value"


def _drawn(study: Study, draws: str, seed: str) -> dict[str, int]:
    """Draws and seed by their names in study.yaml."""
    return {"draws": getattr(study.settings.draws, draws), "seed": getattr(study.settings.seeds, seed)}


def nodes(study: Study) -> list[Node]:
    """A node per test."""
    return [_node(study, name, test) for name, test in study.tests.items()]


def _node(study: Study, name: str, test: Test) -> Node:
    kind = KINDS[test.kind]
    uses = {key: study.specifications[key] for key in test.specifications}
    drawn = _drawn(study, *kind.draws) if kind.draws else {}
    variables = {variable for item in uses.values() for variable in item.variables} | set(test.variables)
    return Node(
        key=f"model/{name}",
        deps=(SAMPLE,),
        definition={
            "test": test.model_dump(),
            "specifications": {key: item.model_dump() for key, item in uses.items()},
            "versions": versions(),
            **drawn,
        },
        code=(*with_imports(f"statistics.{kind.module}"), *CODE),
        kinds=("python", "scipy"),
        title=Text(zh=f"检验 {test.kind}", en=f"{test.kind} of {', '.join(test.specifications)}"),
        make=lambda inputs: kind.make(Given(study, name, test, inputs(SAMPLE))),
        reads=columns_needed(uses.values(), *test.variables),
        lineage=lambda: {kind.column: sorted((SAMPLE, variable) for variable in variables)},
    )


def _tested(result: TestResult) -> Output:
    frame = result.statistics.copy()
    frame.insert(0, "test", result.name)
    facts = {row.statistic: float(row.value) for row in result.statistics.itertuples()}
    return Output(frame, result_file(result.name, result.to_json_dict(versions())), facts)


def _by_specification(function: str, module: str = "specification_tests", *draws: str) -> Kind:
    """Tests that take the sample and the specifications they are of."""

    def make(given: Given) -> Output:
        test = getattr(import_module(f"cbe_assets.statistics.{module}"), function)
        return _tested(test(given.frame, *given.specifications, name=given.name, **given.drawn))

    return Kind(make, module, draws or None)


def _mediation(given: Given) -> Output:
    from cbe_assets.statistics.mediation import mediation

    test = given.test
    joint = test.kind == "joint_mediation"
    mediators = test.mediators if joint else [given.study.specifications[test.mediator].outcome]
    found = mediation(given.frame, given.specifications[0], mediators, name=given.name, **given.drawn).test
    return _tested(replace(found, statistics=_with_numbers(found)))


def _with_numbers(test: TestResult) -> pd.DataFrame:
    """The statistics and, as further rows `group.number`, what the test found beside them."""
    import pandas as pd

    from cbe_assets.statistics.result import statistics_frame

    nan = float("nan")
    rows = [
        (f"{group}.{key}", float(value), nan, nan, nan, "")
        for group, numbers in test.tests.items()
        for key, value in numbers.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    return pd.concat([test.statistics, statistics_frame(rows)], ignore_index=True)


def _mediation_sensitivity(given: Given) -> Output:
    import pandas as pd

    from cbe_assets.statistics.sensitivity import mediation_sensitivity

    (total,) = given.specifications
    frames, facts = [], {}
    for mediator in given.test.mediators:
        found = mediation_sensitivity(given.frame, total, mediator, **given.drawn)
        numbers = {name: getattr(found, name) for name in ("rho_zero", "rho_low", "rho_high", "r2_product")}
        numbers["rho_insignificant"] = found.rho_insignificant
        frames.append(found.curve.assign(mediator=mediator, **numbers))
        facts |= {f"{name} {mediator}": value for name, value in numbers.items()}
    return _summary(given, pd.concat(frames, ignore_index=True), ("mediator", "rho"), facts, outcome=total.outcome)


def _partial_pooling(given: Given) -> Output:
    from cbe_assets.statistics.heterogeneity import partially_pooled

    (known,) = given.specifications
    found = partially_pooled(given.frame, known)
    facts = {name: getattr(found, name) for name in ("mean", "mean_std_error", "tau", "cochran_q", "p_value")}
    return _summary(given, found.table.assign(**facts), ("province",), facts, outcome=known.outcome)


def _effect_sizes(given: Given) -> Output:
    from cbe_assets.statistics.effects import effect_sizes
    from cbe_assets.statistics.panel import fit

    frame, (known,) = given.frame, given.specifications
    result, term = fit(frame, known), known.regressors[0]
    effects = effect_sizes(result, term, float(frame[term].mean()), float(frame[term].std()))
    effects = effects.assign(term=term)
    return _summary(given, effects, ("effect",), outcome=result.outcome, n=result.n, groups=result.groups)


def _descriptives(given: Given) -> Output:
    from cbe_assets.statistics.descriptives import descriptives

    frame, (first, *others) = given.frame, given.test.variables
    size = {"n": len(frame), "groups": frame["province"].nunique()}
    return _summary(given, descriptives(frame, first, others), ("variable",), outcome=first, **size)


def _summary(
    given: Given, table: pd.DataFrame, by: tuple[str, ...], facts: dict[str, float] | None = None, **head: Any
) -> Output:
    """A table of numbers that is no test, with its file."""
    return Output(table, table_file(given.name, table, by, estimator=given.test.kind, **head), finite(facts or {}))


KINDS = {
    "f_test": _by_specification("f_province_effects"),
    "hausman": _by_specification("hausman"),
    "vif": _by_specification("variance_inflation"),
    "slope_homogeneity": _by_specification("slope_homogeneity"),
    "equal_coefficients": _by_specification("equal_coefficients"),
    "permutation_equal_coefficients": _by_specification(
        "permutation_equal_coefficients", "heterogeneity", "permutation", "permutation"
    ),
    "diagnostics": _by_specification("diagnostics", "diagnostics"),
    "mediation": Kind(_mediation, "mediation", ("bootstrap", "bootstrap")),
    "joint_mediation": Kind(_mediation, "mediation", ("bootstrap", "bootstrap")),
    "mediation_sensitivity": Kind(_mediation_sensitivity, "sensitivity", ("bootstrap", "bootstrap"), "indirect"),
    "partial_pooling": Kind(_partial_pooling, "heterogeneity", column="estimate"),
    "effect_sizes": Kind(_effect_sizes, "effects", column="estimate"),
    "descriptives": Kind(_descriptives, "descriptives", column="mean"),
}
"""Kind of test (regressions.yaml) -> how it is made."""
