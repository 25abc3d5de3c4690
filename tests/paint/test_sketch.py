"""A drawing at one moment: its mask at any size, and its way to the browser and back."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import MaskError
from core.paint.drawing import Stroke
from core.paint.sketch import Sketch, read_sketch

LINE = Stroke(((0.1, 0.4), (0.9, 0.4)), thickness=0.1)
HOLE = Stroke(((0.4, 0.4), (0.6, 0.4)), thickness=0.1, erase=True)


def start(height: int, width: int) -> np.ndarray:
    """The upper half of a photo."""
    return np.arange(height)[:, None] * np.ones(width) < height / 2


def test_its_mask_is_the_same_share_of_a_photo_at_every_size() -> None:
    sketch = Sketch(start(60, 80), (LINE, HOLE))
    small, large = sketch.mask(60, 80), sketch.mask(240, 320)
    assert small.shape == (60, 80)
    assert large.mean() == pytest.approx(small.mean(), abs=0.01)


def test_strokes_lie_over_what_was_there() -> None:
    assert Sketch().is_empty
    assert not Sketch().with_strokes(LINE).is_empty
    whole, holed = Sketch().with_strokes(LINE), Sketch().with_strokes(LINE).with_strokes(HOLE)
    assert holed.mask(60, 80).sum() < whole.mask(60, 80).sum()


def test_it_comes_back_from_its_text() -> None:
    sketch = Sketch(start(60, 80), (LINE, HOLE))
    again = read_sketch(sketch.written(), 60, 80)
    assert (again.mask(60, 80) == sketch.mask(60, 80)).all()
    with pytest.raises(MaskError, match="another size"):
        read_sketch(sketch.written(), 61, 80)
