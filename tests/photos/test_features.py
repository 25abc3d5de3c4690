"""Countable features against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.photos.features import GROUPS, measure_features
from core.registry import FEATURES
from core.types import Rect, Region


def feature(name: str, photo: np.ndarray, **regions: Region) -> float:
    return FEATURES[name].function(photo, regions)


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((40, 60, 3), colour, dtype=np.uint8)


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> np.ndarray:
    photo = plain(left)
    photo[:, 30:] = right
    return photo


def test_every_feature_has_a_group_and_a_unit() -> None:
    assert all(entry.facts["group"] in GROUPS and entry.facts["unit"] for entry in FEATURES)
    assert {entry.facts["group"] for entry in FEATURES} == set(GROUPS)


def test_things_are_counted_and_measured_where_their_masks_are_known() -> None:
    photo = plain((10, 20, 30))
    mask = np.zeros((40, 60), dtype=bool)
    mask[:10, :12] = True
    face = Region(mask, (Rect(0, 0, 12, 10), Rect(0, 0, 3, 3)))
    assert feature("faces", photo, faces=face) == 2
    assert feature("face_area", photo, faces=face) == pytest.approx(0.05)
    assert feature("people_area", photo, people=face) == pytest.approx(0.05)
    assert feature("object_area", photo, salient=face) == pytest.approx(0.05)
    assert feature("words", photo, text=Region(np.zeros((40, 60), dtype=bool))) == 0
    measured = measure_features(photo, {"faces": face})
    assert measured["faces"] == 2
    assert measured["people"] is None
    assert measured["spectral_slope"] is None


def test_one_grey_has_nothing() -> None:
    grey = plain((128, 128, 128))
    for name in ("colourfulness", "saturation", "contrast", "edge_density", "entropy"):
        assert feature(name, grey) == 0
    assert feature("brightness", grey) == pytest.approx(128 / 255)


def test_black_and_white_halves() -> None:
    photo = halves((0, 0, 0), (255, 255, 255))
    assert feature("contrast", photo) == pytest.approx(0.5)
    assert feature("brightness", photo) == pytest.approx(0.5)
    assert feature("entropy", photo) == pytest.approx(1)
    assert feature("edge_density", photo) == pytest.approx(1 / 60, abs=0.5 / 60)


def test_colours() -> None:
    # red − green = ±255 and (red + green) / 2 − blue = 127.5: spread 255 and 0, distance of the means 127.5
    assert feature("colourfulness", halves((255, 0, 0), (0, 255, 0))) == pytest.approx(255 + 0.3 * 127.5)
    assert feature("saturation", halves((200, 100, 100), (50, 50, 50))) == pytest.approx(0.25)


@pytest.mark.parametrize("exponent", [-0.5, -1.0, -1.5])
def test_the_slope_of_a_spectrum_is_found(exponent: float) -> None:
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(320)[None])
    frequency[0, 0] = math.inf
    noise = np.fft.irfft2(np.fft.rfft2(random.standard_normal((256, 320))) * frequency**exponent, s=(256, 320))
    grey = np.clip(128 + 40 * (noise - noise.mean()) / noise.std(), 0, 255).astype(np.uint8)
    assert feature("spectral_slope", np.repeat(grey[..., None], 3, axis=2)) == pytest.approx(exponent, abs=0.12)
