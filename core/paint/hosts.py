"""The same shape on other photos: hosts of equal score in which the painted thing is not (rule 6 of the protocol)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from core import config
from core.errors import ParameterError, PhotoError
from core.inference import Predictor, batches
from core.paint.region_effect import BATCH, Treatment, ablate, signed, working
from core.photos.fingerprints import fingerprint
from core.regions import regions
from core.registry import MASKS
from core.sources import open_source
from core.study.conditions import hash_draw
from core.table import KEEP
from core.types import Mask, Photo, Pixels

HOSTS = 20
"""Photos that a painted region is put on, at most."""
FEWEST = config.HOSTS
"""Fewer hosts than a study asks for say little."""
PACKAGED = ("samples", "generated:none,n=40", "generated:none_large,n=40")
"""Photo sets whose pixels ship with the app."""


@dataclass(frozen=True)
class Host:
    """A photo that may be a host, its score at working size, and the fingerprint of its pixels there."""

    photo: Photo
    score: float
    print: str


def packaged() -> list[Photo]:
    """Photos that every machine has: packaged samples and drawn scenes."""
    return [photo for name in PACKAGED for photo in open_source(name).photos]


def scored(predictor: Predictor, photos: Sequence[Photo]) -> Iterator[Host]:
    """Photos with their scores, as they are computed; those that cannot be read are passed over."""
    for some in batches(photos, BATCH):
        opened = [(photo, pixels) for photo in some if (pixels := _read(photo)) is not None]
        scores = predictor.score([pixels for _, pixels in opened])
        for (photo, pixels), score in zip(opened, scores, strict=True):
            yield Host(photo, float(score), fingerprint(pixels).pixels)


def _read(photo: Photo) -> Pixels | None:
    try:
        return working(photo.read())
    except PhotoError:
        return None


def drawn(pool: Sequence[Host], photo: Pixels, score: float, spread: float, without: str = "") -> Iterator[Host]:
    """Hosts for a photo (at working size) of some score, as they are found, never the photo itself.

    As in a study they are drawn by content from the 50 of the nearest score within 0.25 SD; `spread` is the SD of the
    model's reference scores. With `without`, the id of a mask, that thing is in none of them: labels say so, or its
    detector finds none. UnknownChoiceError names the masks, ParameterError refuses one that no photo can lack.
    """
    if without and MASKS[without].facts.get("needs"):
        raise ParameterError(
            f"{MASKS[without].label}: no photo can be without it; name a thing that is found in photos."
        )
    own = fingerprint(photo).pixels
    near = [item for item in pool if abs(item.score - score) <= config.CALIPER * spread and item.print != own]
    near = sorted(near, key=lambda item: abs(item.score - score))[: config.NEAREST]
    near.sort(key=lambda item: hash_draw("host", item.print, own))
    yield from (item for item in near if not without or not _holds(item.photo, without))


def _holds(photo: Photo, thing: str) -> bool:
    truth = photo.truth() if photo.truth else {}
    region = truth[thing] if thing in truth else MASKS[thing].function(working(photo.read()))
    return bool(region.mask.any())


def changes(predictor: Predictor, hosts: Iterable[Host], mask: Mask, how: Treatment) -> Iterator[tuple[Host, float]]:
    """Δ of up to HOSTS hosts when the mask is replaced at the same place of each, in fractions of width and height."""
    for host in islice(hosts, HOSTS):
        pixels = working(host.photo.read())
        ablated = ablate(pixels, regions.transferred(mask, *pixels.shape[:2]), how)
        yield host, float(predictor.score([ablated])[0]) - host.score


def in_words(delta: float, others: Sequence[float], direction: str, without: str = "") -> str:
    """What a region is worth beyond the same shape on other photos, as plain sentences."""
    kind = f" without {MASKS[without].label.lower()}" if without else ""
    if len(others) < FEWEST:
        return (
            f"Of the photos at hand, {len(others)}{kind} have nearly this score. A comparison needs {FEWEST}: "
            "add photos of your own."
        )
    mean = float(np.mean(others))
    done = "Keeping only this shape" if direction == KEEP else "Replacing this shape"
    return (
        f"{done} on {len(others)} other photos of equal score{kind} moves their scores by {signed(mean)} on average. "
        f"This region: {signed(delta)}, which is {signed(delta - mean)} beyond that."
    )
