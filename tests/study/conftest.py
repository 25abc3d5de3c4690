"""Studies of tests work on small photos."""

from __future__ import annotations

from collections.abc import Iterator

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
