"""The rule by which Dagster itself may keep the assets up to date, asset by asset.  Off until switched on in the UI."""

from __future__ import annotations

import dagster as dg

from cbe_assets.refresh.stale_job import both

NAME = "follow_changes"


def condition() -> dg.AutomationCondition:
    """An asset is due when the content of an input or its own definition changed, or when it was never made.

    Not `AutomationCondition.eager()`: that one follows every new materialization, this one stops where an input was
    made again with the same data version.
    """
    changed = (
        dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
        | dg.AutomationCondition.code_version_changed()
        | dg.AutomationCondition.newly_missing()
    )
    return (
        changed.since_last_handled()
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("content of an input or own definition changed")


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the condition of every asset."""
    return dg.AutomationConditionSensorDefinition(
        NAME,
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=both("automation_about"),
    )
