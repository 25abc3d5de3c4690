"""What a photo leaves in the last layers of a model, and the score read from changed maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from core.attributions.cam import gradients_from, last_maps
from core.attributions.common import evaluating, model_input
from core.errors import AttributionError
from core.inference import Predictor
from core.types import Pixels

CLOSE = 1e-4
"""Greatest difference between pooled maps and features, or between two scores, that is rounding."""


@dataclass(frozen=True)
class Activations:
    """The maps that are pooled last (`last`, float16 C × h × w, one a branch) and what goes into the layers that make
    them.

    `before` (D,) is the mean of those inputs over their places, and `slope` (D,) how the score changes with each of
    them, summed over places: those of all branches in one row.
    """

    last: tuple[np.ndarray, ...]
    before: np.ndarray
    slope: np.ndarray
    score: float


def activations(predictor: Predictor, photo: Pixels) -> Activations:
    """One photo (uint8 H × W × 3) through the model, forwards and back to the layers of the last maps.

    AttributionError where the score is not read from the last maps alone.
    """
    _, batch = model_input(predictor, photo)
    with evaluating(predictor) as module:
        layers, model = _readable(predictor, module), cast(Any, module)  # that it reads out was asked there
        with gradients_from(layers), _noted(layers) as noted:
            features = model.features(batch)
            score = model.read_out(features)
            slopes = torch.autograd.grad(score.sum(), [noted[layer][0] for layer in layers])
        last = [noted[layer][1] for layer in layers]
        if not _follows(module, last, features, score):
            raise AttributionError(
                f"{predictor.name} does not read its score from the mean of its last maps; parts need a model that "
                "does, or that has from_last_maps()."
            )
    before = [noted[layer][0].detach().mean(dim=(2, 3)) for layer in layers]
    return Activations(
        tuple(maps[0].cpu().numpy().astype(np.float16) for maps in last),
        torch.cat(before, dim=1)[0].cpu().numpy(),
        torch.cat([slope.sum(dim=(2, 3)) for slope in slopes], dim=1)[0].cpu().numpy(),
        float(score.detach()),
    )


def scores_of(predictor: Predictor, maps: Sequence[np.ndarray]) -> np.ndarray:
    """Scores (N,) that the model reads from last maps (float N × C × h × w, one a branch)."""
    with evaluating(predictor) as module, torch.inference_mode():
        given = [torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)).to(predictor.device) for part in maps]
        return _read(module, given).cpu().numpy().astype(np.float64)


def branches_of(predictor: Predictor) -> tuple[str, ...]:
    """What the model calls its branches, in the order of its last maps; an empty name where there is one alone."""
    named: Sequence[str] = getattr(predictor.module, "branches", ())
    layers = last_maps(predictor.module)
    if len(named) == len(layers):
        return tuple(named)
    return ("",) if len(layers) == 1 else tuple(f"branch {number + 1}" for number in range(len(layers)))


@contextmanager
def _noted(layers: Sequence[nn.Module]) -> Iterator[dict[nn.Module, tuple[torch.Tensor, torch.Tensor]]]:
    """What goes into each layer, and what comes out of it."""
    found: dict[nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}

    def note(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        found[layer] = inputs[0], output.detach()

    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _readable(predictor: Predictor, module: nn.Module) -> tuple[nn.Module, ...]:
    layers = last_maps(module)
    if not hasattr(module, "read_out") or (len(layers) > 1 and not hasattr(module, "from_last_maps")):
        raise AttributionError(
            f"{predictor.name} reads its score from {len(layers)} branches and does not say how; parts need "
            "from_last_maps()."
        )
    return layers


def _read(module: nn.Module, maps: Sequence[torch.Tensor]) -> torch.Tensor:
    """Scores by the model's own word, or else from the mean of its only maps."""
    model = cast(Any, module)
    return (
        model.from_last_maps(*maps) if hasattr(module, "from_last_maps") else model.read_out(maps[0].mean(dim=(2, 3)))
    )


def _follows(module: nn.Module, last: Sequence[torch.Tensor], features: torch.Tensor, score: torch.Tensor) -> bool:
    """Whether the last maps are all that the score is computed from."""
    if not hasattr(module, "from_last_maps"):
        pooled = last[0].mean(dim=(2, 3))
        return pooled.shape == features.shape and bool((pooled - features).abs().max() <= CLOSE)
    with torch.no_grad():
        return bool((_read(module, last) - score).abs().max() <= CLOSE)
