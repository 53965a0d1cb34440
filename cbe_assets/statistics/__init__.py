"""Winsorizing, index weights, panel models, tests, mediation and the resampling kernel: pure functions of frames."""
