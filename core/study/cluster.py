"""A study's work over a cluster: a block of photos is a piece of work, and the driver alone writes parts.

Rows are those of the threads of one machine, because batches are: a block is opened, rendered and scored as a whole by
one worker. Of photos that look alike only the driver knows; a block that holds a copy is done again without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.inference.cluster import Cluster
from core.photos.fingerprints import Fingerprint
from core.study.blocks import (
    Block,
    Chunk,
    Originals,
    Worker,
    ablated_chunks,
    gathered,
    known_rows,
    untouched_chunks,
)
from core.study.parts import LeftOut, Parts
from core.study.photos import Opened
from core.study.plan import Plan
from core.study.tasks import Tasks

Copies = Mapping[tuple[str, str], LeftOut]
"""Photos of a block that are set aside, by source and id."""


@dataclass(frozen=True)
class ClusterWorkers:
    """The workers of a cluster, which see the photos under the same paths or addresses as the driver."""

    cluster: Cluster

    def untouched(self, plan: Plan, parts: Parts, left: Sequence[int], scale: float | None) -> Iterator[Block]:
        """The first pass; of photos that look alike, the first stays."""
        shared = self.cluster.share((plan, scale))
        nothing: Copies = {}
        made = self.cluster.map(_untouched, shared, ((number, nothing) for number in left))
        originals, waiting = Originals(), set(left)
        for number in range(len(plan.blocks)) if left else ():
            if number not in waiting:
                originals.add(parts.read("photos", number))
                continue
            block = next(made)
            if copies := _copies(plan, originals, block):
                (block,) = self.cluster.map(_untouched, shared, [(number, copies)])
            yield block

    def ablated(
        self, plan: Plan, parts: Parts, tasks: Tasks, blocks: Mapping[int, list[int]], scale: float | None
    ) -> Iterator[Block]:
        """A later pass."""
        shared = self.cluster.share((plan, tasks, scale))
        work = ((number, photos, list(known_rows(parts, tasks, number, photos))) for number, photos in blocks.items())
        return self.cluster.map(_ablated, shared, work)


def _copies(plan: Plan, originals: Originals, block: Block) -> Copies:
    """Photos of a block that look like one before them."""
    places = {(photo.source, photo.id): photo.location for photo in plan.blocks[block.number]}
    found = {}
    for row in block.photos:
        name = row["source"], row["photo_id"]
        if copy := originals.copy(*name, places[name], Fingerprint(row["pixels"], row["look"])):
            found[name] = copy
    return found


def _untouched(shared: tuple[Plan, float | None], item: tuple[int, Copies]) -> Block:
    """In a worker: a block of the first pass."""
    plan, scale = shared
    number, copies = item
    photos: list[Opened] = []
    left_out: list[LeftOut] = []
    for photo in plan.blocks[number]:
        found = copies.get((photo.source, photo.id)) or plan.reader(photo)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            photos.append(found)
    return _scored(plan, untouched_chunks(number, photos, left_out), scale)


def _ablated(
    shared: tuple[Plan, Tasks, float | None], item: tuple[int, Sequence[int], Sequence[Mapping[str, Any]]]
) -> Block:
    """In a worker: a block of a later pass."""
    plan, tasks, scale = shared
    number, photos, rows = item
    known = zip(photos, rows, strict=True)
    opened = (plan.reader.again(tasks.population.photos[photo], row) for photo, row in known)
    return _scored(plan, ablated_chunks(plan, tasks, number, photos, opened), scale)


def _scored(plan: Plan, chunks: Iterator[Chunk], scale: float | None) -> Block:
    worker = Worker(plan.predictor.concurrent(1))
    (block,) = gathered(map(worker, chunks), plan.predictor.name, scale)
    return block
