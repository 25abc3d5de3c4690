"""Masks kept as pictures: white is inside, and what is drawn on nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.photos.mask_pictures import HALF, whiteness

INSIDE = np.zeros((20, 30), dtype=bool)
INSIDE[4:12, 6:20] = True


def picture(colours: np.ndarray, opaque: np.ndarray, mode: str = "RGBA") -> bytes:
    """A PNG of these colours (height × width × 3) where it is opaque."""
    alpha = np.where(opaque, 255, 0).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([colours.astype(np.uint8), alpha])).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def flat(*colour: int) -> np.ndarray:
    return np.broadcast_to(np.array(colour), (*INSIDE.shape, 3))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 0, 0), (10, 20, 90)])
def test_what_is_drawn_on_nothing_is_inside(colour: tuple[int, int, int], mode: str) -> None:
    found = whiteness(picture(flat(*colour), INSIDE, mode)) >= HALF
    assert (found == INSIDE).all()


def test_white_beside_black_is_inside_where_both_are_opaque() -> None:
    white = np.repeat(INSIDE[..., None] * 255, 3, axis=2)
    frame = np.ones_like(INSIDE)
    frame[:2] = False
    for opaque in (np.ones_like(INSIDE), frame):
        assert ((whiteness(picture(white, opaque)) >= HALF) == INSIDE).all()


def test_nothing_is_inside_where_nothing_is_drawn() -> None:
    assert not whiteness(picture(flat(255, 255, 255), np.zeros_like(INSIDE))).any()
    assert not whiteness(picture(flat(0, 0, 0), np.ones_like(INSIDE))).any()
