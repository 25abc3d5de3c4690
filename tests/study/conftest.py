"""What the tests of studies share; all of them work on small photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import config
from tests.helpers import kills


@pytest.fixture(scope="module", autouse=True)
def small_working_size(request: pytest.FixtureRequest) -> Iterator[None]:
    """A table is as right at this size, and takes a seventh of the time; workers of a cluster know the usual size."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.name != "test_cluster.py":
            patch.setattr(config, "WORKING_SIZE", kills.SIDE)
        yield


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured here before is unknown, and what detectors find is kept below the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "CACHE", tmp_path / "cache")
