"""A model at work: checkpoints to predictors, photos to scores.

Uses photos and models. Its face is what every caller needs of a predictor, so that `inference.load` reads as one thing.
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
