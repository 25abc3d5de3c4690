"""The photos of a study at work: opened once, with everything found in them, and rendered under every condition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import config
from core.errors import PhotoError
from core.photos import images, preprocess
from core.photos.features import measure_features
from core.photos.fingerprints import Fingerprint, FingerprintIndex, fingerprint
from core.photos.preprocess import Preset
from core.regions import mask_cache, regions
from core.regions.placements import Placements, placements
from core.registry import ABLATIONS
from core.study.conditions import CLEAN, Design, Step, applies, hash_draw, seed_of
from core.study.parts import LeftOut
from core.table import TARGET, Condition
from core.types import Mask, Photo, Pixels, Region, unreadable


@dataclass(frozen=True)
class Opened:
    """A photo at working size, with its fingerprint, what was found in it, and where the controls go.

    `square` is what the model sees of the untouched photo, `record` its row of the photo table.
    """

    photo: Photo
    print: Fingerprint
    pixels: Pixels
    square: Pixels
    regions: Mapping[str, Region]
    controls: Mapping[str, Placements]
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One row to be: a condition of a photo, at the place itself (0) or at one of its controls."""

    opened: Opened
    step: Step
    placement: int
    seed: int | None


@dataclass(frozen=True)
class Rendered:
    """What the model is to see, None where that equals the untouched photo; share of area replaced, and RMSE."""

    square: Pixels | None
    area: float | None
    rmse: float


class Opener:
    """Reads photos and finds what is in them; those that a model learned from, or that cannot be read, are left out."""

    def __init__(
        self,
        preset: Preset,
        design: Design,
        masks: Sequence[str],
        steps: Sequence[Step],
        cards: Sequence[Mapping[str, Any]],
    ) -> None:
        self.preset, self.design, self.masks = preset, design, tuple(masks)
        self.controlled = {step.group: step.controls for step in steps if step.group and step.controls}
        known = (pair for card in cards for pair in card.get("training_photos") or ())
        self.learned = FingerprintIndex(Fingerprint(*pair) for pair in known)

    def __call__(self, photo: Photo) -> Opened | LeftOut:
        read = self._read(photo)
        if isinstance(read, LeftOut):
            return read
        original, found = read
        pixels = images.working(original)
        seen = mask_cache.find(photo, original, self.masks)
        things = {name: regions.resize(item.region, *pixels.shape[:2]) for name, item in seen.items()}
        controls = {name: self._controls(name, things, found) for name in self.controlled if _useful(things, name)}
        record = {
            "photo_id": photo.id,
            "source": photo.source,
            "human_score": photo.score,
            "pixels": found.pixels,
            "look": found.look,
            "regions": json.dumps({name: _about(things[name], seen[name], controls.get(name)) for name in things}),
            "features": json.dumps(measure_features(pixels, things)),
        }
        return Opened(photo, found, pixels, preprocess.square(pixels, self.preset), things, controls, record)

    def uses(self, photo: Photo) -> bool:
        """Whether the study does not leave a photo out."""
        return not isinstance(self._read(photo), LeftOut)

    def decoded(self, photo: Photo) -> Pixels | None:
        """What the model sees of an untouched photo, or None if the study leaves it out."""
        read = self._read(photo)
        return None if isinstance(read, LeftOut) else preprocess.square(images.working(read[0]), self.preset)

    def _read(self, photo: Photo) -> tuple[Pixels, Fingerprint] | LeftOut:
        """A photo's pixels as they are read and their fingerprint, unless the study leaves it out."""
        try:
            original = photo.read()
        except PhotoError as error:
            return LeftOut(**vars(unreadable(photo, error)), seen=False)
        found = fingerprint(original)
        if found in self.learned:
            return LeftOut(photo.location, "a model learned from it, or from one that looks the same.", seen=True)
        return original, found

    def _controls(self, name: str, things: Mapping[str, Region], found: Fingerprint) -> Placements:
        """Places for a mask's shape where nothing else was found either; empty on a photo that thinning passes over."""
        others: Mask = regions.union((thing.mask for thing in things.values()), things[name].mask.shape)
        seed = hash_draw(self.design.seed, "placements", name, found.pixels) % 2**31
        return placements(things[name].mask, others, n=self.controlled[name], seed=seed)


def _about(thing: Region, found: mask_cache.Found, places: Placements | None) -> dict[str, Any]:
    """The entry of a mask in the photo table; distances from the centre are in short sides."""
    about: dict[str, Any] = {"area": round(thing.area, 6), "count": len(thing.boxes), "detector": not found.exact}
    if places is not None:
        about |= {"placements": len(places.items), "eccentricity": round(places.eccentricity, 4)}
        about |= {"imbalance": round(places.imbalance, 4)} if places.items else {}
    return about


def _useful(things: Mapping[str, Region], name: str) -> bool:
    """Whether a mask leaves something to remove and something to keep."""
    return name in things and bool(things[name].mask.any()) and not bool(things[name].mask.all())


def jobs_of(opened: Opened, steps: Sequence[Step], design: Design) -> Iterator[Job]:
    """Every row of a photo in order, the untouched photo first; controls only where there are as many as wanted."""
    yield Job(opened, CLEAN, TARGET, None)
    for step in steps:
        mask, content = step.condition.mask, opened.print.pixels
        if (mask and not _useful(opened.regions, mask)) or not applies(step, design, content):
            continue
        seed = seed_of(step, design, content)
        yield Job(opened, step, TARGET, seed)
        if step.controls and opened.controls[mask or ""].complete:
            yield from (Job(opened, step, number, seed) for number in range(1, step.controls + 1))


def render(job: Job, preset: Preset) -> Rendered:
    """Apply a condition to its photo, at working size, and measure the change."""
    opened = job.opened
    if job.step is CLEAN:
        return Rendered(opened.square, None, 0.0)
    after, mask = apply(job)
    square = preprocess.square(after, preset)
    change = regions.measure(opened.pixels, after, mask, job.step.condition.direction or "")
    area = None if change.area is None else float(np.float32(change.area))
    same = np.array_equal(square, opened.square)
    return Rendered(None if same else square, area, float(np.float32(change.rmse)))


def apply(job: Job) -> tuple[Pixels, Mask | None]:
    """The ablated photo at working size, and the mask that was used where there was one."""
    opened, condition = job.opened, job.step.condition
    settings = dict(job.step.settings) | ({} if job.seed is None else {"seed": job.seed})
    function = ABLATIONS[condition.ablation].function
    if condition.mask is None:
        return function(opened.pixels, **settings), None
    whole = job.placement == TARGET
    placed = None if whole else opened.controls[condition.mask].items[job.placement - 1]
    mask = opened.regions[condition.mask].mask if placed is None else placed.mask
    return function(opened.pixels, mask, **settings), mask


def replay(photo: Photo, condition: Condition, seed: int) -> tuple[Pixels, Pixels]:
    """A photo at working size before and after a condition, as a study with this seed rendered it.

    PhotoError if it cannot be read, MaskError if the thing is not found in it any more.
    """
    masks = (condition.mask,) if condition.mask else ()
    design = Design(masks=masks, seed=seed)
    opened = Opener(Preset(config.WORKING_SIZE, config.WORKING_SIZE), design, masks, (), ())(photo)
    if isinstance(opened, LeftOut):
        raise PhotoError(opened.reason)
    where = {"fill": condition.fill, "direction": condition.direction} if condition.mask else {}
    step = Step(condition, condition.arguments | where)
    after, _ = apply(Job(opened, step, TARGET, seed_of(step, design, opened.print.pixels)))
    return opened.pixels, after
