"""Calibration: lessons follow from the world, a killed run goes on, and the stored table says what came out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.calibration import augmentation, calibration
from core.calibration.table import (
    COLUMNS,
    FOLDER,
    MORE_COLUMNS,
    TABLE,
    described,
    expected,
    is_correct,
    lines,
    planted,
    read_table,
    records,
    rows_in_words,
    summary,
)
from core.calibration.training import Schedule, fit_model, gather
from core.errors import ArtifactError, StudyError
from core.photos.fingerprints import FingerprintIndex, fingerprint
from core.regions import regions
from core.registry import MODELS
from core.scenes import scenes
from core.scenes.worlds import BASE, NOISE, SPAN, WORLDS, cause_signal, imagine
from core.verdict.records import INCONCLUSIVE, MIXED, A, B

TINY = calibration.Scale(("face",), Schedule(scenes=24, epochs=1, batch=8), photos=12, targets=0)


@pytest.mark.parametrize(
    ("world", "cause", "verdict"),
    [
        ("face", "face", A),
        ("person", "person", A),
        ("salient", "salient object", A),
        ("text", "text", A),
        ("colour", "colour", B),
        ("texture", "texture", B),
        ("frequency", "spatial frequency", B),
        ("context", "context", B),
        ("face_colour", "face + colour", MIXED),
        ("text_frequency", "text + spatial frequency", MIXED),
        ("none", "none", INCONCLUSIVE),
        ("unlearnable", "unlearnable", INCONCLUSIVE),
        ("person_large", "person", A),
        ("colour_large", "colour", B),
        ("none_large", "none_large", INCONCLUSIVE),
        ("size", "person", A),
        ("half_missed", "salient object", A),
    ],
)
def test_every_world_says_what_must_come_out(world: str, cause: str, verdict: str) -> None:
    assert planted(WORLDS[world]) == cause
    assert expected(WORLDS[world]) == verdict


@pytest.mark.parametrize(
    ("world", "words"),
    [
        ("face", "face"),
        ("face_large", "face, 20 to 40 % of the area"),
        ("colour_large", "colour, person of 20 to 40 % of the area"),
        ("size", "person, by size alone"),
        ("half_missed", "salient object, 50% not detected"),
    ],
)
def test_a_world_is_told_from_others_of_its_cause(world: str, words: str) -> None:
    assert described(world) == words


def test_a_single_cause_must_lead_and_others_need_not() -> None:
    assert is_correct(WORLDS["face"], A, "face")
    assert not is_correct(WORLDS["face"], A, "person")
    assert not is_correct(WORLDS["face"], A, None)
    assert not is_correct(WORLDS["face"], MIXED, "face")
    assert is_correct(WORLDS["face_colour"], MIXED, None)
    assert is_correct(WORLDS["none"], INCONCLUSIVE, None)
    assert not is_correct(WORLDS["none"], B, "texture")


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


def test_what_is_studied_is_not_taught() -> None:
    preset = MODELS["scene_cnn"].facts["preset"]
    avoid = FingerprintIndex([fingerprint(scenes.draw(made("face", 3)[0]))])
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


@pytest.mark.slow
def test_a_killed_calibration_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = calibration.calibrate(tmp_path, TINY, 0)
    assert list(table.columns) == [*COLUMNS, *MORE_COLUMNS]
    assert table["cause"].tolist() == ["face"]
    assert table["photos"].tolist() == [12]
    result = tmp_path / "seed-0" / "face" / calibration.RESULT
    before = json.loads(result.read_text())
    assert {row["row"] for row in before["readings"]} >= {"faces_removed", "blur", "background_removed"}

    result.unlink()  # killed after the study
    monkeypatch.setattr(calibration, "fit_model", lambda *args, **kwargs: pytest.fail("the model was there"))
    calibration.calibrate(tmp_path, TINY, 0)
    assert json.loads(result.read_text()) == before

    monkeypatch.setattr(calibration, "run_world", lambda *args, **kwargs: pytest.fail("the world was done"))
    calibration.calibrate(tmp_path, TINY, 0)
    with pytest.raises(StudyError, match="other settings"):
        calibration.calibrate(tmp_path, replace(TINY, photos=13), 0)


stored = pytest.mark.skipif(not (FOLDER / TABLE).is_file(), reason="no calibration is stored in artifacts/ yet")


@stored
def test_the_stored_run_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["calibrate", "--show", "--json"])
    rows = json.loads(capsys.readouterr().out)
    known = [(row["world"], row["seed"]) for row in rows]
    order = [(name, seed) for name in WORLDS for seed in range(3)]
    assert known == [item for item in order if item in known], "each world once a seed, in the order of the worlds"
    assert {row["protocol"] for row in rows} <= {1, 2}
    assert all(set(COLUMNS) <= set(row) for row in rows)
    assert code == (0 if all(row["correct"] for row in rows) else 1)
    for row in rows:  # the table does not contradict itself
        assert row["correct"] == is_correct(WORLDS[row["world"]], row["verdict"], row["leading_cause"])
        assert row["cause"] == planted(WORLDS[row["world"]])


@stored
def test_the_stored_run_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    main(["calibrate", "--show"])
    out = capsys.readouterr().out
    assert summary(read_table()) in out
    for seed in {row["seed"] for row in records(read_table())}:
        ran = {row["world"] for row in records(read_table()) if (row["protocol"], row["seed"]) == (2, seed)}
        left = out.rpartition(f"not run by protocol 2 at seed {seed} yet")[2].splitlines()[:1]
        assert all(name in left[0] for name in WORLDS if name not in ran)
    assert all(word in out for word in COLUMNS)


def test_a_null_world_has_no_leading_cause_in_json(tmp_path: Path) -> None:
    row = dict.fromkeys(MORE_COLUMNS, 0) | {"cause": "none", "verdict": INCONCLUSIVE, "leading_cause": None}
    row |= {"validity": 0.01, "correct": True, "strength": "", "held_back": "", "world": "none"}
    pd.DataFrame([row]).to_csv(tmp_path / TABLE, index=False)
    (back,) = records(read_table(tmp_path))
    assert back["leading_cause"] is None
    assert back["correct"] is True
    assert back["validity"] == 0.01
    pd.DataFrame([row | {"validity": np.nan}]).to_csv(tmp_path / TABLE, index=False)
    assert records(read_table(tmp_path))[0]["validity"] is None
    assert any("inconclusive" in line and "–" in line for line in lines(read_table(tmp_path)))


def test_what_differs_between_seeds_is_told_of_each() -> None:
    row = dict.fromkeys(MORE_COLUMNS, 0.0) | {"cause": "face", "verdict": A, "leading_cause": "face", "validity": 0.9}
    row |= {"correct": True, "strength": "strict", "held_back": "", "world": "face", "protocol": 2, "seed": 0}
    other = row | {"seed": 1, "strength": "leaning", "correct": False, "leading_cause": ""}
    table = pd.DataFrame([row, other, row | {"world": "colour", "cause": "colour"}])
    first, second = rows_in_words(table)
    assert first == {
        "cause": "face",
        "verdict": "A (strict) / A (leaning)",
        "leading_cause": "face / –",
        "validity": "0.90 [0.00, 0.00]",
        "correct": "yes / NO",
        "seed": "0 / 1",
        "protocol": "2",
    }
    assert (second["verdict"], second["seed"]) == ("A (strict)", "0")
    assert summary(table) == "2 of 2 worlds at seed 0, 0 of 1 worlds at seed 1 are read correctly by protocol 2"


def test_bad_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="missing"):
        read_table(tmp_path)
    (tmp_path / TABLE).write_text("cause,verdict\nface,A\n")
    with pytest.raises(ArtifactError, match="column leading_cause"):
        read_table(tmp_path)


def test_an_unknown_world_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--worlds", "weather"]) == 2
    assert "choose from face, person" in capsys.readouterr().err


@stored
def test_the_readings_are_stored_with_the_table() -> None:
    readings = pd.read_csv(FOLDER / "readings.csv")
    stored_at = [set(zip(table["world"], table["seed"], strict=True)) for table in (readings, read_table())]
    assert stored_at[0] == stored_at[1]
