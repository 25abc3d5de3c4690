"""A study's work on this machine: several threads open photos, several workers render and score, one thread each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.inference import prefetch
from core.study.blocks import (
    Block,
    Chunk,
    Originals,
    ScoredChunk,
    Worker,
    ablated_chunks,
    gathered,
    known_rows,
    untouched_chunks,
)
from core.study.parts import LeftOut, Parts
from core.study.photos import Opened
from core.study.plan import WORKERS, Plan
from core.study.tasks import Tasks


class Threads:
    """Workers in this process: they open photos in order, render and score whole batches, and never wait for one."""

    def untouched(self, plan: Plan, parts: Parts, left: Sequence[int], scale: float | None) -> Iterator[Block]:
        """The first pass; of photos that look alike, the first stays."""
        return gathered(_scored(plan, _untouched(plan, parts, left)), plan.predictor.name, scale)

    def ablated(
        self, plan: Plan, parts: Parts, tasks: Tasks, blocks: Mapping[int, list[int]], scale: float | None
    ) -> Iterator[Block]:
        """A later pass."""
        return gathered(_scored(plan, _ablated(plan, parts, tasks, blocks)), plan.predictor.name, scale)


def _untouched(plan: Plan, parts: Parts, left: Sequence[int]) -> Iterator[Chunk]:
    originals, waiting = Originals(), set(left)
    opened = prefetch(
        plan.reader, (photo for number in left for photo in plan.blocks[number]), 2 * WORKERS, workers=WORKERS
    )
    for number, block in enumerate(plan.blocks if left else ()):
        if number not in waiting:
            originals.add(parts.read("photos", number))
            continue
        photos: list[Opened] = []
        left_out: list[LeftOut] = []
        for photo in block:
            found = next(opened)
            if isinstance(found, LeftOut):
                left_out.append(found)
            elif copy := originals.copy(photo.source, photo.id, photo.location, found.print):
                left_out.append(copy)
            else:
                photos.append(found)
        yield from untouched_chunks(number, photos, left_out)


def _ablated(plan: Plan, parts: Parts, tasks: Tasks, blocks: Mapping[int, list[int]]) -> Iterator[Chunk]:
    wanted = (
        (photo, row)
        for number, photos in blocks.items()
        for photo, row in zip(photos, known_rows(parts, tasks, number, photos), strict=True)
    )
    opened = prefetch(
        lambda item: plan.reader.again(tasks.population.photos[item[0]], item[1]), wanted, 2 * WORKERS, workers=WORKERS
    )
    for number, photos in blocks.items():
        yield from ablated_chunks(plan, tasks, number, photos, opened)


def _scored(plan: Plan, chunks: Iterable[Chunk]) -> Iterator[ScoredChunk]:
    """Chunks rendered and scored side by side, in order."""
    return prefetch(Worker(plan.predictor.concurrent(WORKERS)), chunks, depth=2 * WORKERS, workers=WORKERS)
