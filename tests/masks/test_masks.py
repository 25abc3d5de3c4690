"""Masks: the contract of every detector, what is known of the samples, and the cache."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import CheckpointError, MaskError, UnknownChoiceError
from core.masks.painted import painted
from core.masks.people import groups, window
from core.photos import images
from core.regions import mask_cache, regions
from core.regions.network_pool import NetworkPool
from core.regions.vision_transformer import DinoFeatures
from core.registry import MASKS
from core.sources import open_source
from core.types import Photo, Rect, Region
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


def test_a_pool_lends_each_to_one_and_makes_no_more_than_it_may() -> None:
    pool = NetworkPool(object, most=2)

    def borrow() -> object:
        with pool.lend() as item:
            return item

    with ThreadPoolExecutor(1) as threads, pool.lend() as first:
        with pool.lend() as second:
            assert second is not first
            third = threads.submit(borrow)
            with pytest.raises(TimeoutError):
                third.result(timeout=0.05)
        assert third.result(timeout=60) is second


def test_a_pool_takes_back_what_failed() -> None:
    pool = NetworkPool(object, most=1)
    with pytest.raises(ValueError, match="oops"), pool.lend() as first:
        raise ValueError("oops")
    with pool.lend() as second:
        assert second is first


# --- painted


def test_a_painted_mask_is_read_and_checked(tmp_path: Path, photo: np.ndarray) -> None:
    def save(name: str, values: np.ndarray) -> str:
        (tmp_path / name).write_bytes(images.png_bytes(np.stack([values.astype(np.uint8)] * 3, axis=2)))
        return str(tmp_path / name)

    half = np.zeros((48, 64))
    half[:, :32] = 255
    region = painted(photo, png=save("half.png", half))
    assert (region.mask == (half > 0)).all()
    for name, values, reason in (
        ("small.png", half[:20], "64 × 20 px"),
        ("empty.png", half * 0, "empty"),
        ("full.png", half * 0 + 255, "whole photo"),
    ):
        with pytest.raises(MaskError, match=reason):
            painted(photo, png=save(name, values))
    with pytest.raises(MaskError, match="no such file"):
        painted(photo, png=str(tmp_path / "nowhere.png"))
    with pytest.raises(MaskError, match="its brightest pixel is 1 of 255"):
        painted(photo, png=save("ones.png", half > 0))
    with pytest.raises(MaskError, match="png"):
        painted(photo)


# --- regions


def test_boxes_are_cut_off_at_the_border() -> None:
    region = regions.from_boxes([Rect(-5, 2, 3, 4), Rect(90, 90, 99, 99), Rect(8, 8, 20, 20)], (10, 10, 3))
    assert region.boxes == (Rect(0, 2, 3, 4), Rect(8, 8, 10, 10))
    assert region.mask.sum() == 3 * 2 + 2 * 2


def test_a_region_is_brought_along_when_its_photo_is_resized() -> None:
    region = regions.from_boxes([Rect(10, 20, 30, 60)], (100, 80, 3))
    small = regions.resize(region, 50, 40)
    assert small.boxes == (Rect(5, 10, 15, 30),)
    assert small.mask.sum() == 10 * 20
    assert small.mask[10:30, 5:15].all()
    assert (regions.resize_mask(small.mask, 100, 80) == region.mask).mean() > 0.99
    assert regions.resize_mask(region.mask, 100, 80) is region.mask


def test_a_union_of_masks() -> None:
    one, other = np.eye(3, dtype=bool), np.zeros((3, 3), dtype=bool)
    other[0] = True
    assert (regions.union([one, other], (3, 3)) == (one | other)).all()
    assert not regions.union([], (3, 3)).any()


# --- the cache


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls of a stand-in detector "faces"."""
    calls: list[int] = []
    entry = MASKS["faces"]

    def stand_in(photo: np.ndarray, *, threshold: float = 0.5) -> Region:
        calls.append(1)
        return regions.from_boxes([Rect(1, 2, 30, 40)], photo.shape)

    from dataclasses import replace

    monkeypatch.setitem(MASKS._entries, "faces", replace(entry, function=stand_in))
    return calls


def test_a_photo_is_looked_at_once(counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    first = mask_cache.detect("faces", photo, folder=tmp_path)
    second = mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 1
    assert (first.mask == second.mask).all()
    assert first.boxes == second.boxes
    mask_cache.detect("faces", photo, {"threshold": 0.9}, folder=tmp_path)
    mask_cache.detect("faces", photo[::-1].copy(), folder=tmp_path)
    assert len(counted) == 3


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "other"])
def test_a_damaged_file_is_made_anew(damage: str, counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    expected = mask_cache.detect("faces", photo, folder=tmp_path)
    file = next(tmp_path.rglob("*.npz"))
    whole = file.read_bytes()
    if damage == "other":
        np.savez(file.with_suffix(""), boxes=np.zeros((0, 4)))
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "text": b"this is a text", "empty": b""}[damage])
    again = mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 2
    assert again.boxes == expected.boxes
    mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 2


def test_truth_comes_before_any_detector(counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    exact = regions.from_boxes([Rect(0, 0, 5, 5)], photo.shape)
    item = Photo("a", "s", lambda: photo, truth=lambda: {"faces": exact})
    found = mask_cache.find(item, photo, ["faces"], tmp_path)
    assert found["faces"].exact
    assert found["faces"].region is exact
    assert counted == []
    found = mask_cache.find(Photo("a", "s", lambda: photo), photo, ["faces"], tmp_path)
    assert not found["faces"].exact


def test_a_mask_that_cannot_be_looked_for_is_refused(photo: np.ndarray) -> None:
    with pytest.raises(UnknownChoiceError, match="faces"):
        mask_cache.detect("painted", photo)
    with pytest.raises(UnknownChoiceError, match="faces"):
        mask_cache.detect("unicorns", photo)


def test_the_rectangle_around_a_mask() -> None:
    mask = np.zeros((20, 30), dtype=bool)
    mask[[3, 9], [12, 5]] = True
    assert regions.around(mask) == Rect(5, 3, 13, 10)
    with pytest.raises(MaskError, match="empty"):
        regions.around(np.zeros_like(mask))


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


@pytest.mark.parametrize(("most", "n"), [(0.79, 0), (0.81, 1)])
def test_what_stands_out_a_little_is_nothing(most: float, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.masks import salient

    saliency = np.full((224, 224), 0.3, dtype=np.float32)
    saliency[80:160, 80:160] = most
    tokens, square = np.zeros((3, 256, 384), dtype=np.float32), np.zeros((224, 224, 3), dtype=np.uint8)
    monkeypatch.setattr(salient, "dino_features", lambda photo: DinoFeatures(tokens, saliency, square))
    region = MASKS["salient"].function(draw_photo(1, 112, 224))
    assert len(region.boxes) == n
    assert region.mask[40:80, 80:160].all() == bool(n)


def test_a_person_is_found_and_stands_out(samples: dict[str, np.ndarray]) -> None:
    face = np.s_[100:140, 200:240]
    person, thing = (MASKS[name].function(samples["astronaut"]) for name in ("people", "salient"))
    assert person.mask[face].all()
    assert thing.mask[face].all()
    assert len(thing.boxes) == 1
    assert MASKS["people"].function(samples["temple"]).area < 0.1
    assert len(MASKS["salient"].function(samples["cat"]).boxes) == 1


def test_a_head_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    from core.regions.segmentation_network import head

    with pytest.raises(CheckpointError, match=r"head\.safetensors is missing; fetch"):
        head(tmp_path / "head.safetensors")
