"""Results and weights drawn from a seed, in the layout of `artifacts/`: what page and browser tests run on."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import config
from core.inference.checkpoints import CARD, WEIGHTS

EPOCHS = 6
SIDE, SHARP = 64, 72
"""Of the square that models of tests look at, in px. Heatmaps that are looked at need the larger one: with 64 px they
are 2 × 2, and point nowhere in most photos."""
THIN = ((8, 1), (16, 1), (32, 1), (512, 1))
"""Stages of the architecture in tests of pages: its features and heatmaps have their shapes, and a score takes three
milliseconds."""
CONTRAST = 50.0
"""What an untrained head is multiplied with: scores of photos then differ in their first digits."""


def write_results(folder: Path) -> None:
    """All result files of a trained model, evaluated on one source with human scores and on another without halves."""
    random = np.random.default_rng(0)
    write_card(folder / "resnet50")
    (folder / "evaluations").mkdir(parents=True)
    write_evaluation(folder, random, "resnet50", "scenes", seen=False)
    write_evaluation(folder, random, "resmem", "scenes", seen=True)
    names = [f"photo-{number}.jpg" for number in range(300)]
    pd.DataFrame(
        {"model": "resnet50", "source": "everyday", "photo_id": names, "score": random.beta(9, 4, 300).round(4)}
    ).to_csv(folder / "reference_scores.csv", index=False)


def write_card(folder: Path) -> None:
    """The card and training record of a checkpoint, without its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "architecture": "resnet50",
        "preset": {"resize": SIDE, "crop": SIDE, "mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear"},
        "data": {"scored": 1400, "unscored": 1500, "validation": 200, "problems": []},
        "recipe": {"data": "/somewhere/on/disk/scenes", "epochs": EPOCHS, "unscored": ["/somewhere/else/everyday"]},
        "metrics": {"val_spearman": 0.63},
        "licence": "Non-commercial research use, as its teachers.",
        "teachers": ["resmem"],
        "tried": [
            {"what": "linear probe on ImageNet features", "spearman": 0.54, "how": "5-fold cross-validation"},
            {"what": "fine-tuning, mean squared error", "spearman": 0.61, "how": "validation part"},
        ],
        "seeds": [{"seed": s, "spearman": 0.65 + s / 100, "pearson": 0.66, "mse": 0.0081} for s in range(3)],
        "training_photos": [["0" * 16, "f" * 16]] * 5,
    }
    (folder / "card.json").write_text(json.dumps(card))
    with (folder / "metrics.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(
            [
                "epoch",
                "train_loss",
                "val_mse",
                "val_mse_of_mean",
                "val_spearman",
                "val_pearson",
                "learning_rate",
                "seconds",
            ]
        )
        for epoch in range(1, EPOCHS + 1):
            gain = 1 - 0.6**epoch
            rows.writerow([epoch, 1 - 0.5 * gain, 0.016 - 0.008 * gain, 0.0141, 0.66 * gain, 0.67 * gain, 1e-4, 60])


def write_evaluation(folder: Path, random: np.random.Generator, model: str, source: str, *, seen: bool) -> None:
    """One evaluation of 400 photos: its record and its scores."""
    human = np.clip(random.normal(0.7, 0.12, 400), 0, 1)
    score = np.clip(0.7 + 0.6 * (human - 0.7) + random.normal(0, 0.07, 400), 0, 1)
    table = pd.DataFrame({"photo_id": [f"{n}.jpg" for n in range(400)], "score": score, "human_score": human})
    table.to_csv(folder / "evaluations" / f"{model}-{source}.csv", index=False)
    tenths = [table.iloc[part] for part in np.array_split(np.argsort(score), 10)]
    record = {
        "model": model,
        "source": source,
        "part": "test",
        "n": 400,
        "spearman": {"estimate": 0.66, "low": 0.601, "high": 0.713},
        "pearson": {"estimate": 0.671, "low": 0.612, "high": 0.722},
        "mse": 0.0082,
        "mse_of_mean": 0.0141,
        "calibration": [
            {
                "decile": number,
                "n": len(tenth),
                "mean_score": float(tenth.score.mean()),
                "mean_human": float(tenth.human_score.mean()),
                "low": float(tenth.human_score.mean() - 0.02),
                "high": float(tenth.human_score.mean() + 0.02),
            }
            for number, tenth in enumerate(tenths, start=1)
        ],
        "human": {"split_half": 0.78, "spearman_brown": 0.875, "ceiling": 0.935},
        "possibly_seen": seen,
        "date": "2025-01-31",
    }
    (folder / "evaluations" / f"{model}-{source}.json").write_text(json.dumps(record))


def write_weights(folder: Path) -> None:
    """An untrained checkpoint of the shipped architecture beside the card that lies in `folder` already.

    It is as thin as THIN says, and opens where the architecture is (`thin`). Its scores are as far apart as those of
    a model that has learned.
    """
    import torch

    from core.inference import checkpoints
    from core.registry import MODELS

    torch.manual_seed(0)
    card = json.loads((folder / "card.json").read_text())
    with thin():
        module = MODELS["resnet50"].function()
    with torch.no_grad():
        module.head[-1].weight.mul_(CONTRAST)
        module.head[-1].bias.copy_(1 - module.eval().head(module.features(torch.full((1, 3, SHARP, SHARP), 0.1)))[0])
    checkpoints.save(folder, module, card, half=True)


@contextmanager
def thin() -> Iterator[None]:
    """The shipped architecture with a block a stage and few channels before the last, for checkpoints as thin."""
    from core.models import resnet

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGES", THIN)
        yield


def quick_artifacts(folder: Path) -> None:
    """The shipped results with a model that is thin and looks at small squares: pages do the same, and wait for none.

    Where nothing is shipped, drawn results stand in.
    """
    shipped, own = config.ARTIFACTS / config.DEFAULT_MODEL, folder / config.DEFAULT_MODEL
    if (shipped / CARD).is_file():
        linked(config.ARTIFACTS, folder, but=(config.DEFAULT_MODEL,))
        linked(shipped, own, but=(CARD, WEIGHTS))
        card = json.loads((shipped / CARD).read_text(encoding="utf-8"))
    else:
        write_results(folder)
        write_map(folder)
        card = json.loads((own / CARD).read_text(encoding="utf-8"))
        (own / CARD).unlink()
    card["preset"] |= {"resize": SHARP, "crop": SHARP}
    (own / CARD).write_text(json.dumps(card), encoding="utf-8")
    write_weights(own)


def linked(folder: Path, copy: Path, but: Collection[str]) -> None:
    """A folder whose entries are links to those of another, all but some."""
    copy.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.name not in but:
            (copy / entry.name).symlink_to(entry)


def copy_of_links(folder: Path, copy: Path) -> None:
    """A folder of the same shape whose files are links: one that is written anew leaves the original as it was."""
    shutil.copytree(folder, copy, copy_function=lambda a, b: Path(b).symlink_to(a), dirs_exist_ok=True)


def write_map(folder: Path, n: int = 80, size: int = 8) -> None:
    """The map of `write_atlas` with an untrained autoencoder."""
    import torch

    from core.inference import checkpoints
    from core.models.vae import VAE
    from core.photos.preprocess import Preset

    write_atlas(folder / "latent", n, size)
    torch.manual_seed(0)
    card = {"architecture": "vae", "preset": checkpoints.preset_fields(Preset(64, 64)), "settings": {"latent": size}}
    checkpoints.save(folder / "vae", VAE(size), card)


def write_atlas(folder: Path, n: int = 80, size: int = 8) -> None:
    """A map of `n` photos drawn from a seed, half of them generated scenes, with an answer; needs no torch."""
    from core.latent import atlas

    random = np.random.default_rng(0)
    photos = _photos_of_a_map(n, random)
    places = random.normal(size=(n, size)).astype(np.float32)
    layouts = {
        (space, projection, dims): places[:, :dims] + 0.01 * len(projection)
        for space in ("pixels", "learned")
        for projection, dims in (("umap", 2), ("umap", 3), ("tsne", 2), ("pca", 2), ("pca", 3))
    }
    unit = np.eye(size, dtype=np.float32)[0]
    wide = random.normal(size=(2048, size)) / 2048**0.5  # along which the model's features lie in the learned space
    axes = {"pixels.mean": places.mean(axis=0), "pixels.direction.human": unit}
    axes |= {"learned.centre": np.zeros(2048, np.float32), "learned.axes": wide.astype(np.float16)}
    spaces, answer = {"pixels": places, "learned": places}, _answer_of_a_map(n - n // 2)
    atlas.write(atlas.Atlas(folder, photos, spaces, layouts, axes, answer, {}))


def _photos_of_a_map(n: int, random: np.random.Generator) -> pd.DataFrame:
    """The rows of a map: half generated scenes without human scores, half photos that are not at hand."""
    from core.sources import open_source

    scenes = open_source("generated").photos[: n // 2]
    rest = n - len(scenes)
    scores = random.uniform(0.3, 0.9, n)
    human = np.where(np.arange(n) < len(scenes), np.nan, np.clip(scores + random.normal(0, 0.05, n), 0, 1))
    return pd.DataFrame(
        {
            "photo_id": [photo.id for photo in scenes] + [f"{number}.jpg" for number in range(rest)],
            "source": [photo.source for photo in scenes] + ["scenes"] * rest,
            "score": scores,
            "human_score": human,
            "planted_score": [photo.score for photo in scenes] + [None] * rest,
            "kept_out": [True] * n,
            "drawn_before": [False] * n,
        }
    )


def _answer_of_a_map(rated: int) -> Any:
    """One tested row and one direction, of so many rated photos."""
    from core.latent import atlas
    from core.types import Interval

    row = atlas.SpaceResult("pixels", "human", atlas.KEPT_OUT, rated, 0.06, -0.01, 0.002, 0.05, 0.0, 0.001)
    sure = Interval(0.2, 0.1, 0.3)
    direction = atlas.Direction("pixels", "human", rated, sure, sure, sure, 1.0)
    facts = atlas.MapFacts(permutations=1000, packaged={"generated_face": "generated"})
    return atlas.MapAnswer((row,), (direction,), (), facts)
