"""Class activation mapping for a regressor: where the last feature maps raise or lower the score.

A branch of the model counts by the sum of its map: each map is spread over the photo so that its mean there is the sum
over its cells, and maps of several branches are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from captum.attr import LayerGradCam, LayerGradientXActivation
from torch import nn

from core.attributions.common import by_place, evaluating, heatmap, model_input
from core.errors import AttributionError
from core.inference import Predictor
from core.registry import ATTRIBUTIONS
from core.types import Heatmap, Pixels

Explain = Callable[[nn.Module, nn.Module, torch.Tensor], torch.Tensor]
"""(model, layer, batch of one) → attribution of that layer's output, 1 × channels × h × w."""


@ATTRIBUTIONS.register("Grad-CAM", signed=True, baseline=False, passes=1)
def grad_cam(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Where the last feature maps raise or lower the score: feature maps weighted by their mean gradients.

    Photo uint8 H × W × 3; heatmap float32 H × W in [−1, 1]. Every branch of the model counts. What lies outside the
    model's crop is 0. AttributionError for a model without such maps. Source: Selvaraju et al. 2017.
    """

    def explain(module: nn.Module, layer: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return LayerGradCam(module, layer).attribute(batch)

    return _mapped(predictor, photo, explain, grad_cam.__name__, signed=True)


@ATTRIBUTIONS.register("Grad-CAM++", signed=False, baseline=False, passes=1)
def grad_cam_plus_plus(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Where the last feature maps raise the score: each map weighted by its positive gradients, small places too.

    Photo uint8 H × W × 3; heatmap float32 H × W in [0, 1]. Every branch of the model counts. AttributionError as for
    Grad-CAM. Source: Chattopadhay et al. 2018.
    """

    def explain(module: nn.Module, layer: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        maps, slopes = _maps_and_slopes(module, layer, batch)
        reach = 2 * slopes**2 + maps.sum(dim=(2, 3), keepdim=True) * slopes**3
        shares = torch.where(reach != 0, slopes**2 / reach.where(reach != 0, torch.ones(())), torch.zeros(()))
        weights = (shares * slopes.clamp(min=0)).mean(dim=(2, 3), keepdim=True)  # a fine map counts no more
        return (weights * maps).sum(dim=1, keepdim=True).clamp(min=0)

    return _mapped(predictor, photo, explain, grad_cam_plus_plus.__name__, signed=False)


@ATTRIBUTIONS.register("Layer-CAM", signed=False, baseline=False, passes=1)
def layer_cam(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Where the last feature maps raise the score: each place weighted by its own positive gradient.

    Photo uint8 H × W × 3; heatmap float32 H × W in [0, 1]. Every branch of the model counts. AttributionError as for
    Grad-CAM. Source: Jiang et al. 2021.
    """

    def explain(module: nn.Module, layer: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return LayerGradientXActivation(module, layer).attribute(batch).clamp(min=0)

    return _mapped(predictor, photo, explain, layer_cam.__name__, signed=False)


def last_maps(module: nn.Module) -> tuple[nn.Module, ...]:
    """What gives the feature maps that are pooled last, one a branch: the model's own word, or else its `layer4`."""
    own: Callable[[], Sequence[nn.Module]] | None = getattr(module, "last_maps", None)
    if own is not None:
        return tuple(own())
    found = [layer for name, layer in module.named_modules() if name.split(".")[-1] == "layer4"]
    if not found:
        raise AttributionError(
            f"{type(module).__name__} has neither last_maps() nor a layer4; this method needs the maps pooled last."
        )
    return (found[-1],)


@contextmanager
def gradients_from(layers: Sequence[nn.Module]) -> Iterator[None]:
    """Keep what a gradient needs from `layers` onwards only.

    The activations of all layers before them are most of what a backward pass would hold in memory.
    """

    def cut(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return tuple(item.detach().requires_grad_() for item in inputs)

    hooks = [layer.register_forward_pre_hook(cut) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _mapped(predictor: Predictor, photo: Pixels, explain: Explain, method: str, *, signed: bool) -> Heatmap:
    square, batch = model_input(predictor, photo)
    with evaluating(predictor) as module, gradients_from(layers := last_maps(module)):
        maps = [by_place(explain(module, layer, batch)) for layer in layers]
    size = square.shape[1], square.shape[0]
    # Linear: a cubic overshoots, and would put places that raise the score beside one that lowers it.
    spread = np.sum([cv2.resize(part * part.size, size, interpolation=cv2.INTER_LINEAR) for part in maps], axis=0)
    score = float(predictor.score_squares([square])[0])
    return heatmap(spread, photo, predictor, method=method, score=score, signed=signed)


def _maps_and_slopes(module: nn.Module, layer: nn.Module, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The output of a layer, and the gradient of the score there."""
    kept: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        score = module(batch).sum()
    finally:
        hook.remove()
    (slopes,) = torch.autograd.grad(score, kept[-1:])
    return kept[-1].detach(), slopes
