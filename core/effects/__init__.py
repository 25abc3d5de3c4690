"""Table to effects: paired differences with intervals and tests, and what goes along with human scores beside them.

Uses photos and study. Face: `effects.effect_tables`, `stats`, `resampling`, `plots`.
"""
