"""A heatmap over its photo."""

from __future__ import annotations

import numpy as np
import pytest

from core.photos import overlay
from core.types import Heatmap
from tests.conftest import MakePhoto


def ramp(height: int, width: int) -> Heatmap:
    return Heatmap(np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1)), "ramp", 0.5)


def test_opacity_zero_is_the_photo_and_one_the_heatmap(make_photo: MakePhoto) -> None:
    photo = make_photo()
    heatmap = ramp(*photo.shape[:2])
    np.testing.assert_array_equal(overlay.blend(photo, heatmap, 0), photo)
    np.testing.assert_array_equal(overlay.blend(photo, heatmap, 1), overlay.coloured(heatmap.values))


def test_the_photo_keeps_its_size_and_is_not_modified(make_photo: MakePhoto) -> None:
    photo = make_photo(0, 60, 90)
    before = photo.copy()
    blended = overlay.blend(photo, ramp(15, 20), 0.5)
    assert blended.shape == photo.shape
    assert blended.dtype == np.uint8
    np.testing.assert_array_equal(photo, before)


def test_a_read_only_photo_will_do(make_photo: MakePhoto) -> None:
    photo = make_photo()
    photo.flags.writeable = False
    assert overlay.blend(photo, ramp(10, 10), 0.3).shape == photo.shape


def test_half_opacity_lies_between(make_photo: MakePhoto) -> None:
    photo = make_photo()
    heatmap = ramp(*photo.shape[:2])
    middle = (photo.astype(int) + overlay.coloured(heatmap.values)) / 2
    assert np.abs(overlay.blend(photo, heatmap, 0.5) - middle).max() <= 1


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_an_opacity_outside_its_range_is_refused(make_photo: MakePhoto, opacity: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        overlay.blend(make_photo(), ramp(4, 4), opacity)


def test_colours_get_steadily_lighter() -> None:
    """Lightness (CIE L*) rises by even steps, so that equal differences look equal and grey prints keep the order."""
    import cv2

    lightness = cv2.cvtColor(overlay.scale(256, 1).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0, :, 0]
    steps = np.diff(lightness[::16])
    assert (steps > 0).all()
    assert steps.std() < 0.25 * steps.mean()


def test_values_outside_and_nan_are_clipped() -> None:
    colours = overlay.coloured(np.array([[-1.0, 0.0, np.nan, 1.0, 2.0]]))
    np.testing.assert_array_equal(colours[0, 0], colours[0, 1])
    np.testing.assert_array_equal(colours[0, 2], colours[0, 1])
    np.testing.assert_array_equal(colours[0, 3], colours[0, 4])


def test_maps_on_one_scale_keep_their_proportion() -> None:
    values = np.array([[0.0, 1.0]], dtype=np.float32)
    strong, weak = overlay.on_one_scale(Heatmap(values, "m", 0.5, peak=4.0), Heatmap(values, "m", 0.5, peak=1.0))
    assert strong.values.tolist() == [[0, 1]]
    assert weak.values.tolist() == [[0, 0.25]]
    assert (strong.peak, weak.peak) == (4, 4)
    empty = Heatmap(values * 0, "m", 0.5, peak=0.0)
    assert overlay.on_one_scale(empty, empty) == (empty, empty)
