"""What a run minimises: what a batch costs, and what an epoch is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import nn

from core.photos.preprocess import Preset
from core.registry import PREDICTOR
from core.training.dataset import Example, TrainingSet
from core.training.distillation import TeacherScale
from core.training.distributed import LossInputs
from core.training.recipes import TrainConfig
from core.training.reconstruction import Reconstruction
from core.training.regression import Regression
from core.types import Progress


class Objective(Protocol):
    """What differs between kinds of models; everything else of a run is the same."""

    measure: str
    """Column of the metrics whose largest value marks the best epoch."""
    says: str
    """One line on an epoch, to be filled from its row of metrics."""

    def initialise(self, module: nn.Module, config: TrainConfig) -> Preset: ...

    def gather(self, config: TrainConfig, progress: Progress) -> TrainingSet: ...

    def examples(
        self, photos: TrainingSet, config: TrainConfig, progress: Progress
    ) -> tuple[list[Example], list[TeacherScale]]: ...

    def begin(self, module: nn.Module, examples: Sequence[Example]) -> None: ...

    def loss(self, module: nn.Module, step: LossInputs, config: TrainConfig) -> torch.Tensor: ...

    def validate(
        self, module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig
    ) -> dict[str, float]: ...


OBJECTIVES: dict[str, Callable[[], Objective]] = {PREDICTOR: Regression, "autoencoder": Reconstruction}
"""By the kind of model that a registry entry declares."""
