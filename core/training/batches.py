"""Which photos a step sees: at random, or a fixed share of every batch with human scores."""

from __future__ import annotations

import numpy as np

from core.errors import TrainingError
from core.training.recipes import TrainConfig


def scored_in_batch(config: TrainConfig) -> int | None:
    """Photos with human scores in every batch; None where batches are drawn from all photos alike."""
    return None if config.scored_share is None else round(config.scored_share * config.batch_size)


def steps_in_epoch(scored: int, unscored: int, config: TrainConfig) -> int:
    """Steps that an epoch has: one pass over the photos with human scores or, where none are drawn, over the others."""
    wanted = scored_in_batch(config)
    if wanted is None:
        return max(1, (scored + unscored) // config.batch_size)
    if wanted < config.batch_size and not unscored:
        raise TrainingError("A share of every batch without human scores needs such photos: add --distill MODEL DIR.")
    return max(1, scored // wanted if wanted else unscored // config.batch_size)


def epoch_batches(scored: int, unscored: int, config: TrainConfig, epoch: int) -> list[np.ndarray]:
    """Indices of the photos of every step, drawn from (seed, epoch); those with human scores come first in a batch.

    Photos 0 … scored − 1 have human scores, the `unscored` others have none.
    """
    random = np.random.default_rng([config.seed, epoch])
    steps, wanted = steps_in_epoch(scored, unscored, config), scored_in_batch(config)
    if wanted is None:
        order = random.permutation(scored + unscored)
        return [order[step * config.batch_size : (step + 1) * config.batch_size] for step in range(steps)]
    first = _rounds(random, scored, steps * wanted).reshape(steps, wanted)
    others = scored + _rounds(random, unscored, steps * (config.batch_size - wanted))
    return list(np.concatenate([first, others.reshape(steps, config.batch_size - wanted)], axis=1))


def _rounds(random: np.random.Generator, photos: int, wanted: int) -> np.ndarray:
    """`wanted` indices: whole permutations one after another, so that no photo comes again before all came."""
    rounds = -(-wanted // photos) if photos else 0
    return np.concatenate([np.empty(0, dtype=int), *(random.permutation(photos) for _ in range(rounds))])[:wanted]
