"""The project's own predictor: a ResNet-50 trunk with a small regression head."""

from __future__ import annotations

import torch
from torch import nn

from core.photos.preprocess import Preset
from core.registry import MODELS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Of each stage: the channels that its blocks compute with, and how many blocks there are."""
EXPANSION = 4
"""What a block gives has so many times the channels that it computes with."""


class Bottleneck(nn.Module):
    """A residual block of three convolutions, 1 × 1, 3 × 3 and 1 × 1; the middle one takes the stride."""

    def __init__(self, given: int, inner: int, stride: int) -> None:
        super().__init__()
        wide = EXPANSION * inner
        self.conv1, self.bn1 = nn.Conv2d(given, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, wide, 1, bias=False), nn.BatchNorm2d(wide)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride > 1 or given != wide:
            self.downsample = nn.Sequential(nn.Conv2d(given, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        kept = maps if self.downsample is None else self.downsample(maps)
        maps = self.relu(self.bn1(self.conv1(maps)))
        maps = self.relu(self.bn2(self.conv2(maps)))
        return self.relu(self.bn3(self.conv3(maps)) + kept)


class Trunk(nn.Module):
    """ResNet-50 up to its pooled features: batch N × 3 × H × W → N × 2048.

    Layers have torchvision's names, so that its weights fit, and the spread of its first weights. It is not
    torchvision's own, because importing that takes as long as all of PyTorch, whenever a command or a server starts.
    Source: He et al. 2016.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        given = 64
        for number, (inner, blocks) in enumerate(STAGES, start=1):
            strides = [1 if number == 1 else 2] + [1] * (blocks - 1)
            widths = [given] + [EXPANSION * inner] * (blocks - 1)
            stage = [Bottleneck(width, inner, stride) for width, stride in zip(widths, strides, strict=True)]
            self.add_module(f"layer{number}", nn.Sequential(*stage))
            given = EXPANSION * inner
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        for module in self.modules():
            # Weights that a checkpoint will bring are not drawn: on the meta device that imports a compiler (2 s).
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        maps = self.maxpool(self.relu(self.bn1(self.conv1(batch))))
        for number in range(1, len(STAGES) + 1):
            maps = self.get_submodule(f"layer{number}")(maps)
        return self.avgpool(maps).flatten(1)


class MemorabilityResNet(nn.Module):
    """ResNet-50 trunk (2048 features after global pooling), Linear 512, ReLU, Dropout 0.3, Linear 1, Sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.head = nn.Sequential(nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.3), nn.Linear(512, 1))

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        """Penultimate features, N × 2048."""
        return self.trunk(batch)

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        """Scores of penultimate features, (N,)."""
        return torch.sigmoid(self.head(features)).flatten()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.features(batch))


@MODELS.register("ResNet-50", published=False, preset=Preset(224, 224, IMAGENET_MEAN, IMAGENET_STD))
def resnet50() -> nn.Module:
    """ResNet-50 with a regression head 2048 → 512 → 1 and a sigmoid; batch N × 3 × H × W → scores (N,) in [0, 1].

    Sources: He et al. 2016 (trunk); Khosla et al. 2015 (a CNN that predicts memorability).
    """
    return MemorabilityResNet()
