"""A photo before and after any condition, on every machine: drawn scenes hold every thing, packaged photos the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import MaskError, StudyError
from core.scenes.scene import OBJECT_CLASSES
from core.scenes.worlds import WORLDS
from core.sources import open_source
from core.study.photos import replay
from core.table import Condition
from core.types import Photo, Pixels

TRIED = 40
"""Scenes among which one with the thing is looked for."""


@dataclass(frozen=True)
class BeforeAfter:
    """A photo before and after a condition, at working size, and what kind of photo it is, in words."""

    before: Pixels
    after: Pixels
    of: str


def before_after(condition: Condition, seed: int = 0) -> BeforeAfter:
    """The first drawn scene that holds the thing a condition needs, or a packaged photo, before and after it.

    StudyError where no such photo holds the thing.
    """
    drawn = condition.mask in OBJECT_CLASSES
    for photo in _scenes(str(condition.mask)) if drawn else open_source("samples").photos:
        try:
            before, after = replay(photo, condition, seed)
        except MaskError:
            continue
        return BeforeAfter(before, after, "a drawn scene" if drawn else "a packaged photo")
    raise StudyError(f"No photo of this project holds what {condition.mask} names; open a study whose photos are here.")


def _scenes(mask: str) -> Iterator[Photo]:
    """Drawn scenes in which the thing counts."""
    world = next(item for item in WORLDS.values() if item.causes == (mask,))
    yield from open_source(f"generated:{world.id},n={TRIED}").photos
