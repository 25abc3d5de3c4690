"""What a study is said to cost before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.study import plan as study_plan
from core.study.conditions import Design
from core.study.cost import estimate
from tests.study.test_engine import drawn


def test_photos_in_which_nothing_is_ablated_have_a_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is with a thinned study whose first photos hold none of its things."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    predictor = Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})
    design = Design(ablations=("region",), masks=("faces",))
    found = estimate(study_plan.plan(predictor, drawn(20), design))
    assert (found.photos, found.rows) == (20, 1.0)
    assert found.row_ms > 0
    assert found.spread(1_000).seconds < found.seconds
