"""What stands in study/*.yaml: one module per large file, its types and what is checked across files."""
