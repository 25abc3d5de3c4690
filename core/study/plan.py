"""A study before it is run: which photos in which order, which conditions, and what is noted down about it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from core import config
from core.errors import StudyError
from core.inference import Predictor, prefetch
from core.photos.fingerprints import FingerprintIndex
from core.registry import MASKS
from core.study.conditions import Design, Step, grid, hash_draw, masks_of, steps_by_mask
from core.study.photos import PhotoReader
from core.table import PROTOCOL
from core.types import Photo

BLOCK = 16
"""Photos a part: what a kill can cost, and what is held in memory at most twice over."""
WORKERS = os.cpu_count() or 1
"""Threads that render and score, and as many that open photos: what waits for the other leaves it the core."""


@dataclass(frozen=True)
class Plan:
    """A study before it is run: its photos in order, its grid, and the guard that opens photos."""

    predictor: Predictor
    photos: tuple[Photo, ...]
    design: Design
    steps: tuple[Step, ...]
    reader: PhotoReader
    settings: Mapping[str, Any]

    @cached_property
    def steps_by_mask(self) -> Mapping[str | None, tuple[Step, ...]]:
        """The steps of each mask, and under None those of whole photos."""
        return steps_by_mask(self.steps)

    @cached_property
    def blocks(self) -> list[tuple[Photo, ...]]:
        return [self.photos[start : start + BLOCK] for start in range(0, len(self.photos), BLOCK)]


def plan(
    predictor: Predictor,
    photos: Sequence[Photo],
    design: Design,
    *,
    allow_seen: bool = False,
    unseen_by: Mapping[str, Any] | None = None,
    note: Mapping[str, Any] | None = None,
) -> Plan:
    """A study of photos with a model: order, grid and marks, without any work done yet.

    The order is random but fixed, so that a part of a study is a random sample of it. A number of photos is drawn from
    those that can be used: photos are read up to the last of them, and what is left out is counted. `unseen_by` is the
    card of another model whose training photos are left out too; `note` goes into study.json. StudyError if there is no
    photo, two have the same name, or that card does not tell its photos.
    """
    steps = grid(design)
    ordered = sorted(photos, key=lambda photo: hash_draw(design.seed, photo.source, photo.id))
    if not ordered:
        raise StudyError("There is no photo to study; name a source with photos in the chosen part.")
    if len({(photo.source, photo.id) for photo in ordered}) < len(ordered):
        raise StudyError("Two sources hold photos of the same name; rename one of the folders, or leave one out.")
    cards = [*([] if allow_seen else [predictor.card]), *([unseen_by] if unseen_by else [])]
    if unseen_by and unseen_by.get("training_photos") is None:
        raise StudyError("The other model's card does not tell what it learned from, so nothing can be left out.")
    reader = PhotoReader(predictor.preset, design, masks_of(design), steps, tuple(cards))
    chosen = _first_usable(ordered, reader, design.photos)
    settings = {
        "protocol": PROTOCOL,
        "model": predictor.name,
        "engine": predictor.engine.id,
        "precision": predictor.engine.precision,
        "sources": sorted({photo.source for photo in chosen}),
        "seed": design.seed,
        "possibly_seen": predictor.card.get("training_photos") is None,
        "contaminated": allow_seen,
        "thinning": design.thinning,
        "design": json.loads(json.dumps(asdict(design))),
        "conditions": [asdict(step.condition) for step in steps],
        "listed": len(chosen),
        "listing": f"{hash_draw([(photo.source, photo.id) for photo in chosen]):016x}",
        "masks": {name: MASKS[name].facts.get("version") for name in reader.masks},
        "working_size": config.WORKING_SIZE,
        "preset": json.loads(json.dumps(asdict(predictor.preset))),
        **(note or {}),
    }
    return Plan(predictor, chosen, design, steps, reader, settings)


def _first_usable(ordered: Sequence[Photo], reader: PhotoReader, wanted: int) -> tuple[Photo, ...]:
    """The photos up to the last of the first `wanted` that count; all for 0, or where there are no more."""
    if not wanted:
        return tuple(ordered)
    kept, known = 0, FingerprintIndex()
    for looked, found in enumerate(prefetch(reader.print_of, ordered, depth=2 * WORKERS, workers=WORKERS), start=1):
        if found is not None and found not in known:
            known.add(found)
            kept += 1
        if kept == wanted:
            return tuple(ordered[:looked])
    return tuple(ordered)
