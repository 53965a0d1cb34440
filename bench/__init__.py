"""Speed and memory of the study, as ratios measured in one run (`make bench`).  It prints and never judges."""
