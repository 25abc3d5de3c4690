"""A variational autoencoder: photos as points of a space in which near points look alike."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import nn

from core.photos.preprocess import Preset
from core.registry import MODELS, Range

SIDE = 64
"""Side in px of the photos that it sees and draws."""
WIDTHS = (32, 64, 128, 256)
CORNER = SIDE // 2 ** len(WIDTHS)
"""Side in cells of the smallest feature map."""
LOG_VARIANCE = (-8.0, 4.0)
"""Bounds of the log variance: outside them its exponential ruins half precision and early training."""


class VAE(nn.Module):
    """Four strided convolutions to a Gaussian over `latent` numbers, and four transposed ones back to a photo."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.latent = latent
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        self.encoder = nn.Sequential(*layers, nn.Flatten())
        flat = WIDTHS[-1] * CORNER**2
        self.gaussian = nn.Linear(flat, 2 * latent)
        self.start = nn.Linear(latent, flat)
        layers = []
        for before, after in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        self.decoder = nn.Sequential(*layers, nn.ConvTranspose2d(WIDTHS[0], 3, 4, 2, 1), nn.Sigmoid())

    def encode(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the posterior, N × latent each."""
        mean, log_variance = self.gaussian(self.encoder(batch)).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCE)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Photos N × 3 × 64 × 64 in [0, 1] from latents N × latent."""
        return self.decoder(self.start(latents).view(-1, WIDTHS[-1], CORNER, CORNER))

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruction, mean and log variance; the latent is drawn in training and is the mean in evaluation."""
        mean, log_variance = self.encode(batch)
        drawn = mean + torch.randn_like(mean) * (0.5 * log_variance).exp() if self.training else mean
        return self.decode(drawn), mean, log_variance


@MODELS.register("Variational autoencoder", kind="autoencoder", published=False, preset=Preset(SIDE, SIDE))
def vae(*, latent: Annotated[int, Range(2, 512, 1)] = 64) -> nn.Module:
    """A convolutional variational autoencoder of 64 × 64 px photos; it draws photos and scores none.

    Batch N × 3 × 64 × 64 → reconstruction (same shape, in [0, 1]), mean and log variance (N × latent). Source: Kingma &
    Welling 2014.
    """
    return VAE(latent)
