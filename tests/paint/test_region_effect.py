"""What a painted region is worth, by hand on a model that reads brightness: controls, fills, and other models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.errors import LabError, MaskError, MissingDependencyError, ParameterError, UnknownChoiceError
from core.inference import Predictor
from core.paint import region_effect
from core.regions.placements import placements
from core.registry import ABLATIONS, FILLS
from tests.conftest import draw_photo
from tests.helpers.brightness import scene


def test_the_worth_of_a_region_is_what_arithmetic_says(bright: Predictor) -> None:
    photo, mask = scene()
    mean = round(255 / 16 + 20 * 15 / 16)
    done = region_effect.paint(bright, photo, mask, region_effect.treatment(fill="mean"))
    assert done.score == pytest.approx((255 / 16 + 20 * 15 / 16) / 255, abs=1e-5)
    assert done.ablated_score == pytest.approx((mean / 16 + 20 * 15 / 16) / 255, abs=1e-5)
    assert done.delta == pytest.approx((mean - 255) / 16 / 255, abs=1e-5)
    assert done.area == 1 / 16
    assert (done.photo[mask] == mean).all()
    assert (done.photo[~mask] == 20).all()
    assert (photo[mask] == 255).all()


def test_keep_only_replaces_everything_else(bright: Predictor) -> None:
    photo, mask = scene()
    done = region_effect.paint(bright, photo, mask, region_effect.treatment(fill="mean", direction="keep"))
    mean = round(255 / 16 + 20 * 15 / 16)
    assert done.area == 15 / 16
    assert done.delta == pytest.approx((mean - 20) * 15 / 16 / 255, abs=1e-5)


@pytest.mark.parametrize(("fill", "settings"), [("noise", {}), ("blur", {"sigma": 0.2}), ("grayscale", {})])
def test_it_is_the_studys_own_operator(bright: Predictor, fill: str, settings: dict[str, Any]) -> None:
    photo, mask = draw_photo(3, 256, 300), np.zeros((256, 300), bool)
    mask[40:90, 30:200] = True
    how = region_effect.treatment(settings, fill=fill, feather=0.02, seed=5)
    wanted = ABLATIONS["region"].function(photo, mask, settings, fill=fill, feather=0.02, seed=5)
    done = region_effect.paint(bright, photo, mask, how)
    assert (done.photo == wanted).all()
    assert done.ablated_score == bright.score([wanted])[0]


def test_a_mask_may_have_the_size_of_the_photo_or_of_its_working_copy(bright: Predictor) -> None:
    photo, mask = draw_photo(1, 768, 1024), np.zeros((768, 1024), bool)
    mask[300:600, 90:360] = True
    small = np.zeros((256, 341), bool)
    small[100:200, 30:120] = True
    big, little = (region_effect.paint(bright, photo, given, region_effect.treatment()) for given in (mask, small))
    assert big.area == pytest.approx(little.area, rel=0.02)
    assert big.delta == pytest.approx(little.delta, abs=2e-4)
    assert big.photo.shape == (256, 341, 3)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((256, 256), bool), "empty"),
        (np.ones((256, 256), bool), "whole photo"),
        (np.ones((100, 90), bool), "90 × 100"),
    ],
)
def test_masks_that_cannot_be_painted_are_refused(bright: Predictor, mask: np.ndarray, reason: str) -> None:
    with pytest.raises(MaskError, match=reason):
        region_effect.paint(bright, scene()[0], mask, region_effect.treatment())


@pytest.mark.parametrize(
    ("settings", "given", "error"),
    [
        ({}, {"fill": "glitter"}, UnknownChoiceError),
        ({}, {"fill": "region"}, UnknownChoiceError),
        ({"sigma": 9}, {"fill": "blur"}, ParameterError),
        ({"colour": 1}, {"fill": "mean"}, ParameterError),
        ({}, {"direction": "sideways"}, ParameterError),
        ({}, {"feather": float("nan")}, ParameterError),
        ({}, {"seed": 1e300}, ParameterError),
    ],
)
def test_treatments_name_what_is_allowed(settings: dict, given: dict, error: type[LabError]) -> None:
    with pytest.raises(error):
        region_effect.treatment(settings, **given)


def test_a_study_knows_the_usual_settings_and_a_hard_border() -> None:
    assert region_effect.as_studied(region_effect.treatment())
    assert region_effect.as_studied(region_effect.treatment(FILLS["blur"].arguments(), fill="blur", direction="keep"))
    assert not region_effect.as_studied(region_effect.treatment({"sigma": 0.2}, fill="blur"))
    assert not region_effect.as_studied(region_effect.treatment(feather=0.02))


def test_controls_are_the_same_shape_elsewhere(bright: Predictor) -> None:
    photo, mask = scene()
    how = region_effect.treatment(fill="mean")
    done = region_effect.paint(bright, photo, mask, how)
    found = list(region_effect.controls(bright, photo, mask, how, done.score, n=12))
    mean = round(255 / 16 + 20 * 15 / 16)
    assert found == pytest.approx([(mean - 20) / 16 / 255] * 12, abs=1e-5)
    assert region_effect.comparison(done.delta, found, "remove").startswith(
        "This region matters more than 12 of 12 regions"
    )


def test_controls_come_while_they_are_computed(bright: Predictor) -> None:
    photo, mask = scene()
    arriving = region_effect.controls(bright, photo, mask, region_effect.treatment(), 0.1)
    next(arriving)
    assert bright.module.batches == [region_effect.BATCH]
    assert len(list(arriving)) == region_effect.CONTROLS - 1


def test_controls_equal_each_placement_on_its_own(bright: Predictor) -> None:
    photo, mask = draw_photo(2, 256, 320), np.zeros((256, 320), bool)
    mask[100:150, 100:170] = True
    how = region_effect.treatment(fill="inpaint", direction="keep")
    score = float(bright.score([photo])[0])
    wanted = [
        region_effect.paint(bright, photo, place.mask, how).delta
        for place in placements(mask, n=6, seed=how.seed).items
    ]
    assert list(region_effect.controls(bright, photo, mask, how, score, n=6)) == pytest.approx(wanted, abs=1e-6)


def test_a_comparison_with_other_places_tells_how_far_it_is_and_then_what_it_comes_to(bright: Predictor) -> None:
    photo, mask = scene()
    how = region_effect.treatment(fill="mean")
    done = region_effect.paint(bright, photo, mask, how)
    before = len(bright.module.batches)
    records = region_effect.elsewhere(bright, photo, mask, how, done)
    first = next(records)
    assert len(bright.module.batches) == before, "what is drawn first waits for nothing"
    assert (first.delta, first.others, first.complete) == (done.delta, (), False)
    assert first.said == f"0 of {region_effect.CONTROLS} places tried …"
    *_, all_but_told, last = records
    assert len(all_but_told.others) == len(last.others) == region_effect.CONTROLS
    assert all_but_told.said == f"{region_effect.CONTROLS} of {region_effect.CONTROLS} places tried …"
    assert list(last.others) == list(region_effect.controls(bright, photo, mask, how, done.score))
    assert last.said == region_effect.comparison(done.delta, list(last.others), "remove")


def test_where_nothing_else_fits_there_is_no_control(bright: Predictor) -> None:
    mask = np.zeros((256, 256), bool)
    mask[:200] = True
    found = list(region_effect.controls(bright, scene()[0], mask, region_effect.treatment(), 0.1))
    assert found == []
    assert "no other place" in region_effect.comparison(-0.1, found, "remove")


@pytest.mark.parametrize(
    ("delta", "others", "direction", "sentence"),
    [
        (-0.3, [0.1, -0.4, 0.2], "remove", "This region matters more than 2 of 3 regions of the same size and shape."),
        (0.3, [0.3], "remove", "This region matters more than 0 of the 1 other region of the same size and shape."),
        (-0.1, [-0.2, 0.3, 0], "keep", "Keeping only this region moves the score less than keeping only 2 of 3"),
    ],
)
def test_the_comparison_is_one_plain_sentence(delta: float, others: list[float], direction: str, sentence: str) -> None:
    assert region_effect.comparison(delta, others, direction).startswith(sentence)


def test_every_registered_fill_is_tried(bright: Predictor) -> None:
    photo, mask = scene()
    found = list(
        region_effect.under_every_fill(bright, photo, mask, region_effect.treatment({"sigma": 0.1}, fill="blur"), 0.1)
    )
    assert [item.id for item in found] == [entry.id for entry in FILLS]
    for item in found:
        direct = region_effect.paint(bright, photo, mask, region_effect.treatment(fill=item.id), score=0.1)
        assert item.delta == pytest.approx(direct.delta, abs=1e-6)


def test_models_that_are_not_installed_say_so(bright: Predictor) -> None:
    def load(name: str) -> Predictor:
        if name == "absent":
            raise MissingDependencyError("absent is not installed; get it with: pip install it")
        return bright

    photo, mask = scene()
    found = list(
        region_effect.by_every_model({"here": "Here", "absent": "Absent"}, load, photo, mask, region_effect.treatment())
    )
    assert found[0].delta == region_effect.paint(bright, photo, mask, region_effect.treatment()).delta
    assert (found[1].delta, found[1].problem) == (None, "absent is not installed; get it with: pip install it")
