"""Masks at work: what dilation adds, and what it leaves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.regions.regions import dilated, empty


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
