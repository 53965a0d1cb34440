"""A provincial panel study as Dagster assets; see README.md.  Nothing is imported here, so that `cbe --help` stays light."""
