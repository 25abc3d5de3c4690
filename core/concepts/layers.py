"""What a photo leaves in the last layers of a model, and the score read from changed maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from core.attributions.cam import gradients_from, last_maps
from core.attributions.model_at_work import evaluating, model_input
from core.errors import AttributionError
from core.inference import Predictor
from core.types import Pixels

CLOSE = 1e-4
"""Greatest difference between pooled maps and features that is rounding."""


@dataclass(frozen=True)
class Traces:
    """The maps that are pooled last (`last`, float16 C × h × w) and what goes into the layer that makes them.

    `before` (D,) is the mean of those inputs over their places, and `slope` (D,) how the score changes with each of
    them, summed over places.
    """

    last: np.ndarray
    before: np.ndarray
    slope: np.ndarray
    score: float


def traces(predictor: Predictor, photo: Pixels) -> Traces:
    """One photo (uint8 H × W × 3) through the model, forwards and back to the layer of the last maps.

    AttributionError where the score is not read from the mean of one layer's maps.
    """
    kept: dict[str, torch.Tensor] = {}

    def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        kept.update(before=inputs[0], last=output.detach())

    _, batch = model_input(predictor, photo)
    with evaluating(predictor) as module:
        layer, model = _only(predictor, module), cast(Any, module)  # that it reads out was asked there
        hook = layer.register_forward_hook(keep)
        try:
            with gradients_from([layer]):
                features = model.features(batch)
                score = model.read_out(features)
                (slope,) = torch.autograd.grad(score.sum(), [kept["before"]])
        finally:
            hook.remove()
    if not _pooled(kept["last"], features):
        raise AttributionError(
            f"{predictor.name} does not read its score from the mean of its last maps; parts need a model that does."
        )
    return Traces(
        kept["last"][0].cpu().numpy().astype(np.float16),
        kept["before"][0].detach().mean(dim=(1, 2)).cpu().numpy(),
        slope[0].sum(dim=(1, 2)).cpu().numpy(),
        float(score.detach()),
    )


def scores_of(predictor: Predictor, maps: np.ndarray) -> np.ndarray:
    """Scores (N,) that the model reads from last maps (float N × C × h × w)."""
    with evaluating(predictor) as module, torch.inference_mode():
        pooled = torch.from_numpy(maps.astype(np.float32).mean(axis=(2, 3))).to(predictor.device)
        return cast(Any, module).read_out(pooled).cpu().numpy().astype(np.float64)


def _only(predictor: Predictor, module: nn.Module) -> nn.Module:
    layers = last_maps(module)
    if len(layers) > 1 or not hasattr(module, "read_out"):
        raise AttributionError(
            f"{predictor.name} reads its score from {len(layers)} branches; parts need a model with one."
        )
    return layers[0]


def _pooled(last: torch.Tensor, features: torch.Tensor) -> bool:
    pooled = last.mean(dim=(2, 3))
    return pooled.shape == features.shape and bool((pooled - features).abs().max() <= CLOSE)
