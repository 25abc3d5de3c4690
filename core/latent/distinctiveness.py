"""How unusual each photo of a set is: what an autoencoder cannot redraw of it, and how far its neighbours are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import config
from core.errors import LatentError, PhotoError
from core.inference import Predictor
from core.inference.autoencoder import Autoencoder
from core.latent.geometry import KNN, knn_distances
from core.photos import images, preprocess
from core.photos.features import measure_features
from core.photos.fingerprints import UnseenFilter, fingerprint, learned_by
from core.regions import mask_cache
from core.regions.vision_transformer import dino_features
from core.types import Listing, Photo, Pixels, Problem, Progress, silent, unreadable

FEWEST = 20
"""Photos without which nothing is computed."""


@dataclass(frozen=True)
class MeasuredSet:
    """A row a photo (source, photo_id, score, human, MEASURES, countable features), and what does not count.

    `alike` photos look like one before them, and `learned` ones taught the model (None: nobody knows which did);
    `drawn_before` taught the autoencoder and count all the same, for it was never told a score.
    """

    photos: pd.DataFrame
    alike: int
    learned: int | None
    drawn_before: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Seen:
    row: dict[str, object]
    pixels: np.ndarray
    learned: np.ndarray
    neutral: np.ndarray


def measure(
    predictor: Predictor,
    autoencoder: Autoencoder,
    listing: Listing,
    *,
    masks: Sequence[str],
    neighbours: int = KNN,
    limit: int = 0,
    progress: Progress = silent,
) -> MeasuredSet:
    """Every photo of a set that the model did not learn from, beside the others; what looks alike counts once.

    With a `limit`, the first so many of them. LatentError if fewer than FEWEST, or no more than `neighbours`, are left.
    """
    fresh, drawn = UnseenFilter(predictor.card), learned_by(autoencoder.card)
    seen: list[_Seen] = []
    problems = list(listing.problems)
    drawn_before = 0
    for photo in progress(listing.photos, len(listing.photos), "looking"):
        if limit and len(seen) == limit:
            break
        try:
            pixels = photo.read()
        except PhotoError as error:
            problems.append(unreadable(photo, error))
            continue
        mark = fingerprint(pixels)
        if fresh(mark):
            drawn_before += bool(drawn and mark in drawn)
            seen.append(_look(predictor, autoencoder, photo, pixels, masks))
    if len(seen) < max(FEWEST, neighbours + 1):
        least = max(FEWEST, neighbours + 1)
        raise LatentError(f"{listing.name}: {len(seen)} photos can be compared; distinctiveness needs {least} or more.")
    table = pd.DataFrame([item.row for item in seen])
    for space in ("pixels", "learned", "neutral"):
        table[f"far_in_{space}"] = knn_distances(np.stack([getattr(item, space) for item in seen]), neighbours)
    return MeasuredSet(
        table, fresh.alike, None if fresh.taught is None else fresh.learned, drawn_before, tuple(problems)
    )


def reconstruction_error(autoencoder: Autoencoder, square: Pixels) -> float:
    """Root mean squared difference, 0 to 1, of a photo (at the autoencoder's size) from what it draws of it."""
    drawn = autoencoder.decode(autoencoder.encode([square]))[0]
    return float(np.sqrt(np.square((drawn.astype(np.float64) - square) / 255).mean()))


def _look(predictor: Predictor, autoencoder: Autoencoder, photo: Photo, pixels: Pixels, masks: Sequence[str]) -> _Seen:
    small, square = (preprocess.square(pixels, preset) for preset in (autoencoder.preset, predictor.preset))
    scores, features = predictor.score_with_features([square])
    regions = {name: item.region for name, item in mask_cache.find(photo, pixels, masks).items()}
    row = {
        "source": photo.source,
        "photo_id": photo.id,
        "score": float(scores[0]),
        "human": photo.score if photo.truth is None else None,
        "redrawing_error": reconstruction_error(autoencoder, small),
    }
    return _Seen(
        row | measure_features(images.to_short_side(pixels, config.WORKING_SIZE), regions),
        autoencoder.encode([small])[0],
        _direction(features[0]),
        _direction(dino_features(pixels).tokens[-1].mean(axis=0)),
    )


def _direction(features: np.ndarray) -> np.ndarray:
    """Features at length 1: photos differ by what is in them, not by how strongly a network answers."""
    return features / max(float(np.linalg.norm(features)), 1e-12)
