"""Pictures in which there is nothing to see have a hint, and photos have none."""

from __future__ import annotations

import numpy as np
import pytest

from core.photos.blank_photos import NEARLY_EMPTY, ONE_COLOUR, hint
from tests.conftest import draw_photo


def canvas(colour: tuple[int, int, int] = (255, 255, 255), height: int = 300, width: int = 400) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def with_square(side: int) -> np.ndarray:
    picture = canvas()
    picture[100 : 100 + side, 200 : 200 + side] = (200, 30, 30)
    return picture


def noise(picture: np.ndarray, spread: float) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, spread, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (10, 200, 60)])
@pytest.mark.parametrize("size", [(300, 400), (1, 1), (2000, 20), (128, 5000)])
def test_one_colour(colour: tuple[int, int, int], size: tuple[int, int]) -> None:
    assert hint(canvas(colour, *size)) == ONE_COLOUR


def test_the_noise_of_a_covered_lens_is_nothing_to_see() -> None:
    assert hint(noise(canvas((12, 10, 11), 900, 1200), 6)) == ONE_COLOUR


@pytest.mark.parametrize("picture", [with_square(52), canvas() * np.linspace(0, 1, 400)[None, :, None]])
def test_nearly_empty(picture: np.ndarray) -> None:
    assert hint(picture.astype(np.uint8)) == NEARLY_EMPTY


@pytest.mark.parametrize("seed", range(5))
def test_a_photo_has_no_hint(seed: int) -> None:
    photo = draw_photo(seed, 240, 320)
    assert hint(photo) is None
    bars = np.zeros((600, 320, 3), np.uint8)  # a wide photo on a tall black screen is a photo still
    bars[180:420] = photo
    assert hint(bars) is None
    assert hint(with_square(150)) is None
