"""Baselines: maps that know nothing of the model. A method that is no better than these explains nothing."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np

from core.attributions.common import heatmap, model_input
from core.inference import Predictor
from core.registry import ATTRIBUTIONS, Range
from core.types import Heatmap, Pixels

SMOOTH = 0.03
"""Standard deviation, in sides, under which edges and noise become places."""


@ATTRIBUTIONS.register("Random map", signed=False, baseline=True, passes=0)
def random_map(predictor: Predictor, photo: Pixels, *, seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0) -> Heatmap:
    """Baseline: smooth noise. Heatmap float32 H × W in [0, 1]; the same seed gives the same map on any photo."""
    square, _ = model_input(predictor, photo)
    noise = np.random.default_rng(seed).random(square.shape[:2]).astype(np.float32)
    values = _smooth(noise)
    return _finished(values - values.min(), predictor, photo, square, random_map.__name__)


@ATTRIBUTIONS.register("Edge map", signed=False, baseline=True, passes=0)
def edge_map(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Baseline: where the photo has edges. Heatmap float32 H × W in [0, 1]; all zero for a photo of one colour."""
    square, _ = model_input(predictor, photo)
    light = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    return _finished(_smooth(edges), predictor, photo, square, edge_map.__name__)


@ATTRIBUTIONS.register("Centre bias", signed=False, baseline=True, passes=0)
def centre_bias(predictor: Predictor, photo: Pixels, *, width: Annotated[float, Range(0.1, 1, 0.05)] = 0.25) -> Heatmap:
    """Baseline: a Gaussian around the middle, `width` sides wide. Heatmap float32 H × W in [0, 1]."""
    square, _ = model_input(predictor, photo)
    across = (np.arange(len(square)) + 0.5) / len(square) - 0.5
    bell = np.exp(-(across**2) / (2 * width**2)).astype(np.float32)
    return _finished(np.outer(bell, bell), predictor, photo, square, centre_bias.__name__)


@ATTRIBUTIONS.register("Brightness", signed=False, baseline=True, passes=0)
def brightness(predictor: Predictor, photo: Pixels) -> Heatmap:
    """Baseline: where the photo is bright. Heatmap float32 H × W in [0, 1]; all zero for a black photo."""
    square, _ = model_input(predictor, photo)
    light = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return _finished(_smooth(light), predictor, photo, square, brightness.__name__)


def _smooth(values: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), SMOOTH * min(values.shape), borderType=cv2.BORDER_REFLECT)


def _finished(values: np.ndarray, predictor: Predictor, photo: Pixels, square: Pixels, method: str) -> Heatmap:
    score = float(predictor.score_squares([square])[0])
    return heatmap(values, photo, predictor, method=method, score=score, signed=False)
