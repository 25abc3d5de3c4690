"""Two processes train as one does: the same loss curve and weights, resumed or not, and only the first one writes."""

from __future__ import annotations

import csv
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

from core import config
from core.errors import MissingDependencyError, TrainingError
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.training import distributed
from core.training.distributed import Distributed, SingleProcess
from core.training.recipes import TrainConfig, recipe
from tests.helpers.runs import last_weights, stopped

needs_fabric = pytest.mark.skipif(
    importlib.util.find_spec("lightning_fabric") is None, reason="lightning-fabric is not installed"
)
# Several runs one after another, because a start takes longer than they do. The second process is told other folders:
# what it writes, if anything, lies there.
WORKER = """
import os, sys, train
from itertools import groupby
for ends, line in groupby(sys.argv[1:], lambda item: item == "then"):
    if not ends:
        other = (item.replace("/first/", "/second/") for item in line)
        sys.argv = ["train.py", *(line if os.environ["RANK"] == "0" else other)]
        if code := train.main():
            sys.exit(code)
sys.exit(train.together(0))
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 drawn photos with scores, and a checkpoint to start from, whose statistics stay as they are."""
    root = tmp_path_factory.mktemp("world")
    (root / "photos").mkdir()
    random, lines = np.random.default_rng(0), ["image_path,memorability_score,split"]
    for number in range(40):
        score = random.uniform(0.1, 0.9)
        photo = random.integers(0, 256, (24, 24, 3)) * (1 - score) + np.array([255, 0, 0]) * score
        Image.fromarray(photo.astype(np.uint8)).save(root / "photos" / f"{number}.png")
        lines.append(f"photos/{number}.png,{score:.4f},{'val' if number < 8 else 'train'}")
    (root / "scores.csv").write_text("\n".join(lines))
    torch.manual_seed(0)
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(24, 24)), "training_photos": []}
    checkpoints.save(root / "start", MODELS["small_cnn"].function(), card)
    return root


def settings(world: Path, out: Path, **more: object) -> TrainConfig:
    given = {"model": "small_cnn", "init": str(world / "start"), "size": 24, "batch_size": 8, "epochs": 3,
             "frozen_stages": 0, "mixup": 0.3, "mean_decay": 0.9, "workers": 0, "save_seconds": 0.0, "rate": 3e-3,
             "head_rate": 3e-3}  # fmt: skip
    return recipe("default", str(world / "scores.csv"), **(given | {"out": str(out)} | more))


def together(*lines: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs by torchrun in two processes, over gloo on this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1",
               f"--master-port={port}", "--no-python", sys.executable, "-c", WORKER]  # fmt: skip
    words = [word for line in lines for word in (*line, "then")]
    quiet = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [*command, *words], cwd=config.ROOT, env=os.environ | quiet, capture_output=True, text=True, timeout=300
    )


def options(chosen: TrainConfig) -> list[str]:
    """The command line of these settings."""
    default = TrainConfig(chosen.data)
    return [chosen.data, *(f"--{name.replace('_', '-')}={value}" for name, value in vars(chosen).items()
                           if name != "data" and value != getattr(default, name))]  # fmt: skip


def curve(out: Path) -> np.ndarray:
    rows = list(csv.DictReader((out / "metrics.csv").open()))
    return np.array([[float(row[name]) for name in ("train_loss", "val_mse", "val_spearman")] for row in rows])


@needs_fabric
@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="processes on the CPU are compared with one on the CPU")
def test_two_processes_train_and_resume_as_one_does(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = last_weights(settings(world, tmp_path / "one"))
    whole, resumed = (settings(world, tmp_path / "first" / name) for name in ("whole", "resumed"))
    stopped(resumed, 6, monkeypatch)  # within the second epoch
    ended = together(options(whole), [*options(resumed), "--resume"])
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("The best checkpoint is in") == 2
    for run in (whole, resumed):
        np.testing.assert_allclose(curve(Path(run.out)), curve(tmp_path / "one"), atol=2e-4)
        both = safetensors.numpy.load_file(Path(run.out) / "last" / "model.safetensors")
        for name, values in weights.items():
            np.testing.assert_allclose(both[name], values, atol=2e-4, err_msg=name)
    assert not (tmp_path / "second").exists(), "only the first process writes"


def test_a_process_alone_changes_nothing() -> None:
    alone, values, order = distributed.process_group(), torch.rand(4), np.arange(4)
    assert type(alone) is SingleProcess
    assert alone.is_main
    assert alone.all_gather(values) is values
    assert alone.shard(order) is order
    before = torch.get_rng_state()
    alone.seed(0, 1, 2)
    assert torch.equal(before, torch.get_rng_state())


@needs_fabric
def test_what_processes_cannot_share_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    processes = Distributed()  # one process, as Fabric sees it, is enough to be refused
    processes.size = 3
    with pytest.raises(TrainingError, match="multiple of 3"):
        processes.shard(np.arange(8))
    if processes.device.type == "cpu":
        with pytest.raises(TrainingError, match="--frozen-norm"):
            processes.wrap(MODELS["small_cnn"].function().train())


def test_several_processes_without_fabric_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(MissingDependencyError, match="requirements-cluster"):
        distributed.process_group()
