"""A provincial panel study as Dagster assets; see README.md.  Nothing is imported here: `cbe --help` stays light."""
