"""What is said of a study before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.study import beforehand, speeds
from core.study import plan as study_plan
from core.study.beforehand import Counted
from core.study.conditions import Design, grid
from core.study.cost import Frequency
from core.study.first_photos import measured
from tests.conftest import write_photo
from tests.study.test_cost import half_with_faces, tiny

pytestmark = pytest.mark.usefixtures("own_folders")


def test_an_estimate_before_anything_is_opened_is_that_of_the_command_with_the_same_numbers() -> None:
    design = Design(photos=16)
    known = measured(study_plan.plan(tiny(), half_with_faces(16), design))
    things = dict.fromkeys(("people", "salient", "text"), Frequency(0.0, 0.0)) | {"faces": Frequency(0.5, 1.0)}
    found = beforehand.foreseen(design, Counted(400, 400, things), "tiny")
    assert found.cost.rows == pytest.approx(known.rows)
    assert found.cost.row_ms == pytest.approx(known.row_ms)
    assert found.cost.photos == 16
    assert found.conditions == len(grid(design))
    assert "measured here with PyTorch" in found.basis


def test_without_a_measurement_it_is_called_a_guess() -> None:
    found = beforehand.foreseen(Design(), Counted(100, 0, {}), "tiny")
    assert "a guess" in found.basis
    assert found.cost.row_ms == speeds.GUESS.row_ms


def test_photos_are_counted_as_the_study_takes_them(tmp_path: Path) -> None:
    for number in range(3):
        write_photo(tmp_path / "set" / f"{number}.png", number)
    assert beforehand.counted(str(tmp_path / "set")).photos == 3
    scenes = beforehand.counted("generated:face,n=40", "all")
    assert (scenes.photos, scenes.scored, scenes.known) == (40, 40, True)
    assert 0 < scenes.things["faces"].there < 1
    assert beforehand.counted("generated:face,n=40").photos == 12  # the test part
    assert not beforehand.counted(str(tmp_path / "set")).known
