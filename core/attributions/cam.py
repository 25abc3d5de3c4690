"""Class activation mapping for a regressor: where the last feature maps raise the score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from captum.attr import LayerGradCam
from torch import nn

from core.errors import AttributionError
from core.inference import Predictor
from core.photos import preprocess
from core.registry import ATTRIBUTIONS
from core.types import Heatmap, Pixels


@contextmanager
def evaluating(predictor: Predictor) -> Iterator[nn.Module]:
    """The module in evaluation mode under the model's lock; its mode is restored also after an error."""
    with predictor.lock:
        training = predictor.module.training
        predictor.module.eval()
        try:
            yield predictor.module
        finally:
            predictor.module.train(training)


@contextmanager
def gradients_from(module: nn.Module, layer: nn.Module) -> Iterator[None]:
    """Keep what a gradient needs from `layer` onwards only; weights ask for none, and all is restored afterwards.

    The activations of all layers before it are most of what a backward pass would hold in memory.
    """
    asking = [weight for weight in module.parameters() if weight.requires_grad]
    start = layer.register_forward_pre_hook(lambda _, inputs: tuple(item.detach().requires_grad_() for item in inputs))
    for weight in asking:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        start.remove()
        for weight in asking:
            weight.requires_grad_(True)


def last_convolution(module: nn.Module) -> nn.Module:
    """The block whose feature maps are pooled last: `layer4`, wherever it is nested."""
    found = [layer for name, layer in module.named_modules() if name.split(".")[-1] == "layer4"]
    if not found:
        raise AttributionError(f"{type(module).__name__} has no layer4; Grad-CAM needs the block that is pooled last.")
    return found[-1]


@ATTRIBUTIONS.register("Grad-CAM")
def grad_cam(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Where the last feature maps raise the score: feature maps weighted by their mean gradients, negative parts cut.

    Photo uint8 H × W × 3; heatmap float32 H × W, scaled so that its maximum is 1 (all zero where nothing raises the
    score). What lies outside the model's crop is 0. Source: Selvaraju et al. 2017.
    """
    square = preprocess.square(photo, predictor.preset)
    batch = preprocess.to_batch([square], predictor.preset).to(predictor.device)
    with evaluating(predictor) as module, gradients_from(module, layer := last_convolution(module)):
        cam = LayerGradCam(module, layer).attribute(batch, relu_attributions=True)
    values = _over_photo(cam[0, 0].detach().float().cpu().numpy(), photo, predictor)
    peak = float(values.max())
    score = float(predictor.score_squares([square])[0])
    return Heatmap(values / peak if peak > 0 else values, grad_cam.__name__, score, peak)


def _over_photo(cam: np.ndarray, photo: Pixels, predictor: Predictor) -> np.ndarray:
    """Stretch a coarse map over the part of the photo that the model saw."""
    preset = predictor.preset
    whole = np.zeros((preset.resize, preset.resize), dtype=np.float32)
    inside = slice(preset.offset, preset.offset + preset.crop)
    whole[inside, inside] = cv2.resize(cam, (preset.crop, preset.crop), interpolation=cv2.INTER_CUBIC).clip(min=0)
    return cv2.resize(whole, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR)
