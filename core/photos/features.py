"""Countable features of a photo, semantic and low-level: what people's and models' scores may rest on.

Each registered function (photo, regions) → number; the photo is uint8 H × W × 3 at working size, `regions` what was
found in it by mask id. Facts of an entry: `group` (semantic, low-level) and `unit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np

from core.registry import FEATURES
from core.types import Pixels, Region

SEMANTIC, LOW_LEVEL = "semantic", "low-level"
GROUPS = (SEMANTIC, LOW_LEVEL)
SHARE, COUNT = "share of the photo's area", "count"
EDGES = (100, 200)
"""Canny's two thresholds on grey values of 0 to 255."""
LOWEST, HIGHEST = 0.02, 0.35
"""Spatial frequencies (cycles a pixel) between which the spectral slope is fitted: off the window, off the corners."""
BANDS = 24

Regions = Mapping[str, Region]


def measure_features(photo: Pixels, regions: Regions) -> dict[str, float | None]:
    """Every registered feature of a photo by id; None where it cannot be told, as without the detector it needs."""
    values = {entry.id: float(entry.function(photo, regions)) for entry in FEATURES}
    return {name: round(value, 6) if math.isfinite(value) else None for name, value in values.items()}


def _count(regions: Regions, name: str) -> float:
    return len(regions[name].boxes) if name in regions else math.nan


def _area(regions: Regions, name: str) -> float:
    return regions[name].area if name in regions else math.nan


@FEATURES.register("Faces", group=SEMANTIC, unit=COUNT)
def faces(photo: Pixels, regions: Regions) -> float:
    """How many faces there are in the photo."""
    return _count(regions, "faces")


@FEATURES.register("People", group=SEMANTIC, unit=COUNT)
def people(photo: Pixels, regions: Regions) -> float:
    """How many people there are in the photo."""
    return _count(regions, "people")


@FEATURES.register("Words", group=SEMANTIC, unit=COUNT)
def words(photo: Pixels, regions: Regions) -> float:
    """Number of words or lines of text, whichever the source or detector tells apart."""
    return _count(regions, "text")


@FEATURES.register("Area of faces", group=SEMANTIC, unit=SHARE)
def face_area(photo: Pixels, regions: Regions) -> float:
    """Share of the photo that faces cover."""
    return _area(regions, "faces")


@FEATURES.register("Area of people", group=SEMANTIC, unit=SHARE)
def people_area(photo: Pixels, regions: Regions) -> float:
    """Share of the photo that people cover."""
    return _area(regions, "people")


@FEATURES.register("Area of the salient object", group=SEMANTIC, unit=SHARE)
def object_area(photo: Pixels, regions: Regions) -> float:
    """Share of the photo that the salient object covers."""
    return _area(regions, "salient")


@FEATURES.register("Colourfulness", group=LOW_LEVEL, unit="grey values")
def colourfulness(photo: Pixels, regions: Regions) -> float:
    """Spread and mean distance from grey in an opponent colour space. Source: Hasler & Süsstrunk 2003."""
    red, green, blue = np.moveaxis(photo.astype(np.float32), 2, 0)
    first, second = red - green, (red + green) / 2 - blue
    return math.hypot(first.std(), second.std()) + 0.3 * math.hypot(first.mean(), second.mean())


@FEATURES.register("Saturation", group=LOW_LEVEL, unit="0 to 1")
def saturation(photo: Pixels, regions: Regions) -> float:
    """Mean saturation of the HSV colour space."""
    highest, lowest = photo.max(axis=2).astype(np.float32), photo.min(axis=2)
    return float(((highest - lowest) / np.maximum(highest, 1)).mean())


@FEATURES.register("Contrast", group=LOW_LEVEL, unit="0 to 1")
def contrast(photo: Pixels, regions: Regions) -> float:
    """RMS contrast: standard deviation of the luminance. Source: Peli 1990."""
    return float(_grey(photo).std() / 255)


@FEATURES.register("Brightness", group=LOW_LEVEL, unit="0 to 1")
def brightness(photo: Pixels, regions: Regions) -> float:
    """Mean luminance of the photo, 0 (black) to 1 (white)."""
    return float(_grey(photo).mean() / 255)


@FEATURES.register("Edge density", group=LOW_LEVEL, unit="share of pixels")
def edge_density(photo: Pixels, regions: Regions) -> float:
    """Share of pixels on an edge. Source: Canny 1986."""
    return float((cv2.Canny(_grey(photo), *EDGES) > 0).mean())


@FEATURES.register("Spectral slope", group=LOW_LEVEL, unit="exponent of amplitude over frequency")
def spectral_slope(photo: Pixels, regions: Regions) -> float:
    """Slope of log amplitude over log spatial frequency; about −1 in natural scenes. Source: Field 1987.

    The mean is taken out and a Hann window laid over; NaN for a photo of one grey.
    """
    grey = _grey(photo).astype(np.float64)
    height, width = grey.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    amplitude = np.abs(np.fft.rfft2((grey - grey.mean()) * window))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    bands = np.geomspace(LOWEST, HIGHEST, BANDS + 1)
    place = np.digitize(frequency, bands)
    count, total = (np.bincount(place.ravel(), weight, BANDS + 2)[1:-1] for weight in (None, amplitude.ravel()))
    means = total / np.maximum(count, 1)
    centres = np.sqrt(bands[:-1] * bands[1:])
    usable = means > 1e-9
    return float(np.polyfit(np.log(centres[usable]), np.log(means[usable]), 1)[0]) if usable.sum() > 2 else math.nan


@FEATURES.register("Entropy", group=LOW_LEVEL, unit="bits")
def entropy(photo: Pixels, regions: Regions) -> float:
    """Shannon entropy of the histogram of grey values; 0 for one grey, at most 8."""
    shares = np.bincount(_grey(photo).ravel(), minlength=256) / photo[..., 0].size
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum() + 0.0)


def _grey(photo: Pixels) -> np.ndarray:
    return cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
