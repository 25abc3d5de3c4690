"""The page Ablation effects: a study with its verdict, its bars, and one condition looked at closely.

Uses photos, study, effects, verdict and trust of core. Face: `effects`, `closeup`, `runs`.
"""
