"""Testing with concept activation vectors (TCAV): does a model recognise a concept, and does its score depend on it?

Sources: Kim et al. 2018 (testing with concept activation vectors); Pahde et al. 2022 (the vector as the pattern of a
concept, the difference of means, which a classifier's weights only filter). The slopes are those of photos that the
vector was not made of. What is tested is the mean slope along the vector, against concepts made by chance of the same
photos (a permutation test): the share of slopes that rise is near 0 or 1 for many a vector made by chance, because the
slopes of all photos are much alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.concepts.reports import NamedConcept
from core.effects.stats import holm

FEWEST = 20
"""Photos with a concept, and photos without it, below which it is too rare to be tested."""
HALVES = 20
"""Times that the photos are halved at random: one half makes the vector, the other is asked."""
RANDOM = 1_000
"""Concepts made by chance; the least p is 1 / (RANDOM + 1)."""
FOLDS = 5
MIDDLE = (0.025, 0.975)


def concept_effects(
    before: np.ndarray, slopes: np.ndarray, concepts: Mapping[str, np.ndarray], seed: int
) -> list[NamedConcept]:
    """Every concept that is not too rare, the one with the greatest effect on the score first.

    `before` and `slopes` are photos × D (activations.Activations); a concept is +1 for photos with it, −1 without, 0
    for others.
    """
    found = []
    for number, (name, sides) in enumerate(concepts.items()):
        counts = int((sides > 0).sum()), int((sides < 0).sum())
        if min(counts) < FEWEST:
            continue
        random = np.random.default_rng((seed, number))
        told, shares, steps = np.array([_once(before, slopes, sides, random) for _ in range(HALVES)]).T
        chance = np.array([_once(before, slopes, random.permutation(sides), random) for _ in range(RANDOM)])
        p = (1 + int((np.abs(chance[:, 2]) >= abs(steps.mean())).sum())) / (1 + RANDOM)
        low, high = (float(value) for value in np.quantile(shares, MIDDLE))
        least, most = (float(value) for value in np.quantile(chance[:, 1], MIDDLE))
        apart, rising, step = (float(values.mean()) for values in (told, shares, steps))
        found.append(NamedConcept(name, *counts, apart, rising, low, high, least, most, step, p))
    adjusted = holm(np.array([item.p for item in found])) if found else ()
    made = [replace(item, p=float(p)) for item, p in zip(found, adjusted, strict=True)]
    return sorted(made, key=lambda item: -abs(item.step))


def place_along(before: np.ndarray, sides: np.ndarray, seed: int) -> np.ndarray:
    """Where each photo lies along a concept (N,): 0 as the mean photo without it, 1 as the mean one with it.

    The vector that a photo is placed by is made of others. `before` and `sides` are as in `concept_effects`, with at
    least FEWEST photos on either side.
    """
    random = np.random.default_rng(seed)
    folds, found = np.empty(len(sides), dtype=int), np.empty(len(sides))
    for side in (1, -1, 0):
        there = sides == side
        folds[there] = random.permutation(int(there.sum())) % FOLDS
    for fold in range(FOLDS):
        own = folds == fold
        present, absent = (before[~own & (sides == side)].mean(axis=0) for side in (1, -1))
        step = present - absent
        length = float(step @ step)
        found[own] = (before[own] - absent) @ step / length if length else 0.5
    return found


def _once(
    before: np.ndarray, slopes: np.ndarray, sides: np.ndarray, random: np.random.Generator
) -> tuple[float, float, float]:
    """A vector from a random half of the photos, and what the other half says of it.

    The share that it classifies correctly, the share of slopes that rise along it, and the score's mean change for one
    step.
    """
    with_it, without = (_half(sides == side, random) for side in (1, -1))
    present, absent = before[with_it].mean(axis=0), before[without].mean(axis=0)
    step = present - absent
    other = np.setdiff1d(np.arange(len(sides)), np.concatenate([with_it, without]))
    asked = other[sides[other] != 0]
    variance = before[np.concatenate([with_it, without])].var(axis=0)
    weights = np.divide(step, variance, out=np.zeros_like(step), where=variance > 0)
    right = np.where((before[asked] - (present + absent) / 2) @ weights > 0, 1, -1) == sides[asked]
    told = np.mean([right[sides[asked] == side].mean() for side in (1, -1)])
    along = slopes[other] @ step
    return float(told), float((along > 0).mean()), float(along.mean())


def _half(there: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Indices of half the photos where something is."""
    indices = random.permutation(np.flatnonzero(there))
    return indices[: len(indices) // 2]
