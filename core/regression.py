"""The objective of a predictor: agreement with human scores and, where there is one, a teacher."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core import checkpoints, distillation, inference, metrics
from core.config import ARTIFACTS
from core.errors import TrainingError
from core.examples import Example, TrainingSet, gather, with_targets
from core.initialise import initialise
from core.preprocess import Preset
from core.recipes import TrainConfig
from core.registry import LOSSES
from core.types import Progress, silent


class Regression:
    """Objective of a predictor: a registered loss against human scores and a teacher's labels."""

    measure = "val_spearman"
    says = (
        "epoch {epoch}: MSE {val_mse:.5f} (predicting the mean {val_mse_of_mean:.5f}), "
        "Spearman {val_spearman:.3f}, Pearson {val_pearson:.3f}"
    )

    def initialise(self, module: nn.Module, config: TrainConfig) -> Preset:
        """Starting weights as `config` says."""
        return initialise(module, config.init, config.size)

    def gather(self, config: TrainConfig, progress: Progress = silent) -> TrainingSet:
        """Photos with human scores, and the teacher's."""
        if config.unscored and not config.teacher:
            raise TrainingError(
                f"{config.model} learns from one set with human scores; add photos without any by --distill MODEL DIR."
            )
        return gather(config.data, config.unscored, config.keep_out, limit=config.limit, hold_half=config.hold_half,
                      seed=config.seed, progress=progress)  # fmt: skip

    def examples(
        self, photos: TrainingSet, config: TrainConfig, progress: Progress = silent
    ) -> tuple[list[Example], dict[str, float]]:
        """Targets of every training photo."""
        return label(photos, config, progress)

    def begin(self, module: nn.Module, examples: Sequence[Example]) -> None:
        """The head starts at the mean target."""
        _start_at_mean(module, examples)

    def loss(
        self, module: nn.Module, batch: torch.Tensor, targets: torch.Tensor, config: TrainConfig, share: float
    ) -> torch.Tensor:
        """The registered loss of a batch's scores."""
        return LOSSES[config.loss].function(module(batch).float(), targets)

    def validate(self, module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
        """Agreement with human scores."""
        return agreement(module, photos, preset, config)


def label(
    photos: TrainingSet, config: TrainConfig, progress: Progress = silent
) -> tuple[list[Example], dict[str, float]]:
    """Targets of every training photo: human scores, mixed with a teacher's labels where there is one."""
    human = np.array([example.photo.score for example in photos.scored], dtype=float)
    if not config.teacher:
        return list(with_targets(photos.scored, np.repeat(human[:, None], config.scored_views, axis=1))), {}
    teacher = inference.load(config.teacher)
    name = f"{checkpoints.identity(config.teacher)}.csv"
    file, shipped = Path(config.out).parent / "labels" / name, ARTIFACTS / "labels" / name

    def labels(examples: tuple[Example, ...], views: int) -> np.ndarray:
        pairs = [(example.photo, example.print.pixels) for example in examples]
        return distillation.teacher_labels(
            teacher, pairs, views, config.view_area, file, shipped=shipped, progress=progress
        )

    raw = labels(photos.scored, config.scored_views)
    scale = distillation.human_scale(raw[:, 0], human)
    mixed = config.human_share * human[:, None] + (1 - config.human_share) * scale(raw)
    unscored = with_targets(photos.unscored, scale(labels(photos.unscored, config.views)))
    return [*with_targets(photos.scored, mixed), *unscored], dataclasses.asdict(scale)


def agreement(module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
    """Error beside that of predicting the mean, and correlations with human scores, on the validation photos."""
    predictor = inference.Predictor(config.model, module, preset, {})
    found = [item for item in inference.predict(predictor, photos.validation) if item.score is not None]
    scores = np.array([item.score for item in found])
    human = np.array([item.photo.score for item in found])
    mean = float(np.mean([example.photo.score for example in photos.scored]))
    return {
        "val_mse": metrics.mse(scores, human),
        "val_mse_of_mean": metrics.mse(np.full_like(human, mean), human),
        # A constant prediction has no correlation: it ranks nothing, so it counts as 0.
        "val_spearman": float(np.nan_to_num(metrics.spearman(scores, human))),
        "val_pearson": float(np.nan_to_num(metrics.pearson(scores, human))),
    }


def _start_at_mean(module: nn.Module, examples: Sequence[Example]) -> None:
    """Let the head begin at the mean target, so that the first steps do not drag the trunk there."""
    head = getattr(module, "head", None)
    if isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear):
        mean = float(np.mean([example.targets[0] for example in examples]))
        with torch.no_grad():
            head[-1].bias.fill_(math.log(mean / (1 - mean)) if 0 < mean < 1 else 0.0)
