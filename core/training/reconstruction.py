"""The objective of an autoencoder: reconstruct photos from few numbers that are spread like a standard normal."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from core import inference
from core.errors import PhotoError, TrainingError
from core.models.vae import SIDE
from core.photos import preprocess
from core.photos.preprocess import Preset, square
from core.training.dataset import Example, TrainingSet, with_targets
from core.training.distillation import TeacherScale
from core.training.distributed import LossInputs
from core.training.initialise import initialise
from core.training.photo_pool import gather_photos
from core.training.recipes import TrainConfig
from core.types import Pixels, Progress, silent

ACTIVE = 0.01
"""A latent unit is active if its posterior mean varies by more than this over photos (Burda et al. 2016)."""
WARM_UP = 0.3
"""Share of the steps over which β grows from 0 to its value."""
CACHE_SIDE = 80
"""Side in px of the photos kept in memory: enough for a mild crop of what the model sees."""
CACHE_BYTES = 1_000_000_000
MEAN_OF = 2_000
"""Photos that the mean photo is made of, at most."""


class Reconstruction:
    """Of an autoencoder: squared error summed over the photo plus β times the KL divergence from the prior."""

    def __init__(self) -> None:
        self._mean_photo = np.zeros(0)
        self._validation: list[Pixels] = []

    measure = "val_elbo"
    says = (
        "epoch {epoch}: reconstruction MSE {val_mse:.5f} (the mean photo {val_mse_of_mean:.5f}), KL {val_kl:.1f} nats, "
        "{active_units:.0f} active units"
    )

    def initialise(self, module: nn.Module, config: TrainConfig) -> Preset:
        """Weights to start from; photos stay as they are, in [0, 1], because they are what is to be drawn."""
        if config.size != SIDE:
            raise TrainingError(f"{config.model} sees photos of {SIDE} px; leave --size out.")
        initialise(module, config.init, config.size)
        return Preset(SIDE, SIDE)

    def gather(self, config: TrainConfig, progress: Progress = silent) -> TrainingSet:
        """Photos of every source, with or without human scores."""
        return gather_photos(
            (config.data, *config.unscored),
            config.keep_out,
            hold_half=config.hold_half,
            limit=config.limit,
            seed=config.seed,
            progress=progress,
        )

    def examples(
        self, photos: TrainingSet, config: TrainConfig, progress: Progress = silent
    ) -> tuple[list[Example], list[TeacherScale]]:
        """Every training photo, kept small in memory where all of them fit; nothing is asked of a score."""
        learned = with_targets((*photos.scored, *photos.unscored), np.zeros((_count(photos), 1)))
        if len(learned) * 3 * CACHE_SIDE**2 > CACHE_BYTES:
            return list(learned), []
        return [_in_memory(example) for example in progress(learned, len(learned), "shrinking photos")], []

    def begin(self, module: nn.Module, examples: Sequence[Example]) -> None:
        """Remember the mean photo, the reconstruction to beat, and let the decoder begin at its colour."""
        self._mean_photo = _mean_photo(examples[:MEAN_OF])
        mean = torch.tensor(self._mean_photo.mean(axis=(0, 1)).clip(0.01, 0.99), dtype=torch.float32)
        bias: Any = module.decoder[-2].bias  # type: ignore[index, union-attr]
        with torch.no_grad():
            bias.copy_(torch.logit(mean))

    def loss(self, module: nn.Module, step: LossInputs, config: TrainConfig) -> torch.Tensor:
        """Cost of a step per pixel value.

        Two guards against posterior collapse: β grows from 0, and a unit's KL below `free_bits` nats costs nothing
        (Kingma et al. 2016; Bowman et al. 2016).
        """
        drawn, mean, log_variance = module(step.batch)
        error = step.all_gather((drawn.float() - step.batch.float()).square().mean(dim=(1, 2, 3))).mean()
        divergence = step.all_gather(_divergence(mean.float(), log_variance.float())).mean(dim=0)
        free = divergence.clamp_min(config.free_bits).sum()
        return error + config.beta * min(1.0, step.share / WARM_UP) * free / step.batch[0].numel()

    def validate(self, module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
        """Error of reconstructing validation photos beside that of the mean training photo, KL, and active units."""
        self._validation = self._validation or list(_squares(photos, preset))
        sums, means = np.zeros(3), []
        device = next(module.parameters()).device
        for squares in inference.batches(self._validation, config.batch_size):
            batch = preprocess.to_batch(squares, preset).to(device)
            with torch.inference_mode():
                drawn, mean, log_variance = module(batch)
            sums += (
                float((drawn - batch).square().mean(dim=(1, 2, 3)).sum()),
                float(np.square(np.stack(squares) / 255.0 - self._mean_photo).mean(axis=(1, 2, 3)).sum()),
                float(_divergence(mean, log_variance).sum()),
            )
            means.append(mean.cpu().numpy())
        units = np.concatenate(means)
        error, error_of_mean, divergence = sums / len(units)
        return {
            "val_elbo": -float(error + config.beta * divergence / self._mean_photo.size),
            "val_mse": error,
            "val_mse_of_mean": error_of_mean,
            "val_kl": divergence,
            "active_units": float((units.var(axis=0) > ACTIVE).sum()),
        }


def _count(photos: TrainingSet) -> int:
    return len(photos.scored) + len(photos.unscored)


def _divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL divergence of each unit's posterior from the standard normal in nats, N × latent."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def _in_memory(example: Example) -> Example:
    small = square(example.photo.read(), Preset(CACHE_SIDE, CACHE_SIDE))
    return dataclasses.replace(example, photo=dataclasses.replace(example.photo, read=partial(_kept, small)))


def _kept(pixels: Pixels) -> Pixels:
    return pixels


def _squares(photos: TrainingSet, preset: Preset) -> Iterable[Pixels]:
    for photo in photos.validation:
        try:
            yield square(photo.read(), preset)
        except PhotoError as error:
            raise TrainingError(f"{photo.path or photo.id}: this validation photo cannot be read ({error})") from error


def _mean_photo(examples: Sequence[Example], side: int = SIDE) -> np.ndarray:
    """Mean of photos, side × side × 3 in [0, 1]."""
    total = np.zeros((side, side, 3))
    for example in examples:
        total += square(example.photo.read(), Preset(side, side))
    return total / 255 / len(examples)
