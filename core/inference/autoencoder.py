"""A trained autoencoder: photos to latents, and latents back to photos."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from core.errors import CheckpointError
from core.inference import checkpoints, shipped_or
from core.models.vae import VAE
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.types import Pixels

DEFAULT = "vae"
"""The registered autoencoder, shipped in artifacts/."""
CHUNK = 64
"""Photos a forward pass."""


@dataclass(frozen=True)
class Autoencoder:
    """A loaded autoencoder in evaluation mode; `identity` names its weights, `lock` serialises those who share it."""

    name: str
    module: VAE
    preset: Preset
    card: dict[str, Any]
    identity: str
    lock: threading.RLock = field(default_factory=threading.RLock, compare=False)

    @property
    def latent(self) -> int:
        """How many numbers describe a photo."""
        return self.module.latent

    def encode(self, squares: list[Pixels] | np.ndarray) -> np.ndarray:
        """Posterior means of photos at its size (uint8 N × 64 × 64 × 3): float32 N × latent."""
        batch = preprocess.to_batch(squares, self.preset)
        with self.lock, torch.inference_mode():
            return self.module.encode(batch)[0].numpy()

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Photos of latents (N × latent): uint8 N × 64 × 64 × 3. CheckpointError if their size is another's."""
        if latents.shape[1] != self.latent:
            raise CheckpointError(
                f"{self.name}: this autoencoder describes a photo with {self.latent} numbers, not {latents.shape[1]}; "
                "make the map again with: python -m core latent SOURCE --out DIR"
            )
        drawn = []
        with self.lock, torch.inference_mode():
            for start in range(0, len(latents), CHUNK):
                part = torch.from_numpy(np.ascontiguousarray(latents[start : start + CHUNK], dtype=np.float32))
                drawn.append(self.module.decode(part).mul(255).round().byte().permute(0, 2, 3, 1).numpy())
        return np.concatenate(drawn) if drawn else np.empty((0, self.preset.crop, self.preset.crop, 3), np.uint8)


def load_autoencoder(name: str = DEFAULT, latent: int | None = None) -> Autoencoder:
    """An autoencoder by registered name or checkpoint path; with `latent`, of that size or none.

    CheckpointError says in one sentence what is missing or does not fit.
    """
    folder = shipped_or(name)
    module, card = checkpoints.load(folder)
    if not isinstance(module, VAE):
        raise CheckpointError(
            f"{name}: {card['architecture']} is not an autoencoder; train one with --model {DEFAULT}."
        )
    if latent is not None and module.latent != latent:
        raise CheckpointError(
            f"{name}: this autoencoder describes a photo with {module.latent} numbers, and {latent} are needed here; "
            "make the map again with: python -m core latent SOURCE --out DIR"
        )
    return Autoencoder(name, module.eval(), checkpoints.preset_of(card), card, checkpoints.identity(str(folder)))
