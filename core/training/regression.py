"""The objective of a predictor: agreement with human scores and, where there are any, teachers."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core import inference
from core.config import ARTIFACTS
from core.errors import TrainingError
from core.evaluation import metrics
from core.photos.preprocess import Preset
from core.registry import LOSSES
from core.training import distillation, ridge
from core.training.batches import scored_in_batch
from core.training.dataset import Example, TrainingSet, gather, with_targets
from core.training.distillation import HumanScale, TeacherScale
from core.training.distributed import LossInputs
from core.training.initialise import initialise
from core.training.recipes import TrainConfig
from core.types import Progress, silent


class Regression:
    """Objective of a predictor: a registered loss against human scores and teachers' labels."""

    measure = "val_spearman"
    says = (
        "epoch {epoch}: MSE {val_mse:.5f} (predicting the mean {val_mse_of_mean:.5f}), "
        "Spearman {val_spearman:.3f}, Pearson {val_pearson:.3f}"
    )

    def initialise(self, module: nn.Module, config: TrainConfig) -> Preset:
        """Starting weights as `config` says."""
        return initialise(module, config.init, config.size)

    def gather(self, config: TrainConfig, progress: Progress = silent) -> TrainingSet:
        """Photos with human scores, and the teachers'; a teacher that is not there is named before any is read."""
        for name in config.teachers:
            ridge.network_of(name) if ridge.is_ridge(name) else inference.card_of(name)
        if config.unscored and not config.teachers:
            raise TrainingError(
                f"{config.model} learns from one set with human scores; add photos without any by --distill MODEL DIR."
            )
        if config.unscored and all(map(ridge.is_ridge, config.teachers)):
            raise TrainingError(
                "A ridge teacher knows the photos with human scores only; name another teacher beside it, as in "
                f"resmem+{config.teacher}, or no folders."
            )
        return gather(config.data, config.unscored, config.keep_out, limit=config.limit, hold_half=config.hold_half,
                      hold_tenth=config.hold_tenth, seed=config.seed, progress=progress)  # fmt: skip

    def examples(
        self, photos: TrainingSet, config: TrainConfig, progress: Progress = silent
    ) -> tuple[list[Example], list[TeacherScale]]:
        """Targets of every training photo."""
        return label(photos, config, progress)

    def begin(self, module: nn.Module, examples: Sequence[Example]) -> None:
        """The head starts at the mean target."""
        _start_at_mean(module, examples)

    def loss(self, module: nn.Module, step: LossInputs, config: TrainConfig) -> torch.Tensor:
        """The registered loss of a step's scores: where both kinds of photos have a share, the mean of the two kinds'.

        Order between a landscape and a face is then nobody's business: sets whose means differ are not compared.
        """
        scores, targets, loss = step.all_gather(module(step.batch).float()), step.targets, LOSSES[config.loss].function
        first = scored_in_batch(config) or 0
        if not 0 < first < len(targets):
            return loss(scores, targets)
        return (loss(scores[:first], targets[:first]) + loss(scores[first:], targets[first:])) / 2

    def validate(self, module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
        """Agreement with human scores."""
        return agreement(module, photos, preset, config)


def label(
    photos: TrainingSet, config: TrainConfig, progress: Progress = silent
) -> tuple[list[Example], list[TeacherScale]]:
    """Targets of every training photo: human scores, mixed with the mean label of the teachers where there are any.

    Also each teacher's line to the human scale. Ridge teachers, fitted to the photos with human scores, say nothing of
    the others: of everyday photos a regression on landscapes knows little.
    """
    human = human_scores(photos)
    if not config.teachers:
        return list(with_targets(photos.scored, np.repeat(human[:, None], config.scored_views, axis=1))), []
    by = {True: taught_by_ridge, False: taught_by}
    taught = [by[ridge.is_ridge(name)](name, photos, config, progress) for name in config.teachers]
    scored = np.mean([of_scored for of_scored, _, _ in taught], axis=0)
    unscored = [of_others for _, of_others, _ in taught if of_others is not None]
    mixed = config.human_share * human[:, None] + (1 - config.human_share) * scored
    lines = [
        TeacherScale(inference.title_of(name), line) for name, (_, _, line) in zip(config.teachers, taught, strict=True)
    ]
    others = with_targets(photos.unscored, np.mean(unscored, axis=0)) if unscored else ()
    return [*with_targets(photos.scored, mixed), *others], lines


def human_scores(photos: TrainingSet) -> np.ndarray:
    """The human scores of the training photos that have one, float64 (N,)."""
    return np.array([example.photo.score for example in photos.scored], dtype=float)


Taught = tuple[np.ndarray, np.ndarray | None, HumanScale]
"""A teacher's labels on the human scale: of scored photos (N × views), of the others, and the line to the scale."""


def taught_by_ridge(name: str, photos: TrainingSet, config: TrainConfig, progress: Progress = silent) -> Taught:
    """A ridge teacher's labels: of a scored photo by a fit to all others, alike for its views; none of other photos.

    A network that knows nothing predicts about the mean of all others, which falls where a photo's own score rises: a
    line that falls would turn that around, and teach the score itself. Such a teacher says the mean.
    """
    human = human_scores(photos)
    pairs = [(example.photo, example.print) for example in photos.scored]
    raw = ridge.labels(name, pairs, human, Path(config.out).parent / "labels", progress)
    scale = distillation.human_scale(raw, human)
    if scale.slope < 0:
        scale = HumanScale(0.0, float(human.mean()))
    return np.repeat(scale(raw)[:, None], config.scored_views, axis=1), None, scale


def taught_by(name: str, photos: TrainingSet, config: TrainConfig, progress: Progress = silent) -> Taught:
    """One teacher's labels on the human scale: of scored photos (N × views), of the others, and the line to the scale.

    A teacher that learned the scored photos itself speaks on the human scale already: a line fitted to photos that it
    has memorised would be too steep for others.
    """
    known = {pixels for pixels, _ in inference.card_of(name).get("training_photos") or ()}
    load = functools.cache(lambda: inference.load(name))
    stored = f"{inference.identity(name)}.csv"
    file, shipped = Path(config.out).parent / "labels" / stored, ARTIFACTS / "labels" / stored

    def labels(examples: tuple[Example, ...], views: int) -> np.ndarray:
        pairs = [(example.photo, example.print.pixels) for example in examples]
        return distillation.teacher_labels(
            load, pairs, views, config.view_area, file, shipped=shipped, workers=max(1, config.workers),
            progress=progress,
        )  # fmt: skip

    raw = labels(photos.scored, config.scored_views)
    learned = any(example.print.pixels in known for example in photos.scored)
    scale = distillation.AS_IT_IS if learned else distillation.human_scale(raw[:, 0], human_scores(photos))
    return scale(raw), scale(labels(photos.unscored, config.views)), scale


def agreement(module: nn.Module, photos: TrainingSet, preset: Preset, config: TrainConfig) -> dict[str, float]:
    """Error beside that of predicting the mean, and correlations with human scores, on the validation photos."""
    predictor = inference.Predictor(config.model, module, preset, {})
    found = [item for item in inference.predict(predictor, photos.validation) if item.score is not None]
    scores = np.array([item.score for item in found])
    human = np.array([item.photo.score for item in found])
    mean = float(human_scores(photos).mean())
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
