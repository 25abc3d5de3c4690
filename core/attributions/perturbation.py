"""Parts of the photo hidden, and what that does to the score: no gradients, any model."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
import torch
from captum.attr import Occlusion

from core.attributions.common import (
    BACKGROUNDS,
    BATCH,
    BLUR,
    background,
    background_input,
    by_place,
    evaluating,
    heatmap,
    model_input,
)
from core.inference import Predictor
from core.registry import ATTRIBUTIONS, Choice, Range
from core.types import Heatmap, Pixels

ROUNDING = 1e-6
"""Scores of one photo differ by less than this from batch to batch; a smaller change is none."""


@ATTRIBUTIONS.register("Occlusion", signed=True, baseline=False, passes=82)
def occlusion(
    predictor: Predictor,
    photo: Pixels,
    *,
    window: Annotated[float, Range(0.1, 0.5, 0.05)] = 0.2,
    background_of: Annotated[str, Choice(BACKGROUNDS)] = BLUR,
) -> Heatmap:
    """How far the score falls when a square is hidden, averaged over the squares that hide a place.

    Photo uint8 H × W × 3; heatmap float32 H × W in [−1, 1]. `window` is the square's side as a share of the photo's;
    squares overlap by half; `background_of` is what is seen in its place. Source: Zeiler & Fergus 2014.
    """
    square, batch = model_input(predictor, photo)
    hidden = background_input(predictor, square, background_of)
    side = max(1, round(window * len(square)))
    with evaluating(predictor) as module, torch.no_grad():
        found = Occlusion(module).attribute(
            batch,
            sliding_window_shapes=(3, side, side),
            strides=(3, max(1, side // 2), max(1, side // 2)),
            baselines=hidden,
            perturbations_per_eval=BATCH,
        )
    score = float(predictor.score_squares([square])[0])
    return heatmap(
        _above_rounding(by_place(found)), photo, predictor, method=occlusion.__name__, score=score, signed=True
    )


@ATTRIBUTIONS.register("RISE", signed=True, baseline=False, passes=200)
def rise(
    predictor: Predictor,
    photo: Pixels,
    *,
    masks: Annotated[int, Range(50, 1000, 50)] = 200,
    cells: Annotated[int, Range(4, 12, 1)] = 7,
    background_of: Annotated[str, Choice(BACKGROUNDS)] = BLUR,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Heatmap:
    """How the score goes with a place being seen, over random soft masks that hide half of the photo.

    Photo uint8 H × W × 3; heatmap float32 H × W in [−1, 1]: the regression of the score on each place's visibility.
    `masks` is the number of masks; `cells` is the number of cells along a side of a mask; `background_of` is what is
    seen where one hides the photo. Source: Petsiuk et al. 2018, centred so that it has a sign.
    """
    square, _ = model_input(predictor, photo)
    hidden = background(square, background_of).astype(np.float32)
    random = np.random.default_rng(seed)
    size, weights, scores = len(square), [], []
    for start in range(0, masks, BATCH):
        seen = [_soft_mask(random, size, cells) for _ in range(min(BATCH, masks - start))]
        mixed = [np.rint(hidden + part[..., None] * (square - hidden)).astype(np.uint8) for part in seen]
        scores.append(predictor.score_squares(mixed))
        weights += [cv2.resize(part, (4 * cells, 4 * cells), interpolation=cv2.INTER_AREA) for part in seen]
    shown, changes = np.stack(weights), np.concatenate(scores)
    shown, changes = shown - shown.mean(axis=0), changes - changes.mean()
    spread = (shown**2).sum(axis=0)
    values = np.tensordot(changes, shown, axes=1) / np.maximum(spread, 1e-12)
    score = float(predictor.score_squares([square])[0])
    return heatmap(_above_rounding(values), photo, predictor, method=rise.__name__, score=score, signed=True)


def _above_rounding(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) > ROUNDING, values, 0).astype(np.float32)


def _soft_mask(random: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Random cells seen with probability one half, enlarged smoothly and shifted by less than a cell: size × size."""
    cell = -(-size // cells)
    grid = (random.random((cells + 1, cells + 1)) < 0.5).astype(np.float32)
    large = cv2.resize(grid, ((cells + 1) * cell, (cells + 1) * cell), interpolation=cv2.INTER_LINEAR)
    top, left = random.integers(0, cell, 2)
    return large[top : top + size, left : left + size]
