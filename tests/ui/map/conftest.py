"""What the tests of the map's page share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import standin


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts with a map."""
    folder = tmp_path_factory.mktemp("drawn")
    standin.write_results(folder)
    standin.write_weights(folder / "resnet50")
    standin.write_map(folder)
    return folder
