"""Every specification of regressions.yaml: one asset each, with its JSON under data/exports/results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.node import Node, Output
from cbe_assets.assets.result_file import result_file, versions
from cbe_assets.declared.regressions import Sample, Specification
from cbe_assets.declared.text import Text
from cbe_assets.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.statistics.result import Result

SAMPLE = "panel/estimation"
WITH_INFERENCE = ("pooled_ols", "fixed_effects")
"""Estimators whose coefficients have the columns of statistics.inference beside them."""
FILLED = "filled"
"""Column of the panel: how many cells of the province-year were filled, in any table."""
CODE = ("statistics", "assets.model", "assets.result_file")


def nodes(study: Study) -> list[Node]:
    """A node per specification."""
    return [_specification(study, name) for name in study.specifications]


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
        reads=columns_needed([declared]),
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


def columns_needed(specifications: Iterable[Specification], *further: str) -> dict[str, tuple[str, ...]]:
    """The columns of the panel that these specifications need; a change elsewhere in it leaves a model as it is."""
    columns = {"province", "year", *further}
    for item in specifications:
        columns |= {*item.variables, *([FILLED] if item.sample and item.sample.without_filled else [])}
    return {SAMPLE: tuple(sorted(columns))}


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
    files = result_file(name, result.to_json_dict(versions()))
    return Output(table, files, {key: v for key, v in facts.items() if v is not None})


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
