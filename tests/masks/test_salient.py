"""What stands out."""

from __future__ import annotations

import numpy as np
import pytest

from core.regions.vision_transformer import DinoFeatures
from core.registry import MASKS
from tests.conftest import draw_photo


@pytest.mark.parametrize(("most", "n"), [(0.79, 0), (0.81, 1)])
def test_what_stands_out_a_little_is_nothing(most: float, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.masks import salient

    saliency = np.full((224, 224), 0.3, dtype=np.float32)
    saliency[80:160, 80:160] = most
    tokens, square = np.zeros((3, 256, 384), dtype=np.float32), np.zeros((224, 224, 3), dtype=np.uint8)
    monkeypatch.setattr(salient, "dino_features", lambda photo: DinoFeatures(tokens, saliency, square))
    region = MASKS["salient"].function(draw_photo(1, 112, 224))
    assert len(region.boxes) == n
    assert region.mask[40:80, 80:160].all() == bool(n)
