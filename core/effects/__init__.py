"""Table to effects: paired differences with intervals and tests, and what sways people beside them.

Uses study. Its face: `effects.effect_tables`, `stats`, `resampling`, `plots`.
"""
