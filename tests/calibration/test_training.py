"""The model of a world: what is studied is not taught, and the same seed gives the same model."""

from __future__ import annotations

from core.calibration import calibration
from core.calibration.training import fit_model, gather
from core.photos.fingerprints import FingerprintIndex, fingerprint
from core.registry import MODELS
from core.scenes import scenes
from core.scenes.worlds import WORLDS, imagine
from tests.calibration.test_calibration import TINY


def test_what_is_studied_is_not_taught() -> None:
    preset = MODELS["scene_cnn"].facts["preset"]
    avoid = FingerprintIndex([fingerprint(scenes.draw(imagine(WORLDS["face"], 0, 3)[0]))])
    material = gather(WORLDS["face"], 0, [1, 3, 5], avoid, preset, 1)
    assert material.squares.shape == (2, 96, 96, 3)
    assert len(material.prints) == 2
    photos, numbers = calibration._parts(WORLDS["face"], TINY, 0)
    assert len(photos) == 12
    assert len(numbers) == 24
    assert {photo.split for photo in photos} == {"test"}
    assert not {f"face-0-{number:05d}" for number in numbers} & {photo.id for photo in photos}


def test_teaching_is_repeatable() -> None:
    preset = MODELS["scene_cnn"].facts["preset"]
    material = gather(WORLDS["colour"], 0, range(8), FingerprintIndex([]), preset, 2)
    first, again = (fit_model(material, preset, TINY.course, seed=3).state_dict() for _ in range(2))
    assert all((first[name] == again[name]).all() for name in first)
