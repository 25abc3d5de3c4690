"""`core score` on many photos against the bare model on tensors already in memory; the ratio is what counts."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core import config, inference
from core.photos import preprocess
from core.sources.folder import folder

ROUNDS = 5


def main(arguments: list[str]) -> None:
    """Score 1,000 generated photos (or a folder's) both ways in turns, and print photos/s and the ratio."""
    predictor = inference.load()
    with tempfile.TemporaryDirectory() as place:
        root = Path(arguments[0]) if arguments else _photos(Path(place), 1000)
        photos = folder(root).photos[:1000]
        squares = [preprocess.square(photo.read(), predictor.preset) for photo in photos[: config.BATCH_SIZE]]
        batch = preprocess.to_batch(squares, predictor.preset)
        chunks = [photos[start :: len(photos) // 200 or 1][:200] for start in range(ROUNDS)]
        ratios = []
        for chunk in chunks:
            bare = _bare(predictor, batch, len(chunk))
            whole = _whole(predictor, chunk)
            ratios.append(whole / bare)
            print(
                f"bare model {bare:.1f} photos/s, from files {whole:.1f} photos/s, ratio {whole / bare:.2f}", flush=True
            )
    print(f"median ratio {statistics.median(ratios):.2f} (aim: at least 0.85)")


def _bare(predictor: inference.Predictor, batch: torch.Tensor, count: int) -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        for _ in range(-(-count // len(batch))):
            predictor.module(batch)
    return -(-count // len(batch)) * len(batch) / (time.perf_counter() - started)


def _whole(predictor: inference.Predictor, photos: tuple) -> float:
    started = time.perf_counter()
    done = sum(item.score is not None for item in inference.predict(predictor, photos))
    return done / (time.perf_counter() - started)


def _photos(root: Path, count: int) -> Path:
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(root / f"{number:04}.jpg", quality=90)
    return root
