"""Keeping a study up to date: what is stale and why, one Dagster run after another, what it printed."""
