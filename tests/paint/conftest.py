"""What the tests of painting share."""

from __future__ import annotations

import pytest

from core.inference import Predictor
from core.photos.preprocess import Preset
from tests.helpers.brightness import Brightness


@pytest.fixture
def bright() -> Predictor:
    return Predictor("small_cnn", Brightness(), Preset(256, 256), {})
