"""A mask picture back to a mask."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import MaskError
from core.paint.mask_files import read_mask
from core.photos import images
from core.types import Rect
from tests.paint.test_segments import region


def test_an_exported_mask_comes_back_as_it_was() -> None:
    mask = region(Rect(10, 10, 40, 30), boxes=False, shape=(256, 341)).mask
    written = images.png_bytes(np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2))
    assert (read_mask(written, "mask.png", 256, 341) == mask).all()
    large = images.png_bytes(images.resize(np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2), 1364, 1024))
    assert (read_mask(large, "mask.png", 256, 341) ^ mask).mean() < 0.01


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((256, 341, 3), np.uint8), "nothing in this mask is white"),
        (np.full((256, 341, 3), 255, np.uint8), "all of this mask is white"),
        (np.full((341, 256, 3), 255, np.uint8), "belongs to another photo"),
        (np.full((256, 300, 3), 255, np.uint8), "belongs to another photo"),
    ],
)
def test_a_picture_that_is_no_mask_of_the_photo_is_refused(values: np.ndarray, reason: str) -> None:
    with pytest.raises(MaskError, match=reason):
        read_mask(images.png_bytes(values), "mask.png", 256, 341)


def test_a_file_that_is_no_picture_is_refused() -> None:
    with pytest.raises(MaskError, match=r"mask\.png"):
        read_mask(b"hello", "mask.png", 256, 341)
