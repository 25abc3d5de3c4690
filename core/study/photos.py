"""The photos of a study at work: opened once, with everything found in them, and rendered under every condition."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import config
from core.errors import PhotoError, StudyError
from core.photos import images, preprocess
from core.photos.features import measure_features
from core.photos.fingerprints import Fingerprint, FingerprintIndex, content_hash, fingerprint
from core.photos.preprocess import Preset
from core.regions import mask_cache, regions
from core.regions.placements import Placements, emptiest, placements
from core.registry import ABLATIONS
from core.study.conditions import CLEAN, Design, Step, applies, controlled, hash_draw, seed_of
from core.study.parts import LeftOut
from core.study.population import unpacked
from core.table import EMPTY, HOSTED, PLACED, REMOVE, TARGET, Condition
from core.types import Mask, Photo, Pixels, Region, unreadable

SALIENT = "salient"
"""The mask whose share under a hosted control is noted."""


@dataclass(frozen=True)
class Opened:
    """A photo at working size with its fingerprint and the masks of what was found in it, empty ones left out.

    `square` is what the model sees of the untouched photo, `record` its row of the photo table. `clean` is the score
    and the features of the untouched photo, once they are known. `looked`: detectors had to look for all that no label
    tells, and found nothing kept from an earlier time.
    """

    photo: Photo
    print: Fingerprint
    pixels: Pixels
    square: Pixels
    masks: Mapping[str, Mask]
    record: Mapping[str, Any] = field(default_factory=dict)
    clean: tuple[float, np.ndarray] | None = None
    looked: bool = False


@dataclass(frozen=True)
class RowKey:
    """Whose row it is: the target, and which of its controls, if any; what `control` says is in `core.table`.

    `covered` is the share of the host's salient object under the mask, `structure` the mean gradient there.
    """

    target: Photo
    placement: int = TARGET
    control: str | None = None
    covered: float | None = None
    structure: float | None = None


@dataclass(frozen=True)
class RowJob:
    """One row to be: a condition of a photo under a mask, where there is one, and to whom the row belongs."""

    opened: Opened
    step: Step
    row: RowKey
    seed: int | None = None
    mask: Mask | None = None


@dataclass(frozen=True)
class Rendered:
    """What the model is to see, None where that equals the untouched photo; share of area replaced, and RMSE."""

    square: Pixels | None
    area: float | None
    rmse: float


class PhotoReader:
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
        try:
            seen = mask_cache.find(photo, original, self.masks)
        except PhotoError as error:
            return LeftOut(photo.location, f"its mask cannot be read: {error}")
        things = {name: regions.resize(item.region, *pixels.shape[:2]) for name, item in seen.items()}
        masks = {name: thing.mask for name, thing in things.items() if thing.mask.any()}
        places = {name: controls(name, masks, found.pixels, self.design.seed, wanted) for name, wanted in
                  self.controlled.items() if _useful(masks.get(name))}  # fmt: skip
        record = {
            "photo_id": photo.id,
            "source": photo.source,
            "human_score": photo.score,
            "pixels": found.pixels,
            "look": found.look,
            "regions": json.dumps({name: _about(things[name], seen[name], places.get(name)) for name in things}),
            "features": json.dumps(measure_features(pixels, things)),
        }
        detected = [item for item in seen.values() if not item.exact]
        looked = bool(detected) and not any(item.kept for item in detected)
        return Opened(photo, found, pixels, preprocess.square(pixels, self.preset), masks, record, looked=looked)

    def again(self, photo: Photo, work: Mapping[str, Any]) -> Opened:
        """A photo of the study for a later pass: its masks and its clean score are known (a row of `parts.WORK`).

        StudyError if it cannot be read any more, or is another one by now.
        """
        try:
            original = photo.read()
        except PhotoError as error:
            gone = f"{photo.location} was scored, but cannot be read any more ({error}); put it back."
            raise StudyError(gone) from error
        if content_hash(original) != work["pixels"]:
            raise StudyError(
                f"{photo.location} is not the photo any more that was scored; put that one back, or give another --out."
            )
        pixels, size = images.working(original), (work["height"], work["width"])
        masks = {name: unpacked(bits, *size) for name, bits in work["masks"]}
        clean = work["score"], np.frombuffer(work["features"], dtype=np.float32)
        found = Fingerprint(work["pixels"], work["look"])
        return Opened(photo, found, pixels, preprocess.square(pixels, self.preset), masks, clean=clean)

    def print_of(self, photo: Photo) -> Fingerprint | None:
        """A photo's fingerprint, or None if the study leaves it out."""
        read = self._read(photo)
        return None if isinstance(read, LeftOut) else read[1]

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


def controls(name: str, masks: Mapping[str, Mask], pixels: str, seed: int, wanted: int) -> Placements:
    """Places for a mask's shape where nothing else was found either; the same for the same photo and study."""
    others: Mask = regions.union(masks.values(), masks[name].shape)
    drawn = hash_draw(seed, "placements", name, pixels) % 2**31
    return placements(masks[name], others, n=wanted, seed=drawn)


def _about(thing: Region, found: mask_cache.FoundRegion, places: Placements | None) -> dict[str, Any]:
    """The entry of a mask in the photo table; distances from the centre are in short sides."""
    about: dict[str, Any] = {"area": round(thing.area, 6), "count": len(thing.boxes), "detector": not found.exact}
    if places is not None:
        about |= {"placements": len(places.items), "eccentricity": round(places.eccentricity, 4)}
        about |= {"imbalance": round(places.imbalance, 4)} if places.items else {}
    return about


def _useful(mask: Mask | None) -> bool:
    """Whether a mask leaves something to remove and something to keep."""
    return mask is not None and bool(mask.any()) and not bool(mask.all())


def whole_jobs(opened: Opened, steps: Sequence[Step], design: Design) -> Iterator[RowJob]:
    """Every ablation of a photo as a whole."""
    content = opened.print.pixels
    for step in steps:
        if step.condition.mask is None and applies(step, design, content):
            yield RowJob(opened, step, RowKey(opened.photo), seed_of(step, design, content))


def target_jobs(
    opened: Opened, mask: str, steps: Sequence[Step], design: Design, deciding: Collection[str]
) -> Iterator[RowJob]:
    """The rows of a target itself: a region under every fill and direction, and placed where all controls have room."""
    content, own = opened.print.pixels, opened.masks[mask]
    wanted = max(step.controls for step in steps)
    places = controls(mask, opened.masks, content, design.seed, wanted) if wanted else None
    for step in steps:
        seed = seed_of(step, design, content)
        yield RowJob(opened, step, RowKey(opened.photo), seed, own)
        if step.controls and places and places.complete and controlled(step, design, content, deciding):
            for number, place in enumerate(places.items[: step.controls], start=1):
                yield RowJob(opened, step, RowKey(opened.photo, number, PLACED), seed, place.mask)


@dataclass(frozen=True)
class HostedMask:
    """A target whose mask is brought to a host: the photo, its fingerprint, the mask and its number among the hosts."""

    photo: Photo
    pixels: str
    shape: Mask
    number: int


def hosted_jobs(
    host: Opened, hosted: HostedMask, steps: Sequence[Step], design: Design, deciding: Collection[str]
) -> Iterator[RowJob]:
    """The region of a target at the same place of a host, under every condition that has hosts."""
    mask = regions.transferred(hosted.shape, *host.pixels.shape[:2])
    salient = host.masks.get(SALIENT)
    covered = None if salient is None else float(np.float32(salient[mask].sum() / salient.sum()))
    row = RowKey(hosted.photo, hosted.number, HOSTED, covered)
    for step in steps:
        if _useful(mask) and step.hosts and controlled(step, design, hosted.pixels, deciding):
            yield RowJob(host, step, row, seed_of(step, design, hosted.pixels), mask)


def empty_jobs(host: Opened, hosted: HostedMask, steps: Sequence[Step], design: Design) -> Iterator[RowJob]:
    """The shape of a target removed at the emptiest place of a host, under every fill."""
    shape = regions.transferred(hosted.shape, *host.pixels.shape[:2])
    if not _useful(shape):
        return
    mask, structure = emptiest(shape, regions.structure(host.pixels))
    row = RowKey(hosted.photo, hosted.number, EMPTY, structure=float(np.float32(structure)))
    for step in steps:
        if step.condition.direction == REMOVE:
            yield RowJob(host, step, row, seed_of(step, design, hosted.pixels), mask)


def render(job: RowJob, preset: Preset) -> Rendered:
    """Apply a condition to its photo, at working size, and measure the change."""
    opened = job.opened
    if job.step is CLEAN:
        return Rendered(opened.square, None, 0.0)
    after = apply(job)
    square = preprocess.square(after, preset)
    change = regions.measure(opened.pixels, after, job.mask, job.step.condition.direction or "")
    area = None if change.area is None else float(np.float32(change.area))
    same = np.array_equal(square, opened.square)
    return Rendered(None if same else square, area, float(np.float32(change.rmse)))


def apply(job: RowJob) -> Pixels:
    """The ablated photo at working size; MaskError where the mask leaves nothing to remove or to keep."""
    settings = dict(job.step.settings) | ({} if job.seed is None else {"seed": job.seed})
    function = ABLATIONS[job.step.condition.ablation].function
    masks = () if job.mask is None else (job.mask,)
    return function(job.opened.pixels, *masks, **settings)


def replay(photo: Photo, condition: Condition, seed: int) -> tuple[Pixels, Pixels]:
    """A photo at working size before and after a condition, as a study with this seed rendered it.

    PhotoError if it cannot be read, MaskError if the thing is not found in it any more.
    """
    masks = (condition.mask,) if condition.mask else ()
    design = Design(masks=masks, seed=seed)
    opened = PhotoReader(Preset(config.WORKING_SIZE, config.WORKING_SIZE), design, masks, (), ())(photo)
    if isinstance(opened, LeftOut):
        raise PhotoError(opened.reason)
    where = {"fill": condition.fill, "direction": condition.direction} if condition.mask else {}
    step = Step(condition, condition.arguments | where)
    mask = opened.masks.get(condition.mask, regions.empty(opened.pixels.shape)) if condition.mask else None
    seed_drawn = seed_of(step, design, opened.print.pixels)
    return opened.pixels, apply(RowJob(opened, step, RowKey(photo), seed_drawn, mask))
