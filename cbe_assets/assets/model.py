"""Every specification and test of regressions.yaml: one asset each, with its JSON under data/exports/results."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.study import Study
from cbe_assets.study_regressions import Sample, Specification, Test
from cbe_assets.study_text import Text

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.statistics.result import Result, TestResult

SAMPLE = "panel/estimation"
WITH_INFERENCE = ("pooled_ols", "fixed_effects")
"""Estimators whose coefficients have the columns of statistics.inference beside them."""
FILLED = "filled"
"""Column of the panel: how many cells of the province-year were filled, in any table."""
CODE = ("statistics", "assets.model")
DRAWS = 2000
"""Cluster-bootstrap resamples behind an interval of an indirect effect."""


@cache
def versions() -> dict[str, str]:
    """The libraries an estimate depends on, with their versions."""
    names = ("linearmodels", "numpy", "pandas", "scipy", "statsmodels")
    return {name: metadata.version(name) for name in names}


def nodes(study: Study) -> list[Node]:
    """A node per specification, then a node per test."""
    return [_specification(study, name) for name in study.specifications] + [_test(study, name) for name in study.tests]


def _specification(study: Study, name: str) -> Node:
    declared, extra = study.specifications[name], _inference(study, study.specifications[name])
    return Node(
        key=f"model/{name}",
        deps=(SAMPLE,),
        definition={"specification": declared.model_dump(), "versions": versions(), **extra},
        code=CODE,
        kinds=("python", "linearmodels"),
        title=Text(
            zh=f"{declared.outcome} 对 {'、'.join(declared.regressors)} 的回归（{declared.estimator}）",
            en=f"{declared.outcome} on {', '.join(declared.regressors)} ({declared.estimator})",
        ),
        make=lambda inputs: _fitted(inputs(SAMPLE), name, declared, extra),
        lineage=lambda: {"estimate": [(SAMPLE, variable) for variable in declared.variables]},
    )


def _inference(study: Study, declared: Specification) -> dict[str, Any]:
    """What the columns beside the coefficients depend on; nothing for an estimator that has none."""
    if declared.estimator not in WITH_INFERENCE:
        return {}
    known = {name: study.variables[name] for name in (declared.outcome, *declared.regressors)}
    logs = [name for name, variable in known.items() if variable.log]
    steps = {name: known[name].step for name in declared.regressors}
    draws = {"draws": study.settings.draws.wild_bootstrap, "seed": study.settings.seeds.bootstrap}
    return {"wild_bootstrap": draws, "log": logs, "steps": steps}


def specification(name: str, declared: Specification) -> Any:
    """The specification as cbe_assets.statistics takes it."""
    from cbe_assets.statistics.specification import Specification as Estimated

    return Estimated(
        name=name,
        outcome=declared.outcome,
        regressors=tuple(declared.regressors),
        controls=tuple(declared.controls),
        estimator=declared.estimator,
        province_effects="province" in declared.effects,
        year_effects="year" in declared.effects,
        covariance=declared.covariance,
        sample=_sample(declared.sample) if declared.sample else None,
    )


def _sample(declared: Sample) -> dict[str, Any]:
    sample: dict[str, Any] = {}
    if declared.split:
        sample["split"] = {"variable": declared.split, "at": declared.at, "side": declared.side}
    if declared.without_filled:
        sample["where"] = {FILLED: {"==": 0}}
    return sample


def _fitted(frame: pd.DataFrame, name: str, declared: Specification, extra: dict[str, Any]) -> Output:
    from cbe_assets.statistics.panel import fit

    known = specification(name, declared)
    result = fit(frame, known)
    facts = {"N": result.n, "G": result.groups, "R2": result.r2, "R2 within": result.r2_within}
    for term in declared.regressors:
        if term in result.terms:
            facts |= {term: result.terms[term].estimate, f"t {term}": result.terms[term].statistic}
    result, table = _with_inference(frame, known, result, extra) if extra else (result, result.frame())
    return Output(table, {_path(name): _json(result)}, {key: v for key, v in facts.items() if v is not None})


def _with_inference(
    frame: pd.DataFrame, known: Any, result: Result, extra: dict[str, Any]
) -> tuple[Result, pd.DataFrame]:
    """The result with the extra rows among its tests, and its table with their columns."""
    import pandas as pd

    from cbe_assets.statistics import inference

    bootstrap = inference.Bootstrap(**extra["wild_bootstrap"])
    settings = {"log_outcome": known.outcome in extra["log"], "log_regressors": extra["log"], "steps": extra["steps"]}
    rows = inference.extra_rows(frame, known, result, bootstrap, **settings)
    beside = inference.beside_terms(rows, list(result.terms))
    richer = inference.with_extra_rows(result, rows, inference.jackknife(frame, known, result), bootstrap)
    return richer, pd.concat([result.frame(), beside], axis=1)


def _path(name: str) -> str:
    return f"results/{name}.json"


def _json(result: Result | TestResult) -> bytes:
    record = result.to_json_dict(versions())
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _test(study: Study, name: str) -> Node:
    test = study.tests[name]
    uses = {key: study.specifications[key].model_dump() for key in test.specifications}
    seed = {"seed": study.settings.seeds.bootstrap} if test.kind == "mediation" else {}
    return Node(
        key=f"model/{name}",
        deps=(SAMPLE,),
        definition={"test": test.model_dump(), "specifications": uses, "versions": versions(), **seed},
        code=CODE,
        kinds=("python", "scipy"),
        title=Text(zh=f"检验 {test.kind}", en=f"{test.kind} of {', '.join(test.specifications)}"),
        make=lambda inputs: MAKERS[test.kind](study, name, test, inputs),
        lineage=lambda: {
            "value": sorted({(SAMPLE, variable) for key in uses for variable in study.specifications[key].variables})
        },
    )


def _declared(study: Study, *names: str) -> list[Any]:
    return [specification(name, study.specifications[name]) for name in names]


def _tested(result: TestResult) -> Output:
    frame = result.statistics.copy()
    frame.insert(0, "test", result.name)
    facts = {row.statistic: float(row.value) for row in result.statistics.itertuples()}
    return Output(frame, {_path(result.name): _json(result)}, facts)


def _by_specification(function: str) -> Any:
    """Tests that take the sample and the specifications they are of."""

    def make(study: Study, name: str, test: Test, inputs: Inputs) -> Output:
        from cbe_assets.statistics import specification_tests

        known = _declared(study, *test.specifications)
        return _tested(getattr(specification_tests, function)(inputs(SAMPLE), *known, name=name))

    return make


def _mediation(study: Study, name: str, test: Test, inputs: Inputs) -> Output:
    from cbe_assets.statistics.mediation import mediation

    (total,) = _declared(study, test.total)
    mediator = study.specifications[test.mediator].outcome
    seed = study.settings.seeds.bootstrap
    test = mediation(inputs(SAMPLE), total, [mediator], draws=DRAWS, seed=seed, name=name).test
    return _tested(replace(test, statistics=_with_numbers(test)))


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


def _effect_sizes(study: Study, name: str, test: Test, inputs: Inputs) -> Output:
    from cbe_assets.statistics.effects import effect_sizes
    from cbe_assets.statistics.panel import fit

    frame, (known,) = inputs(SAMPLE), _declared(study, test.of)
    result, term = fit(frame, known), known.regressors[0]
    effects = effect_sizes(result, term, float(frame[term].mean()), float(frame[term].std()))
    return _summary(name, effects.assign(term=term), result.outcome, result.n, result.groups)


def _descriptives(study: Study, name: str, test: Test, inputs: Inputs) -> Output:
    from cbe_assets.statistics.descriptives import descriptives

    frame = inputs(SAMPLE)
    table = descriptives(frame, test.variables[0], test.variables[1:])
    return _summary(name, table, test.variables[0], len(frame), frame["province"].nunique())


def _summary(name: str, table: pd.DataFrame, outcome: str, n: int, groups: int) -> Output:
    """A table of numbers that is no test, in the JSON shape of all results."""
    key, *columns = table.columns
    rows = {row[key]: {column: _plain(row[column]) for column in columns} for row in table.to_dict("records")}
    head = {"specification": name, "outcome": outcome, "n": n, "groups": groups, "df": None, "r2": None}
    rest = {"r2_within": None, "covariance": "", "terms": {}, "tests": rows, "sample": {}, "versions": versions()}
    text = json.dumps(head | rest, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return Output(table, {_path(name): text.encode()})


def _plain(value: Any) -> Any:
    from cbe_assets.statistics.result import plain

    return plain(value)


MAKERS = {
    "f_test": _by_specification("f_province_effects"),
    "hausman": _by_specification("hausman"),
    "vif": _by_specification("variance_inflation"),
    "slope_homogeneity": _by_specification("slope_homogeneity"),
    "equal_coefficients": _by_specification("equal_coefficients"),
    "mediation": _mediation,
    "effect_sizes": _effect_sizes,
    "descriptives": _descriptives,
}
"""Kind of test (regressions.yaml) -> what makes it."""
