"""What the tests of studies share."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import config


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured here before is unknown, and what detectors find is kept below the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "CACHE", tmp_path / "cache")
