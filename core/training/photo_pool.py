"""Photos to learn looks from: any number of sources, with or without human scores, minus all that is kept out."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from core.errors import TrainingError
from core.photos.fingerprints import Fingerprint, FingerprintIndex, in_held_half
from core.sources import open_source
from core.training.dataset import Example, TrainingSet, fingerprinted
from core.types import Listing, Problem, Progress, silent

log = logging.getLogger(__name__)

VALIDATION_SHARE = 10
"""One in so many photos validates, where a source has no validation part of its own."""


def gather_photos(
    sources: Sequence[str],
    keep_out: Sequence[str] = (),
    *,
    hold_half: bool = False,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> TrainingSet:
    """Collect photos without asking for scores; none that is kept out, or looks like one that is, can reach training.

    Kept out are the test part of a source that has one, every photo of the `keep_out` sources and, with `hold_half`,
    the half of each source without parts that content hashing chooses: what `dataset.gather` keeps out of the
    predictor. All photos are `unscored` here. TrainingError if too few remain.
    """
    problems: list[Problem] = []
    train: list[Example] = []
    validation: list[Example] = []
    kept: list[Example] = []
    for name in sources:
        listing = open_source(name)
        problems += listing.problems
        for example in fingerprinted(_drawn(listing, limit, seed), problems, progress, listing.name):
            _part(example, listing, hold_half, train, validation, kept).append(example)
    for name in keep_out:
        listing = open_source(name)
        kept += fingerprinted(list(listing.photos), problems, progress, listing.name)
    index = FingerprintIndex(example.print for example in kept)
    fresh = [example for example in train if example.print not in index]
    for problem in problems:
        log.warning("left out: %s", problem)
    if len(fresh) < 2 or len(validation) < 2:
        raise TrainingError(
            f"{', '.join(sources)}: at least 2 photos are needed to train on and 2 to validate on; {len(fresh)} and "
            f"{len(validation)} are left."
        )
    photos = tuple(example.photo for example in validation)
    return TrainingSet((), tuple(fresh), photos, tuple(kept), len(train) - len(fresh), tuple(problems))


def _drawn(listing: Listing, limit: int | None, seed: int) -> list:
    """All photos of a source, or `limit` of them drawn at random."""
    if limit is None:
        return list(listing.photos)
    return [listing.photos[i] for i in np.random.default_rng(seed).permutation(len(listing.photos))[:limit]]


def _part(
    example: Example,
    listing: Listing,
    hold_half: bool,
    train: list[Example],
    validation: list[Example],
    kept: list[Example],
) -> list[Example]:
    """Where an example belongs: by the source's own parts, or else by the hash of its content."""
    if example.photo.split is not None:
        return {"train": train, "val": validation, "test": kept}[example.photo.split]
    if hold_half and in_held_half(example.print):
        return kept
    return validation if _validates(example.print) else train


def _validates(item: Fingerprint) -> bool:
    return (int(item.pixels, 16) >> 8) % VALIDATION_SHARE == 0
