"""A mask that somebody painted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import MaskError
from core.masks.painted import painted
from core.photos import images


def test_a_painted_mask_is_read_and_checked(tmp_path: Path, photo: np.ndarray) -> None:
    def save(name: str, values: np.ndarray) -> str:
        (tmp_path / name).write_bytes(images.png_bytes(np.stack([values.astype(np.uint8)] * 3, axis=2)))
        return str(tmp_path / name)

    half = np.zeros((48, 64))
    half[:, :32] = 255
    region = painted(photo, png=save("half.png", half))
    assert (region.mask == (half > 0)).all()
    for name, values, reason in (
        ("small.png", half[:20], "64 × 20 px"),
        ("empty.png", half * 0, "empty"),
        ("full.png", half * 0 + 255, "whole photo"),
    ):
        with pytest.raises(MaskError, match=reason):
            painted(photo, png=save(name, values))
    with pytest.raises(MaskError, match="no such file"):
        painted(photo, png=str(tmp_path / "nowhere.png"))
    with pytest.raises(MaskError, match="its brightest pixel is 1 of 255"):
        painted(photo, png=save("ones.png", half > 0))
    with pytest.raises(MaskError, match="png"):
        painted(photo)
