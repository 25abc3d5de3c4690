"""Masks kept as pictures: white is inside, or what is drawn on a transparent background."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import PhotoError
from core.photos.mask_pictures import HALF, whiteness
from tests.conftest import draw_photo

INSIDE = np.zeros((20, 30), dtype=bool)
INSIDE[4:12, 6:20] = True


def picture(colours: np.ndarray, opaque: np.ndarray, mode: str = "RGBA") -> bytes:
    """A PNG of these colours (height × width × 3), opaque by a mask or by values of 0 to 255."""
    alpha = opaque.astype(np.uint8) * (255 if opaque.dtype == bool else 1)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([colours.astype(np.uint8), alpha])).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def flat(*colour: int) -> np.ndarray:
    return np.broadcast_to(np.array(colour), (*INSIDE.shape, 3))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 0, 0), (10, 20, 90)])
def test_what_is_drawn_on_a_transparent_background_is_inside(colour: tuple[int, int, int], mode: str) -> None:
    found = whiteness(picture(flat(*colour), INSIDE, mode)) >= HALF
    assert (found == INSIDE).all()


@pytest.mark.parametrize("colour", [(255, 255, 255), (60, 60, 60), (0, 0, 90)])
def test_soft_and_faint_brushes_are_inside_where_they_are_strong(colour: tuple[int, int, int]) -> None:
    soft = cv2.GaussianBlur(INSIDE.astype(np.uint8) * 255, (0, 0), 1.5)
    for strength in (1, 0.4):
        found = whiteness(picture(flat(*colour), (soft * strength).astype(np.uint8))) >= HALF
        assert (found ^ INSIDE).mean() < 0.05
        assert found[INSIDE].mean() > 0.8


def test_few_pixels_of_another_colour_change_nothing() -> None:
    colours = flat(20, 40, 90).copy()
    colours[4, 6:20] = (255, 0, 0)
    colours[8, 10] = (255, 255, 255)
    assert ((whiteness(picture(colours, INSIDE)) >= HALF) == INSIDE).all()


def test_a_photo_that_was_cut_out_is_inside_as_a_whole() -> None:
    assert ((whiteness(picture(draw_photo(1, *INSIDE.shape), INSIDE)) >= HALF) == INSIDE).all()


def test_a_hole_may_mean_either_and_is_refused() -> None:
    for colours in (flat(0, 0, 0), draw_photo(1, *INSIDE.shape)):
        with pytest.raises(PhotoError, match="transparent within and not at its border"):
            whiteness(picture(colours, ~INSIDE))


def test_a_transparent_colour_of_16_bits_is_no_part_of_the_mask() -> None:
    values = np.zeros((*INSIDE.shape, 3), np.uint16)
    values[~INSIDE] = (0xABCD, 0x1234, 0x0)
    done, data = cv2.imencode(".png", values[..., ::-1])
    assert done
    chunk = struct.pack(">HHH", 0xABCD, 0x1234, 0)
    key = struct.pack(">I", 6) + b"tRNS" + chunk + struct.pack(">I", zlib.crc32(b"tRNS" + chunk))
    place = data.tobytes().index(b"IDAT") - 4
    assert ((whiteness(data.tobytes()[:place] + key + data.tobytes()[place:]) >= HALF) == INSIDE).all()


def test_white_beside_black_is_inside_where_both_are_opaque() -> None:
    white = np.repeat(INSIDE[..., None] * 255, 3, axis=2)
    frame = np.ones_like(INSIDE)
    frame[:2] = False
    for opaque in (np.ones_like(INSIDE), frame):
        assert ((whiteness(picture(white, opaque)) >= HALF) == INSIDE).all()


def test_nothing_is_inside_where_nothing_is_drawn() -> None:
    assert not whiteness(picture(flat(255, 255, 255), np.zeros_like(INSIDE))).any()
    assert not whiteness(picture(flat(0, 0, 0), np.ones_like(INSIDE))).any()
