"""What every method does with a model and its numbers: quiet modules, backgrounds, and maps over photos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from torch import nn

from core.inference import Predictor
from core.photos import preprocess
from core.types import Heatmap, Pixels

BATCH = 8
"""Copies of a photo in one pass: more are no faster on two cores, and memory stays bounded."""
MEAN, BLUR, BLACK = "mean", "blur", "black"
BACKGROUNDS = (MEAN, BLUR, BLACK)
BLUR_SIGMA = 0.1
"""Standard deviation of the blurred background, a share of the side."""


@contextmanager
def evaluating(predictor: Predictor) -> Iterator[nn.Module]:
    """The module in evaluation mode, its weights asking for no gradient, under the model's lock.

    Mode and flags of every part are restored, also after an error.
    """
    with predictor.exclusive():
        modes = [(part, part.training) for part in predictor.module.modules()]
        asking = [weight for weight in predictor.module.parameters() if weight.requires_grad]
        predictor.module.eval()
        for weight in asking:
            weight.requires_grad_(False)
        try:
            yield predictor.module
        finally:
            for part, training in modes:
                part.training = training
            for weight in asking:
                weight.requires_grad_(True)


def model_input(predictor: Predictor, photo: Pixels) -> tuple[Pixels, torch.Tensor]:
    """What the model sees of a photo: uint8 crop × crop × 3, and the same as a batch of one."""
    square = preprocess.square(photo, predictor.preset)
    return square, preprocess.to_batch([square], predictor.preset).to(predictor.device)


def background_input(predictor: Predictor, square: Pixels, kind: str) -> torch.Tensor:
    """The background of a square as a batch of one, as the model sees it."""
    return preprocess.to_batch([background(square, kind)], predictor.preset).to(predictor.device)


def background(square: Pixels, kind: str) -> Pixels:
    """A photo of the same size that tells nothing: its mean colour, the photo blurred, or black."""
    if kind == BLACK:
        return np.zeros_like(square)
    if kind == BLUR:
        return cv2.GaussianBlur(square, (0, 0), BLUR_SIGMA * len(square), borderType=cv2.BORDER_REFLECT)
    return np.broadcast_to(np.rint(square.mean(axis=(0, 1))).astype(np.uint8), square.shape).copy()


def by_place(attribution: torch.Tensor) -> np.ndarray:
    """The attribution of one photo (1 × channels × h × w) summed over channels: float32 h × w."""
    return attribution[0].sum(dim=0).detach().float().cpu().numpy()


def smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """A map under a Gaussian of `sigma` sides; unchanged at 0."""
    if sigma == 0:
        return values
    return cv2.GaussianBlur(values, (0, 0), sigma * min(values.shape), borderType=cv2.BORDER_REFLECT)


def heatmap(
    values: np.ndarray,
    photo: Pixels,
    predictor: Predictor,
    *,
    method: str,
    score: float,
    signed: bool,
    note: str = "",
) -> Heatmap:
    """A map over what the model saw (any size) as a heatmap of the whole photo, its greatest magnitude scaled to 1.

    What lies outside the model's crop is 0; negative values of an unsigned method are cut.
    """
    stretched = over_photo(values, photo, predictor)
    if not signed:
        stretched = stretched.clip(min=0)
    peak = float(np.abs(stretched).max())
    if peak < np.finfo(np.float32).tiny:  # what is divided by less would overflow; it means nothing
        return Heatmap(np.zeros_like(stretched), method, score, 0.0, signed, note)
    return Heatmap(stretched / peak, method, score, peak, signed, note)


def over_photo(values: np.ndarray, photo: Pixels, predictor: Predictor) -> np.ndarray:
    """Stretch a map over the part of the photo that the model saw: float32 at the photo's size."""
    preset = predictor.preset
    whole = np.zeros((preset.resize, preset.resize), dtype=np.float32)
    inside = slice(preset.offset, preset.offset + preset.crop)
    whole[inside, inside] = cv2.resize(
        values.astype(np.float32), (preset.crop, preset.crop), interpolation=cv2.INTER_LINEAR
    )
    return cv2.resize(whole, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR)
