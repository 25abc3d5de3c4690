"""What the measurements measure does its work: every contender starts, and tells how much it did in a turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import engines, heatmaps, score, study
from core import config
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS


@pytest.fixture
def model(tmp_path: Path) -> str:
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32)), "training_photos": []}
    checkpoints.save(tmp_path / "model", MODELS["small_cnn"].function(), card)
    return str(tmp_path / "model")


def test_every_contender_does_its_work(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # masks are kept in runs/ of the current folder
    (tmp_path / "photos").mkdir()
    place = str(score.drawn_photos(tmp_path / "photos", 3))
    batch = config.BATCH_SIZE
    assert engines.one_call(model)() == engines.BATCHES * batch
    assert engines.concurrent(model, "torch", "fp32")() == engines.BATCHES * batch
    assert engines.matmul(model)() > 0
    assert score.from_files(model, place, "torch", "auto")() == score.TURN
    assert score.plain_loop(model, place)() == score.TURN // 8
    assert study.our_study(model, place, "torch", "fp32", ("grayscale", "blur"))() > study.PHOTOS
    assert study.plain_loop(model, place)() == len(study.pixel_ablations())
    assert heatmaps.ours(model, place)() == heatmaps.MAPS
    assert heatmaps.passes(model)() == heatmaps.MAPS
