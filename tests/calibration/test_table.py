"""What a calibration must find in each world, and the stored table of what came out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.calibration.table import (
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
from core.errors import ArtifactError
from core.scenes.worlds import WORLDS
from core.verdict.records import INCONCLUSIVE, MIXED, A, B


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


stored = pytest.mark.skipif(not (FOLDER / TABLE).is_file(), reason="no calibration is stored in artifacts/ yet")


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


@stored
def test_the_readings_are_stored_with_the_table() -> None:
    readings = pd.read_csv(FOLDER / "readings.csv")
    stored_at = [set(zip(table["world"], table["seed"], strict=True)) for table in (readings, read_table())]
    assert stored_at[0] == stored_at[1]
