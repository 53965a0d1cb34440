"""Results to tables, figures and the report, as bytes.  Pure: stored frames and the study in, files out; no I/O."""
