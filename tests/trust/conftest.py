"""What the tests of trust in heatmaps share."""

from __future__ import annotations

import pytest

from tests.helpers.patch import SIDE


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos work at the size of the model, so that tests are fast."""
    monkeypatch.setattr("core.config.WORKING_SIZE", SIDE)
