"""Blocks of a study at work: batches of rows rendered and scored, and what is kept of a block at its end.

Whoever does the work, threads of this machine or workers of a cluster, makes the same batches: no batch holds rows of
two blocks, so that a study that is resumed, or done elsewhere, has the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from core.inference import Predictor, batches
from core.photos.fingerprints import Fingerprint, FingerprintIndex
from core.study.conditions import CLEAN
from core.study.parts import LeftOut, Parts
from core.study.photos import Opened, Rendered, RowJob, RowKey, render
from core.study.plan import Plan
from core.study.population import packed
from core.study.tasks import Tasks, jobs_of
from core.table import EMPTY, HOSTED

BATCH = 16
"""Squares a forward pass."""


@dataclass(frozen=True)
class Block:
    """A block of photos that is done: its rows, and after the first pass its photos with what later passes need."""

    number: int
    rows: list[tuple]
    photos: list[Mapping[str, Any]] = field(default_factory=list)
    left_out: tuple[LeftOut, ...] = ()
    work: list[dict[str, Any]] = field(default_factory=list)


class Workers(Protocol):
    """Who does a study's work; blocks come back in order."""

    def untouched(self, plan: Plan, parts: Parts, left: Sequence[int], scale: float | None) -> Iterator[Block]:
        """The first pass over the blocks that are left: what is in each photo, and its untouched score."""

    def ablated(
        self, plan: Plan, parts: Parts, tasks: Tasks, blocks: Mapping[int, list[int]], scale: float | None
    ) -> Iterator[Block]:
        """A later pass: what is to be done with photos, by block and number in the population."""


class Originals:
    """The photos of a study so far, by their look: of photos that look alike the first one counts."""

    def __init__(self) -> None:
        self._known, self._names = FingerprintIndex(), list[str]()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in photos of a block that is done: rows of the photo table."""
        for row in rows:
            self._known.add(Fingerprint(row["pixels"], row["look"]))
            self._names.append(f"{row['source']}: {row['photo_id']}")

    def copy(self, source: str, photo_id: str, location: str, found: Fingerprint) -> LeftOut | None:
        """Why a photo is set aside; None, and it is taken in, if it looks like none before."""
        if (alike := self._known.find(found)) is not None:
            reason = f"it looks like {self._names[alike]}, and photos that look alike count once."
            return LeftOut(location, reason, copy=True)
        self._known.add(found)
        self._names.append(f"{source}: {photo_id}")
        return None


@dataclass(frozen=True)
class Chunk:
    """One batch of work; `block` is given with the last of a block, as are its photos and those left out."""

    jobs: list[RowJob]
    block: int | None = None
    photos: tuple[Opened, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class ScoredChunk:
    """A chunk with what it was rendered to and what the model says of it; None for squares equal to the original's."""

    chunk: Chunk
    rendered: list[Rendered]
    scores: np.ndarray
    features: np.ndarray


def untouched_chunks(number: int, photos: Sequence[Opened], left_out: Sequence[LeftOut]) -> Iterator[Chunk]:
    """The untouched photos of a block."""
    jobs = [RowJob(item, CLEAN, RowKey(item.photo)) for item in photos]
    yield from _closing(batches(jobs, BATCH), number, tuple(photos), tuple(left_out))


def ablated_chunks(
    plan: Plan, tasks: Tasks, number: int, photos: Sequence[int], opened: Iterator[Opened]
) -> Iterator[Chunk]:
    """All rows in which the photos of a block are ablated; each photo is opened once for all of its rows."""
    jobs = (job for photo in photos for job in jobs_of(plan, tasks, photo, next(opened)))
    yield from _closing(batches(jobs, BATCH), number)


def _closing(
    lists: Iterable[list[RowJob]], block: int, photos: tuple[Opened, ...] = (), left_out: tuple[LeftOut, ...] = ()
) -> Iterator[Chunk]:
    """Batches as chunks; the last one closes the block.

    No batch holds rows of two blocks, so that a resumed study has the same ones.
    """
    waiting: list[RowJob] = []
    first = True
    for jobs in lists:
        if not first:
            yield Chunk(waiting)
        waiting, first = jobs, False
    yield Chunk(waiting, block, photos, left_out)


def known_rows(parts: Parts, tasks: Tasks, number: int, photos: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What is known of some photos of a block: their rows of the photo table and of `parts.WORK`."""
    first = int(np.searchsorted(tasks.population.block, number))
    listed = list(zip(parts.read("photos", number), parts.read("work", number), strict=True))
    yield from (listed[photo - first][0] | listed[photo - first][1] for photo in photos)


@dataclass(frozen=True)
class Worker:
    """Renders a chunk and scores it."""

    predictor: Predictor

    def __call__(self, chunk: Chunk) -> ScoredChunk:
        rendered = [render(job, self.predictor.preset) for job in chunk.jobs]
        squares = [item.square for item in rendered if item.square is not None]
        if not squares:
            return ScoredChunk(chunk, rendered, np.zeros(0), np.zeros((0, 0)))
        return ScoredChunk(chunk, rendered, *self.predictor.score_with_features(squares))


@dataclass
class RowWriter:
    """The rows of a block as its batches come in, and the untouched scores and features among them."""

    model: str
    scale: float | None
    rows: list[tuple] = field(default_factory=list)
    clean: dict[tuple[str, str], tuple[float, np.ndarray]] = field(default_factory=dict)

    def add(self, scored: ScoredChunk) -> None:
        """Take in a batch, in the order of the columns of `core.table.ROWS`."""
        fresh = iter(zip(scored.scores, scored.features, strict=True))
        for job, item in zip(scored.chunk.jobs, scored.rendered, strict=True):
            before = job.opened.clean
            found = next(fresh) if item.square is not None or before is None else before
            if job.step is CLEAN:
                self.clean[job.opened.photo.source, job.opened.photo.id] = found
            self.rows.append(self._row(job, item, float(found[0]), self._distance(found[1], before)))

    def _row(self, job: RowJob, item: Rendered, score: float, distance: float | None) -> tuple:
        row, host = job.row, job.opened.photo
        names = (row.target.id, row.target.source, self.model, *asdict(job.step.condition).values(), row.placement)
        elsewhere = row.control in (HOSTED, EMPTY)
        control = (row.control, host.id if elsewhere else None, host.source if elsewhere else None)
        return (*names, *control, score, item.area, item.rmse, distance, row.structure, row.covered, job.seed)

    def _distance(self, features: np.ndarray, before: tuple[float, np.ndarray] | None) -> float | None:
        if self.scale is None:
            return None
        return 0.0 if before is None else float(np.float32(np.linalg.norm(features - before[1]) / self.scale))


def gathered(scored: Iterable[ScoredChunk], model: str, scale: float | None) -> Iterator[Block]:
    """Blocks from their batches as these come in, in order."""
    writer = RowWriter(model, scale)
    for item in scored:
        writer.add(item)
        if (number := item.chunk.block) is not None:
            photos = item.chunk.photos
            kept = [_kept(opened, *writer.clean[opened.photo.source, opened.photo.id]) for opened in photos]
            yield Block(number, writer.rows, [opened.record for opened in photos], item.chunk.left_out, kept)
            writer = RowWriter(model, scale)


def _kept(opened: Opened, score: float, features: np.ndarray) -> dict[str, Any]:
    """What later passes need of a photo: a row of `parts.WORK`."""
    height, width = opened.pixels.shape[:2]
    return {
        "source": opened.photo.source,
        "photo_id": opened.photo.id,
        "height": height,
        "width": width,
        "score": float(score),
        "features": np.ascontiguousarray(features, dtype=np.float32).tobytes(),
        "masks": [(name, packed(mask)) for name, mask in opened.masks.items()],
    }
