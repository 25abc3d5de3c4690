"""What a click on a photo means."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import MaskError
from core.paint.segments import found_in, picked, segment_at, segments, toggled
from core.paint.sketch import Sketch
from core.types import Rect, Region
from tests.conftest import draw_photo


def region(*rects: Rect, boxes: bool, shape: tuple[int, int] = (60, 90)) -> Region:
    mask = np.zeros(shape, bool)
    for rect in rects:
        mask[rect.top : rect.bottom, rect.left : rect.right] = True
    return Region(mask, rects if boxes else ())


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return draw_photo(3, 60, 90)


@pytest.mark.parametrize("boxes", [True, False])
def test_a_click_takes_one_thing_of_several(photo: np.ndarray, boxes: bool) -> None:
    one, other = Rect(10, 10, 20, 20), Rect(40, 10, 60, 30)
    found = segments(photo, [region(one, other, boxes=boxes)])
    assert (segment_at(found, 15 / 90, 15 / 90) == region(one, boxes=True).mask).all()
    assert (segment_at(found, 50 / 90, 15 / 90) == region(other, boxes=True).mask).all()


def test_of_two_things_at_a_place_the_smaller_one_is_meant(photo: np.ndarray) -> None:
    face, person = Rect(20, 10, 30, 20), Rect(10, 5, 50, 55)
    found = segments(photo, [region(person, boxes=True), region(face, boxes=True)])
    assert (segment_at(found, 25 / 90, 15 / 90) == region(face, boxes=True).mask).all()
    assert (segment_at(found, 25 / 90, 40 / 90) == region(person, boxes=True).mask).all()


def test_beside_things_a_click_takes_a_connected_patch(photo: np.ndarray) -> None:
    found = segments(photo, [region(Rect(0, 0, 10, 10), boxes=True)])
    patch = segment_at(found, 70 / 90, 45 / 90)
    assert patch[45, 70]
    assert 0.002 < patch.mean() < 0.05
    assert not (patch & segment_at(found, 40 / 90, 20 / 90)).any()


@pytest.mark.parametrize(("x", "y"), [(1.0, 0.2), (-0.01, 0.2), (0.5, 0.67)])
def test_a_click_beside_the_photo_is_refused(photo: np.ndarray, x: float, y: float) -> None:
    with pytest.raises(MaskError, match="outside the photo"):
        segment_at(segments(photo, []), x, y)


def test_a_second_click_takes_a_piece_back(photo: np.ndarray) -> None:
    drawn, segment = region(Rect(0, 0, 20, 20), boxes=False).mask, region(Rect(10, 10, 30, 30), boxes=False).mask
    once = toggled(drawn, segment)
    assert (once == (drawn | segment)).all()
    assert (toggled(once, segment) == (drawn & ~segment)).all()


def test_a_click_draws_what_is_meant_and_another_takes_it_back(photo: np.ndarray) -> None:
    thing, width = region(Rect(10, 10, 20, 20), boxes=True), photo.shape[1]
    found = segments(photo, [thing])
    drawn = picked(Sketch(), found, 15 / width, 15 / width)
    assert (drawn.mask(*photo.shape[:2]) == thing.mask).all()
    assert picked(drawn, found, 15 / width, 15 / width).is_empty
    patch = picked(drawn, found, 70 / width, 45 / width).mask(*photo.shape[:2])
    assert (patch & thing.mask).sum() == thing.mask.sum() < patch.sum()


def test_what_detectors_find_can_be_clicked(photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = region(Rect(10, 10, 20, 20), boxes=True)
    entries = [
        SimpleNamespace(facts={"detector": True}, function=lambda pixels: thing),
        SimpleNamespace(facts={"detector": False}, function=lambda pixels: pytest.fail("it looks for nothing")),
    ]
    monkeypatch.setattr("core.paint.segments.MASKS", entries)
    found = found_in(photo)
    assert len(found.things) == 1
    assert (found.things[0] == thing.mask).all()
    assert found.patches.shape == photo.shape[:2]
