"""Small networks that learn in seconds: for tests, for generated worlds, and for a first try without weights."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from core.models.resnet import IMAGENET_MEAN, IMAGENET_STD
from core.photos.preprocess import Preset
from core.registry import MODELS

WIDTHS = (24, 48, 96, 128)
SCENE_WIDTHS = (16, 32, 64, 128)


class SmallCNN(nn.Module):
    """Four convolutions with stride 2, pooled to 128 features, and a linear head with a sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.layer4 = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(WIDTHS[-1], 1))

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        """Pooled features, N × 128."""
        return self.layer4(batch).mean(dim=(2, 3))

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        """Scores of penultimate features, (N,)."""
        return torch.sigmoid(self.head(features)).flatten()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.features(batch))


@MODELS.register("Small CNN", published=False, preset=Preset(64, 64, IMAGENET_MEAN, IMAGENET_STD))
def small_cnn() -> nn.Module:
    """Four strided convolutions and a linear head; batch N × 3 × H × W → scores (N,) in [0, 1]."""
    return SmallCNN()


class SceneCNN(nn.Module):
    """Four stages, each halving the side; mean and maximum of the last maps: how much there is, and whether any."""

    def __init__(self) -> None:
        super().__init__()
        layers = _convolution(3, SCENE_WIDTHS[0], 5, 2)
        for before, after in pairwise(SCENE_WIDTHS):
            layers += [*_convolution(before, after, 3, 2), *_convolution(after, after, 3, 1)]
        self.layer4 = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(2 * SCENE_WIDTHS[-1], 1))

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        """Pooled features, N × 256."""
        maps = self.layer4(batch)
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        """Scores of penultimate features, (N,)."""
        return torch.sigmoid(self.head(features)).flatten()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.features(batch))


def _convolution(before: int, after: int, size: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


@MODELS.register("Scene CNN", published=False, preset=Preset(96, 96, IMAGENET_MEAN, IMAGENET_STD))
def scene_cnn() -> nn.Module:
    """Seven convolutions, mean and maximum pooling and a linear head, for generated scenes; batch → scores (N,)."""
    return SceneCNN()
