"""Effects to what follows: each decision row read, the gate, the leading cause, and all of it in words.

Uses regions, evaluation, study and effects. Face: `verdict.judge`, `aggregation.aggregates`, `words`.
"""
