"""Score plus Grad-CAM of an uploaded 12-megapixel photo, as the page computes them."""

from __future__ import annotations

import io
import statistics
import time

import numpy as np
from PIL import Image

from core import inference
from core.photos import images
from core.registry import ATTRIBUTIONS

HEATMAP_SIDE = 512


def main(arguments: list[str]) -> None:
    """Print the first time and the median of ten more, in seconds, and what each part of it took."""
    coarse = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize((4000, 3000), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=92)
    data = buffer.getvalue()
    predictor = inference.load()
    rows = [_once(predictor, data) for _ in range(11)]
    print(f"first: {sum(rows[0]):.2f} s")
    parts = [statistics.median(column) for column in zip(*rows[1:], strict=True)]
    total = statistics.median(sum(row) for row in rows[1:])
    decode, score, heatmap = parts
    print(f"median of ten more: {total:.2f} s (decode {decode:.2f}, score {score:.2f}, Grad-CAM {heatmap:.2f}; aim 1)")


def _once(predictor: inference.Predictor, data: bytes) -> tuple[float, float, float]:
    started = time.perf_counter()
    photo = images.read(data)
    decoded = time.perf_counter()
    predictor.score([photo])
    scored = time.perf_counter()
    ATTRIBUTIONS["grad_cam"].function(predictor, images.to_short_side(photo, HEATMAP_SIDE))
    return decoded - started, scored - decoded, time.perf_counter() - scored
