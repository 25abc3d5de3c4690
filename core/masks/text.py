"""Text, by the detector that the package rapidocr carries."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np

from core import images, regions
from core.pool import Pool
from core.registry import MASKS, Range
from core.types import Pixels, Rect, Region

SIDE = 640
"""Long side in px at which text is looked for; a multiple of 32 in both directions is what the network takes."""
LOWEST = 0.3


def _network() -> Any:
    from rapidocr import RapidOCR

    settings = {
        "Global.log_level": "error",
        "Global.use_preprocess_img": False,
        "Global.use_vertical_padding": False,
        "Det.limit_type": "max",
        "Det.limit_side_len": SIDE,
        "Det.box_thresh": LOWEST,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return RapidOCR(params=settings)


_networks = Pool(_network)
"""Each keeps its settings and the size of the photo at work. One thread each: two need twice the time of a core."""


def find_text(photo: Pixels) -> tuple[list[np.ndarray], np.ndarray]:
    """Outlines of lines of text (4 × 2 each: x, y in px, clockwise) with their scores (N,) from 0.3 to 1."""
    height, width = photo.shape[:2]
    scale = SIDE / max(height, width)
    across, down = (max(32, 32 * round(length * scale / 32)) for length in (width, height))
    small = cv2.cvtColor(images.resize(photo, across, down), cv2.COLOR_RGB2BGR)
    with _networks.lend() as network:
        found = network(small, use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return [], np.zeros(0)
    return [np.asarray(box) * (width / across, height / down) for box in found.boxes], np.asarray(found.scores)


@MASKS.register("Text", thing="words", version=1, detector=True, boxes=True)
def text(photo: Pixels, *, threshold: Annotated[float, Range(0.3, 0.95, 0.05)] = 0.7) -> Region:
    """Lines of text as the quadrilaterals around them, found by PP-OCR's detector at a long side of 640 px.

    `threshold` is the lowest mean probability of text in a box; the package's own 0.5 finds text in photos without.
    Source: Liao et al. 2020; weights (Apache 2.0) come with the package rapidocr.
    """
    outlines, scores = find_text(photo)
    kept = [np.rint(box).astype(np.int32) for box, score in zip(outlines, scores, strict=True) if score >= threshold]
    mask = np.zeros(photo.shape[:2], dtype=np.uint8)
    cv2.fillPoly(mask, kept, 1)
    boxes = [Rect(*box.min(axis=0).tolist(), *(box.max(axis=0) + 1).tolist()) for box in kept]
    return Region(mask.astype(bool), regions.from_boxes(boxes, photo.shape).boxes)
