"""Gradients of the score with respect to the pixels."""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
import torch
from captum.attr import GuidedBackprop, IntegratedGradients, Saliency

from core.attributions.common import (
    BACKGROUNDS,
    BATCH,
    MEAN,
    background_input,
    by_place,
    evaluating,
    heatmap,
    model_input,
    smoothed,
)
from core.inference import Predictor
from core.photos import preprocess
from core.registry import ATTRIBUTIONS, Choice, Range
from core.types import Heatmap, Pixels

Smoothness = Annotated[float, Range(0, 0.1, 0.005)]
COLOURS = 16
"""Plain photos that gradient SHAP starts from."""
# Captum warns of hooks that it removes itself. Set once: warnings.catch_warnings is not safe in threads.
warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU")


@ATTRIBUTIONS.register("Integrated gradients", signed=True, baseline=False, passes=20)
def integrated_gradients(
    predictor: Predictor,
    photo: Pixels,
    *,
    steps: Annotated[int, Range(5, 100, 5)] = 20,
    background_of: Annotated[str, Choice(BACKGROUNDS)] = MEAN,
    smooth: Smoothness = 0.02,
) -> Heatmap:
    """What each pixel adds on the way from a photo that tells nothing to this one; all pixels add up to the difference.

    Photo uint8 H × W × 3; heatmap float32 H × W in [−1, 1]. `steps` is the number of gradients averaged;
    `background_of` is the photo that tells nothing; `smooth` is the Gaussian laid over the map, in sides. Source:
    Sundararajan et al. 2017.
    """
    square, batch = model_input(predictor, photo)
    start = background_input(predictor, square, background_of)
    with evaluating(predictor) as module:
        found = IntegratedGradients(module).attribute(batch, start, n_steps=steps, internal_batch_size=BATCH)
    return _finished(predictor, photo, square, found, integrated_gradients.__name__, smooth, signed=True)


@ATTRIBUTIONS.register("Gradient SHAP", signed=True, baseline=False, passes=16)
def gradient_shap(
    predictor: Predictor,
    photo: Pixels,
    *,
    samples: Annotated[int, Range(4, 64, 4)] = 16,
    noise: Annotated[float, Range(0, 0.3, 0.01)] = 0.05,
    smooth: Smoothness = 0.02,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Heatmap:
    """Integrated gradients from many plain photos, each in a colour of this one, at random points of the way.

    Photo uint8 H × W × 3; heatmap float32 H × W in [−1, 1]. `samples` is the number of gradients averaged; `noise` is
    the standard deviation added to the photo, in shares of the range of pixels; `smooth` is the Gaussian laid over the
    map, in sides. Source: Lundberg & Lee 2017.
    """
    square, batch = model_input(predictor, photo)
    chosen = np.random.default_rng(seed).integers(0, square.shape[0] * square.shape[1], COLOURS)
    plain = [np.broadcast_to(colour, square.shape).copy() for colour in square.reshape(-1, 3)[chosen]]
    starts = preprocess.to_batch(plain, predictor.preset).to(predictor.device)
    # The draws of captum's GradientShap in its order, from generators of our own: it draws from the global ones, which
    # visitors share.
    numbers, noises = np.random.RandomState(seed), torch.Generator().manual_seed(seed)
    total = torch.zeros_like(batch)
    with evaluating(predictor) as module:
        for size in _chunks(samples):
            start = starts[numbers.choice(COLOURS, size)]
            noisy = _noisy(batch, size, _in_input(predictor, noise), noises)
            along = torch.from_numpy(numbers.uniform(0, 1, size)).to(batch).view(-1, 1, 1, 1)
            slopes = Saliency(module).attribute((along * noisy + (1 - along) * start).requires_grad_(), abs=False)
            total += (slopes * (noisy - start)).sum(dim=0, keepdim=True)
    return _finished(predictor, photo, square, total / samples, gradient_shap.__name__, smooth, signed=True)


@ATTRIBUTIONS.register("SmoothGrad", signed=False, baseline=False, passes=16)
def smooth_grad(
    predictor: Predictor,
    photo: Pixels,
    *,
    samples: Annotated[int, Range(4, 64, 4)] = 16,
    noise: Annotated[float, Range(0.01, 0.3, 0.01)] = 0.1,
    smooth: Smoothness = 0.02,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Heatmap:
    """How much each pixel could change the score, up or down: the size of the gradient, averaged over noisy copies.

    Photo uint8 H × W × 3; heatmap float32 H × W in [0, 1]. `samples` is the number of noisy copies; `noise` is the
    standard deviation in shares of the range of pixels; `smooth` is the Gaussian laid over the map, in sides. Source:
    Smilkov et al. 2017.
    """
    square, batch = model_input(predictor, photo)
    noises = torch.Generator().manual_seed(seed)  # captum's NoiseTunnel draws from the global one, which visitors share
    total = torch.zeros_like(batch)
    with evaluating(predictor) as module:
        for size in _chunks(samples):
            noisy = _noisy(batch, size, _in_input(predictor, noise), noises)
            total += Saliency(module).attribute(noisy.requires_grad_()).sum(dim=0, keepdim=True)
    return _finished(predictor, photo, square, total / samples, smooth_grad.__name__, smooth, signed=False)


@ATTRIBUTIONS.register("Guided backpropagation", signed=False, baseline=False, passes=1)
def guided_backpropagation(predictor: Predictor, photo: Pixels, *, smooth: Smoothness = 0.02) -> Heatmap:
    """Edges on which neurons that raise the score rest: the gradient without what is negative on its way back.

    Photo uint8 H × W × 3; heatmap float32 H × W in [0, 1], the size of that gradient. `smooth` is the Gaussian laid
    over the map, in sides. The note names parts of the model that the cut does not reach. Source: Springenberg et al.
    2015.
    """
    square, batch = model_input(predictor, photo)
    with evaluating(predictor) as module:
        found = GuidedBackprop(module).attribute(batch.requires_grad_())
    # Its size, without the sign that captum gives: at the pixels a sign says that another colour would raise the score,
    # not that a place lowers it, and on natural photos the size is what is read (Smilkov et al. 2017; Adebayo et al.
    # 2018). What lowers the score is cut on the way back, so that no sign could show it.
    found = found.abs()
    missed = getattr(predictor.module, "functional_relus", "")
    note = f"Guided only in part: {missed} pass the plain gradient." if missed else ""
    name = guided_backpropagation.__name__
    return _finished(predictor, photo, square, found, name, smooth, signed=False, note=note)


def _chunks(samples: int) -> list[int]:
    """How many samples in each pass, none with more than a batch."""
    return [min(BATCH, samples - start) for start in range(0, samples, BATCH)]


def _noisy(batch: torch.Tensor, copies: int, spread: float, random: torch.Generator) -> torch.Tensor:
    """So many copies of a batch of one with Gaussian noise, drawn on the processor: the same on every device."""
    shape = (copies, *batch.shape[1:])
    return batch + torch.normal(0.0, torch.full(shape, spread), generator=random).to(batch)


def _in_input(predictor: Predictor, noise: float) -> float:
    """A share of the range of pixels in the unit of the model's input; its channels differ little."""
    return noise / float(np.mean(predictor.preset.std))


def _finished(
    predictor: Predictor,
    photo: Pixels,
    square: Pixels,
    found: torch.Tensor,
    method: str,
    smooth: float,
    *,
    signed: bool,
    note: str = "",
) -> Heatmap:
    score = float(predictor.score_squares([square])[0])
    values = smoothed(by_place(found), smooth)
    return heatmap(values, photo, predictor, method=method, score=score, signed=signed, note=note)
