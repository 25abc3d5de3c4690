"""Fills: each registered function (photo, where) → photo puts something without information in place of some pixels.

The photo is uint8 H × W × 3, `where` bool H × W with True where pixels are replaced; all others stay as they are, and
so does the input. No fill but `mean` and `noise`, which use six numbers of the whole photo, lets anything of the
replaced pixels through. To let something through on purpose, take an ablation as the fill (see the region operator).
"""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.photos.images import to_bytes
from core.regions.regions import dilated
from core.registry import FILLS, Choice, Range
from core.types import Mask, Pixels

SMOOTHING_SIDE = 64
INPAINTING_SIDE = 128
"""Short sides in px at which smooth fills are computed: they hold no detail, and the cost stays bounded."""
MATCHING_SIDE, RING = 64, 2
"""Short side in px at which a part with alike surroundings is looked for, and the width in px of what is compared."""
SEAM = 4
"""Px around a gap that are blended as well and then thrown away: OpenCV leaves three of them as they were."""


SURROUNDINGS, CONTENT = "surroundings", "content"


@FILLS.register("Mean colour")
def mean(photo: Pixels, where: Mask) -> Pixels:
    """Fill with the mean colour of the whole photo.

    The mean of the whole, and not of what stays, is the same for removing a thing and for keeping it alone, and makes
    neither look like the other.
    """
    result = photo.copy()
    result[where] = np.rint(cv2.mean(photo)[:3]).astype(np.uint8)
    return result


@FILLS.register("Blur")
def blur(
    photo: Pixels,
    where: Mask,
    *,
    sigma: Annotated[float, Range(0.01, 0.5, 0.01)] = 0.05,
    of: Annotated[str, Choice((SURROUNDINGS, CONTENT))] = SURROUNDINGS,
) -> Pixels:
    """Fill with the surroundings, blurred into the gap by normalised convolution: nothing of the replaced is left.

    `sigma` (a fraction of the short side) is the reach next to the border; the kernel's long tail covers large gaps.
    With `of` content, the gap holds its own content under a plain Gaussian blur instead: its coarse colours stay.
    Source: Knutsson & Westin 1993.
    """
    if of == CONTENT:
        return _replaced(photo, where, cv2.GaussianBlur(photo, (0, 0), sigma * min(where.shape)))
    colours, weight = _known(photo, where, SMOOTHING_SIDE)
    if not weight.any():
        return mean(photo, where)
    known = np.dstack([colours * weight[..., None], weight])
    total = np.zeros_like(known)
    reach = max(sigma * min(weight.shape), 0.5)
    for octave in range(6):
        total += 16.0**-octave * _spread(known, reach * 2**octave)
    return _replaced(photo, where, _enlarged(total[..., :3] / np.maximum(total[..., 3:], 1e-20), photo))


@FILLS.register("Noise")
def noise(photo: Pixels, where: Mask, *, seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0) -> Pixels:
    """Fill with Gaussian noise of the whole photo's mean and standard deviation in each channel, clipped to 0 … 255."""
    centre, spread = (moment.ravel() for moment in cv2.meanStdDev(photo))
    result = photo.copy()
    drawn = np.random.default_rng(seed).standard_normal((int(where.sum()), 3), dtype=np.float32)
    result[where] = to_bytes(drawn * spread.astype(np.float32) + centre.astype(np.float32))
    return result


@FILLS.register("Inpainting")
def inpaint(photo: Pixels, where: Mask, *, radius: Annotated[float, Range(0.005, 0.05, 0.005)] = 0.02) -> Pixels:
    """Fill by continuing the surroundings inwards along their edges, computed at a short side of at most 128 px.

    `radius` is the neighbourhood as a fraction of the short side. Source: Telea 2004.
    """
    colours, weight = _known(photo, where, INPAINTING_SIDE)
    gap = (weight == 0).astype(np.uint8)
    if gap.all():
        return mean(photo, where)
    smooth = to_bytes(colours)
    if gap.any():
        smooth = cv2.inpaint(smooth, gap, max(1.0, radius * min(gap.shape)), cv2.INPAINT_TELEA)
    return _replaced(photo, where, _enlarged(smooth, photo))


@FILLS.register("Blending", often="inpaint")
def blend(photo: Pixels, where: Mask) -> Pixels:
    """Fill with another part of the same photo, whose surroundings look most alike, blended in without a seam.

    What is blended in has the gap's shape and touches nothing of it; where the photo holds no such part, the
    surroundings are continued inwards as by inpainting. Source: Pérez et al. 2003.
    """
    base = inpaint(photo, where)  # nothing of what is replaced is left for the blending to take up
    shift = _twin(base, where)
    if shift is None:
        return base
    border = 2 * SEAM
    edges = border, border
    wide = 255 * dilated(where, SEAM).astype(np.uint8)
    target = np.pad(base, (edges, edges, (0, 0)), mode="reflect")
    wide = np.pad(wide, (edges, edges))
    left, top, width, height = cv2.boundingRect(wide)
    part = target[top + shift[0] : top + shift[0] + height, left + shift[1] : left + shift[1] + width]
    shape = wide[top : top + height, left : left + width]
    part, shape = np.pad(part, ((2, 2), (2, 2), (0, 0))), np.pad(shape, 2)
    middle = (left + width // 2, top + height // 2)
    blended = cv2.seamlessClone(part, target, shape, middle, cv2.NORMAL_CLONE)
    return _replaced(photo, where, blended[border:-border, border:-border])


def _twin(photo: Pixels, where: Mask) -> tuple[int, int] | None:
    """How far down and right the part lies whose surroundings look most like the gap's; None where there is none."""
    scale = MATCHING_SIDE / min(where.shape)
    if scale > 1 or not where.any():
        return None
    size = round(where.shape[1] * scale), round(where.shape[0] * scale)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small_gap = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    gap, wide = (mask.astype(np.float32) for mask in (small_gap, dilated(small_gap, RING)))
    left, top, width, height = cv2.boundingRect(wide.astype(np.uint8))
    inside = np.s_[top : top + height, left : left + width]
    free = cv2.matchTemplate(gap, wide[inside], cv2.TM_CCORR) < 0.5
    if not free.any():
        return None
    ring = np.repeat((wide - gap)[inside][..., None], 3, axis=2)
    apart = cv2.matchTemplate(small, small[inside], cv2.TM_SQDIFF, mask=ring)
    down, right = np.unravel_index(np.where(free, apart, np.inf).argmin(), free.shape)
    return int((down - top) / scale), int((right - left) / scale)


def _replaced(photo: Pixels, where: Mask, by: Pixels) -> Pixels:
    return cv2.copyTo(by, where.astype(np.uint8), photo.copy())


def _known(photo: Pixels, where: Mask, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours (float32) of what stays at a short side of at most `side` px, and the share of each pixel that stays."""
    stays: np.ndarray = (~where).astype(np.float32)
    colours: np.ndarray = photo * stays[..., None]
    scale = side / min(where.shape)
    if scale < 1:
        size = (max(1, round(where.shape[1] * scale)), max(1, round(where.shape[0] * scale)))
        colours = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        stays = cv2.resize(stays, size, interpolation=cv2.INTER_AREA)
    return colours / np.maximum(stays, 1e-6)[..., None], stays


def _spread(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur that counts what lies outside the photo as unknown."""
    reach = 2 * round(4 * sigma) + 1  # cut at 4 sigma: a visible step would be left at 3
    size = (min(reach, 2 * values.shape[1] + 1), min(reach, 2 * values.shape[0] + 1))
    return cv2.GaussianBlur(values, size, sigma, borderType=cv2.BORDER_CONSTANT)


def _enlarged(values: np.ndarray, photo: Pixels) -> Pixels:
    return to_bytes(cv2.resize(values, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR))
