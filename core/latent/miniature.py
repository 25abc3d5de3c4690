"""The map as a small picture, for a page that leads to it; never imports torch."""

from __future__ import annotations

import cv2
import numpy as np

from core.latent.atlas import Atlas
from core.latent.colours import SEQUENTIAL

WIDTH, HEIGHT = 640, 400
"""Size of the picture in px."""
FINE = 2
"""It is drawn this many times larger, so that dots come out round."""
DOT, BORDER = 2.2, 12
"""Radius of a dot and width of the border, in px of the picture."""
PICTURED = "learned"
"""The space whose map it is, unless another one is asked for."""
LIMITS = (2, 98)
"""Percentiles between which scores are told apart by colour."""


def miniature(atlas: Atlas, space: str = PICTURED, projection: str = "umap") -> np.ndarray | None:
    """The map in two dimensions, coloured by score: uint8 HEIGHT × WIDTH × 4 (RGBA) with nothing behind the dots.

    Drawn scenes, which lie far from all photos, are left out. None for a map without photos or such a layout.
    """
    places = atlas.layouts.get((space, projection, 2))
    photographed = atlas.photos["planted_score"].isna().to_numpy()
    if places is None or not photographed.any():
        return None
    places, scores = places[photographed], atlas.photos["score"].to_numpy(float)[photographed]
    picture = np.zeros((HEIGHT * FINE, WIDTH * FINE, 4), np.uint8)
    for (x, y), colour in zip(_pixels(places), _colours(scores), strict=True):
        cv2.circle(picture, (int(x), int(y)), round(DOT * FINE), (*map(int, colour), 255), cv2.FILLED, cv2.LINE_AA)
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def _pixels(places: np.ndarray) -> np.ndarray:
    """Where points (N × 2) lie in the large picture: as wide and as high as it, up pointing up."""
    low, high = np.percentile(places, (0.5, 99.5), axis=0)
    share = np.clip((places - low) / np.maximum(high - low, 1e-9), 0, 1)
    share[:, 1] = 1 - share[:, 1]
    return BORDER * FINE + share * (np.array([WIDTH, HEIGHT]) - 2 * BORDER) * FINE


def _colours(values: np.ndarray) -> np.ndarray:
    """RGB of every value, uint8 N × 3, along the map's own scale."""
    stops = np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in SEQUENTIAL], float)
    low, high = np.percentile(values, LIMITS)
    share = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * (len(stops) - 1)
    return np.column_stack([np.interp(share, np.arange(len(stops)), channel) for channel in stops.T]).astype(np.uint8)
