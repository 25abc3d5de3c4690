"""How fast this machine was before: kept, read, and a guess where it is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import config
from core.sources import open_source
from core.study import plan as study_plan
from core.study import speeds
from core.study.conditions import Design
from core.study.cost import Speed
from core.study.first_photos import measured
from tests.conftest import write_photo
from tests.study.test_cost import SPEED, half_with_faces, tiny

pytestmark = pytest.mark.usefixtures("own_folders")


def test_the_middle_of_the_last_measurements_counts_in_the_last_engine() -> None:
    for engine_used, row, opening in (("torch", 90.0, 100.0), ("fast", 9.0, None), ("fast", 11.0, 300.0)):
        speeds.remember("tiny", engine_used, row, opening)
    speeds.remember("tiny", "fast", 50.0, 900.0)
    found = speeds.known("tiny")
    assert (found.speed, found.engine) == (Speed(11.0, 300.0), "fast")
    assert speeds.known("other").speed == Speed(speeds.GUESS.row_ms, 300.0)  # opening is the same with every model
    for _ in range(speeds.LATEST):
        speeds.remember("tiny", "fast", 8.0, None)
    assert speeds.known("tiny").speed == Speed(8.0, speeds.GUESS.open_ms)


@pytest.mark.parametrize("damage", ["", "[]", '{"tiny": 3}', '{"tiny": [{"engine": "torch"}]}', "\0"])
def test_a_damaged_note_of_speeds_is_as_none(damage: str) -> None:
    speeds.remember("tiny", "torch", SPEED.row_ms, SPEED.open_ms)
    (config.CACHE / speeds.FILE).write_text(damage)
    assert speeds.known("tiny").engine == ""
    speeds.remember("tiny", "torch", SPEED.row_ms, SPEED.open_ms)
    assert speeds.known("tiny").speed == SPEED


def test_how_long_opening_takes_is_learned_from_photos_that_detectors_look_at_anew(tmp_path: Path) -> None:
    design = Design(ablations=("grayscale",), masks=("salient",))
    for number in range(3):
        write_photo(tmp_path / "set" / f"{number}.png", number)
    photos = open_source(str(tmp_path / "set")).photos
    remembered = []
    for found in (half_with_faces(4), photos, photos):  # known by labels; looked at; kept from the time before
        measured(study_plan.plan(tiny(), found, design))
        kept = json.loads((config.CACHE / speeds.FILE).read_text())["tiny"]
        remembered.append(kept[-1]["open_ms"])
    assert [value is None for value in remembered] == [True, False, True]
