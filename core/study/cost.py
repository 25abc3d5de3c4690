"""What a study will cost, measured on its first photos before it starts."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from core.inference import batches, prefetch
from core.inference.threads import single_threads
from core.study.engine import BATCH, Chunk, Worker
from core.study.parts import LeftOut
from core.study.photos import Opened, jobs_of
from core.study.plan import WORKERS, Plan

FIRST = 8
"""Photos that are opened for the estimate."""
ROUNDS = 3
"""Batches a worker that are timed."""


@dataclass(frozen=True)
class Cost:
    """Photos that are left to do, rows a photo, ms a row (rendering and scoring), ms to open a photo."""

    photos: int
    rows: float
    row_ms: float
    open_ms: float

    @property
    def seconds(self) -> float:
        return self.photos * (self.rows * self.row_ms + self.open_ms) / 1000

    def __str__(self) -> str:
        minutes = self.seconds / 60
        length = f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{max(minutes, 0.1):.1f} minutes"
        return (
            f"{self.photos:,} photos × {self.rows:.0f} rows × {self.row_ms:.1f} ms, and {self.open_ms:.0f} ms to open "
            f"a photo: about {length}"
        )


def estimate(plan: Plan, done: Collection[int] = ()) -> Cost:
    """The cost of the blocks that are not done; photos that cannot be used are taken to be as frequent as among those
    that were looked at."""
    left = [photo for number, block in enumerate(plan.blocks) if number not in done for photo in block]
    with single_threads():
        opened, looked, seconds = _open(plan, left)
        if not opened:
            return Cost(0, 0.0, 0.0, 1000 * seconds)
        jobs = [job for item in opened for job in jobs_of(item, plan.steps, plan.design)]
        wanted = BATCH * WORKERS * ROUNDS
        sample = list(batches(jobs[:: max(1, len(jobs) // wanted)][:wanted], BATCH))
        work = Worker(plan.predictor.side_by_side(WORKERS))
        work(Chunk(sample[0]))  # the first pass is slower than all others
        started = time.perf_counter()
        rows = sum(
            len(scored.rendered) for scored in prefetch(work, map(Chunk, sample), depth=WORKERS, workers=WORKERS)
        )
        row = (time.perf_counter() - started) / rows
    photos = round(len(left) * len(opened) / looked)
    return Cost(photos, len(jobs) / len(opened), 1000 * row, 1000 * seconds / WORKERS)


def _open(plan: Plan, left: list) -> tuple[list[Opened], int, float]:
    """The first usable photos, how many were looked at for them, and the seconds that each took."""
    opened: list[Opened] = []
    looked = 0
    started = time.perf_counter()
    for photo in left:
        found = plan.opener(photo)
        looked += 1
        if looked == 1:
            started = time.perf_counter()  # detectors load with the first photo
        if not isinstance(found, LeftOut):
            opened.append(found)
        if len(opened) == FIRST:
            break
    return opened, max(looked, 1), (time.perf_counter() - started) / max(looked - 1, 1)
