"""Text, by the detector and the reader that the package rapidocr carries."""

from __future__ import annotations

import itertools
from typing import Annotated, Any

import cv2
import numpy as np

from core import model_files
from core.photos import images
from core.regions import regions
from core.regions.network_pool import NetworkPool
from core.registry import MASKS, Range
from core.types import Pixels, Rect, Region

SIDE = 640
"""Long side in px at which text is looked for; a multiple of 32 in both directions is what the network takes."""
LOWEST = 0.3
"""Mean probability of text in a box that is worth reading."""
CHARACTERS = 2
"""Letters and digits that make a word: a pattern is often read as one."""


def _network() -> Any:
    settings = {
        "Global.log_level": "error",
        "Global.use_preprocess_img": False,
        "Global.use_vertical_padding": False,
        "Global.text_score": 0.0,
        # With its models named, the package never looks for one elsewhere, which it would download.
        "Det.model_path": str(model_files.checked("text_detector")),
        "Cls.model_path": str(model_files.checked("text_turner")),
        "Rec.model_path": str(model_files.checked("text_reader")),
        "Det.limit_type": "max",
        "Det.limit_side_len": SIDE,
        "Det.box_thresh": LOWEST,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    from rapidocr import RapidOCR

    return RapidOCR(params=settings)


_networks = NetworkPool(_network)
"""Each keeps its settings and the size of the photo at work. One thread each: two need twice the time of a core."""


def find_text(photo: Pixels) -> tuple[list[np.ndarray], np.ndarray]:
    """Outlines of lines of text (4 × 2 each: x, y in px, clockwise) with how sure the reader is of each (N,), 0 to 1.

    What the detector finds is read: patterns look like text to a detector, but they say nothing. Boxes in which fewer
    than two letters or digits are read are left out.
    """
    height, width = photo.shape[:2]
    scale = SIDE / max(height, width)
    across, down = (max(32, 32 * round(length * scale / 32)) for length in (width, height))
    small = cv2.cvtColor(images.resize(photo, across, down), cv2.COLOR_RGB2BGR)
    with _networks.lend() as network:
        found = network(small, use_det=True, use_cls=False, use_rec=True)
    if found.boxes is None or found.txts is None:
        return [], np.zeros(0)
    words = [sum(map(str.isalnum, line)) >= CHARACTERS for line in found.txts]
    outlines = [np.asarray(box) * (width / across, height / down) for box in found.boxes]
    return list(itertools.compress(outlines, words)), np.asarray(found.scores)[words]


@MASKS.register("Text", thing="words", version=2, detector=True, boxes=True)
def text(photo: Pixels, *, threshold: Annotated[float, Range(0.3, 0.95, 0.05)] = 0.75) -> Region:
    """Lines of text as the quadrilaterals around them, found by PP-OCR's detector and read by its recogniser.

    `threshold` is how sure the reader must be; the detector alone finds text in photos without any. The long side is
    brought to 640 px. Source: Liao et al. 2020; weights (Apache 2.0) come with the package rapidocr.
    """
    outlines, scores = find_text(photo)
    kept = [np.rint(box).astype(np.int32) for box, score in zip(outlines, scores, strict=True) if score >= threshold]
    mask = np.zeros(photo.shape[:2], dtype=np.uint8)
    cv2.fillPoly(mask, kept, 1)
    boxes = [Rect(*box.min(axis=0).tolist(), *(box.max(axis=0) + 1).tolist()) for box in kept]
    return Region(mask.astype(bool), regions.from_boxes(boxes, photo.shape).boxes)
