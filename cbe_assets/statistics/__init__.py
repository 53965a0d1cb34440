"""Statistics of the study: winsorizing, index weights, panel models, tests, mediation and the resampling kernel.  Pure."""
