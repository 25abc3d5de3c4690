"""Where people are: a small head on the features of a vision transformer that learned from other photos."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core import config
from core.inference import checkpoints
from core.regions.vision_transformer import BLOCKS, GRID, SIDE, WIDTH, DinoFeatures, dino_features
from core.types import Pixels

FINE = SIDE // 4
"""Places across the head's answer: the transformer tells what is there, the photo's own edges where it ends."""
WEIGHTS = config.ARTIFACTS / "things" / "head.safetensors"


class Head(nn.Module):
    """Tokens N × 3 × 256 × 384 and squares N × 3 × 224 × 224 in −1 … 1 → logits of a person, N × 56 × 56 and 16 × 16.

    The second answer only teaches.
    """

    def __init__(self, width: int = 64, fine: int = 24) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in BLOCKS])
        self.lateral = nn.ModuleList([nn.Linear(WIDTH, width) for _ in BLOCKS])
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.wide = nn.Conv2d(width, width, 3, padding=2, dilation=2)
        self.drop_channels, self.drop_maps = nn.Dropout(0.3), nn.Dropout2d(0.15)
        self.coarse = nn.Conv2d(width, 1, 1)
        self.edges = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(16, fine, 3, stride=2, padding=1), nn.ReLU()
        )
        self.narrow = nn.Conv2d(width, fine, 1)
        self.join = nn.Conv2d(2 * fine + 1, fine, 3, padding=1)
        self.refine = nn.Conv2d(fine, fine, 3, padding=1)
        self.out = nn.Conv2d(fine, 1, 1)

    def forward(self, tokens: torch.Tensor, squares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = torch.zeros(())
        for number, (norm, linear) in enumerate(zip(self.norms, self.lateral, strict=True)):
            found = found + linear(self.drop_channels(norm(tokens[:, number])))
        found = functional.gelu(found).transpose(1, 2).reshape(len(tokens), -1, GRID, GRID)
        found = self.drop_maps(found)
        found = found + functional.gelu(self.near(found))
        found = found + functional.gelu(self.wide(found))
        coarse = self.coarse(found)
        above = _enlarged(coarse)
        joined = torch.cat([self.edges(squares), _enlarged(self.narrow(found)), above], dim=1)
        joined = functional.relu(self.join(joined))
        joined = joined + functional.relu(self.refine(joined))
        return (above + self.out(joined))[:, 0], coarse[:, 0]


def _enlarged(maps: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(maps, size=(FINE, FINE), mode="bilinear")


def as_input(squares: np.ndarray) -> torch.Tensor:
    """Squares as the head takes them: uint8 N × 224 × 224 × 3 → float32 N × 3 × 224 × 224 in −1 … 1."""
    return torch.tensor(squares).permute(0, 3, 1, 2).float() / 127.5 - 1


@cache
def head(file: Path = WEIGHTS) -> Head:
    """The fitted head; CheckpointError if its file is missing or damaged."""
    network = Head()
    tensors, _ = checkpoints.read_tensors(file)
    network.load_state_dict({name: value.float() for name, value in tensors.items()})
    return network.eval()


def probabilities(seen: DinoFeatures) -> np.ndarray:
    """Probability of a person at each of 56 × 56 places of a photo, float32."""
    with torch.inference_mode():
        fine, _ = head()(torch.from_numpy(seen.tokens[None]), as_input(seen.square[None]))
        return fine.sigmoid()[0].numpy()


def person_map(photo: Pixels) -> np.ndarray:
    """Probability of a person at every pixel of a photo, float32 H × W."""
    return cv2.resize(probabilities(dino_features(photo)), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
