"""Scores against people: agreement with human scores, and the measured results in `artifacts/`.

Uses photos and inference. Face: `evaluation.evaluate`, `metrics`, `reports`.
"""
