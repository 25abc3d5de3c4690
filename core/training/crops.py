"""Views of a photo for training: the whole photo, then random crops that teacher and student both see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.types import Pixels


@dataclass(frozen=True)
class Box:
    """A rectangle in fractions of the photo's height and width."""

    top: float
    left: float
    height: float
    width: float


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def view_box(pixels_hash: str, view: int, min_area: float) -> Box:
    """The box of a view: view 0 is the whole photo; others hold a share of its area drawn from [min_area, 1].

    Drawn from the photo's own hash, so that a view means the same crop on every machine and in every run.
    """
    if view == 0:
        return WHOLE
    return random_box(np.random.default_rng([int(pixels_hash, 16), view]), min_area)


def random_box(random: np.random.Generator, min_area: float) -> Box:
    """A box anywhere in the photo that holds a share of its area drawn from [min_area, 1], stretched by up to 16 %."""
    area = random.uniform(min_area, 1.0)
    stretch = np.exp(random.uniform(-0.15, 0.15))
    height, width = min(1.0, np.sqrt(area) * stretch), min(1.0, np.sqrt(area) / stretch)
    return Box(random.uniform(0, 1 - height), random.uniform(0, 1 - width), height, width)


def crop(photo: Pixels, box: Box) -> Pixels:
    """The pixels inside a box, at least one."""
    height, width = photo.shape[:2]
    top, left = round(box.top * height), round(box.left * width)
    bottom, right = round((box.top + box.height) * height), round((box.left + box.width) * width)
    return photo[top : max(bottom, top + 1), left : max(right, left + 1)]
