"""ResMem, the published predictor (Needell & Bainbridge 2022), from its pip package."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn
from torch.nn.functional import relu

from core import model_files
from core.models.package_weights import read_package_weights
from core.photos.preprocess import Preset
from core.registry import MODELS


class _Flat(nn.Module):
    """The published network with its output flattened to (N,), as every registered model has it."""

    network: Any
    functional_relus = "the AlexNet-like branch and the layers that join both branches"
    """Where ReLUs are functions instead of modules, which no hook reaches."""
    branches = "AlexNet-like branch", "ResNet-152"
    """What the last maps are of, in their order."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        """Penultimate features, N × 256: both branches joined, and all fully connected layers but the last."""
        network, batch = self.network, batch.contiguous()
        shapes = network.lrn1(network.pool1(relu(network.conv1(batch))))
        shapes = network.lrn2(network.pool2(relu(network.conv2(shapes))))
        for convolution in (network.conv3, network.conv4, network.conv5):
            shapes = relu(convolution(shapes))
        return self._joined(network.pool5(shapes), network.features(batch))

    def _joined(self, shapes: torch.Tensor, contents: torch.Tensor) -> torch.Tensor:
        network, hidden = self.network, torch.cat((shapes.flatten(1), contents), 1)
        for layer in (network.fc6, network.fc7, network.fc8, network.fc9, network.fc10, network.fc11):
            hidden = relu(layer(hidden))
        return hidden

    def from_last_maps(self, shapes: torch.Tensor, contents: torch.Tensor) -> torch.Tensor:
        """Scores (N,) of what the layers of `last_maps` give, N × C × h × w each."""
        trunk = self.network.features
        return self.read_out(self._joined(shapes, trunk.fc(trunk.avgpool(contents).flatten(1))))

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        """Scores of penultimate features, (N,)."""
        return torch.sigmoid(self.network.fc12(features)).flatten()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.network(batch.contiguous()).flatten()

    def last_maps(self) -> tuple[nn.Module, ...]:
        """What gives the last feature maps of each branch: together they are all that the score is computed from."""
        trunk = [layer for name, layer in self.network.features.named_modules() if name.split(".")[-1] == "layer4"]
        return self.network.pool5, trunk[-1]


@MODELS.register(
    "ResMem",
    published=True,
    preset=Preset(resize=256, crop=227),
    licence="Non-commercial research use (licence of the resmem package).",
    paper="Needell & Bainbridge 2022",
)
def resmem() -> nn.Module:
    """The published ResMem with its own weights: AlexNet-like branch beside a ResNet-152.

    Input raw [0, 1], N × 3 × 227 × 227; output (N,). MissingDependencyError names the command that installs it. Source:
    Needell & Bainbridge 2022.
    """
    weights = read_package_weights(model_files.checked("resmem"))
    import resmem as package

    with torch.device("meta"), warnings.catch_warnings():
        # Built for real it would initialise 130 million weights to throw them away; on the meta device its own loading
        # does nothing but warn, and pretrained=True keeps torchvision from downloading another set.
        warnings.simplefilter("ignore")
        network = package.ResMem(pretrained=True)
    network.load_state_dict(weights, assign=True)
    network.features.to(memory_format=torch.channels_last)  # faster; the other branch flattens and must stay as it is
    return _Flat(network).eval()
