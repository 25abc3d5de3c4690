"""The autoencoder trains with the predictor's trainer, survives kill -9, learns more than the mean, and is refused
where it does not fit."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

from core import inference
from core.errors import CheckpointError, TrainingError
from core.inference import checkpoints
from core.models.vae import SIDE, VAE
from core.registry import MODELS, predictors
from core.training.distributed import LossInputs
from core.training.photo_pool import gather_photos
from core.training.recipes import recipe
from core.training.reconstruction import Reconstruction, _divergence
from tests.helpers.kills import CarryOut, Task

TINY = {"epochs": 3, "batch_size": 16, "latent": 8, "workers": 0}


def draw(random: np.random.Generator) -> np.ndarray:
    """A disc of a random colour somewhere on grey."""
    picture = np.full((SIDE, SIDE, 3), 128, np.uint8)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    top, left = random.uniform(16, 48, 2)
    picture[(rows - top) ** 2 + (columns - left) ** 2 < 144] = random.integers(0, 256, 3)
    return picture


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of 60 drawn photos each, without scores."""
    root, random = tmp_path_factory.mktemp("discs"), np.random.default_rng(0)
    for name in ("first", "second"):
        (root / name).mkdir()
        for number in range(60):
            Image.fromarray(draw(random)).save(root / name / f"{number}.png")
    return [root / "first", root / "second"]


def settings(folders: list[Path], out: Path, **more: object) -> object:
    data, *others = map(str, folders)
    return recipe("vae", data, **(TINY | {"unscored": tuple(others), "out": str(out)} | more))


def test_shapes_and_range() -> None:
    module = MODELS["vae"].function(latent=5).eval()
    drawn, mean, log_variance = module(torch.rand(3, 3, SIDE, SIDE))
    assert drawn.shape == (3, 3, SIDE, SIDE)
    assert mean.shape == log_variance.shape == (3, 5)
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_evaluation_is_deterministic_and_training_is_not() -> None:
    torch.manual_seed(0)
    module, batch = VAE(4), torch.rand(4, 3, SIDE, SIDE)
    assert not torch.equal(module(batch)[0], module(batch)[0])
    module.eval()
    assert torch.equal(module(batch)[0], module(batch)[0])


def test_the_divergence_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(6, 3), torch.randn(6, 3)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(_divergence(mean, log_variance), expected)


def test_beta_warms_up_and_free_bits_cost_nothing(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, batch, none = VAE(4).eval(), torch.rand(4, 3, SIDE, SIDE), torch.zeros(4)
    chosen = settings([tmp_path], tmp_path, beta=1000.0, free_bits=0.0)
    costs = [
        Reconstruction().loss(module, LossInputs(batch, none, share), chosen).item() for share in (0.0, 0.15, 0.3, 1.0)
    ]
    assert costs[0] < costs[1] < costs[2] == costs[3]
    with torch.no_grad():
        module.gaussian.weight[4:].zero_()
        module.gaussian.bias[4:].fill_(0.01)  # a posterior next to the prior
        module.gaussian.weight[:4].zero_()
    free = settings([tmp_path], tmp_path, beta=1000.0, free_bits=1.0)
    Reconstruction().loss(module, LossInputs(batch, none, 1.0), free).backward()
    assert float(module.gaussian.bias.grad[4:].abs().max()) == 0.0


def test_a_run_over_several_folders_leaves_metrics_and_a_card(folders: list[Path], tmp_path: Path) -> None:
    from core.training.fit import fit

    best = fit(settings(folders, tmp_path / "run"))
    rows = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert {"val_mse", "val_mse_of_mean", "val_kl", "active_units", "train_loss"} <= set(rows[0])
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    card = json.loads((best / "card.json").read_text())
    assert card["settings"] == {"latent": 8}
    assert card["data"]["unscored"] + card["data"]["validation"] == 120
    module, _ = checkpoints.load(best)
    assert module.latent == 8


def test_a_checkpoint_of_another_latent_size_is_refused(tmp_path: Path) -> None:
    card = {"architecture": "vae", "preset": checkpoints.preset_fields(MODELS["vae"].facts["preset"])}
    checkpoints.save(tmp_path, VAE(8), card | {"settings": {"latent": 16}})
    with pytest.raises(CheckpointError, match="do not fit vae"):
        checkpoints.load(tmp_path)


def test_it_is_no_predictor(tmp_path: Path) -> None:
    card = {"architecture": "vae", "preset": checkpoints.preset_fields(MODELS["vae"].facts["preset"])}
    checkpoints.save(tmp_path / "vae", VAE(64), card)
    with pytest.raises(CheckpointError, match=r"gives no score; choose from .*resnet50"):
        inference.load(str(tmp_path / "vae"))
    assert "vae" not in [entry.id for entry in predictors()]


def test_settings_that_cannot_be_trained(folders: list[Path], tmp_path: Path) -> None:
    from core.training.fit import fit

    with pytest.raises(TrainingError, match="leave --size out"):
        fit(settings(folders, tmp_path / "a", size=32))
    with pytest.raises(TrainingError, match="at least 2 photos"):
        fit(settings(folders[:1], tmp_path / "b", keep_out=(str(folders[0]),)))


def test_what_a_predictor_keeps_out_is_kept_out_here(make_lamem, photo_folder: Path) -> None:
    scored = make_lamem(20)
    found = gather_photos([str(scored), str(photo_folder)], hold_half=True)
    held = {(example.photo.source, example.photo.id) for example in found.kept_out}
    from core.training.dataset import gather

    other = gather(str(scored), [str(photo_folder)], hold_half=True)
    assert held == {(example.photo.source, example.photo.id) for example in other.kept_out}
    learned = {(example.photo.source, example.photo.id) for example in found.unscored}
    assert not learned & held
    assert {photo.id for photo in found.validation} >= {photo.id for photo in other.validation}


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(folders: list[Path], tmp_path: Path, carry_out: CarryOut) -> None:
    """The first epoch is over when there are metrics: the kill falls into the second."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in (TINY | {"epochs": 2}).items()]
    command = ["train.py", *map(str, folders), "--model=vae", *options, "--out={out}", "--save-seconds=0", "--resume"]
    assert carry_out(Task(command, str(tmp_path / "runs"), kills=1, until="metrics.csv")) == "1 kills, 1 runs ended"
    whole, resumed = (
        safetensors.numpy.load_file(tmp_path / "runs" / name / "last" / "model.safetensors")
        for name in ("whole", "killed-0")
    )
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=name)


@pytest.mark.slow
def test_a_minute_on_generated_scenes_beats_the_mean_and_finds_the_planted_factor(tmp_path: Path) -> None:
    from core.inference.autoencoder import load_autoencoder
    from core.latent.clusters import explained
    from core.photos.preprocess import square
    from core.sources import open_source
    from core.training.fit import fit

    source = "generated:colour,n=240"
    best = fit(recipe("vae", source, out=str(tmp_path / "run"), epochs=14, batch_size=8, latent=16, workers=0))
    last = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))[-1]
    assert float(last["val_mse"]) < 0.8 * float(last["val_mse_of_mean"])
    assert float(last["active_units"]) >= 4
    autoencoder = load_autoencoder(str(best))
    photos = open_source(source).photos
    latents = autoencoder.encode([square(photo.read(), autoencoder.preset) for photo in photos])
    found = explained(latents, np.array([photo.score for photo in photos]), permutations=50)
    assert found.value > 0.5
