"""The same shape on other photos: hosts of equal score in which the painted thing is not (rule 6 of the protocol)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from scipy import stats

from core import config
from core.errors import ParameterError, PhotoError
from core.evaluation import reports
from core.inference import Predictor, batches
from core.paint.region_effect import BATCH, Painted, Treatment, ablate, signed, working
from core.paint.replay import Record
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


@dataclass(frozen=True)
class OnOtherPhotos:
    """Δ of a region beside Δ of the same shape on other photos (`tried`), as far as they are known.

    `score` is the photo's own, before the region is replaced. `scored` photos have their score so far, and `searched`
    of those of nearly this score were searched for the thing `without` (the id of a mask), which no host may hold.
    """

    delta: float
    direction: str
    score: float
    without: str = ""
    scored: int = 0
    searched: int = 0
    tried: tuple[tuple[Host, float], ...] = ()
    complete: bool = False

    @property
    def changes(self) -> list[float]:
        """Δ of each host."""
        return [change for _, change in self.tried]

    @property
    def said(self) -> str:
        """What the region is worth beyond the same shape on other photos; how far the work is before that."""
        if self.complete:
            return f"{in_words(self.delta, self.changes, self.direction, self.without)}{self._imbalance}"
        if self.tried:
            return f"{len(self.tried)} of {HOSTS} photos tried …"
        if self.searched:
            return f"{self.searched} photos of nearly this score searched for {MASKS[self.without].label.lower()} …"
        return f"{self.scored} photos scored …"

    @property
    def _imbalance(self) -> str:
        """How far the hosts' own scores lie from the photo's (rule 6); empty where they are too few to compare."""
        if len(self.tried) < FEWEST:
            return ""
        apart = float(np.mean([host.score for host, _ in self.tried])) - self.score
        where = "above" if apart > 0 else "below"
        return f" Before that, their scores lie {abs(apart):.3f} {where} this photo's on average."


def compared(
    predictor: Predictor,
    photo: Pixels,
    mask: Mask,
    how: Treatment,
    done: Painted | Record,
    pool: Iterable[Host],
    without: str = "",
) -> Iterator[OnOtherPhotos]:
    """Whether a region is worth more than the same shape on photos of equal score, hosts that are drawn from a pool.

    Nothing is computed for the first, empty record; the pool is scored as it is asked for. ParameterError where the
    model has no reference scores, and as of `searched`.
    """
    near = spread(predictor.name)
    if near is None:
        raise ParameterError(f"{predictor.name} has no reference scores, whose spread says which scores are equal.")
    found = OnOtherPhotos(done.delta, how.direction, done.score, without)
    yield found
    known: list[Host] = []
    for host in pool:
        known.append(host)
        found = replace(found, scored=len(known))
        yield found
    small, nearest = working(photo), list[Host]()
    for host, fits in searched(known, small, done.score, near, without):
        nearest += [host] * fits
        if without:  # searching takes its time, and somebody may have left
            found = replace(found, searched=found.searched + 1)
            yield found
    for pair in changes(predictor, in_drawn_order(nearest, small), mask, how):
        found = replace(found, tried=(*found.tried, pair))
        yield found
    yield replace(found, complete=True)


def spread(model: str) -> float | None:
    """SD of a model's reference scores, by which scores are called equal; None where there are too few."""
    reference = reports.reference_scores(model)
    return float(reference.std(ddof=1)) if len(reference) > 1 else None


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


def drawn(pool: Sequence[Host], photo: Pixels, score: float, spread: float, without: str = "") -> list[Host]:
    """Hosts for a photo (at working size) of some score, never the photo itself: at most 50, in the order of use.

    As in a study they are drawn by content from the 50 of the nearest score within 0.25 SD that lack the thing;
    arguments and errors are those of `searched`.
    """
    return in_drawn_order([host for host, fits in searched(pool, photo, score, spread, without) if fits], photo)


def searched(
    pool: Sequence[Host], photo: Pixels, score: float, spread: float, without: str = ""
) -> Iterator[tuple[Host, bool]]:
    """The photos of a pool within 0.25 SD, the nearest first, and whether each may be host, until 50 may.

    `spread` is the SD of the model's reference scores. With `without`, the id of a mask, no host holds that thing:
    labels say so, or its detector finds none. UnknownChoiceError names the masks, ParameterError refuses one that no
    photo can lack.
    """
    if without and MASKS[without].facts.get("needs"):
        raise ParameterError(
            f"{MASKS[without].label}: no photo can be without it; name a thing that is found in photos."
        )
    own = fingerprint(photo).pixels
    near = [item for item in pool if abs(item.score - score) <= config.CALIPER * spread and item.print != own]
    found = 0
    for host in sorted(near, key=lambda item: abs(item.score - score)):
        fits = not without or not _holds(host.photo, without)
        found += fits
        yield host, fits
        if found == config.NEAREST:
            return


def in_drawn_order(nearest: Sequence[Host], photo: Pixels) -> list[Host]:
    """The same hosts in an order that contents alone decide."""
    own = fingerprint(photo).pixels
    return sorted(nearest, key=lambda item: hash_draw("host", item.print, own))


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
    beyond = [delta - end for end in reversed(_interval(others))]
    done = "Keeping only this shape" if direction == KEEP else "Replacing this shape"
    return (
        f"{done} on {len(others)} other photos of equal score{kind} moves their scores by {signed(mean)} on average. "
        f"This region: {signed(delta)}, which is {signed(delta - mean)} "
        f"beyond that (95 % interval {signed(beyond[0])} to {signed(beyond[1])})."
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by Student's t; the point where nothing varies."""
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / len(values) ** 0.5
    reach = error * float(stats.t.ppf((1 + config.CONFIDENCE) / 2, len(values) - 1))
    return mean - reach, mean + reach
