"""Suites of Great Expectations: read strictly, run on a candidate table, split by severity.

great_expectations is imported when a table is validated and never before: it costs more than a no-op refresh.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbe_assets.collector import spare_what_is_loaded
from cbe_assets.faults import FAILED, Fault, StudyFault, fault
from cbe_assets.study import Study
from cbe_assets.suite_run import run

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("critical", "warning", "info")
ROW_COUNTS = ("expect_table_row_count_to_equal", "expect_table_row_count_to_be_between")
SUITE_KEYS = {"name", "expectations", "meta", "notes", "id"}
EXPECTATION_KEYS = {"type", "kwargs", "severity", "meta", "notes", "description", "id"}


@dataclass(frozen=True)
class Check:
    """One expectation on one table: what was expected, whether it held, what was seen.

    `raised` says that it could not be looked at, as where its column is missing; `observed` then holds the reason.
    """

    expectation: str
    expected: dict[str, Any]
    severity: str
    success: bool
    observed: str
    examples: tuple[str, ...] = ()
    raised: bool = False

    def text(self) -> str:
        """`expect_...(column=..., min_value=...): observed ...`."""
        arguments = ", ".join(f"{name}={value}" for name, value in self.expected.items())
        return f"{self.expectation}({arguments}): {self.observed}"

    def as_dict(self) -> dict[str, object]:
        return {
            "expectation": self.expectation,
            "expected": self.expected,
            "severity": self.severity,
            "success": self.success,
            "observed": self.observed,
            "examples": list(self.examples),
        }


@dataclass(frozen=True)
class Verdict:
    """All checks of one table."""

    checks: tuple[Check, ...]

    def failed(self, severity: str) -> list[Check]:
        return [check for check in self.checks if check.severity == severity and not check.success]

    @property
    def accepted(self) -> bool:
        """Whether every critical expectation holds: only then is the table stored."""
        return not self.failed("critical")


def suite_path(study: Study, key: str) -> Path:
    return study.root / "expectations" / f"{key}.json"


def read_suite(study: Study, key: str) -> dict[str, Any]:
    """The suite of an asset as it stands in its JSON file.

    Raises:
        StudyFault: no file, not JSON, no expectations, no row count, an unknown severity or a stray key.
    """
    path = suite_path(study, key)
    name = path.relative_to(study.root).as_posix()
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
        expectations = suite["expectations"]
    except FileNotFoundError:
        raise StudyFault([fault("suite_missing", file=name, key=key)]) from None
    except (ValueError, KeyError, TypeError) as error:
        raise StudyFault([fault("suite_unreadable", file=name, key=key, found=str(error))]) from error
    faults = _suite_faults(name, suite, expectations)
    if faults:
        raise StudyFault(faults)
    return suite


def _suite_faults(file: str, suite: dict[str, Any], expectations: Any) -> list[Fault]:
    if not isinstance(expectations, list) or not all(isinstance(item, dict) for item in expectations):
        return [fault("suite_unreadable", file=file, found="expectations")]
    if not expectations:
        return [fault("suite_empty", file=file)]
    faults = []
    if strange := sorted(set(suite) - SUITE_KEYS):
        faults.append(fault("suite_stray_key", file=file, found=", ".join(strange)))
    for number, item in enumerate(expectations, start=1):
        where = f"expectations[{number}]"
        if strange := sorted(set(item) - EXPECTATION_KEYS):
            faults.append(fault("suite_stray_key", file=file, key=where, found=", ".join(strange)))
        if item.get("severity") not in SEVERITIES:
            faults.append(fault("suite_severity", file=file, key=where, found=str(item.get("severity"))))
    if not any(item.get("type") in ROW_COUNTS for item in expectations):
        faults.append(fault("suite_without_row_count", file=file))
    return faults


def parameters(study: Study, provinces: int) -> dict[str, Any]:
    """What suites may name as {"$PARAMETER": ...}: the study's years and sizes."""
    first, last = study.settings.years
    kept = provinces - len(study.settings.excluded_provinces)
    return {
        "first_year": first,
        "last_year": last,
        "years": len(study.years),
        "provinces": provinces,
        "province_years": provinces * len(study.years),
        "panel_provinces": kept,
        "panel_rows": kept * len(study.years),
        "half_panel_rows": kept * len(study.years) // 2,
        "panel_rows_without_a_province": (kept - 1) * len(study.years),
        "panel_rows_without_a_year": kept * (len(study.years) - 1),
        "leave_one_out_rows": 1 + kept + len(study.years),
        "permutations": study.settings.draws.permutation,
        "indicators": len(study.indicators),
        "index_rows": kept * len(study.years),
        "tables": len(study.tables),
    }


def validate(suite: dict[str, Any], key: str, frame: pd.DataFrame, values: dict[str, Any]) -> Verdict:
    """Runs a suite on a frame.

    Args:
        suite: as `read_suite` gives it.
        key: asset key, for messages.
        frame: the candidate.
        values: values of the suite's {"$PARAMETER": name} entries.

    Raises:
        StudyFault: an expectation is unknown or malformed, which Great Expectations would drop with a log line.
    """
    filled = _filled_suite(suite["expectations"], values, key)
    loaded = _load(key, filled)
    outcome = run(loaded, _batch_definition(), frame)
    # Results come in another order than the suite and with rewritten arguments (0 becomes 0.0): the position tells.
    results = {result.expectation_config.meta["position"]: result for result in outcome.results}
    if sorted(results) != list(range(len(filled))):
        raise StudyFault([fault("suite_not_whole", key=key, found=len(outcome.results), expected=len(filled))])
    return Verdict(tuple(_check(item, results[position]) for position, item in enumerate(filled)))


def _filled_suite(expectations: list[dict[str, Any]], values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The expectations with every {"$PARAMETER": name} replaced by its value.

    Raises:
        StudyFault: names every parameter that is not known.
    """
    filled, unknown = [], []
    for item in expectations:
        filled.append(item | {"kwargs": _filled(item.get("kwargs", {}), values, unknown)})
    if unknown:
        known = ", ".join(sorted(values))
        raise StudyFault([fault("suite_parameter", key=key, found=name, expected=known) for name in unknown])
    return filled


def _filled(kwargs: Any, values: dict[str, Any], unknown: list[str]) -> Any:
    if isinstance(kwargs, dict):
        if set(kwargs) == {"$PARAMETER"}:
            name = str(kwargs["$PARAMETER"])
            if name not in values:
                unknown.append(name)
            return values.get(name)
        return {name: _filled(value, values, unknown) for name, value in kwargs.items()}
    return [_filled(value, values, unknown) for value in kwargs] if isinstance(kwargs, list) else kwargs


def _load(key: str, expectations: list[dict[str, Any]]) -> Any:
    """An ExpectationSuite with every entry or a fault for each that Great Expectations cannot build."""
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    import cbe_assets.domain_expectations  # noqa: F401  registers the study's own expectations

    built, faults = [], []
    for number, item in enumerate(expectations):
        try:
            implementation = get_expectation_impl(item["type"])
            built.append(implementation(**item["kwargs"], severity=item["severity"], meta={"position": number}))
        except (gx.exceptions.GreatExpectationsError, TypeError, ValueError, KeyError) as error:
            where = f"expectations[{number + 1}] {item.get('type')}"
            faults.append(fault("suite_entry", file=f"expectations/{key}.json", key=where, found=str(error)))
    if faults:
        raise StudyFault(faults)
    return gx.ExpectationSuite(name=key, expectations=built)


@cache
def _batch_definition() -> Any:
    """One ephemeral context for the process; Great Expectations shares nothing across threads safely."""
    import os

    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(
        globally=False, metric_calculations=False
    )
    spare_what_is_loaded()
    asset = context.data_sources.add_pandas("candidates").add_dataframe_asset("candidate")
    return asset.add_batch_definition_whole_dataframe("whole")


def _check(item: dict[str, Any], result: Any) -> Check:
    seen = result.result or {}
    raised = _exception(result.exception_info)
    examples = tuple(str(example) for example in (seen.get("partial_unexpected_list") or ())[:5])
    shown = f", e.g. {'; '.join(examples)}" if examples else ""
    text = raised or ("ok" if result.success else _observed(seen) + shown)
    return Check(item["type"], item["kwargs"], item["severity"], bool(result.success), text, examples, bool(raised))


def _observed(seen: dict[str, Any]) -> str:
    """What a result saw: a number, or how many rows or values were not as expected."""
    if seen.get("observed_value") is not None or "unexpected_count" not in seen:
        return str(seen.get("observed_value"))
    if "element_count" in seen:
        return f"{seen['unexpected_count']} of {seen['element_count']} rows"
    missing = ", ".join(str(value) for value in seen.get("partial_missing_list") or ())
    return f"missing {missing}" if missing else f"{seen['unexpected_count']} unexpected"


def _exception(info: Any) -> str | None:
    """The message in exception_info, which is flat or keyed by metric."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [entry["exception_message"] for entry in entries if entry.get("raised_exception")]
    return "; ".join(dict.fromkeys(str(message) for message in messages)) or None


def failures(key: str, verdict: Verdict) -> list[Fault]:
    """A fault per critical expectation that failed."""
    return [
        fault("expectation_failed", key=key, found=check.text(), code=FAILED) for check in verdict.failed("critical")
    ]
