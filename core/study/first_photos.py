"""What a study's first photos say of its cost: how often things are in them, and how fast this machine is with them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.files import json_of
from core.inference import batches, prefetch
from core.inference.threads import single_threads
from core.study import speeds
from core.study.blocks import BATCH, Chunk, Worker
from core.study.conditions import CLEAN
from core.study.cost import Cost, Frequency, Speed, estimate
from core.study.parts import LeftOut
from core.study.photos import HostedMask, Opened, RowJob, RowKey, hosted_jobs, target_jobs, whole_jobs
from core.study.plan import WORKERS, Plan
from core.study.protocol import CONFIRMATORY_FILLS

FIRST = 16
"""Photos that are opened for the estimate."""
ROUNDS = 3
"""Batches a worker that are timed."""


def measured(plan: Plan, done: Collection[int] = ()) -> Cost:
    """The cost of a study whose untouched photos of some blocks are done, as if nothing else were.

    Photos that cannot be used, and things in photos, are taken to be as frequent as among those that were looked at.
    The speed is remembered for whoever asks before the next study of this model (`speeds`).
    """
    ordered = [photo for block in plan.blocks for photo in block]
    with single_threads():
        opened, looked, seconds = _open(plan, ordered)
        if not opened:
            return Cost(0, 0.0, 0.0, 1000 * seconds)
        speed = Speed(1000 * _seconds_a_row(plan, opened), 1000 * seconds / WORKERS)
    fresh = all(item.looked for item in opened)  # else opening is faster than it is for other photos
    speeds.remember(plan.predictor.name, str(plan.predictor.engine), speed.row_ms, speed.open_ms if fresh else None)
    total = len(ordered) * len(opened) / looked
    scored = sum(item.photo.score is not None for item in opened) * total / len(opened)
    left = 1 - sum(len(plan.blocks[number]) for number in done) / max(len(ordered), 1)
    return estimate(plan.design, total, _frequencies(plan, opened), speed, scored=scored, left=left)


def _frequencies(plan: Plan, opened: Sequence[Opened]) -> dict[str, Frequency]:
    """How often each thing is in the photos that were opened."""
    found = {}
    for mask in plan.reader.masks:
        having = [json_of(item.record["regions"])[mask] for item in opened if mask in item.masks]
        room = [about.get("placements", 0) >= plan.design.placements for about in having]
        found[mask] = Frequency(len(having) / len(opened), float(np.mean(room)) if room else 0.0)
    return found


def _seconds_a_row(plan: Plan, opened: Sequence[Opened]) -> float:
    """The time that a row takes with all workers at work."""
    wanted = BATCH * WORKERS * ROUNDS
    # Where thinning and luck leave nothing to ablate in these photos, the untouched ones tell what a row takes.
    jobs = list(_sample(plan, opened)) or [RowJob(item, CLEAN, RowKey(item.photo)) for item in opened]
    sample = list(batches(jobs[:: max(1, len(jobs) // wanted)][:wanted], BATCH))
    work = Worker(plan.predictor.concurrent(WORKERS))
    work(Chunk(sample[0]))  # the first pass is slower than all others
    started = time.perf_counter()
    scored = sum(len(item.rendered) for item in prefetch(work, map(Chunk, sample), depth=WORKERS, workers=WORKERS))
    return (time.perf_counter() - started) / scored


def _sample(plan: Plan, opened: Sequence[Opened]) -> Iterator[RowJob]:
    """Rows like those of the study, each photo a host of the next one's things."""
    nothing = (0.0, np.zeros(1, dtype=np.float32))
    known = [replace(item, clean=nothing) for item in opened]
    for place, item in enumerate(known):
        yield from whole_jobs(item, plan.steps_by_mask.get(None, ()), plan.design)
        for mask in (name for name in plan.steps_by_mask if name in item.masks):
            hosted = HostedMask(item.photo, item.print.pixels, item.masks[str(mask)], 1)
            steps = plan.steps_by_mask[mask]
            yield from hosted_jobs(known[place - 1], hosted, steps, plan.design, CONFIRMATORY_FILLS)
            yield from target_jobs(item, str(mask), steps, plan.design, ())


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
