"""A model at work: checkpoints to predictors, photos to scores.

Uses photos, sources and models. Face: `load`, `predict`, `Predictor`, and what else a caller needs of a predictor, so
that `inference.load` reads as one thing.
"""

from core.inference.predictor import (
    Predictor,
    batches,
    card_of,
    identity,
    is_published,
    load,
    predict,
    prefetch,
    shipped_or,
    title_of,
)

__all__ = [
    "Predictor",
    "batches",
    "card_of",
    "identity",
    "is_published",
    "load",
    "predict",
    "prefetch",
    "shipped_or",
    "title_of",
]
