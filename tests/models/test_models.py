"""Contract sweeps over models, losses and attributions; checkpoints in and out."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core import config, inference
from core.errors import CheckpointError, MissingDependencyError, UnknownChoiceError
from core.inference import checkpoints
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import ATTRIBUTIONS, LOSSES, MODELS, predictors
from core.types import Photo

OWN = [entry.id for entry in predictors() if not entry.facts["published"]]
SMALL = [name for name in OWN if name != "resnet50"]


def predictor(name: str) -> inference.Predictor:
    torch.manual_seed(0)
    module = MODELS[name].function().eval().to(memory_format=torch.channels_last)
    return inference.Predictor(name, module, Preset(64, 64), {})


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", OWN)
def test_scores_are_one_number_a_photo_between_0_and_1(name: str, photo: np.ndarray) -> None:
    scores = predictor(name).score([photo, photo[::2], photo[:, ::-1]])
    assert scores.shape == (3,)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no list of mapped files on this system")
def test_shipped_weights_leave_nothing_of_their_file_in_memory(tmp_path: Path) -> None:
    module = MODELS["small_cnn"].function()
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32))}
    checkpoints.save(tmp_path / "tiny", module, card, half=True)
    loaded, _ = checkpoints.load(tmp_path / "tiny")
    assert any(not value.is_floating_point() for value in loaded.state_dict().values()), "a count of batches"
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()


def test_the_trunk_is_torchvisions_resnet_to_the_bit() -> None:
    from torchvision.models import resnet50

    module: Any = MODELS["resnet50"].function()
    theirs = resnet50(weights=None)
    theirs.fc = torch.nn.Identity()
    theirs.load_state_dict(module.trunk.state_dict())
    assert list(theirs.state_dict()) == list(module.trunk.state_dict())
    batch = torch.rand(2, 3, 80, 64)
    assert torch.equal(module.trunk.eval()(batch), theirs.eval()(batch))
    assert torch.equal(module.trunk.train()(batch), theirs.train()(batch))
    for name, weight in resnet50(weights=None).named_parameters():
        if weight.ndim == 4:  # drawn from the same distribution
            own = module.trunk.get_parameter(name)
            assert float(own.detach().std()) == pytest.approx(float(weight.detach().std()), rel=0.1), name


def test_a_model_starts_without_torchvision_or_a_compiler() -> None:
    """Importing one of them takes as long as all of PyTorch."""
    late = "{'torchvision', 'torch._dynamo'} & {*sys.modules}"
    code = f"import sys; from core import inference; inference.load(); print({late})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=config.ROOT)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize("name", OWN)
def test_a_score_does_not_depend_on_its_batch(name: str, photo: np.ndarray) -> None:
    model = predictor(name)
    others = list(np.random.default_rng(1).integers(0, 256, (5, 30, 30, 3), dtype=np.uint8))
    assert model.score([photo])[0] == pytest.approx(model.score([*others, photo])[-1], abs=1e-6)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("half", [False, True])
def test_checkpoints_come_back(name: str, half: bool, photo: np.ndarray, tmp_path: Path) -> None:
    model = predictor(name)
    card = {"architecture": name, "preset": checkpoints.preset_fields(model.preset)}
    checkpoints.save(tmp_path / "model", model.module, card, half=half)
    again = inference.load(str(tmp_path / "model"))
    assert again.preset == model.preset
    assert again.score([photo])[0] == pytest.approx(model.score([photo])[0], abs=2e-3 if half else 1e-6)


def test_a_card_beside_other_weights_is_refused(tmp_path: Path) -> None:
    """Where a writer is killed between the two files, what lies there is of two models."""
    model = predictor("small_cnn")
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(model.preset)}
    checkpoints.save(tmp_path, model.module, card)
    before = (tmp_path / checkpoints.CARD).read_bytes()
    checkpoints.save(tmp_path, model.module, card, half=True)
    inference.load(str(tmp_path))
    (tmp_path / checkpoints.CARD).write_bytes(before)
    with pytest.raises(CheckpointError, match="tells of other weights"):
        inference.load(str(tmp_path))


def test_resmem_scores_or_names_the_command(photo: np.ndarray) -> None:
    if importlib.util.find_spec("resmem") is None:
        with pytest.raises(MissingDependencyError, match="pip install resmem=="):
            inference.load("resmem")
    else:
        assert 0 <= inference.load("resmem").score([photo])[0] <= 1


def test_unknown_models_name_the_choices() -> None:
    with pytest.raises((UnknownChoiceError, CheckpointError), match="resnet50"):
        inference.load("resnet51")


def test_pickles_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(CheckpointError, match="pickle is refused"):
        inference.load(str(tmp_path / "model.pt"))
    with pytest.raises(CheckpointError, match=r"card\.json"):
        inference.load(str(tmp_path))
    (tmp_path / "card.json").write_text("{")
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="JSON"):
        inference.load(str(tmp_path))
    preset = checkpoints.preset_fields(Preset(64, 64))
    (tmp_path / "card.json").write_text(json.dumps({"architecture": "small_cnn", "preset": preset}))
    with pytest.raises(CheckpointError, match="do not fit"):
        inference.load(str(tmp_path))


@pytest.mark.parametrize("method", [entry.id for entry in ATTRIBUTIONS])
@pytest.mark.parametrize("name", SMALL)
def test_heatmaps_fit_the_photo_and_leave_the_model_as_it_was(method: str, name: str, photo: np.ndarray) -> None:
    model = predictor(name)
    flags = [
        parameter.requires_grad_(index % 2 == 0).requires_grad
        for index, parameter in enumerate(model.module.parameters())
    ]
    heatmap = ATTRIBUTIONS[method].function(model, photo)
    assert heatmap.values.shape == photo.shape[:2]
    assert (-1 if ATTRIBUTIONS[method].facts["signed"] else 0) <= heatmap.values.min() <= heatmap.values.max() <= 1
    assert heatmap.score == pytest.approx(model.score([photo])[0], abs=1e-5)
    assert [parameter.requires_grad for parameter in model.module.parameters()] == flags
    assert not any(layer._forward_hooks for layer in model.module.modules())
    assert all(parameter.grad is None for parameter in model.module.parameters())
    assert not model.module.training


@pytest.mark.parametrize("name", [entry.id for entry in LOSSES])
def test_losses_prefer_the_right_answer(name: str) -> None:
    target = torch.linspace(0.2, 0.9, 16)
    loss = LOSSES[name].function
    assert loss(target, target) < loss(target.flip(0), target)
    assert loss(target, target) < loss(torch.full_like(target, 0.5), target)
    wrong = target.flip(0).requires_grad_()
    loss(wrong, target).backward()
    assert torch.isfinite(wrong.grad).all()


def test_the_preset_crops_the_middle() -> None:
    photo = np.zeros((100, 100, 3), np.uint8)
    photo[25:75, 25:75] = 255
    seen = preprocess.square(photo, Preset(100, 50))
    assert seen.shape == (50, 50, 3)
    assert (seen == 255).all()


def test_photos_that_cannot_be_read_do_not_stop_the_others(photo: np.ndarray, tmp_path: Path) -> None:
    from core.errors import PhotoError

    def broken() -> np.ndarray:
        raise PhotoError("it is broken.")

    photos = [Photo("a", "t", lambda: photo), Photo("b", "t", broken), Photo("c", "t", lambda: photo)]
    found = list(inference.predict(predictor("small_cnn"), photos, batch_size=2))
    assert [item.score is None for item in found] == [False, True, False]
    assert str(found[1].problem) == "b: it is broken."
    assert found[0].score == pytest.approx(found[2].score)


@pytest.mark.parametrize("name", [entry.id for entry in predictors()])
def test_one_pass_gives_scores_and_features(name: str) -> None:
    if MODELS[name].facts["published"]:
        pytest.importorskip(name)
        model = inference.load(name)
    else:
        model = predictor(name)
    size = model.preset.crop
    squares = list(np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8))
    scores, features = model.score_with_features(squares)
    assert features.ndim == 2
    assert len(features) == 2
    assert not np.allclose(features[0], features[1])
    assert scores == pytest.approx(model.score_squares(squares), abs=1e-6)
