"""Spaces: each registered function describes photos with numbers, so that near photos are alike in its sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.registry import SPACES
from core.types import Photo, Pixels

BINS = 4
"""Steps of each colour channel in the histogram: 64 bins, as many numbers as the autoencoder's."""


class Encoder(Protocol):
    """What a space needs of an autoencoder; the annotation of its own class would import torch."""

    def encode(self, squares: list[Pixels]) -> np.ndarray: ...


@dataclass(frozen=True)
class SpaceInput:
    """A photo as the spaces see it: 64 px square, score and penultimate features of the predictor."""

    photo: Photo
    small: Pixels
    score: float
    features: np.ndarray


@SPACES.register("What the pixels say", learned=False, shown=True)
def pixels(autoencoder: Encoder, photos: list[SpaceInput]) -> np.ndarray:
    """Latents of an autoencoder that was told nothing about memory: photos that look alike lie together."""
    return autoencoder.encode([seen.small for seen in photos])


@SPACES.register("What the model learned", learned=True, shown=True)
def learned(autoencoder: Encoder, photos: list[SpaceInput]) -> np.ndarray:
    """The predictor's penultimate features: photos lie together that it treats alike."""
    return np.stack([seen.features for seen in photos]).astype(np.float32)


@SPACES.register("Mean colour", learned=False, shown=False)
def mean_colour(autoencoder: Encoder, photos: list[SpaceInput]) -> np.ndarray:
    """Mean red, green and blue of a photo: the plainest thing that could explain scores."""
    return np.stack([seen.small.mean(axis=(0, 1)) / 255 for seen in photos]).astype(np.float32)


@SPACES.register("Colour histogram", learned=False, shown=False)
def colour_histogram(autoencoder: Encoder, photos: list[SpaceInput]) -> np.ndarray:
    """Square roots of the shares of 64 colours in a photo (Hellinger distance): its colours without their places."""
    return np.stack([_histogram(seen.small) for seen in photos]).astype(np.float32)


def _histogram(photo: Pixels) -> np.ndarray:
    steps = photo.reshape(-1, 3).astype(np.int64) * BINS // 256
    counts = np.bincount(steps @ np.array([BINS**2, BINS, 1]), minlength=BINS**3)
    return np.sqrt(counts / counts.sum())
