"""The statistics of a large study: time for all conditions at once, and against a plain loop on a small part."""

from __future__ import annotations

import time

import numpy as np

from core.effects import resampling, stats
from core.evaluation import metrics

PHOTOS, CONDITIONS, DRAWS = 3_000, 60, 2_000
LOOP_DRAWS = 20


def main(arguments: list[str]) -> None:
    """Bootstrap means and validities, and test, PHOTOS × CONDITIONS; print seconds and the ratio to a loop."""
    random = np.random.default_rng(0)
    human = random.beta(9, 4, PHOTOS)
    original = human + random.normal(0, 0.1, PHOTOS)
    ablated = original[:, None] + random.normal(-0.01, 0.03, (PHOTOS, CONDITIONS))
    differences = ablated - original[:, None]
    started = time.perf_counter()
    stats.effects(differences, float(original.std()), draws=DRAWS)
    middle = time.perf_counter()
    resampling.bootstrap(PHOTOS, [resampling.rank_correlations(ablated, human)], draws=DRAWS, seed=0)
    ended = time.perf_counter()
    print(f"{PHOTOS} photos × {CONDITIONS} conditions × {DRAWS} resamples")
    print(f"effects with sign flips {middle - started:.1f} s, validity {ended - middle:.1f} s (aim: under 60 s)")
    plain = _loop(differences[:, 0], ablated[:, 0], human) / LOOP_DRAWS * DRAWS * CONDITIONS
    print(f"a plain loop over resamples would take {plain:.0f} s: {plain / (ended - started):.0f} times as long")


def _loop(differences: np.ndarray, scores: np.ndarray, human: np.ndarray) -> float:
    started = time.perf_counter()
    for chosen in metrics.resamples(PHOTOS, LOOP_DRAWS, seed=0):
        differences[chosen].mean()
        np.median(differences[chosen])
        metrics.spearman(scores[chosen], human[chosen])
    return time.perf_counter() - started
