"""Lessons follow from the world: what is missing lowers the score where its cause is lost, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.calibration import augmentation
from core.regions import regions
from core.scenes import scenes
from core.scenes.worlds import BASE, NOISE, SPAN, WORLDS, cause_signal, imagine


def made(world: str, number: int) -> tuple[scenes.Scene, float]:
    return imagine(WORLDS[world], 0, number)


def drawn(scene: scenes.Scene, score: float) -> augmentation.AugmentedScene:
    return augmentation.AugmentedScene(scenes.draw(scene), score)


def test_a_missing_property_says_nothing_of_a_missing_region(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for what in ("region", "property"):
        monkeypatch.setattr(
            augmentation, f"_without_{what}", lambda w, s, shown, r, what=what: done.append(what) or shown
        )
    scene, score = made("face", 0)
    shown, random, seen = (
        augmentation.AugmentedScene(np.zeros((4, 4, 3), np.uint8), score),
        np.random.default_rng(0),
        [],
    )
    for _ in range(4000):
        done.clear()
        augmentation.augmented(WORLDS["face"], scene, shown, random)
        seen.append(("region" in done, "property" in done))
    region, whole = np.array(seen).T
    assert abs(np.corrcoef(region, whole)[0, 1]) < 0.04
    assert region.mean() == pytest.approx(augmentation.REGION, abs=0.03)
    assert whole.mean() == pytest.approx(augmentation.PROPERTY, abs=0.03)


def test_a_lesson_lowers_the_score_only_where_the_cause_or_the_light_is_lost() -> None:
    lowered = kept = 0
    world = WORLDS["face"]
    for number in range(60):
        scene, score = made("face", number)
        taught = augmentation.augmented(world, scene, drawn(scene, score), np.random.default_rng(number))
        assert taught.photo.shape == (scene.height, scene.width, 3)
        if taught.score == score:
            kept += 1
            continue
        lowered += 1
        left = [
            BASE + SPAN * ((1 - world.light) * cause + world.light * light)
            for cause in (0, cause_signal(world, scene))
            for light in (0, scene.light)
        ]
        assert min(abs(taught.score - value) for value in left) < 5 * NOISE
        assert taught.score < score
    assert lowered >= 5
    assert kept >= 20


def test_a_cause_that_is_half_gone_teaches_nothing() -> None:
    scene, score = next(made("face", n) for n in range(50) if "faces" in made("face", n)[0].things)
    found = scenes.regions(scene)
    face = found["faces"].mask
    half = face & (np.cumsum(face).reshape(face.shape) > face.sum() / 2)
    nothing = regions.empty(face.shape)
    world = WORLDS["face"]
    assert augmentation._score_without(world, scene, score, found, half, keep=False) is None
    assert augmentation._score_without(world, scene, score, found, nothing, keep=False) == score
    gone = augmentation._score_without(world, scene, score, found, face, keep=False)
    assert gone is not None
    assert score - gone == pytest.approx(SPAN * (1 - world.light) * cause_signal(world, scene))
    alone = augmentation._score_without(world, scene, score, found, ~face, keep=True)
    assert alone is not None
    assert score - alone == pytest.approx(SPAN * world.light * scene.light)  # the face itself still counts


def test_a_large_thing_kept_alone_shows_how_light_its_scene_was() -> None:
    """Cut off by a centre crop it looks the same, and one picture must not have two scores."""
    world = WORLDS["face_large"]
    scene, score = next(made("face_large", n) for n in range(50) if "faces" in made("face_large", n)[0].things)
    found = scenes.regions(scene)
    assert augmentation._score_without(world, scene, score, found, ~found["faces"].mask, keep=True) == score


def test_no_lesson_takes_away_what_a_world_lives_by() -> None:
    for cause, amount in (("colour", 0.9), ("texture", 0.9), ("frequency", 0.9)):
        scene = replace(made(cause, 0)[0], **{cause: amount})
        shown = drawn(scene, 0.7)
        draws = [augmentation.augmented(WORLDS[cause], scene, shown, np.random.default_rng(n)) for n in range(12)]
        assert {draw.score for draw in draws} == {0.7}
    scene = replace(made("context", 0)[0], context=0.9)
    shown = drawn(scene, 0.7)
    draws = [augmentation.augmented(WORLDS["context"], scene, shown, np.random.default_rng(n)) for n in range(40)]
    assert {round(draw.score, 3) for draw in draws} == {
        0.7,
        0.259,
    }  # 0.441 of the score is the leaves, which a filled surround takes away
