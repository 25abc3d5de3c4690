"""Teaching: a small model learns what the score of a generated world depends on, in about a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.calibration.augmentation import AugmentedScene, augmented
from core.photos import preprocess
from core.photos.fingerprints import Fingerprint, FingerprintIndex, fingerprint
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.scenes import scenes
from core.scenes.worlds import World, imagine
from core.types import Progress, silent

MODEL = "scene_cnn"


@dataclass(frozen=True)
class Schedule:
    """How much a model is shown: `scenes`, each in `augmented` versions, `epochs` times over."""

    scenes: int
    epochs: int
    augmented: int = 3
    batch: int = 32
    rate: float = 4e-3
    weight_decay: float = 0.02


@dataclass(frozen=True)
class SceneSet:
    """What is shown: squares uint8 N × side × side × 3, scores (N,), and the fingerprints of the scenes."""

    squares: np.ndarray
    scores: np.ndarray
    prints: tuple[Fingerprint, ...]


def gather(
    world: World,
    seed: int,
    numbers: Sequence[int],
    avoid: FingerprintIndex,
    preset: Preset,
    times: int,
    *,
    progress: Progress = silent,
) -> SceneSet:
    """Scenes by number, each in so many versions (`times`); those that look like one in `avoid` are left out."""
    squares, scores, prints = [], [], []
    for number in progress(numbers, len(numbers), f"drawing {world.id}"):
        scene, score = imagine(world, seed, number)
        photo = scenes.draw(scene)
        found = fingerprint(photo)
        if found in avoid:
            continue
        draws = [np.random.default_rng([seed, number, time]) for time in range(times)]
        shown = [augmented(world, scene, AugmentedScene(photo, score), draw) for draw in draws]
        squares += [preprocess.square(item.photo, preset) for item in shown]
        scores += [item.score for item in shown]
        prints.append(found)
    return SceneSet(np.stack(squares), np.array(scores, np.float32), tuple(prints))


def fit_model(
    material: SceneSet, preset: Preset, course: Schedule, seed: int, *, progress: Progress = silent
) -> nn.Module:
    """Fit a fresh model with AdamW and one cycle of the learning rate, mirroring half of the batches."""
    torch.manual_seed(seed)
    random = np.random.default_rng([seed, 2])
    module = MODELS[MODEL].function().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=course.rate, weight_decay=course.weight_decay)
    per_epoch = max(1, len(material.scores) // course.batch)
    steps = per_epoch * course.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, course.rate, total_steps=steps, pct_start=0.2)
    order = np.concatenate([random.permutation(len(material.scores)) for _ in range(course.epochs + 1)])
    for step in progress(range(steps), steps, "teaching"):
        chosen = order[step * course.batch : (step + 1) * course.batch]
        squares = material.squares[chosen]
        batch = preprocess.to_batch(squares[:, :, ::-1] if random.random() < 0.5 else squares, preset)
        loss = functional.mse_loss(module(batch), torch.from_numpy(material.scores[chosen]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return module.eval()
