"""Speed and memory of the study, as ratios measured in one run; `make bench`.  Not a test: it prints, it never judges."""
