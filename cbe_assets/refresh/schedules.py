"""Refreshes by the calendar, for studies whose files arrive without a sensor.  Off until switched on in the UI."""

from __future__ import annotations

import dagster as dg

from cbe_assets.refresh.stale_job import both, config

TIME_ZONE = "Asia/Shanghai"


def schedules(job: dg.JobDefinition) -> list[dg.ScheduleDefinition]:
    """A monthly refresh of what is stale, and a yearly one of everything.

    The yearly one is due in December, when the China Statistical Yearbook and most provincial ones are out.  It makes
    every table anew, and so shows that what is stored still follows from the files and the code.
    """
    return [
        dg.ScheduleDefinition(
            name="refresh_monthly",
            job=job,
            cron_schedule="0 6 5 * *",
            execution_timezone=TIME_ZONE,
            run_config=config(),
            description=both("schedule_monthly"),
            default_status=dg.DefaultScheduleStatus.STOPPED,
        ),
        dg.ScheduleDefinition(
            name="remake_yearly",
            job=job,
            cron_schedule="0 6 15 12 *",
            execution_timezone=TIME_ZONE,
            run_config=config(full=True),
            description=both("schedule_yearly"),
            default_status=dg.DefaultScheduleStatus.STOPPED,
        ),
    ]
