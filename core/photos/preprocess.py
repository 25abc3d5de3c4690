"""Pixels to model input. The preset travels with the checkpoint, so that a score can never meet the wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.photos import images
from core.types import Pixels

if TYPE_CHECKING:
    import torch


LARGEST = 2048
"""Side in px of what a model may ask for: a card that says more would take all memory."""


@dataclass(frozen=True)
class Preset:
    """How a model wants its photos: squashed to `resize` px square, the central `crop` px of it, then (x − mean) / std.

    With crop == resize nothing is cut off: every pixel of the photo can matter, wherever somebody paints.
    """

    resize: int
    crop: int
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    interpolation: Literal["bilinear"] = "bilinear"

    def __post_init__(self) -> None:
        if not 0 < self.crop <= self.resize <= LARGEST:
            raise ValueError(f"crop must lie between 1 and resize ({self.resize}, at most {LARGEST}), not {self.crop}.")
        if int(self.crop) != self.crop or int(self.resize) != self.resize:
            raise ValueError("crop and resize are whole numbers of px.")
        if len(self.mean) != 3 or len(self.std) != 3 or not np.isfinite((*self.mean, *self.std)).all():
            raise ValueError("mean and std have a number for each of three colours.")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0.")

    @property
    def offset(self) -> int:
        return round((self.resize - self.crop) / 2)


def square(photo: Pixels, preset: Preset) -> Pixels:
    """The part of a photo that a model sees, uint8 crop × crop × 3."""
    squashed = images.resize(photo, preset.resize, preset.resize)
    inside = slice(preset.offset, preset.offset + preset.crop)
    return squashed[inside, inside]


def to_batch(squares: Sequence[Pixels] | np.ndarray, preset: Preset) -> torch.Tensor:
    """Stack squares (uint8 N × crop × crop × 3) into a float32 tensor N × 3 × crop × crop, channels last in memory."""
    import torch

    batch = torch.from_numpy(np.ascontiguousarray(squares)).permute(0, 3, 1, 2).float().div_(255)
    if any(preset.mean):
        batch.sub_(torch.tensor(preset.mean).view(1, 3, 1, 1))
    if preset.std != (1.0, 1.0, 1.0):
        batch.div_(torch.tensor(preset.std).view(1, 3, 1, 1))
    return batch.contiguous(memory_format=torch.channels_last)
