"""Masks at work: what dilation adds, and what it leaves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.errors import MaskError
from core.regions import regions
from core.regions.regions import dilated, empty
from core.types import Rect


@pytest.mark.parametrize("radius", [0, 1, 4])
def test_a_mask_grows_by_its_radius_on_every_side(radius: int) -> None:
    mask = empty((40, 50))
    mask[20:23, 30:34] = True
    found = dilated(mask, radius)
    wanted = empty(mask.shape)
    wanted[20 - radius : 23 + radius, 30 - radius : 34 + radius] = True
    assert found.dtype == bool
    np.testing.assert_array_equal(found, wanted)


def test_another_kernel_cuts_the_corners_and_the_photo_ends_at_its_edge() -> None:
    mask = empty((21, 21))
    mask[10, 10] = mask[0, 0] = True
    before = mask.copy()
    round_one, square = dilated(mask, 4, cv2.MORPH_ELLIPSE), dilated(mask, 4)
    np.testing.assert_array_equal(mask, before)
    assert (round_one <= square).all()
    assert round_one[10, 6]
    assert round_one[6, 10]
    assert square[6, 6]
    assert not round_one[6, 6]
    assert square[:5, :5].all()


def test_boxes_are_cut_off_at_the_border() -> None:
    region = regions.from_boxes([Rect(-5, 2, 3, 4), Rect(90, 90, 99, 99), Rect(8, 8, 20, 20)], (10, 10, 3))
    assert region.boxes == (Rect(0, 2, 3, 4), Rect(8, 8, 10, 10))
    assert region.mask.sum() == 3 * 2 + 2 * 2


def test_a_region_is_brought_along_when_its_photo_is_resized() -> None:
    region = regions.from_boxes([Rect(10, 20, 30, 60)], (100, 80, 3))
    small = regions.resize(region, 50, 40)
    assert small.boxes == (Rect(5, 10, 15, 30),)
    assert small.mask.sum() == 10 * 20
    assert small.mask[10:30, 5:15].all()
    assert (regions.resize_mask(small.mask, 100, 80) == region.mask).mean() > 0.99
    assert regions.resize_mask(region.mask, 100, 80) is region.mask


def test_a_union_of_masks() -> None:
    one, other = np.eye(3, dtype=bool), np.zeros((3, 3), dtype=bool)
    other[0] = True
    assert (regions.union([one, other], (3, 3)) == (one | other)).all()
    assert not regions.union([], (3, 3)).any()


def test_the_rectangle_around_a_mask() -> None:
    mask = np.zeros((20, 30), dtype=bool)
    mask[[3, 9], [12, 5]] = True
    assert regions.around(mask) == Rect(5, 3, 13, 10)
    with pytest.raises(MaskError, match="empty"):
        regions.around(np.zeros_like(mask))
