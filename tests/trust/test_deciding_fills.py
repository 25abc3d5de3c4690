"""What takes places away in deletion curves: the fills that decide in a stored study."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import config
from core.trust import over_set
from core.trust.deciding_fills import LOOKED_AT, deciding_fills
from core.verdict.aggregates import read_verdict
from tests.helpers.patch import TRUE


def test_what_takes_away_is_what_decides_in_the_stored_study_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = read_verdict(config.ARTIFACTS / "studies" / "reference")
    own = deciding_fills(verdict.model)
    assert own.fills == tuple(item.fill for item in verdict.artefacts if item.decides)
    assert own.why.endswith(f"what decides in the stored study of {verdict.model}.")
    other = deciding_fills("another")
    assert other.fills == own.fills
    assert other.why.endswith(f"these are those of the study of {verdict.model}.")
    assert over_set.settings_of("resnet50", "drawn", (TRUE,), ()).fills == own.fills
    assert not over_set.settings_of("resnet50", "drawn", (TRUE,), (), removals=False).fills
    monkeypatch.setattr("core.config.ARTIFACTS", tmp_path)
    monkeypatch.setattr("core.config.RUNS", tmp_path)
    alone = deciding_fills(verdict.model)
    assert alone.fills == LOOKED_AT
    assert alone.why.endswith("these decided in the photos looked at beforehand.")
