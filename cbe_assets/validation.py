"""Suites of Great Expectations: read strictly, run on a candidate table, split by severity.

great_expectations is imported when a table is validated and never before: it costs more than a no-op refresh.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbe_assets.faults import FAILED, Fault, StudyFault, fault
from cbe_assets.study import Study

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("critical", "warning", "info")
ROW_COUNTS = ("expect_table_row_count_to_equal", "expect_table_row_count_to_be_between")


@dataclass(frozen=True)
class Check:
    """One expectation on one table: what was expected, whether it held, what was seen."""

    expectation: str
    expected: dict[str, Any]
    severity: str
    success: bool
    observed: str
    examples: tuple[str, ...] = ()

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
    faults = _suite_faults(name, expectations)
    if faults:
        raise StudyFault(faults)
    return suite


def _suite_faults(file: str, expectations: list[dict[str, Any]]) -> list[Fault]:
    if not expectations:
        return [fault("suite_empty", file=file)]
    faults = []
    for number, item in enumerate(expectations, start=1):
        where = f"expectations[{number}]"
        strange = sorted(set(item) - {"type", "kwargs", "severity", "meta", "id", "notes", "description"})
        if strange:
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
        "indicators": len(study.indicators),
        "index_rows": kept * len(study.years),
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
    filled = [item | {"kwargs": _filled(item.get("kwargs", {}), values, key)} for item in suite["expectations"]]
    loaded = _load(key, filled)
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(loaded, result_format="BASIC")
    if len(outcome.results) != len(filled):
        raise StudyFault([fault("suite_not_whole", key=key, found=len(outcome.results), expected=len(filled))])
    checks = [_check(result) for result in outcome.results]
    order = {_identity(item): number for number, item in enumerate(filled)}
    return Verdict(tuple(sorted(checks, key=lambda check: order.get((check.expectation, _canon(check.expected)), 0))))


def _filled(kwargs: Any, values: dict[str, Any], key: str) -> Any:
    """`kwargs` with every {"$PARAMETER": name} replaced by its value."""
    if isinstance(kwargs, dict):
        if set(kwargs) == {"$PARAMETER"}:
            if kwargs["$PARAMETER"] not in values:
                known = ", ".join(sorted(values))
                raise StudyFault([fault("suite_parameter", key=key, found=kwargs["$PARAMETER"], expected=known)])
            return values[kwargs["$PARAMETER"]]
        return {name: _filled(value, values, key) for name, value in kwargs.items()}
    return [_filled(value, values, key) for value in kwargs] if isinstance(kwargs, list) else kwargs


def _load(key: str, expectations: list[dict[str, Any]]) -> Any:
    """An ExpectationSuite with every entry or a fault for each that Great Expectations cannot build."""
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    import cbe_assets.domain_expectations  # noqa: F401  registers the study's own expectations

    built, faults = [], []
    for number, item in enumerate(expectations, start=1):
        try:
            implementation = get_expectation_impl(item["type"])
            built.append(implementation(**item["kwargs"], severity=item["severity"]))
        except (gx.exceptions.GreatExpectationsError, TypeError, ValueError, KeyError) as error:
            where = f"expectations[{number}] {item.get('type')}"
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
    asset = context.data_sources.add_pandas("candidates").add_dataframe_asset("candidate")
    return asset.add_batch_definition_whole_dataframe("whole")


def _check(result: Any) -> Check:
    config = result.expectation_config
    expected = {name: value for name, value in config.kwargs.items() if name != "batch_id"}
    seen = result.result or {}
    observed = seen.get("observed_value")
    if observed is None and "unexpected_count" in seen:
        observed = f"{seen['unexpected_count']} of {seen.get('element_count')} rows"
    raised = _exception(result.exception_info)
    examples = tuple(str(item) for item in (seen.get("partial_unexpected_list") or ())[:5])
    text = raised or ("ok" if result.success else f"{observed}" + (f", e.g. {'; '.join(examples)}" if examples else ""))
    severity = str(getattr(config.severity, "value", config.severity))
    return Check(config.type, expected, severity, bool(result.success), text, examples)


def _exception(info: Any) -> str | None:
    """The message in exception_info, which is flat or keyed by metric."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [entry["exception_message"] for entry in entries if entry.get("raised_exception")]
    return "; ".join(str(message) for message in messages) or None


def _canon(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _identity(item: dict[str, Any]) -> tuple[str, str]:
    return item["type"], _canon(item["kwargs"])


def failures(key: str, verdict: Verdict) -> list[Fault]:
    """A fault per critical expectation that failed."""
    return [
        fault("expectation_failed", key=key, found=check.text(), code=FAILED) for check in verdict.failed("critical")
    ]
