"""Studies at hand: whether one is of the weights that are shipped now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from core import config
from core.study import catalogue


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study folder beside shipped weights."""
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    (tmp_path / "resnet50").mkdir()
    (tmp_path / "resnet50" / catalogue.WEIGHTS).write_bytes(b"weights")
    (tmp_path / "study").mkdir()
    return tmp_path / "study"


@pytest.mark.parametrize(
    ("identity", "other"),
    [
        (f"resnet50-{hashlib.sha256(b'weights').hexdigest()[:12]}", False),
        (f"resnet50-{hashlib.sha256(b'earlier').hexdigest()[:12]}", True),
        ("resmem", False),
        (None, False),
    ],
)
def test_a_study_of_weights_that_are_not_shipped_is_told(study: Path, identity: str | None, other: bool) -> None:
    (study / catalogue.SETTINGS).write_text(json.dumps({"model_identity": identity}))
    assert catalogue.is_of_other_weights(study) is other


def test_a_study_that_does_not_say_is_not_accused(study: Path) -> None:
    assert not catalogue.is_of_other_weights(study)
    (study / catalogue.SETTINGS).write_text("{")
    assert not catalogue.is_of_other_weights(study)
