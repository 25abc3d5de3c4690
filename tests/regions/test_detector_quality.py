"""Detectors below the bar make their rows exploratory; a damaged file is an error and not a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ArtifactError
from core.regions.detector_quality import UNMEASURED, weak_detectors
from core.registry import MASKS


def test_detectors_below_the_bar_are_named(tmp_path: Path) -> None:
    measured = {
        "faces": {"precision": 0.7, "recall": 0.2, "iou": 0.3},
        "people": {"precision": 0.69, "precision_interval": [0.6, 0.7], "precision_by_photo_interval": [0.5, 0.8]},
        "salient": {"iou": 0.39},
        "text": {"precision": None},
    }
    (tmp_path / "detectors.json").write_text(json.dumps(measured))
    assert weak_detectors(tmp_path / "detectors.json") == {
        "people": "detector precision 0.69 [0.50, 0.80], below 0.7",
        "salient": "detector IoU 0.39, below 0.4",
        "text": UNMEASURED,
    }


def test_a_detector_that_was_never_measured_is_not_trusted(tmp_path: Path) -> None:
    everyone = {entry.id: UNMEASURED for entry in MASKS if entry.facts["detector"]}
    assert set(everyone) >= {"faces", "people", "salient", "text"}
    assert weak_detectors(tmp_path / "detectors.json") == everyone
    (tmp_path / "detectors.json").write_text(json.dumps({"faces": {"precision": 0.9}}))
    assert weak_detectors(tmp_path / "detectors.json") == {k: v for k, v in everyone.items() if k != "faces"}


def test_what_was_measured_of_another_version_of_a_mask_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "detectors.json"
    good = {
        "faces": {"precision": 0.9, "version": 1},
        "text": {"precision": 0.9, "version": 2},
        "people": {"precision": 0.9},
    }
    file.write_text(json.dumps(good))
    weak = weak_detectors(file, {"faces": 1, "text": 1, "people": 1})
    assert weak.keys() == {"salient", "text"}
    assert weak["text"] == "its detector was measured at version 2 of the mask, this study used version 1"


ENDS = (
    '{"faces": {"precision": 0.1, "precision_interval": 3}}',
    '{"faces": {"precision": 0.1, "precision_interval": [0]}}',
    '{"faces": {"precision": 0.1, "precision_interval": ["a", "b"]}}',
)


@pytest.mark.parametrize("text", ["", "[1]", '{"faces": 3}', '{"faces": {"precision": "good"}}', *ENDS])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "detectors.json").write_text(text)
    with pytest.raises(ArtifactError, match="quality of detectors"):
        weak_detectors(tmp_path / "detectors.json")
