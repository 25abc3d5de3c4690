"""Ablations and fills: the contract of every entry, and hand-computed values of each."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ablations.region import fill_entry
from core.errors import MaskError, UnknownChoiceError
from core.photos import images
from core.regions import regions
from core.registry import ABLATIONS, FILLS, Range
from core.table import DIRECTIONS
from tests.conftest import draw_photo

WHOLE = {entry.id: entry for entry in ABLATIONS if not entry.facts.get("needs")}
WITH_NONE = {name: entry for name, entry in WHOLE.items() if entry.facts["none"] is not None}
SIZES = [(1, 1), (3, 500), (500, 3), (2, 2), (17, 31), (48, 64)]


def run(name: str, photo: np.ndarray, *more: Any, **given_values: Any) -> np.ndarray:
    entry = ABLATIONS[name]
    return entry.function(photo, *more, **entry.arguments(given_values))


def patch(photo: np.ndarray) -> np.ndarray:
    """A mask of part of a photo that has at least two pixels."""
    mask = np.zeros(photo.shape[:2], dtype=bool)
    mask[: max(1, mask.shape[0] // 2), : max(1, mask.shape[1] // 2)] = True
    return mask


def varied(height: int = 48, width: int = 64) -> np.ndarray:
    """Noise over a drawn photo: every pixel its own colour, nothing clipped."""
    noise = np.random.default_rng(5).integers(-20, 21, (height, width, 3))
    return (draw_photo(0, height, width).astype(int) // 2 + 64 + noise).clip(0, 255).astype(np.uint8)


# --- every whole-photo ablation


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", WHOLE)
def test_an_ablation_is_pure_and_keeps_shape_and_kind(name: str, size: tuple[int, int]) -> None:
    photo = draw_photo(1, *size)
    before = photo.copy()
    result = run(name, photo)
    assert result.shape == photo.shape
    assert result.dtype == np.uint8
    assert (photo == before).all()
    assert not np.shares_memory(result, photo)
    assert (run(name, photo) == result).all(), "not deterministic"


@pytest.mark.parametrize("name", WHOLE)
def test_an_ablation_accepts_a_photo_that_cannot_be_written_to(name: str, photo: np.ndarray) -> None:
    photo.setflags(write=False)
    run(name, photo)


@pytest.mark.parametrize("name", WITH_NONE)
def test_nothing_changes_at_strength_none(name: str) -> None:
    facts = WITH_NONE[name].facts
    assert (run(name, varied(), **{facts["strength"]: facts["none"]}) == varied()).all()


@pytest.mark.parametrize("name", WHOLE)
def test_facts_describe_the_strength(name: str) -> None:
    entry = WHOLE[name]
    strength, doses = entry.facts["strength"], entry.facts["doses"]
    assert entry.facts["removes"]
    if strength is None:
        assert (entry.facts["none"], doses) == (None, ())
        return
    param = {param.name: param for param in entry.params}[strength]
    assert isinstance(param.limits, Range)
    assert param.default in doses
    assert list(doses) == sorted(doses) or list(doses) == sorted(doses, reverse=True)
    for dose in doses:
        assert param.check(dose) == dose
    assert entry.facts["none"] not in doses


@pytest.mark.parametrize("name", [name for name, entry in WHOLE.items() if entry.facts["doses"]])
def test_a_stronger_dose_changes_more(name: str) -> None:
    facts = WHOLE[name].facts
    photo = varied(256, 300)
    changes = [regions.rmse(photo, run(name, photo, **{facts["strength"]: dose})) for dose in facts["doses"]]
    if name not in ("patch_shuffle", "phase_scramble"):  # two random pictures need not be ordered
        assert changes == sorted(changes)
    assert changes[0] > 0


@pytest.mark.parametrize(
    "place", [(kind, entry.id) for kind, found in (("a", ABLATIONS), ("f", FILLS)) for entry in found
              if any(param.name == "seed" for param in entry.params)]
)  # fmt: skip
def test_a_seed_is_an_explicit_whole_number(place: tuple[str, str]) -> None:
    entry = (ABLATIONS if place[0] == "a" else FILLS)[place[1]]
    seed = next(param for param in entry.params if param.name == "seed")
    assert (seed.kind, seed.default, seed.limits) == (int, 0, Range(0, 2**31 - 1, 1))


@pytest.mark.parametrize("name", ["patch_shuffle", "phase_scramble"])
def test_another_seed_gives_another_result(name: str) -> None:
    assert (run(name, varied(), seed=1) != run(name, varied(), seed=2)).any()


# --- values computed by hand


def test_grayscale_has_the_luminance_of_the_standard() -> None:
    photo = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 90]]], dtype=np.uint8)
    expected = np.rint(photo @ np.array([0.299, 0.587, 0.114]))
    result = run("grayscale", photo)
    assert (result == result[..., :1]).all()
    assert np.abs(result[..., 0] - expected).max() <= 1


def test_full_desaturation_is_grayscale_and_half_lies_between() -> None:
    photo = varied()
    grey = run("grayscale", photo).astype(float)
    assert (run("desaturate", photo, amount=1.0) == grey).all()
    half = run("desaturate", photo, amount=0.5)
    assert np.abs(half - (photo + grey) / 2).max() <= 1


def test_jpeg_is_decoded_from_a_real_encoding() -> None:
    photo = varied()
    _, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
    assert (run("jpeg", photo) == images.read(data.tobytes())).mean() > 0.99
    assert 0 < regions.rmse(photo, run("jpeg", photo)) < 0.1


def test_blur_of_a_step_is_the_integral_of_a_gaussian_with_the_given_sigma() -> None:
    photo = np.zeros((200, 200, 3), dtype=np.uint8)
    photo[:, 100:] = 255
    spread = run("blur", photo, sigma=0.05)[100, :, 0].astype(float)
    edge = np.diff(spread)  # the derivative of a blurred step is the kernel
    places = np.arange(len(edge))
    centre = (edge * places).sum() / edge.sum()
    assert np.sqrt((edge * (places - centre) ** 2).sum() / edge.sum()) == pytest.approx(10, rel=0.05)


def test_blur_means_the_same_at_any_size() -> None:
    small = images.resize(draw_photo(3, 96, 128), 128, 96)
    large = cv2.resize(small, (512, 384), interpolation=cv2.INTER_CUBIC)
    shrunk = images.resize(run("blur", large, sigma=0.04), 128, 96)
    assert regions.rmse(run("blur", small, sigma=0.04), shrunk) < 0.01


def test_high_pass_and_blur_make_up_the_photo() -> None:
    photo = varied()
    high = run("high_pass", photo, sigma=0.05).astype(float)
    low = run("blur", photo, sigma=0.05).astype(float)
    assert np.abs(high + low - photo.mean(axis=(0, 1)) - photo).max() <= 3


def test_phase_scramble_keeps_amplitudes_and_mean_colour_and_little_else() -> None:
    photo = (varied().astype(float) / 2 + 64).astype(np.uint8)  # low contrast: nothing is clipped
    result = run("phase_scramble", photo, seed=3)
    before, after = (np.abs(np.fft.fft2(picture.astype(float), axes=(0, 1))) for picture in (photo, result))
    assert np.corrcoef(np.log1p(before.ravel()), np.log1p(after.ravel()))[0, 1] > 0.95
    assert np.abs(before - after).mean() < 0.1 * before.mean()
    assert np.abs(photo.mean(axis=(0, 1)) - result.mean(axis=(0, 1))).max() < 0.5
    assert abs(np.corrcoef(photo[..., 0].ravel(), result[..., 0].ravel())[0, 1]) < 0.5
    channels = [np.corrcoef(picture.reshape(-1, 3).T)[0, 1] for picture in (photo, result)]
    assert channels[0] == pytest.approx(channels[1], abs=0.05)


def test_phase_scramble_of_grey_stays_grey() -> None:
    result = run("phase_scramble", run("grayscale", varied()))
    assert (result == result[..., :1]).all()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 32), st.integers(0, 2**31 - 1))
@settings(max_examples=30)
def test_patch_shuffle_keeps_every_pixel(height: int, width: int, grid: int, seed: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    result = run("patch_shuffle", photo, grid=grid, seed=seed)
    assert sorted(map(tuple, result.reshape(-1, 3))) == sorted(map(tuple, photo.reshape(-1, 3)))


def test_patch_shuffle_keeps_patches_whole() -> None:
    photo = np.repeat(np.repeat(np.arange(16, dtype=np.uint8).reshape(4, 4), 5, axis=0), 7, axis=1)
    result = run("patch_shuffle", np.stack([photo] * 3, axis=2), grid=4)[..., 0]
    blocks = result.reshape(4, 5, 4, 7).swapaxes(1, 2).reshape(16, -1)
    assert (blocks == blocks[:, :1]).all()
    assert sorted(blocks[:, 0]) == list(range(16))
    assert (result != photo).any()


def test_texture_goes_and_the_edge_stays() -> None:
    random = np.random.default_rng(0)
    photo = np.full((100, 100, 3), 80, dtype=np.uint8)
    photo[:, 50:] = 180
    photo = (photo + random.integers(-15, 16, (100, 100, 1))).astype(np.uint8)
    result = run("texture", photo).astype(float)
    assert result[10:90, 10:40].std() < 0.25 * photo[10:90, 10:40].std()
    step = result[:, 52:56].mean() - result[:, 44:48].mean()
    assert step > 85
    assert np.abs(result.mean(axis=(0, 1)) - photo.mean(axis=(0, 1))).max() < 3


def test_contrast_keeps_the_mean_and_brightness_the_ratios() -> None:
    photo = run("grayscale", varied())
    low, dark = (run(name, photo, amount=0.5).astype(float) for name in ("contrast", "brightness"))
    assert low.mean() == pytest.approx(photo.mean(), abs=0.5)
    assert low.std() == pytest.approx(photo.std() / 2, rel=0.02)
    assert np.abs(dark - photo / 2).max() <= 0.5


def test_a_filled_crop_keeps_the_middle_and_loses_the_rest() -> None:
    photo = varied()
    middle = (slice(12, 36), slice(16, 48))
    for surround in [entry.id for entry in FILLS]:
        result = run("centre_crop", photo, surround=surround)
        assert (result[middle] == photo[middle]).all()
        assert (result[:12] != photo[:12]).any(axis=2).mean() > 0.9
    assert (run("centre_crop", photo)[0, 0] == np.rint(photo.mean(axis=(0, 1)))).all()


def test_a_rescaled_crop_is_the_magnified_middle() -> None:
    photo = varied()
    result = run("centre_crop", photo, surround="rescaled")
    assert (result == images.resize(np.ascontiguousarray(photo[12:36, 16:48]), 64, 48)).all()


# --- fills


@pytest.mark.parametrize("size", [size for size in SIZES if size != (1, 1)], ids=str)
@pytest.mark.parametrize("name", [entry.id for entry in FILLS])
def test_a_fill_changes_what_it_should_and_nothing_else(name: str, size: tuple[int, int]) -> None:
    photo = draw_photo(4, *size)
    where, before = patch(photo), photo.copy()
    result = FILLS[name].function(photo, where)
    assert (photo == before).all()
    assert result.shape == photo.shape
    assert result.dtype == np.uint8
    assert (result[~where] == photo[~where]).all()
    assert (FILLS[name].function(photo, where) == result).all()
    FILLS[name].function(photo, np.ones_like(where))
    assert (FILLS[name].function(photo, np.zeros_like(where)) == photo).all()


@pytest.mark.parametrize("name", ["blur", "inpaint"])
def test_nothing_of_what_is_replaced_gets_through(name: str) -> None:
    photo = draw_photo(5, 300, 400)
    where = np.zeros((300, 400), dtype=bool)
    where[73:211, 121:333] = True
    other = photo.copy()
    other[where] = np.random.default_rng(0).integers(0, 256, (int(where.sum()), 3))
    assert (FILLS[name].function(photo, where) == FILLS[name].function(other, where)).all()


def test_the_mean_fill_is_the_mean_colour() -> None:
    photo = varied()
    assert (FILLS["mean"].function(photo, patch(photo))[0, 0] == np.rint(photo.reshape(-1, 3).mean(axis=0))).all()


def test_the_blur_fill_of_a_plain_surrounding_is_plain() -> None:
    photo = np.full((60, 80, 3), (40, 90, 200), dtype=np.uint8)
    where = patch(photo)
    photo[where] = 255
    assert np.abs(FILLS["blur"].function(photo, where).astype(int) - (40, 90, 200)).max() <= 1


def test_the_blur_fill_can_be_the_content_itself() -> None:
    photo = varied()
    where = patch(photo)
    expected = cv2.GaussianBlur(photo, (0, 0), 0.05 * 48)
    assert (FILLS["blur"].function(photo, where, of="content")[where] == expected[where]).all()


def test_the_noise_fill_has_the_moments_of_the_photo() -> None:
    photo = (varied() // 2 + 60).astype(np.uint8)
    filled = FILLS["noise"].function(photo, np.ones((48, 64), dtype=bool)).reshape(-1, 3).astype(float)
    assert filled.mean(axis=0) == pytest.approx(photo.reshape(-1, 3).mean(axis=0), abs=1.5)
    assert filled.std(axis=0) == pytest.approx(photo.reshape(-1, 3).std(axis=0), rel=0.05)


# --- the region operator


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fill", [*[entry.id for entry in FILLS], "grayscale", "patch_shuffle"])
def test_a_region_changes_one_side_of_the_mask_only(fill: str, direction: str) -> None:
    photo = varied()
    mask = patch(photo)
    result = run("region", photo, mask, fill=fill, direction=direction)
    where = regions.replaced(mask, direction)
    assert (result[~where] == photo[~where]).all()
    assert (result[where] != photo[where]).any(axis=1).mean() > 0.5
    change = regions.measure(photo, result, mask, direction)
    assert change.area == pytest.approx(where.mean())
    difference = (photo.astype(float) - result) / 255
    assert change.rmse == pytest.approx(float(np.sqrt((difference**2).mean())))


def test_an_ablation_inside_a_mask_is_the_ablation_of_the_whole_photo_there() -> None:
    photo = varied()
    mask = patch(photo)
    result = run("region", photo, mask, {"amount": 0.9}, fill="contrast")
    assert (result[mask] == run("contrast", photo, amount=0.9)[mask]).all()


def test_a_feathered_border_is_smooth_and_far_away_nothing_changes() -> None:
    photo = np.full((100, 100, 3), 200, dtype=np.uint8)
    photo[:5] = 0
    mask = np.zeros((100, 100), dtype=bool)
    mask[:, :50] = True
    steps = np.abs(np.diff(run("region", photo, mask, feather=0.05)[60, :, 0].astype(int)))
    sharp = np.abs(np.diff(run("region", photo, mask)[60, :, 0].astype(int)))
    assert steps.max() < 0.2 * sharp.max()
    assert (run("region", photo, mask, feather=0.05)[:, 80:] == photo[:, 80:]).all()


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((48, 64), dtype=bool), "empty"),
        (np.ones((48, 64), dtype=bool), "whole photo"),
        (np.ones((64, 48), dtype=bool), "48 × 64 px but its photo 64 × 48"),
        (np.ones((48, 64), dtype=np.uint8), "true or false"),
    ],
)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_mask_that_cannot_be_used_is_refused(mask: np.ndarray, reason: str, direction: str) -> None:
    with pytest.raises(MaskError, match=reason):
        run("region", varied(), mask, direction=direction)


def test_an_unknown_fill_is_answered_with_both_kinds() -> None:
    with pytest.raises(UnknownChoiceError, match=r"mean, .*inpaint.*grayscale"):
        run("region", varied(), patch(varied()), fill="nothing")
    assert fill_entry("blur") is FILLS["blur"]
    with pytest.raises(UnknownChoiceError):
        fill_entry("region")


@given(st.integers(2, 60), st.integers(2, 60), st.integers(0, 2**31 - 1))
@settings(max_examples=25)
def test_any_mask_is_filled_inside_and_kept_outside(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = random.random((height, width)) < random.random()
    mask[0, 0], mask[-1, -1] = True, False
    for fill in FILLS:
        result = run("region", photo, mask, fill=fill.id)
        assert (result[~mask] == photo[~mask]).all()


# --- working size


def test_a_photo_is_brought_to_the_working_size_from_both_sides() -> None:
    for height, width in ((600, 900), (100, 150), (256, 300)):
        assert min(images.working(draw_photo(0, height, width)).shape[:2]) == 256


def test_blending_brings_natural_content_where_inpainting_is_smooth() -> None:
    random = np.random.default_rng(0)
    photo = random.integers(60, 200, (128, 192, 3), dtype=np.uint8)
    where = np.zeros((128, 192), dtype=bool)
    where[50:80, 80:120] = True
    blended, inpainted = (FILLS[name].function(photo, where)[where].std() for name in ("blend", "inpaint"))
    assert blended > 0.8 * photo.std() > 2 * inpainted
    large = np.ones_like(where)
    large[:20] = False
    same = FILLS["inpaint"].function(photo, large)
    assert (FILLS["blend"].function(photo, large) == same).all(), "no part of the photo holds so large a shape"
