"""The vision transformer from a package: its real weights, what it refuses, and that it loads only when asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import config
from core.regions import vision_transformer
from core.regions.vision_transformer import GRID, KEPT, SIDE, WIDTH, dino_features
from core.sources import open_source
from tests.conftest import draw_photo


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return next(photo.read() for photo in open_source("samples").photos if photo.id == "cat")


@pytest.fixture
def forgetful() -> Iterator[None]:
    vision_transformer._seen.clear()
    yield
    vision_transformer._seen.clear()


def test_a_photo_gives_tokens_at_three_depths_and_what_stands_out(cat: np.ndarray) -> None:
    seen = dino_features(cat)
    assert seen.tokens.shape == (3, GRID**2, WIDTH)
    assert seen.tokens.dtype == np.float32
    assert seen.saliency.shape == (SIDE, SIDE)
    assert 0 <= seen.saliency.min() < seen.saliency.max() <= 1
    assert seen.square.shape == (SIDE, SIDE, 3)
    assert abs(seen.tokens[2].mean(axis=1)).max() < 1  # the last depth is normalised


def test_a_photo_is_looked_at_once_and_few_are_remembered(
    cat: np.ndarray, forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []
    monkeypatch.setattr(vision_transformer, "_compute", lambda photo: computed.append(photo) or photo.sum())
    assert dino_features(cat) == dino_features(cat.copy())
    assert len(computed) == 1
    for seed in range(KEPT):
        dino_features(draw_photo(seed, 20, 30))
    assert len(vision_transformer._seen) == KEPT
    dino_features(cat)
    assert len(computed) == KEPT + 2


def test_photos_of_the_same_bytes_and_another_shape_are_two(forgetful: None) -> None:
    flat = np.zeros((2, 8, 3), dtype=np.uint8)
    flat[0] = 200
    tall = flat.reshape(8, 2, 3)
    assert not np.array_equal(dino_features(flat).square, dino_features(tall).square)


def test_threads_get_what_one_alone_gets(cat: np.ndarray, forgetful: None) -> None:
    photos = [cat, cat[:, ::-1], cat[::-1]]
    alone = [dino_features(photo).saliency for photo in photos]
    vision_transformer._seen.clear()
    with ThreadPoolExecutor(3) as pool:
        for found, expected in zip(pool.map(dino_features, photos), alone, strict=True):
            np.testing.assert_allclose(found.saliency, expected, atol=1e-5)


def test_knowing_the_masks_loads_no_network() -> None:
    code = "import sys; from core.registry import MASKS; [entry.id for entry in MASKS]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "core.masks.people" in done.stdout
    assert not {"onnxruntime", "torch"} & set(done.stdout.split())
