"""Effects to what follows: each decision row read, the gate, the leading cause, and all of it in words.

Uses study and effects. Its face: `verdict.judge`, `aggregation.aggregates`, `words`.
"""
