"""First suites for assets that have none: columns, rows, keys and believable values as the study files declare them.

A draft is a start.  It knows no more than study/*.yaml and the SQL; what the field knows is added by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cbe_assets.assets import audit, model, paper, raw, treatment
from cbe_assets.assets.graph import Graph
from cbe_assets.assets.node import Node
from cbe_assets.assets.sql import Query
from cbe_assets.study import Study
from cbe_assets.validation import suite_path
from cbe_assets.warehouse import write_atomically

Expectation = dict[str, Any]
_CLEAN = ["unit", "edition", "first_published", "revised", "method", "note"]
_LONG = {
    treatment.REVISIONS: ["table", "province", "year", "old_edition"],
    treatment.IMPUTATIONS: ["table", "province", "year"],
    treatment.ODDITIES: ["table", "province", "year"],
    audit.EDITIONS: ["table"],
    "audit/imputed_share": ["panel", "variable"],
    paper.PUBLISHED: ["identity", "place_en", "formula_en"],
    paper.COMPARISON: ["place_en", "specification", "term", "statistic"],
    "audit/manifest": ["file"],
}
"""Tables in long form that every study has -> what tells their rows apart."""


def write_missing(graph: Graph) -> list[str]:
    """Writes a draft for every asset without a suite; returns the keys written.  No file is changed."""
    missing = [node for node in graph.nodes.values() if not suite_path(graph.study, node.key).exists()]
    for node in missing:
        path: Path = suite_path(graph.study, node.key)
        write_atomically(path, suite_text(node.key, draft(graph.study, node)).encode())
    return [node.key for node in missing]


def suite_text(key: str, expectations: list[Expectation]) -> str:
    """A suite as it stands in a file, one expectation a line."""
    lines = ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in expectations)
    note = json.dumps({"notes": "A draft of cbe draft: say here what the field knows, and sharpen the limits."})
    return f'{{\n  "name": "{key}",\n  "meta": {note},\n  "expectations": [\n{lines}\n  ]\n}}\n'


def draft(study: Study, node: Node) -> list[Expectation]:
    """Expectations that follow from the declarations of an asset."""
    if node.layer == "raw" and node.name in study.tables:
        return _raw(study, node.name)
    if node.layer == "clean" and node.name in study.tables:
        return _clean(study, node.name)
    if (study.root / "sql" / f"{node.key}.sql").is_file():
        return _sql(study, node)
    if node.layer == "index":
        return _index(study, node)
    if node.layer == "model" and node.name in study.specifications:
        return _specification(study, node.name)
    if node.key in _LONG:
        return [*_rows(0), _unique(_LONG[node.key])]
    if node.name in study.reference_tables:
        declared = study.reference_tables[node.name]
        columns = _columns(list(declared.columns))
        return [columns, *_rows(1), _unique(declared.key)]
    return _rows(1)


def _expect(kind: str, *, severity: str = "critical", **kwargs: Any) -> Expectation:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": severity}


def _parameter(name: str) -> dict[str, str]:
    return {"$PARAMETER": name}


def _unique(columns: list[str]) -> Expectation:
    if len(columns) == 1:
        return _expect("column_values_to_be_unique", column=columns[0])
    return _expect("compound_columns_to_be_unique", column_list=columns)


def _columns(names: list[str]) -> Expectation:
    return _expect("table_columns_to_match_ordered_list", column_list=names)


def _rows(least: int) -> list[Expectation]:
    return [_expect("table_row_count_to_be_between", min_value=least, max_value=1_000_000)]


def _whole(rows: str, **column: str) -> list[Expectation]:
    """Every province and every year once."""
    years = {"first_year": _parameter("first_year"), "last_year": _parameter("last_year")}
    return [
        _expect("table_row_count_to_equal", value=_parameter(rows)),
        _unique(["province", "year"]),
        _expect("every_province_every_year", **years, **column),
    ]


def _raw(study: Study, name: str) -> list[Expectation]:
    return [
        _columns(list(raw.COLUMNS)),
        *_rows(1),
        _unique(["edition", "indicator", "province", "year"]),
        _expect("columns_to_lie_between", ranges={"year": [1949, 2100]}),
        _expect("column_values_to_not_be_null", column="cell"),
        _expect("column_distinct_values_to_be_in_set", column="unit", value_set=_units(study, name)),
    ]


def _units(study: Study, name: str) -> list[str]:
    declared = study.tables[name]
    return list(dict.fromkeys([declared.unit, *declared.accepts]))


def _clean(study: Study, name: str) -> list[Expectation]:
    declared = study.tables[name]
    filled = declared.gaps.policy != "leave"
    methods = ["observed", "corrected", "interpolated", "carried", "computed", *([] if filled else ["missing"])]
    rows = "province_years" if declared.scope == "province" else "years"
    expectations = [
        _columns(["province", "year", name, *_CLEAN]),
        *_whole(rows, **({"column": name} if filled else {})),
        _expect("column_distinct_values_to_equal_set", column="unit", value_set=[declared.unit]),
        _expect("column_distinct_values_to_be_in_set", column="method", value_set=methods),
    ]
    if filled:
        expectations.append(_expect("columns_to_lie_between", ranges={name: list(declared.range)}))
    return [*expectations, _expect("yearly_change_to_be_between", column=name, min_factor=0.5, max_factor=2,
                                   severity="warning")]  # fmt: skip


def _sql(study: Study, node: Node) -> list[Expectation]:
    text = (study.root / "sql" / f"{node.key}.sql").read_text(encoding="utf-8")
    names = list(Query.parse(text, f"sql/{node.key}.sql").columns)
    if not {"province", "year"} <= set(names):
        return [_columns(names), *_rows(1)]
    if node.layer != "panel":
        return [_columns(names), *_rows(1), _unique(["province", "year"])]
    spread = [name for name in names if name in study.variables or name in study.indicators]
    varied = [_expect("column_stdev_to_be_between", column=name, min_value=0, strict_min=True) for name in spread]
    return [_columns(names), *_whole("panel_rows"), *varied]


def _index(study: Study, node: Node) -> list[Expectation]:
    if node.key == "index/weights":
        return [
            _expect("table_row_count_to_equal", value=_parameter("indicators")),
            _expect("column_values_to_be_unique", column="indicator"),
            _expect("columns_to_lie_between", ranges=dict.fromkeys(("weight", "entropy", "divergence"), [0, 1])),
            _expect("column_to_sum_to", column="weight", value=1, tolerance=1e-9),
            _expect("columns_to_ascend", columns=["minimum", "maximum"]),
        ]
    indicators = list(study.indicators)
    names = indicators if node.key == "index/normalized" else [study.index.name]
    columns = ["province", "year", *names, *([] if node.key == "index/normalized" else ["rank"])]
    return [_columns(columns), *_whole("index_rows"),
            _expect("columns_to_lie_between", ranges=dict.fromkeys(names, [0, 1]))]  # fmt: skip


def _specification(study: Study, name: str) -> list[Expectation]:
    from cbe_assets.statistics import inference, result

    declared = study.specifications[name]
    beside = list(inference.TERM_COLUMNS) if declared.estimator in model.WITH_INFERENCE else []
    expectations = [
        _columns([*result.COLUMNS, *beside]),
        *_rows(1),
        _expect("column_min_to_be_between", column="std_error", min_value=0, strict_min=True),
        _expect("columns_to_ascend", columns=["conf_low", "estimate", "conf_high"]),
        _expect("stars_to_follow_p_values"),
    ]
    if declared.estimator in ("pooled_ols", "fixed_effects"):
        terms = [*declared.regressors, *declared.controls, "_cons"]
        expectations.append(_expect("column_distinct_values_to_equal_set", column="term", value_set=terms))
        if declared.sample is None:
            rows = [_parameter("panel_rows")]
            expectations.append(_expect("column_distinct_values_to_equal_set", column="n", value_set=rows))
    return expectations
