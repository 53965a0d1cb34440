"""What a refresh imports and computes once per process, done once for all processes that program.py forks."""

import duckdb  # noqa: F401
import great_expectations  # noqa: F401
import linearmodels  # noqa: F401
import pyarrow.parquet  # noqa: F401
import sqlglot.lineage  # noqa: F401
from alembic import command, config, script  # noqa: F401

import cbe_assets.cli
import cbe_assets.domain_expectations
import cbe_assets.gate
import cbe_assets.refresh.dagster_runs
import cbe_assets.refresh.storage
import cbe_assets.statistics.panel
import cbe_assets.yearbook.reading
import cbe_assets.yearbook.settle  # noqa: F401
from cbe_assets.assets.code import code_digest

for package in ("yearbook", "statistics", "publish"):
    code_digest(package)
