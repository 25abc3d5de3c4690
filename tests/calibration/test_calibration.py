"""A killed calibration goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.calibration import calibration
from core.calibration.table import (
    COLUMNS,
    MORE_COLUMNS,
)
from core.calibration.training import Schedule
from core.errors import StudyError

TINY = calibration.Scale(("face",), Schedule(scenes=24, epochs=1, batch=8), photos=12, targets=0)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"settings": {}, "row": {}}', '{"settings": {}, "row": [], "readings": []}']
)
def test_a_damaged_result_is_named(tmp_path: Path, text: str) -> None:
    result = tmp_path / "seed-0" / "face" / calibration.RESULT
    result.parent.mkdir(parents=True)
    result.write_text(text)
    for go_on in (lambda: calibration.calibrate(tmp_path, TINY, 0), lambda: calibration.write_table(tmp_path)):
        with pytest.raises(StudyError, match=r"result\.json is damaged.*delete it"):
            go_on()


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
