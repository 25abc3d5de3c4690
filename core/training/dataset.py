"""Training examples: which photos may teach, what each is worth, and what of it the model sees in an epoch."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch.utils.data import Dataset

from core.errors import PhotoError, TrainingError
from core.photos import images
from core.photos.fingerprints import Fingerprint, FingerprintIndex, fingerprint, in_held_half, in_held_tenth
from core.sources import open_source
from core.training.crops import crop, random_box, view_box
from core.types import Listing, Photo, Pixels, Problem, Progress, silent, unreadable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A photo to learn from: its fingerprint, and a target for each labelled view (view 0 is the whole photo)."""

    photo: Photo
    print: Fingerprint
    targets: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrainingSet:
    """What a run learns from and is judged by, and what was left out and why."""

    scored: tuple[Example, ...]
    unscored: tuple[Example, ...]
    validation: tuple[Photo, ...]
    kept_out: tuple[Example, ...]
    near_duplicates: int
    problems: tuple[Problem, ...] = field(default=())


def gather(
    data: str,
    unscored: Sequence[str] = (),
    keep_out: Sequence[str] = (),
    *,
    limit: int | None = None,
    hold_half: bool = False,
    hold_tenth: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> TrainingSet:
    """Collect the photos of a run; none that is kept out, or looks like one that is, can reach training.

    Kept out are the test part of `data`, every photo of the `keep_out` sources and, with `hold_half`, the half of each
    unscored source that content hashing chooses, of those in `hold_tenth` a tenth. TrainingError if too few photos with
    human scores remain.
    """
    listing = open_source(data)
    train, judges, test = split_parts(listing, limit, seed)
    problems = list(listing.problems)

    def prints(photos: Iterable[Photo], what: str) -> list[Example]:
        return list(fingerprinted(list(photos), problems, progress, what))

    others: list[Example] = []
    held: list[Example] = []
    for name in unscored:
        is_held = in_held_tenth if name in hold_tenth else in_held_half if hold_half else _never
        for example in prints(open_source(name).photos, name):
            (held if is_held(example.print) else others).append(example)
    kept = held + prints(test, "test part") + [e for name in keep_out for e in prints(open_source(name).photos, name)]
    index = FingerprintIndex(example.print for example in kept)
    scored = prints(train, "training part")
    validation = [example.photo for example in prints(judges, "validation part")]
    fresh = [example for example in scored if example.print not in index]
    spare = [example for example in others if example.print not in index]
    for problem in problems:
        log.warning("left out: %s", problem)
    if len(fresh) < 2 or len(validation) < 2:
        raise TrainingError(f"{data}: at least 2 photos with human scores are needed to train on and 2 to validate on.")
    dropped = len(scored) - len(fresh) + len(others) - len(spare)
    return TrainingSet(tuple(fresh), tuple(spare), tuple(validation), tuple(kept), dropped, tuple(problems))


def _never(item: Fingerprint) -> bool:
    return False


def split_parts(listing: Listing, limit: int | None, seed: int) -> tuple[list[Photo], list[Photo], list[Photo]]:
    """Train, validation and test part of the scored photos; without splits, a random 80/20 with no test part."""
    scored = [photo for photo in listing.photos if photo.score is not None]
    parts = {part: [photo for photo in scored if photo.split == part] for part in ("train", "val", "test")}
    random = np.random.default_rng(seed)
    if not parts["train"] or limit is not None:
        pool = [photo for photo in scored if photo.split != "test"]
        chosen = [pool[i] for i in random.permutation(len(pool))[:limit]]
        cut = round(0.8 * len(chosen))
        return chosen[:cut], chosen[cut:], parts["test"]
    return parts["train"], parts["val"], parts["test"]


def fingerprinted(photos: list[Photo], problems: list[Problem], progress: Progress, what: str) -> Iterable[Example]:
    """Photos with their fingerprints; one that cannot be read joins `problems` instead."""
    for photo in progress(photos, len(photos), f"reading {what}"):
        try:
            yield Example(photo, fingerprint(photo.read()))
        except PhotoError as error:
            problems.append(unreadable(photo, error))


def with_targets(examples: Sequence[Example], targets: np.ndarray) -> tuple[Example, ...]:
    """Examples with a row of targets each (N × views)."""
    return tuple(
        dataclasses.replace(example, targets=tuple(map(float, row)))
        for example, row in zip(examples, targets, strict=True)
    )


class AugmentedViews(Dataset):
    """(epoch, index) → (uint8 size × size × 3, target): a labelled view, cropped a little, flipped half of the time.

    Everything random is drawn from (seed, epoch, index), so that a resumed run sees what an uninterrupted one sees.
    """

    def __init__(self, examples: Sequence[Example], size: int, seed: int, view_area: float, crop_area: float) -> None:
        self.examples = examples
        self.size = size
        self.seed = seed
        self.view_area = view_area
        self.crop_area = crop_area

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Pixels, float]:
        epoch, index = key
        example = self.examples[index]
        random = np.random.default_rng([self.seed, epoch, index])
        view = int(random.integers(len(example.targets)))
        photo = crop(example.photo.read(), view_box(example.print.pixels, view, self.view_area))
        square = images.resize(crop(photo, random_box(random, self.crop_area)), self.size, self.size)
        if random.random() < 0.5:
            square = square[:, ::-1]
        return np.ascontiguousarray(square), example.targets[view]
