"""A contact sheet holds every photo, in order, with its lines below it."""

from __future__ import annotations

import numpy as np
import pytest

from core.photos import contact_sheet as sheets
from core.photos.contact_sheet import GAP, LINE, contact_sheet


def test_every_photo_stands_at_its_place() -> None:
    squares = [np.full((100, 100, 3), 10 * number, np.uint8) for number in range(8)]
    sheet = contact_sheet(squares, [(f"0.{number}00", f"{number}.jpg") for number in range(8)])
    assert sheet.shape == (GAP + 2 * (100 + LINE + GAP), GAP + 6 * (100 + GAP), 3)
    for number in range(8):
        x, y = GAP + number % 6 * (100 + GAP), GAP + number // 6 * (100 + LINE + GAP)
        assert (sheet[y : y + 100, x : x + 100] == 10 * number).all()
        assert sheet[y + 100 : y + 100 + LINE, x : x + 100].min() < 120  # something is written below it


def test_two_photos_make_a_narrow_sheet_and_none_is_refused() -> None:
    assert contact_sheet([np.zeros((50, 50, 3), np.uint8)] * 2, [("", "")] * 2).shape[1] == GAP + 2 * (50 + GAP)
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], [])


def test_a_long_name_stays_below_its_photo() -> None:
    square = np.zeros((100, 100, 3), np.uint8)
    sheet = contact_sheet([square, square], [("", "a-very-long-name-of-a-photo.jpg"), ("", "")])
    assert (sheet[GAP + 100 + 1 :, GAP + 100 : 2 * GAP + 100] == sheets.PAPER).all()
