"""People, by their faces and by the head that was fitted to outlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from core.masks.faces import SURE, find_faces
from core.masks.salient import probability_maps
from core.regions import regions
from core.registry import MASKS, Range
from core.types import Mask, Pixels, Rect, Region

ACROSS, ABOVE, BELOW = 3.0, 1.5, 9.0
"""How far a body reaches from the middle of its face: in widths of the face, and in heights of it."""
NARROWEST = 0.75
"""Width of a face in heights of it, at least: a profile is narrow, its body is not."""
SMALLEST = 0.01
"""Share of the photo below which somebody is too small to be told from noise."""


@MASKS.register("People", thing="people", version=2, detector=True, boxes=True)
def people(photo: Pixels, *, threshold: Annotated[float, Range(0.1, 0.95, 0.05)] = 0.4) -> Region:
    """People whose face can be seen, from head to foot as far as they can be seen, each with a box.

    `threshold` is the lowest probability of a person at a place, by a small network fitted to outlines (half of the
    COCO photos) on the features of EfficientNet-lite0; each place belongs to the face that it is nearest to. Sources:
    Xu et al. 2020; Tan & Le 2019; Lin et al. 2014.
    """
    boxes, _ = find_faces(photo, SURE)
    if not boxes:
        return Region(regions.empty(photo.shape))
    found = bodies(probability_maps(photo)[0] >= threshold, boxes)
    return Region(regions.union(found, photo.shape), tuple(map(regions.around, found)))


def bodies(body: Mask, faces: Sequence[Rect]) -> list[Mask]:
    """Share places that may show a body out among the faces near enough; who gets too little is left out."""
    nearest, owner = np.full(body.shape, np.inf, dtype=np.float32), np.full(body.shape, -1, dtype=np.int16)
    for number, face in enumerate(faces):
        distance = _distance(body.shape, face)
        owner[distance < nearest] = number
        np.minimum(nearest, distance, out=nearest)
    shares = (body & (owner == number) for number in range(len(faces)))
    return [share for share in shares if share.sum() >= SMALLEST * body.size]


def _distance(shape: tuple[int, ...], face: Rect) -> np.ndarray:
    """Distance of every pixel from a face, in faces, float32 H × W; infinite where no part of its body can be.

    A body hangs below its face: a step down counts a third, one up twice.
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    height = max(1, face.bottom - face.top)
    width = max(face.right - face.left, NARROWEST * height)
    across = (columns - (face.left + face.right) / 2) / width
    down = (rows - (face.top + face.bottom) / 2) / height
    distance = np.hypot(across, np.where(down > 0, down / 3, 2 * down)).astype(np.float32)
    return np.where((np.abs(across) <= ACROSS) & (down >= -ABOVE) & (down <= BELOW), distance, np.float32(np.inf))
