"""Controls: inside the photo, off the target, at a like distance from the centre."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import MaskError
from core.regions import regions
from core.regions.placements import emptiest, placements


def disc(height: int, width: int, centre: tuple[float, float], radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2


def test_controls_are_shifted_copies_off_everything_that_is_taken() -> None:
    mask, avoid = disc(256, 384, (60, 80), 25), disc(256, 384, (180, 300), 40)
    found = placements(mask, avoid)
    assert found.complete
    assert len(found.items) == 10
    for item in found.items:
        assert (item.mask == np.roll(mask, (item.down, item.right), axis=(0, 1))).all()
        assert item.mask.sum() == mask.sum()
        assert not (item.mask & (mask | avoid)).any()
    assert len({(item.down, item.right) for item in found.items}) == 10


def test_eccentricity_is_matched_and_reported() -> None:
    mask = disc(256, 384, (60, 80), 20)
    found = placements(mask)
    assert found.eccentricity == pytest.approx(np.hypot(60 - 127.5, 80 - 191.5) / 256, abs=1e-6)
    assert abs(found.imbalance) < 0.02
    for item in found.items:
        rows, columns = np.nonzero(item.mask)
        expected = np.hypot(rows.mean() - 127.5, columns.mean() - 191.5) / 256
        assert item.eccentricity == pytest.approx(expected, abs=1e-6)
        assert item.eccentricity == pytest.approx(found.eccentricity, abs=0.1)


def test_a_central_mask_goes_as_near_the_centre_as_it_can() -> None:
    found = placements(disc(256, 256, (127.5, 127.5), 30), n=4)
    assert found.eccentricity == pytest.approx(0, abs=1e-6)
    assert found.imbalance < (2 * 30 + 0.05 * 256 * 2) / 256
    assert found.imbalance == pytest.approx(np.mean([item.eccentricity for item in found.items]))


def test_placements_are_not_copies_one_pixel_apart() -> None:
    found = placements(disc(256, 384, (60, 80), 20))
    shifts = np.array([(item.down, item.right) for item in found.items])
    apart = np.linalg.norm(shifts[:, None] - shifts[None], axis=2)[~np.eye(len(shifts), dtype=bool)]
    assert apart.min() >= 12
    assert np.ptp(shifts[:, 0]) > 50 or np.ptp(shifts[:, 1]) > 50


def test_the_seed_decides() -> None:
    mask = disc(256, 384, (60, 80), 20)
    shifts = [[(item.down, item.right) for item in placements(mask, seed=seed).items] for seed in (1, 1, 2)]
    assert shifts[0] == shifts[1] != shifts[2]


def test_where_there_is_no_room_there_are_fewer() -> None:
    large = np.zeros((60, 80), dtype=bool)
    large[:, :50] = True
    none = placements(large)
    assert none.items == ()
    assert not none.complete
    assert np.isnan(none.imbalance)
    tight = np.zeros((10, 41), dtype=bool)
    tight[:, :20] = True
    few = placements(tight)
    assert 0 < len(few.items) == 2 < few.wanted


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(MaskError, match="empty"):
        placements(np.zeros((5, 5), dtype=bool))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000), st.integers(1, 12))
@settings(max_examples=60)
def test_controls_never_overlap_what_they_control_for(height: int, width: int, seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    mask, avoid = random.random((2, height, width)) < random.random((2, 1, 1)) * 0.5
    mask[random.integers(height), random.integers(width)] = True
    found = placements(mask, avoid, n=n, seed=seed)
    assert len(found.items) <= n
    for item in found.items:
        assert not (item.mask & (mask | avoid)).any()
        assert item.mask.sum() == mask.sum()


def test_the_emptiest_place_has_the_least_to_see() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    photo[30:60, 50:90] = 128
    shape = np.zeros((64, 96), dtype=bool)
    shape[2:12, 3:23] = True
    shape[2:4, 3:6] = False
    moved, structure = emptiest(shape, regions.structure(photo))
    assert moved.sum() == shape.sum()
    assert not regions.structure(photo)[moved].any()
    assert structure == 0
    assert all((emptiest(shape, regions.structure(photo))[0] == moved).all() for _ in range(5))


def test_structure_is_the_gradient_of_grey_a_pixel() -> None:
    slope = np.repeat(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], 20, axis=0).repeat(3, axis=2)
    assert regions.structure(slope)[5, 5] == pytest.approx(5 / 255)
    assert not regions.structure(np.full((9, 9, 3), 77, dtype=np.uint8)).any()


def test_a_mask_comes_to_the_same_place_of_another_photo_and_does_not_vanish() -> None:
    mask = np.zeros((100, 200), dtype=bool)
    mask[20:60, 100:150] = True
    moved = regions.transferred(mask, 300, 100)
    assert moved[60:180, 50:75].all()
    assert moved.sum() == 120 * 25
    hair = np.zeros((200, 200), dtype=bool)
    hair[:, 101] = True
    assert regions.transferred(hair, 50, 50).any()
    assert not regions.transferred(np.zeros((20, 20), dtype=bool), 50, 50).any()
