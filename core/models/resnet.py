"""The project's own predictor: a ResNet-50 trunk with a small regression head."""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models import resnet50 as torchvision_resnet50

from core.photos.preprocess import Preset
from core.registry import MODELS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class MemorabilityResNet(nn.Module):
    """ResNet-50 trunk (2048 features after global pooling), Linear 512, ReLU, Dropout 0.3, Linear 1, Sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = torchvision_resnet50(weights=None)
        self.trunk.fc = nn.Identity()
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
