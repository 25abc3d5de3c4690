"""The tables of README and docs, written by `python -m core.readme` and checked with --check.

Uses regions, evaluation, training, study, effects, verdict, latent, trust, concepts and calibration. Face: `main`.
"""

from core.readme.pages import main

__all__ = ["main"]
