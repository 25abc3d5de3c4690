"""Who belongs together, and a second look at somebody small."""

from __future__ import annotations

import numpy as np

from core.masks.people import groups, window
from core.types import Rect


def test_parts_of_somebody_belong_together_and_what_is_unsure_or_tiny_is_nobody() -> None:
    likely = np.zeros((200, 300), dtype=np.float32)
    likely[20:180, 30:80] = 0.995
    likely[98:102, 30:80] = 0.1  # a rail in front
    likely[60:160, 200:250] = 0.995
    likely[60:160, 130:180] = 0.8  # might be a statue
    likely[5:15, 280:290] = 0.995
    one, other = groups(likely, 0.5)
    assert one.sum() == 156 * 50
    assert one[20:180, 30:80].sum() == one.sum()
    assert other.sum() == 100 * 50
    assert groups(likely * 0.9, 0.5) == []


def test_a_second_look_sees_what_is_small_larger_and_stays_inside_the_photo() -> None:
    rows, columns = window(Rect(100, 50, 120, 110), (200, 400, 3))
    assert (rows.start, rows.stop) == (20, 140)  # twice as high
    assert (columns.start, columns.stop) == (40, 180)  # a third of the photo at least
    rows, columns = window(Rect(0, 0, 10, 10), (200, 400, 3))
    assert (rows.start, rows.stop, columns.start, columns.stop) == (0, 40, 0, 75)
