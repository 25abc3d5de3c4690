"""Concepts and parts of a model over a set of photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from core import config
from core.concepts import words
from core.concepts.activations import Activations, activations, branches_of
from core.concepts.factorisation import (
    PARTS,
    Factorisation,
    factor_branches,
    share_of_variance,
    share_together,
    without_each,
)
from core.concepts.reports import Concepts, Part, SampleParts
from core.concepts.tcav import concept_effects, place_along
from core.errors import PhotoError, SourceError
from core.inference import Predictor
from core.latent.photo_values import Measure
from core.paint.region_effect import working
from core.photos.features import LOW_LEVEL, measure_features
from core.photos.fingerprints import UnseenFilter, fingerprint
from core.regions import mask_cache
from core.registry import FEATURES, MASKS
from core.trust.summary import interval
from core.types import Listing, Photo, Problem, Progress, silent, unreadable

TYPICAL = 9
FEWEST = 40
"""Photos without which nothing is computed."""
LEAST_AREA = 0.01
"""A thing of a smaller share of the photo is neither there nor absent."""


@dataclass(frozen=True)
class _Seen:
    """What is kept of a photo: its traces, the area of each kind of thing, and its countable features."""

    photo: Photo
    left: Activations
    areas: Mapping[str, float]
    features: Mapping[str, float | None]

    @property
    def name(self) -> str:
        return _name(self.photo)


@dataclass(frozen=True)
class Found:
    """Concepts and parts of a model, the N photos that they rest on with what was measured of each, and problems."""

    concepts: Concepts
    photos: tuple[Photo, ...]
    measures: tuple[Measure, ...]
    problems: tuple[Problem, ...]


def concepts(
    predictor: Predictor,
    listings: Sequence[Listing],
    *,
    named: Mapping[str, str] | None = None,
    masks: Sequence[str] = (),
    samples: Sequence[Photo] = (),
    parts: int = PARTS,
    limit: int = 0,
    seed: int = config.SEED,
    progress: Progress = silent,
) -> Found:
    """Concepts and parts of a model over photos that it did not learn from; those that look alike count once.

    A kind of thing is a concept by what the source or a detector says, a countable feature by its upper and lower
    third, and each name of `named` by a pattern that "SOURCE/ID" of its photos matches, or several between bars.
    `limit` photos of each set are drawn at random (0: all). `samples` are shown with the parts in them. SourceError for
    fewer than FEWEST photos, and for a pattern that no photo matches; AttributionError where the score is not read from
    the last maps alone.
    """
    wanted = tuple(masks) or mask_cache.detectors()
    photos = _drawn(listings, limit, seed)
    _check(photos, named or {})
    seen, problems = _look(predictor, photos, wanted, progress)
    problems = [item for listing in listings for item in listing.problems] + problems
    name = ", ".join(listing.name for listing in listings)
    if len(seen) < FEWEST:
        raise SourceError(f"{name}: {len(seen)} photos are too few for concepts; at least {FEWEST}.")
    sides = _things(seen, wanted) | _features(seen) | _matching(seen, named or {})
    before, slopes = (np.array([getattr(item.left, field) for item in seen]) for field in ("before", "slope"))
    found = concept_effects(before, slopes, sides, seed)
    patterns = factor_branches([item.left.last for item in seen], parts, seed)
    amounts = np.array([[part.mean() for part in _amounts(patterns, item.left.last)] for item in seen])
    made, together = _parts(predictor, patterns, seen, amounts)
    result = Concepts(
        model=predictor.name,
        source=name,
        n=len(seen),
        sd=float(np.std([item.left.score for item in seen])),
        named=tuple(found),
        rare=tuple(title for title in sides if title not in {item.name for item in found}),
        parts=made,
        redrawn=float(np.mean([found.redrawn for found in patterns])),
        together=together,
        samples=tuple(_sample(predictor, patterns, photo) for photo in samples),
    )
    measures = _measures(before, {item.name: sides[item.name] for item in found}, amounts, seed)
    return Found(result, tuple(item.photo for item in seen), measures, tuple(problems))


def _measures(
    before: np.ndarray, sides: Mapping[str, np.ndarray], amounts: np.ndarray, seed: int
) -> tuple[Measure, ...]:
    """What was measured of each photo: its place along every concept, and its mean amount of every part."""
    places = [Measure(words.along(name), place_along(before, side, seed)) for name, side in sides.items()]
    return (*places, *(Measure(words.amount_of(number), amount) for number, amount in enumerate(amounts.T)))


def _drawn(listings: Sequence[Listing], limit: int, seed: int) -> list[Photo]:
    """So many photos of each set, in its order."""
    photos: list[Photo] = []
    for listing in listings:
        order = np.random.default_rng(seed).permutation(len(listing.photos))
        photos += [listing.photos[place] for place in sorted(order[: limit or None])]
    return photos


def _look(
    predictor: Predictor, photos: Sequence[Photo], masks: Sequence[str], progress: Progress
) -> tuple[list[_Seen], list[Problem]]:
    seen: list[_Seen] = []
    problems: list[Problem] = []
    fresh = UnseenFilter(predictor.card)
    for photo in progress(photos, len(photos), "looking"):
        try:
            pixels = photo.read()
        except PhotoError as error:
            problems.append(unreadable(photo, error))
            continue
        if not fresh(fingerprint(pixels)):
            continue
        regions = {name: item.region for name, item in mask_cache.find(photo, pixels, masks).items()}
        areas = {name: region.area for name, region in regions.items()}
        small = working(pixels)
        seen.append(_Seen(photo, activations(predictor, small), areas, measure_features(small, regions)))
    return seen, problems


def _matching(seen: Sequence[_Seen], named: Mapping[str, str]) -> dict[str, np.ndarray]:
    """+1 where a photo's name matches a pattern, −1 elsewhere."""
    return {
        name: np.array([1 if _matches(item.name, pattern) else -1 for item in seen]) for name, pattern in named.items()
    }


def _check(photos: Sequence[Photo], named: Mapping[str, str]) -> None:
    """SourceError, before hours of looking, for a pattern that matches nothing."""
    names = [_name(photo) for photo in photos]
    for name, pattern in named.items():
        if names and not any(_matches(item, pattern) for item in names):
            raise SourceError(f"No photo's SOURCE/ID matches {pattern!r} ({name}); such as {names[0]!r}.")


def _matches(name: str, pattern: str) -> bool:
    """Whether a name matches one of the patterns between bars."""
    return any(fnmatchcase(name, part) for part in pattern.split("|"))


def _name(photo: Photo) -> str:
    return f"{photo.source}/{photo.id}"


def _things(seen: Sequence[_Seen], masks: Sequence[str]) -> dict[str, np.ndarray]:
    """+1 where there is such a thing of at least LEAST_AREA, −1 where there is none."""
    found = {}
    for name in masks:
        areas = np.array([item.areas[name] for item in seen])
        found[MASKS[name].label] = np.where(areas >= LEAST_AREA, 1, np.where(areas == 0, -1, 0))
    return found


def _features(seen: Sequence[_Seen]) -> dict[str, np.ndarray]:
    """+1 for the upper third of a low-level feature, −1 for its lower third."""
    found = {}
    for entry in FEATURES:
        if entry.facts["group"] != LOW_LEVEL:
            continue
        values = np.array([item.features[entry.id] for item in seen], dtype=float)
        low, high = np.nanquantile(values, [1 / 3, 2 / 3])
        found[f"High {entry.label[0].lower()}{entry.label[1:]}"] = np.where(
            values > high, 1, np.where(values < low, -1, 0)
        )
    return found


def _parts(
    predictor: Predictor, patterns: Sequence[Factorisation], seen: Sequence[_Seen], amounts: np.ndarray
) -> tuple[tuple[Part, ...], float]:
    """Every part, the one whose removal changes the score most first, and the share that all account for together."""
    maps = [item.left.last for item in seen]
    scores = np.array([item.left.score for item in seen])
    alone = share_of_variance(amounts, scores)
    changes = without_each(predictor, patterns, maps)
    branches = zip(branches_of(predictor), patterns, strict=True)
    named = [branch for branch, found in branches for _ in found.directions]
    made = []
    for number in range(amounts.shape[1]):
        most = np.argsort(-amounts[:, number], kind="stable")[:TYPICAL]
        change = interval(changes[:, number])
        made.append(
            Part(number, float(alone[number]), change.estimate, change.low, change.high,
                 tuple(seen[place].name for place in most), named[number])
        )  # fmt: skip
    return tuple(sorted(made, key=lambda part: -abs(part.change))), share_together(amounts, scores)


def _amounts(patterns: Sequence[Factorisation], last: Sequence[np.ndarray]) -> list[np.ndarray]:
    """How much of each part is at each place of the maps of its branch: parts, each h × w."""
    return [part for found, maps in zip(patterns, last, strict=True) for part in found.amounts(maps)]


def _sample(predictor: Predictor, patterns: Sequence[Factorisation], photo: Photo) -> SampleParts:
    """A photo that may be shown, with the amount of each part at each place."""
    amounts = _amounts(patterns, activations(predictor, working(photo.read())).last)
    rounded = tuple(tuple(tuple(round(float(v), 3) for v in row) for row in part) for part in amounts)
    return SampleParts(photo.id, rounded)
