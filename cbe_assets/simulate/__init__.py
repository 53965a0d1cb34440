"""The embedded yearbook: a panel drawn from a model whose coefficients are known, printed as official tables are."""
