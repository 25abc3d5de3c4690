"""Scores against people: agreement with human scores, and the measured results in `artifacts/`.

Uses photos and inference. Its face: `evaluation.evaluate`, `metrics`, `reports`.
"""
