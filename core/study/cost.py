"""What a study will cost, measured on its first photos before it starts."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core import config
from core.inference import batches, prefetch
from core.inference.threads import single_threads
from core.study.blocks import BATCH, Chunk, Worker
from core.study.conditions import CLEAN, applies
from core.study.parts import LeftOut
from core.study.photos import HostedMask, Opened, RowJob, RowKey, hosted_jobs, target_jobs, whole_jobs
from core.study.plan import WORKERS, Plan
from core.study.protocol import CONFIRMATORY_FILLS, DECISION_ROWS, SEMANTIC

FIRST = 16
"""Photos that are opened for the estimate."""
ROUNDS = 3
"""Batches a worker that are timed."""


@dataclass(frozen=True)
class Cost:
    """Photos that are left to do, rows a photo, ms a row (rendering and scoring), ms to open a photo.

    A photo's rows include those in which others are ablated in its stead.
    """

    photos: int
    rows: float
    row_ms: float
    open_ms: float

    @property
    def seconds(self) -> float:
        return self.photos * (self.rows * self.row_ms + self.open_ms) / 1000

    def spread(self, workers: int) -> Cost:
        """The same work by so many workers, each like a core of this machine."""
        times = WORKERS / workers
        return replace(self, row_ms=times * self.row_ms, open_ms=times * self.open_ms)

    def __str__(self) -> str:
        minutes = self.seconds / 60
        length = f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{max(minutes, 0.1):.1f} minutes"
        return (
            f"{self.photos:,} photos × {self.rows:.0f} rows × {self.row_ms:.1f} ms, and {self.open_ms:.0f} ms to open "
            f"a photo: about {length}"
        )


def estimate(plan: Plan, done: Collection[int] = ()) -> Cost:
    """The cost of a study whose untouched photos of some blocks are done, as if nothing else were.

    An upper bound as far as controls go: every target is taken to find its hosts, and every fill to decide. Photos that
    cannot be used, and things in photos, are taken to be as frequent as among those that were looked at.
    """
    ordered = [photo for block in plan.blocks for photo in block]
    with single_threads():
        opened, looked, seconds = _open(plan, ordered)
        if not opened:
            return Cost(0, 0.0, 0.0, 1000 * seconds)
        total = len(ordered) * len(opened) / looked
        rows = _rows(plan, opened, total)
        wanted = BATCH * WORKERS * ROUNDS
        # Where thinning and luck leave nothing to ablate in these photos, the untouched ones tell what a row takes.
        jobs = list(_sample(plan, opened)) or [RowJob(item, CLEAN, RowKey(item.photo)) for item in opened]
        sample = list(batches(jobs[:: max(1, len(jobs) // wanted)][:wanted], BATCH))
        work = Worker(plan.predictor.concurrent(WORKERS))
        work(Chunk(sample[0]))  # the first pass is slower than all others
        started = time.perf_counter()
        scored = sum(len(item.rendered) for item in prefetch(work, map(Chunk, sample), depth=WORKERS, workers=WORKERS))
        row = (time.perf_counter() - started) / scored
    left = 1 - sum(len(plan.blocks[number]) for number in done) / max(len(ordered), 1)
    return Cost(round(total), rows / total, 1000 * row, 1000 * left * seconds / WORKERS)


def _rows(plan: Plan, opened: Sequence[Opened], total: float) -> float:
    """Rows of a study of `total` photos that are like those opened."""
    design, rows, ablated = plan.design, total, 0.0
    semantic = {row.mask for row in DECISION_ROWS if row.kind == SEMANTIC}
    for mask, steps in plan.steps_by_mask.items():
        if mask is None:
            continue
        having = [item for item in opened if mask in item.masks and applies(steps[0], design, item.print.pixels)]
        if not having:
            continue
        count = min(design.targets or np.inf, total * len(having) / len(opened))
        ablated += count
        own = [job for item in having for job in target_jobs(item, mask, steps, design, CONFIRMATORY_FILLS)]
        hosted = [job for item in having for job in _hosted(item, item, mask, plan)]
        rows += count * (len(own) + design.hosts * len(hosted)) / len(having)
        rows += min(count, config.EMPTY_PLACES) * len(plan.steps_by_mask[mask]) / 2 if mask in semantic else 0
    scored = sum(item.photo.score is not None for item in opened) * total / len(opened)
    whole = min(total, (ablated or design.targets) + scored) if design.targets else total
    each = sum(1 for item in opened for _ in whole_jobs(item, plan.steps_by_mask.get(None, ()), design))
    return rows + whole * each / len(opened)


def _hosted(host: Opened, target: Opened, mask: str, plan: Plan) -> Iterator[RowJob]:
    hosted = HostedMask(target.photo, target.print.pixels, target.masks[mask], 1)
    return hosted_jobs(host, hosted, plan.steps_by_mask[mask], plan.design, CONFIRMATORY_FILLS)


def _sample(plan: Plan, opened: Sequence[Opened]) -> Iterator[RowJob]:
    """Rows like those of the study, each photo a host of the next one's things."""
    nothing = (0.0, np.zeros(1, dtype=np.float32))
    known = [replace(item, clean=nothing) for item in opened]
    for place, item in enumerate(known):
        yield from whole_jobs(item, plan.steps_by_mask.get(None, ()), plan.design)
        for mask in (name for name in plan.steps_by_mask if name in item.masks):
            yield from _hosted(known[place - 1], item, str(mask), plan)
            yield from target_jobs(item, str(mask), plan.steps_by_mask[mask], plan.design, ())


def _open(plan: Plan, left: list) -> tuple[list[Opened], int, float]:
    """The first usable photos, how many were looked at for them, and the seconds that each took."""
    opened: list[Opened] = []
    looked = 0
    started = time.perf_counter()
    for photo in left:
        found = plan.reader(photo)
        looked += 1
        if looked == 1:
            started = time.perf_counter()  # detectors load with the first photo
        if not isinstance(found, LeftOut):
            opened.append(found)
        if len(opened) == FIRST:
            break
    return opened, max(looked, 1), (time.perf_counter() - started) / max(looked - 1, 1)
