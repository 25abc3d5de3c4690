"""Masks: the contract of every detector, and what is known of the samples."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.regions import mask_cache
from core.registry import MASKS
from core.sources import open_source
from core.types import Region
from tests.conftest import draw_photo

DETECTORS = mask_cache.detectors()


@pytest.fixture(scope="module")
def samples() -> dict[str, np.ndarray]:
    return {photo.id: photo.read() for photo in open_source("samples").photos}


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (60, 80)], ids=str)
@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_answers_for_any_size_and_changes_nothing(name: str, size: tuple[int, int]) -> None:
    photo = draw_photo(1, *size)
    before = photo.copy()
    region = MASKS[name].function(photo)
    assert region.mask.shape == size
    assert region.mask.dtype == bool
    assert (photo == before).all()
    again = MASKS[name].function(photo)
    assert (again.mask == region.mask).all()
    assert again.boxes == region.boxes
    for box in region.boxes:
        assert 0 <= box.left < box.right <= size[1]
        assert 0 <= box.top < box.bottom <= size[0]


@pytest.mark.parametrize("name", [entry.id for entry in MASKS])
def test_facts_say_what_is_found(name: str) -> None:
    facts = MASKS[name].facts
    assert facts["thing"]
    assert facts["version"] >= 1
    assert isinstance(facts["detector"], bool)
    assert isinstance(facts["boxes"], bool)


def test_the_astronaut_has_a_face_and_the_coffee_has_none(samples: dict[str, np.ndarray]) -> None:
    region = MASKS["faces"].function(samples["astronaut"])
    assert len(region.boxes) == 1
    box = region.boxes[0]
    assert box.left < 225 < box.right
    assert box.top < 115 < box.bottom
    assert 0.01 < region.area < 0.15
    assert MASKS["faces"].function(samples["coffee"]).boxes == ()


def test_a_detector_does_not_depend_on_the_photo_before(samples: dict[str, np.ndarray]) -> None:
    alone = MASKS["faces"].function(samples["astronaut"])
    MASKS["faces"].function(np.ascontiguousarray(samples["rocket"][:, :200]))
    assert MASKS["faces"].function(samples["astronaut"]).boxes == alone.boxes


def test_written_words_are_found_and_a_cat_has_none(samples: dict[str, np.ndarray]) -> None:
    import cv2

    photo = np.full((300, 400, 3), 230, dtype=np.uint8)
    cv2.putText(photo, "STATION", (60, 160), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 5)
    region = MASKS["text"].function(photo)
    assert len(region.boxes) >= 1
    assert region.mask[120:160, 80:300].mean() > 0.7
    assert region.area < 0.4
    assert not MASKS["text"].function(samples["cat"]).mask.any()


def test_a_row_of_windows_says_nothing_and_is_no_text() -> None:
    photo = np.full((480, 640, 3), 230, dtype=np.uint8)
    for left in range(100, 490, 44):
        photo[215:262, left : left + 30] = 20  # the detector alone is surer of this than of most words
    assert not MASKS["text"].function(photo).mask.any()


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors_find_the_same_in_several_threads(name: str, samples: dict[str, np.ndarray]) -> None:
    find, photos = MASKS[name].function, [samples["astronaut"], samples["cat"], samples["astronaut"]]
    alone = [find(photo) for photo in photos]
    start = threading.Barrier(3)

    def together(photo: np.ndarray) -> Region:
        start.wait(timeout=60)
        return find(photo)

    with ThreadPoolExecutor(3) as pool:
        for found, expected in zip(pool.map(together, photos), alone, strict=True):
            assert found.boxes == expected.boxes
            np.testing.assert_array_equal(found.mask, expected.mask)


def test_somebody_small_is_looked_at_twice(samples: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    from core.regions import segmentation_network

    shown: list[tuple[int, ...]] = []

    def unsure(photo: np.ndarray) -> np.ndarray:
        """Somebody at a tenth of what it is shown, and surer of it than the first time."""
        shown.append(photo.shape)
        likely = np.zeros(photo.shape[:2], dtype=np.float32)
        height, width = likely.shape
        likely[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = 0.92 if len(shown) == 1 else 0.999
        return likely

    monkeypatch.setattr(segmentation_network, "person_map", unsure)
    region = MASKS["people"].function(samples["cat"])
    assert len(shown) == 2
    assert shown[1][0] < shown[0][0]
    assert len(region.boxes) == 1


def test_somebody_is_found_without_a_face_and_a_cat_is_nobody(samples: dict[str, np.ndarray]) -> None:
    photo = samples["astronaut"].copy()
    photo[60:190, 160:290] = photo.mean(axis=(0, 1)).astype(np.uint8)
    assert MASKS["faces"].function(photo).boxes == ()
    found = MASKS["people"].function(photo)
    assert found.mask[320:480, 120:220].mean() > 0.9  # the space suit
    assert MASKS["people"].function(samples["cat"]).boxes == ()


def test_a_person_is_found_and_stands_out(samples: dict[str, np.ndarray]) -> None:
    face = np.s_[100:140, 200:240]
    person, thing = (MASKS[name].function(samples["astronaut"]) for name in ("people", "salient"))
    assert person.mask[face].all()
    assert thing.mask[face].all()
    assert len(thing.boxes) == 1
    assert MASKS["people"].function(samples["temple"]).area < 0.1
    assert len(MASKS["salient"].function(samples["cat"]).boxes) == 1
