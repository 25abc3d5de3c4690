"""What a generated scene holds: the record that its picture follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

OBJECT_CLASSES = ("faces", "people", "salient", "text")
"""Mask ids of the things that a scene may hold."""
LARGE = (0.2, 0.4)
"""Shares of the photo that a large thing covers, from its least size to its largest."""


@dataclass(frozen=True)
class Scene:
    """All that a picture follows from: sizes of things in [0, 1] (absent if missing), amounts in [0, 1], and a seed.

    `columns` says which thing stands in the left, middle and right third: people (and faces), salient, text. What
    stands in the middle lies within the middle half of width and height. `large` names a thing that fills the shares
    `reach` of the picture from its middle; the others then stand small in the corners. `light` is how bright all is.
    """

    height: int
    width: int
    seed: int
    things: Mapping[str, float] = field(default_factory=dict)
    columns: tuple[str, ...] = ("people", "salient", "text")
    colour: float = 1.0
    texture: float = 0.0
    frequency: float = 0.0
    context: float = 0.0
    light: float = 1.0
    large: str = ""
    reach: tuple[float, float] = LARGE

    def random(self, part: int) -> np.random.Generator:
        """Random numbers of one part of the picture: leaving another part out changes nothing in it."""
        return np.random.default_rng([self.seed, part])
