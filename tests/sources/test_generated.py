"""Generated scenes: repeatable, exact masks, causes that do not leak into one another, and scores that follow them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core.errors import ParameterError, SourceError
from core.scenes import scenes, worlds
from core.scenes.scene import OBJECT_CLASSES
from core.scenes.scenes import SIZES
from core.scenes.worlds import AMOUNTS, WORLDS, imagine
from core.sources import open_source
from core.sources.generated import generated

MANY = 1500


def test_a_fresh_machine_has_photos() -> None:
    listing = open_source("generated")
    assert listing.name == "generated_face"
    assert len(listing.photos) == 400
    assert len({photo.id for photo in listing.photos}) == 400
    assert {photo.split for photo in listing.photos} == {"train", "val", "test"}
    assert all(0 <= photo.score <= 1 for photo in listing.photos if photo.score is not None)


def test_worlds_are_chosen_after_a_colon() -> None:
    listing = open_source("generated:text,n=3,seed=5")
    assert [photo.id for photo in listing.photos] == ["text-5-00000", "text-5-00001", "text-5-00002"]
    assert open_source("generated:cause=text,seed=5,n=3").photos[0].id == "text-5-00000"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("generated:weather", "cause must be one of face, person"),
        ("generated:n=0", "n must lie between"),
        ("generated:face,3", "name=value"),
        ("generated:face,size=3", "no parameter 'size'"),
        ("samples:n=3", "no parameter 'n'"),
        ("samples:3", "name=value"),
    ],
)
def test_bad_parameters_are_named(name: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        open_source(name)


def test_an_unknown_name_is_no_source() -> None:
    with pytest.raises(SourceError, match="no such folder"):
        open_source("generatd:face")


@pytest.mark.parametrize("cause", WORLDS)
def test_a_scene_follows_from_world_seed_and_number(cause: str) -> None:
    first, again = (generated(cause=cause, n=n, seed=4).photos[2] for n in (3, 30))
    assert (first.id, first.score) == (again.id, again.score)
    np.testing.assert_array_equal(first.read(), again.read())
    other = generated(cause=cause, n=3, seed=5).photos[2]
    assert first.read().shape != other.read().shape or (first.read() != other.read()).any()


def test_photos_are_photos() -> None:
    for photo in generated(n=12).photos:
        pixels = photo.read()
        assert pixels.dtype == np.uint8
        assert pixels.shape[:2] in SIZES
        assert photo.truth is not None
        assert {name: region.mask.shape for name, region in photo.truth().items()} == dict.fromkeys(
            OBJECT_CLASSES, pixels.shape[:2]
        )


@pytest.mark.parametrize("thing", OBJECT_CLASSES)
def test_a_mask_holds_all_that_a_thing_changes(thing: str) -> None:
    found = 0
    for index in range(40):
        scene, _ = imagine(WORLDS["text_frequency"], 1, index)
        region = scenes.regions(scene)[thing]
        changed = (scenes.draw(scene) != scenes.draw(scene, leave_out=(thing,))).any(axis=2)
        assert not changed[~region.mask].any()
        assert region.mask.any() == (thing in scene.things) == bool(region.boxes)
        if region.mask.any():
            found += 1
            (box,) = region.boxes
            assert region.mask[box.top : box.bottom, box.left : box.right].sum() == region.mask.sum()
            # Rain falls on all, words are masked as boxes, and a head without a face keeps its skin.
            assert changed[region.mask].mean() > (0.1 if thing in ("text", "faces") else 0.4)
    assert found >= 10


def test_a_face_on_a_person_lies_inside_the_person() -> None:
    both = 0
    for index in range(60):
        scene, _ = imagine(WORLDS["face"], 0, index)
        regions = scenes.regions(scene)
        if {"faces", "people"} <= set(scene.things):
            both += 1
            assert not (regions["faces"].mask & ~regions["people"].mask).any()
        assert not (regions["salient"].mask & (regions["people"].mask | regions["text"].mask)).any()
    assert both >= 10


@pytest.mark.parametrize("cause", ["face", "person", "salient", "text"])
def test_what_causes_the_score_survives_the_centre_crop(cause: str) -> None:
    (name,) = WORLDS[cause].causes
    for index in range(40):
        scene, _ = imagine(WORLDS[cause], 2, index)
        mask = scenes.regions(scene)[name].mask
        middle = mask[scene.height // 4 : 3 * scene.height // 4, scene.width // 4 : 3 * scene.width // 4]
        assert middle.sum() == mask.sum()


def levels(cause: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is in many scenes of a world, by name (MANY,), and their scores."""
    made = [imagine(WORLDS[cause], 3, index) for index in range(MANY)]
    found = {name: np.array([name in scene.things for scene, _ in made], float) for name in OBJECT_CLASSES}
    found |= {name: np.array([getattr(scene, name) for scene, _ in made]) for name in AMOUNTS}
    return found, np.array([score for _, score in made])


@pytest.mark.parametrize("cause", WORLDS)
def test_causes_do_not_stand_in_for_one_another(cause: str) -> None:
    found, scores = levels(cause)
    names = list(found)
    table = np.corrcoef([found[name] for name in names])
    limit = 4.5 / np.sqrt(MANY)
    assert np.abs(table - np.eye(len(names))).max() < limit
    for name in names:
        correlation = abs(stats.spearmanr(found[name], scores)[0])
        assert correlation > 0.4 if name in WORLDS[cause].causes else correlation < limit


def test_a_score_moves_with_its_cause_and_with_nothing_else() -> None:
    scene, _ = imagine(WORLDS["face"], 0, 0)
    with_face, without = (replace(scene, things=things) for things in ({"faces": 0.5, "text": 1.0}, {"text": 1.0}))
    assert worlds.cause_signal(WORLDS["face"], with_face) == pytest.approx(0.8)
    assert worlds.cause_signal(WORLDS["face"], without) == 0
    grey = replace(with_face, colour=0.0)
    assert worlds.cause_signal(WORLDS["face"], grey) == pytest.approx(0.8)
    assert worlds.cause_signal(WORLDS["face_colour"], grey) == pytest.approx(0.4)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_changes_pixels_all_over_the_picture(amount: str) -> None:
    scene, _ = imagine(WORLDS["none"], 0, 1)
    low, high = (scenes.draw(replace(scene, **{amount: value})).astype(int) for value in (0.0, 1.0))
    changed = (low != high).any(axis=2)
    height, width = changed.shape
    quarters = [changed[: height // 2, : width // 2], changed[height // 2 :, width // 2 :]]
    assert min(part.mean() for part in quarters) > 0.1


def test_context_leaves_the_middle_alone() -> None:
    scene, _ = imagine(WORLDS["context"], 0, 1)
    low, high = (scenes.draw(replace(scene, context=value)) for value in (0.0, 1.0))
    middle = np.s_[scene.height // 4 : 3 * scene.height // 4, scene.width // 4 : 3 * scene.width // 4]
    np.testing.assert_array_equal(low[middle], high[middle])


LARGE_WORLDS = [name for name, world in WORLDS.items() if world.large]


@pytest.mark.parametrize("name", LARGE_WORLDS)
def test_a_large_thing_covers_as_much_as_it_should(name: str) -> None:
    world, found = WORLDS[name], 0
    for index in range(24):
        scene, _ = imagine(world, 3, index)
        if world.large not in scene.things:
            continue
        found += 1
        area = scenes.regions(scene)[world.large].area
        least, most = scene.reach
        assert least * 0.9 < area < most * 1.05, (index, area)
        expected = least + (most - least) * scene.things[world.large]
        assert area == pytest.approx(expected, rel=0.35)
    assert found >= 5


def test_what_stands_before_a_large_thing_is_no_part_of_it() -> None:
    for index in range(12):
        masks = {
            name: region.mask for name, region in scenes.regions(imagine(WORLDS["face_large"], 0, index)[0]).items()
        }
        assert not (masks["faces"] & (masks["people"] | masks["salient"] | masks["text"])).any()
        masks = {name: region.mask for name, region in scenes.regions(imagine(WORLDS["size"], 0, index)[0]).items()}
        assert not (masks["faces"] & ~masks["people"]).any() or not masks["people"].any()


def test_brightness_alone_moves_with_the_light() -> None:
    scene, _ = imagine(WORLDS["face"], 0, 0)
    dark, bright = (scenes.draw(replace(scene, light=light)).astype(float) for light in (0.0, 1.0))
    assert dark.mean() == pytest.approx(scenes.DARKEST * bright.mean(), abs=1)


def test_a_detector_that_misses_half_is_told_of_the_others_only() -> None:
    world, photos = WORLDS["half_missed"], generated(cause="half_missed", n=200).photos
    scenes_of = [imagine(world, 0, index)[0] for index in range(200)]
    there = np.array(["salient" in scene.things for scene in scenes_of])
    assert all(photo.truth is not None for photo in photos)
    found = np.array([photo.truth()["salient"].mask.any() for photo in photos if photo.truth is not None])
    assert not found[~there].any()
    assert 0.35 < found[there].mean() < 0.65
