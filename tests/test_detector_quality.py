"""Detectors below the bar make their rows exploratory; a damaged file is an error and not a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.detector_quality import weak_detectors
from core.errors import ArtifactError


def test_detectors_below_the_bar_are_named(tmp_path: Path) -> None:
    measured = {
        "faces": {"precision": 0.7, "recall": 0.2},
        "people": {"precision": 0.69},
        "salient": {"iou": 0.39},
        "text": {"precision": None},
    }
    (tmp_path / "detectors.json").write_text(json.dumps(measured))
    assert weak_detectors(tmp_path / "detectors.json") == {
        "people": "detector precision 0.69, below 0.7",
        "salient": "detector iou 0.39, below 0.4",
    }


def test_nothing_measured_is_nothing_weak(tmp_path: Path) -> None:
    assert weak_detectors(tmp_path / "detectors.json") == {}


@pytest.mark.parametrize("text", ["", "[1]", '{"faces": 3}', '{"faces": {"precision": "good"}}'])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "detectors.json").write_text(text)
    with pytest.raises(ArtifactError, match="quality of detectors"):
        weak_detectors(tmp_path / "detectors.json")
