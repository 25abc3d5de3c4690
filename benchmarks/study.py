"""`core study` against the bare model on tensors already in memory: rows/s of both, and their ratio."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.score import _photos
from core import inference
from core.inference import prefetch
from core.photos import preprocess
from core.sources import open_source
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import Design
from core.study.engine import BATCH, single_threads
from core.study.plan import WORKERS

ROUNDS = 3
PHOTOS = 3
"""Photos of a round: a few hundred rows."""


def main(arguments: list[str]) -> None:
    """Study a few photos of a folder (or drawn ones) in turns with the bare model; print rows/s and the ratio."""
    predictor = inference.load(*arguments[1:2])
    with tempfile.TemporaryDirectory() as place:
        root = Path(arguments[0]) if arguments else _photos(Path(place), ROUNDS * PHOTOS + PHOTOS)
        photos = open_source(str(root)).photos
        ordered = study_plan.plan(predictor, photos, Design(), allow_seen=True).photos
        chunks = [ordered[start : start + PHOTOS] for start in range(0, len(ordered), PHOTOS)]
        engine.run(_plan(predictor, chunks[0]), Path(place) / "warm")  # detectors and kernels load
        ratios = []
        for number, chunk in enumerate(chunks[1 : ROUNDS + 1]):
            bare = [_bare(predictor, threads) for threads in (WORKERS, 1)]
            started = time.perf_counter()
            done = engine.run(_plan(predictor, chunk), Path(place) / f"round{number}")
            whole = done.rows / (time.perf_counter() - started)
            ratios.append(whole / max(bare))
            print(
                f"bare model {bare[0]:.1f} rows/s with {WORKERS} threads in one call, {bare[1]:.1f} with one thread in "
                f"{WORKERS} calls; study {whole:.1f} rows/s ({done.rows} rows); ratio {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"median ratio {statistics.median(ratios):.2f} (aim: at least 0.75)")


def _plan(predictor: inference.Predictor, photos: tuple) -> engine.Plan:
    return study_plan.plan(predictor, photos, Design(), allow_seen=True)


def _bare(predictor: inference.Predictor, threads: int, batches: int = 16) -> float:
    """Rows/s of the model alone: one call after another with all threads, or as many calls at once with one thread."""
    size = predictor.preset.crop
    square = torch.randint(256, (size, size, 3), dtype=torch.uint8).numpy()
    batch = preprocess.to_batch([square] * BATCH, predictor.preset)

    def call(_: int) -> None:
        with torch.inference_mode():
            predictor.module(batch)

    started = time.perf_counter()
    if threads > 1:
        for number in range(batches):
            call(number)
    else:
        with single_threads():
            list(prefetch(call, range(batches), depth=WORKERS, workers=WORKERS))
    return batches * BATCH / (time.perf_counter() - started)
