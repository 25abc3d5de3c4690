"""Shares of a batch, the running mean of the weights, growing size and shipped labels: each against its definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from core.errors import CheckpointError, TrainingError
from core.training.batches import epoch_batches, steps_in_epoch
from core.training.distillation import read_packed, teacher_labels, write_packed
from core.training.recipes import TrainConfig, recipe
from core.training.running_mean import RunningMean
from tests.conftest import MakeLamem
from tests.helpers.runs import last_weights, stopped_and_resumed


def test_every_batch_holds_its_share_of_scored_photos_first() -> None:
    config = TrainConfig("set", batch_size=8, scored_share=0.375)
    batches = epoch_batches(10, 50, config, epoch=0)
    assert len(batches) == steps_in_epoch(10, 50, config) == 3
    for batch in batches:
        assert (batch[:3] < 10).all()
        assert (batch[3:] >= 10).all()
        assert len(set(batch)) == 8
    assert len({index for batch in batches for index in batch[:3]}) == 9, "no photo twice before all came"
    again = epoch_batches(10, 50, config, epoch=0)
    np.testing.assert_array_equal(batches, again)
    assert not np.array_equal(batches, epoch_batches(10, 50, config, epoch=1))


def test_without_a_share_photos_come_as_they_are_and_with_none_no_score_is_learned() -> None:
    order = np.concatenate(epoch_batches(10, 50, TrainConfig("set", batch_size=8), epoch=2))
    np.testing.assert_array_equal(order, np.random.default_rng([0, 2]).permutation(60)[:56])
    alone = np.concatenate(epoch_batches(10, 50, TrainConfig("set", batch_size=8, scored_share=0.0), epoch=2))
    assert alone.min() >= 10
    assert len(alone) == 48
    with pytest.raises(TrainingError, match="--distill"):
        steps_in_epoch(10, 0, TrainConfig("set", batch_size=8, scored_share=0.5))


def test_the_running_mean_is_the_weighted_sum_of_the_past() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    mean, expected = RunningMean(module, 0.75), 0.0
    for step in range(40):
        with torch.no_grad():
            module.weight.fill_(float(step))
        mean.update(module, step)
        past = min(0.75, (1 + step) / (10 + step))
        expected = past * expected + (1 - past) * step
    assert float(mean.module.weight) == pytest.approx(expected, rel=1e-5)


def test_a_run_with_a_mean_goes_on_where_it_stopped(
    make_lamem: MakeLamem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_lamem(30)

    def chosen(name: str) -> TrainConfig:
        return recipe("default", str(data), out=str(tmp_path / name), model="small_cnn", init="random", size=24,
                      early_size=16, epochs=2, batch_size=4, workers=0, save_seconds=0.0, mean_decay=0.9)  # fmt: skip

    whole = last_weights(chosen("whole"))
    resumed = stopped_and_resumed(chosen("stopped"), 7, monkeypatch)
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=name)
    state = safetensors.numpy.load_file(tmp_path / "whole" / "state.safetensors")
    assert any(not np.array_equal(state[f"model.{name}"], value) for name, value in whole.items()), "the mean is kept"


def test_the_size_grows_at_half_time() -> None:
    config = TrainConfig("set", size=224, train_size=192, early_size=160, epochs=5)
    assert [config.train_size_in(epoch) for epoch in range(5)] == [160, 160, 160, 192, 192]


def test_shipped_labels_of_many_crops_spare_the_teacher(tmp_path: Path) -> None:
    pixels = ["00000000000000ff", "fedcba9876543210"]
    scores = np.random.default_rng(0).uniform(0.3, 0.9, (2, 5))
    write_packed(tmp_path / "resmem.safetensors", pixels, scores, 0.4)
    (tmp_path / "resmem.csv").write_text(f"{pixels[0]},1,0.4,0.123456\n")
    photos = [(None, key) for key in pixels]
    found = teacher_labels(lambda: pytest.fail("no label is missing"), photos, 5, 0.4, tmp_path / "new.csv",
                           shipped=tmp_path / "resmem.csv")  # fmt: skip
    expected = scores.copy()
    expected[0, 1] = 0.123456  # computed from the file itself: it counts more
    np.testing.assert_allclose(found, expected, atol=5e-4)
    (tmp_path / "resmem.safetensors").write_bytes(b"PK damaged")
    with pytest.raises(CheckpointError, match="labels cannot be read"):
        read_packed(tmp_path / "resmem.safetensors")


@pytest.mark.parametrize("min_area", [np.float64(0.5), np.zeros((1, 2)), np.zeros(0)], ids=["no row", "rows", "empty"])
def test_labels_of_another_shape_are_refused(tmp_path: Path, min_area: np.ndarray) -> None:
    file = tmp_path / "resmem.safetensors"
    stored = {"pixels": np.ones(1, np.uint64), "scores": np.ones((1, 2), np.float16), "min_area": np.asarray(min_area)}
    safetensors.numpy.save_file(stored, file)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_packed(file)
