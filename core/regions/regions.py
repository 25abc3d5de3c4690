"""Masks and regions at work: checked, inverted, dilated, brought to another size, and the size of a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import MaskError
from core.table import KEEP
from core.types import Mask, Pixels, Rect, Region


@dataclass(frozen=True)
class Change:
    """How much of a photo an ablation changed.

    `area`: share of the photo that was replaced, None for whole-photo ablations; `rmse`: root mean squared difference
    of the pixel values in [0, 1].
    """

    area: float | None
    rmse: float


def rmse(before: Pixels, after: Pixels) -> float:
    """Root mean squared difference of two photos of one shape, pixel values in [0, 1]."""
    return float(cv2.norm(before, after, cv2.NORM_L2) / np.sqrt(before.size) / 255)


def measure(before: Pixels, after: Pixels, mask: Mask | None = None, direction: str = "") -> Change:
    """The change between a photo and its ablated copy, under a mask where there was one."""
    return Change(None if mask is None else float(replaced(mask, direction).mean()), rmse(before, after))


def replaced(mask: Mask, direction: str) -> Mask:
    """Where pixels are replaced: inside the mask (remove) or outside of it (keep)."""
    return ~mask if direction == KEEP else mask


def check(photo: Pixels, mask: Mask) -> None:
    """MaskError unless the mask is boolean, as large as the photo, and covers a part of it."""
    if mask.dtype != bool or mask.ndim != 2:
        raise MaskError("A mask must hold true or false for every pixel, height × width.")
    if mask.shape != photo.shape[:2]:
        (height, width), (tall, wide) = mask.shape, photo.shape[:2]
        raise MaskError(f"The mask is {width} × {height} px but its photo {wide} × {tall}; give one of the same size.")
    if not mask.any():
        raise MaskError("The mask is empty: there is nothing to remove or to keep.")
    if mask.all():
        raise MaskError("The mask covers the whole photo: nothing else is left.")


def empty(shape: tuple[int, ...]) -> Mask:
    """A mask without anything in it, at the size of a photo's or mask's `shape`."""
    return np.zeros(shape[:2], dtype=bool)


def around(mask: Mask) -> Rect:
    """The smallest rectangle that holds all of a mask; MaskError for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise MaskError("An empty mask has no rectangle around it.")
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def union(masks: Iterable[Mask], shape: tuple[int, ...]) -> Mask:
    """All that lies in any of the masks of one shape; empty if there are none."""
    joined = empty(shape)
    for mask in masks:
        joined |= mask
    return joined


def dilated(mask: Mask, radius: int, kernel: int = cv2.MORPH_RECT) -> Mask:
    """A mask grown by so many px on every side: by a square, or by another kernel that OpenCV names."""
    side = 2 * radius + 1
    return cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(kernel, (side, side))) > 0


def from_boxes(boxes: Iterable[Rect], shape: tuple[int, ...]) -> Region:
    """The region that rectangles cover; what sticks out of the photo is cut off, and what lies outside left out."""
    height, width = shape[:2]
    inside = [Rect(max(0, box.left), max(0, box.top), min(width, box.right), min(height, box.bottom)) for box in boxes]
    kept = tuple(box for box in inside if box.left < box.right and box.top < box.bottom)
    mask = empty(shape)
    for box in kept:
        mask[box.top : box.bottom, box.left : box.right] = True
    return Region(mask, kept)


def resize_mask(mask: Mask, height: int, width: int) -> Mask:
    """A mask at another size: true where at least half of the pixel was inside. Thin things may vanish."""
    if mask.shape == (height, width):
        return mask
    shrink = height < mask.shape[0]
    how = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    return cv2.resize(mask.astype(np.float32), (width, height), interpolation=how) >= 0.5


def transferred(mask: Mask, height: int, width: int) -> Mask:
    """A mask at the same place of another photo, in fractions of width and height; a thin one does not vanish."""
    moved = resize_mask(mask, height, width)
    if moved.any() or not mask.any():
        return moved
    rows, columns = np.nonzero(mask)
    down, across = rows * height // mask.shape[0], columns * width // mask.shape[1]
    moved[down, across] = True
    return moved


def structure(photo: Pixels) -> np.ndarray:
    """How much there is to see at each pixel: the gradient's magnitude, grey in [0, 1] a px, float32 H × W."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    down, across = (cv2.Sobel(grey, cv2.CV_16S, dx, dy, ksize=3).astype(np.int32) for dx, dy in ((0, 1), (1, 0)))
    return np.sqrt((down**2 + across**2).astype(np.float32)) / np.float32(8 * 255)


def resize(region: Region, height: int, width: int) -> Region:
    """A region brought along when its photo is resized to height × width px."""
    down, across = height / region.mask.shape[0], width / region.mask.shape[1]
    boxes = tuple(
        Rect(
            int(box.left * across),
            int(box.top * down),
            max(int(box.left * across) + 1, round(box.right * across)),
            max(int(box.top * down) + 1, round(box.bottom * down)),
        )
        for box in region.boxes
    )
    return Region(resize_mask(region.mask, height, width), boxes)
