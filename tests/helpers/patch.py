"""A model whose score is the mean of a known patch of the photo, raised or lowered by it: where it looks is certain."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import ATTRIBUTIONS
from core.types import Heatmap

SIDE = 64
PATCH = np.s_[40:56, 40:56]
"""Rows and columns of the patch: neither in the middle nor at the border."""
REFUSED = 7
"""A photo of this one value breaks the model's forward pass."""
TRUE, FALSE = "grad_cam", "edge_map"
"""A method that finds the patch, and a baseline that knows nothing of it."""
FILL = ("mean",)


class _Window(nn.Module):
    """The brightness of the patch, and 0 elsewhere, in maps of 4 × 4 px."""

    def __init__(self) -> None:
        super().__init__()
        window = torch.zeros(1, 1, SIDE, SIDE)
        window[(0, 0, *PATCH)] = 1
        self.register_buffer("window", window)
        self.pool = nn.AvgPool2d(4)
        self.weight = nn.Parameter(torch.ones(1, 3, 1, 1) / 3)
        self.rectify = nn.ReLU(inplace=True)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        light = (batch * self.weight).sum(dim=1, keepdim=True)
        return self.rectify(self.pool(light * self.window))


class PatchModel(nn.Module):
    """Score: a half plus `sign` times half the patch's brightness."""

    def __init__(self, sign: int = 1) -> None:
        super().__init__()
        self.layer4 = _Window()
        self.head = nn.Linear(1, 1)
        with torch.no_grad():
            self.head.weight.fill_(sign * 0.5 * (SIDE / 16) ** 2)
            self.head.bias.fill_(0.5)

    def features(self, batch: torch.Tensor) -> torch.Tensor:
        return self.layer4(batch).mean(dim=(2, 3))

    def read_out(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(features).flatten()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        if bool((batch == REFUSED / 255).all(dim=(1, 2, 3)).any()):
            raise RuntimeError("the model broke in the middle of a pass")
        return self.read_out(self.features(batch))


def patch_predictor(sign: int = 1) -> Predictor:
    """The model at work, in evaluation mode."""
    return Predictor("patch", PatchModel(sign).eval(), Preset(SIDE, SIDE), {})


def nine_squares() -> np.ndarray:
    """Nine bright squares on a dark noisy ground, uint8 64 × 64 × 3; the last of them is the patch."""
    photo = np.random.default_rng(0).integers(0, 60, (SIDE, SIDE, 3), dtype=np.uint8)
    for top in (0, 20, 40):
        for left in (0, 20, 40):
            photo[top : top + 16, left : left + 16] = 230
    return photo


def explained(method: str, sign: int = 1) -> tuple[Predictor, np.ndarray, Heatmap]:
    """The model, the photo of nine squares, and what a method says of them."""
    predictor, photo = patch_predictor(sign), nine_squares()
    return predictor, photo, ATTRIBUTIONS[method].function(predictor, photo)
