"""The study engine: photos × conditions × model → the table of paired scores, resumable, in constant memory.

Several threads open photos, in order, and several workers render and score whole batches, one thread each: nothing
waits, neither for a barrier nor for the model nor for a detector. A block of photos is written when its last batch is
scored, so that a kill costs at most the block in work.
"""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.spatial.distance import pdist

from core.errors import StudyError
from core.inference import Predictor, batches, prefetch
from core.inference.engine import REFERENCE
from core.inference.threads import single_threads
from core.study.parts import LeftOut, Parts
from core.study.photos import Job, Opened, Rendered, jobs_of, render
from core.study.plan import WORKERS, Plan
from core.table import ORIGINAL, PLACED, TARGET
from core.types import Photo, Problem, Progress, silent

BATCH = 16
"""Squares a forward pass."""
TYPICAL = 100
"""Photos among which the typical distance in the model's features is measured."""


@dataclass(frozen=True)
class Finished:
    """What a study holds, and what it left out or set aside."""

    folder: Path
    photos: int
    rows: int
    left_out: tuple[LeftOut, ...]
    problems: tuple[Problem, ...]

    @property
    def seen(self) -> int:
        """Photos left out because the model learned from them."""
        return sum(item.seen for item in self.left_out)


@dataclass(frozen=True)
class Chunk:
    """One batch of work; `block` is given with the last of a block, as are its photos and those left out."""

    jobs: list[Job]
    block: int | None = None
    photos: tuple[Opened, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Scored:
    """A chunk with what it was rendered to and what the model says of it; None for squares equal to the original's."""

    chunk: Chunk
    rendered: list[Rendered]
    scores: np.ndarray
    features: np.ndarray


def run(plan: Plan, folder: Path, *, progress: Progress = silent) -> Finished:
    """Do what is left to do of a study, and write it part by part; a finished one is left as it is.

    StudyError if the folder holds a study with other settings, or anything else.
    """
    parts = Parts(folder)
    kept = parts.settings()
    if kept is not None:
        _check_same(plan.settings, kept, folder)
    else:
        parts.describe({**plan.settings, **_started(plan, folder)})
    scale = (kept or parts.settings() or {}).get("feature_scale")
    done, problems = parts.done()
    left = [number for number in range(len(plan.blocks)) if number not in done]
    total = sum(len(plan.blocks[number]) for number in left)
    with single_threads():
        for _ in progress(_work(plan, parts, left, scale), total, f"study of {plan.predictor.name}"):
            pass
    return _finish(parts, problems)


def _check_same(wanted: Mapping[str, Any], kept: Mapping[str, Any], folder: Path) -> None:
    if kept.get("packed"):
        raise StudyError(f"{folder} holds a packed study, to which nothing is added; give another --out.")
    kept = {"engine": REFERENCE, "precision": "fp32", **kept}  # older studies knew no other
    for name, value in wanted.items():
        if kept.get(name) != value:
            raise StudyError(
                f"{folder} holds a study with other settings ({name.replace('_', ' ')} differs); "
                "give the same settings to go on with it, or another --out."
            )


def _started(plan: Plan, folder: Path) -> dict[str, Any]:
    """What is measured or noted once, when a study begins."""
    with single_threads():
        scale = typical_distance(plan)
    return {
        "name": folder.resolve().name,
        "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "feature_scale": scale,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "opencv": cv2.__version__},
        "finished": False,
    }


def _finish(parts: Parts, problems: list[Problem]) -> Finished:
    photos, rows, left_out = parts.count()
    seen = sum(item.seen for item in left_out)
    counts = {"photos": photos, "rows": rows, "seen": seen, "unreadable": len(left_out) - seen, "finished": True}
    parts.describe((parts.settings() or {}) | counts)
    return Finished(parts.folder, photos, rows, tuple(left_out), tuple(problems))


def typical_distance(plan: Plan) -> float | None:
    """Median distance between two different clean photos in the model's features, over the first photos of the study.

    None where it cannot be measured: fewer than two photos, or features that never differ.
    """
    squares = []
    for found in prefetch(plan.opener.decoded, plan.photos, depth=2 * WORKERS, workers=WORKERS):
        if found is not None:
            squares.append(found)
        if len(squares) == TYPICAL:
            break
    if len(squares) < 2:
        return None
    predictor = plan.predictor.side_by_side(WORKERS)
    features = [predictor.score_with_features(batch)[1] for batch in batches(squares, BATCH)]
    typical = float(np.median(pdist(np.concatenate(features).astype(np.float64))))
    return round(typical, 6) if typical > 0 else None


def _work(plan: Plan, parts: Parts, left: Sequence[int], scale: float | None) -> Iterator[Photo]:
    """Do the blocks that are left; yields every photo when its block is written."""
    book = RowWriter(plan.predictor.name, scale)
    score = Worker(plan.predictor.side_by_side(WORKERS))
    for scored in prefetch(score, _chunks(plan, left), depth=2 * WORKERS, workers=WORKERS):
        book.add(scored)
        if (block := scored.chunk.block) is not None:
            parts.write(block, book.rows, [item.record for item in scored.chunk.photos], scored.chunk.left_out)
            book = RowWriter(plan.predictor.name, scale)
            yield from plan.blocks[block]


def _chunks(plan: Plan, left: Sequence[int]) -> Iterator[Chunk]:
    """Batches of work in order; no batch holds photos of two blocks, so that a resumed study has the same ones."""
    photos_left = (photo for number in left for photo in plan.blocks[number])
    opened = prefetch(plan.opener, photos_left, depth=2 * WORKERS, workers=WORKERS)
    for number in left:
        photos: list[Opened] = []
        left_out: list[LeftOut] = []
        waiting: list[Job] = []
        for _ in plan.blocks[number]:
            found = next(opened)
            if isinstance(found, LeftOut):
                left_out.append(found)
                continue
            photos.append(found)
            waiting += jobs_of(found, plan.steps, plan.design)
            while len(waiting) > BATCH:  # the last batch is kept: it closes the block
                yield Chunk(waiting[:BATCH])
                waiting = waiting[BATCH:]
        yield Chunk(waiting, number, tuple(photos), tuple(left_out))


@dataclass(frozen=True)
class Worker:
    """Renders a chunk and scores it."""

    predictor: Predictor

    def __call__(self, chunk: Chunk) -> Scored:
        rendered = [render(job, self.predictor.preset) for job in chunk.jobs]
        squares = [item.square for item in rendered if item.square is not None]
        if not squares:
            return Scored(chunk, rendered, np.zeros(0), np.zeros((0, 0)))
        return Scored(chunk, rendered, *self.predictor.score_with_features(squares))


@dataclass
class RowWriter:
    """The rows of a block as its batches come in; a photo's untouched score comes first."""

    model: str
    scale: float | None
    rows: list[tuple] = field(default_factory=list)
    clean: dict[tuple[str, str], tuple[float, np.ndarray]] = field(default_factory=dict)

    def add(self, scored: Scored) -> None:
        """Take in a batch, in the order of the columns of `core.table.ROWS`."""
        fresh = iter(zip(scored.scores, scored.features, strict=True))
        for job, item in zip(scored.chunk.jobs, scored.rendered, strict=True):
            photo, condition = job.opened.photo, job.step.condition
            key = (photo.source, photo.id)
            score, features = self.clean[key] if item.square is None else next(fresh)
            if condition.ablation == ORIGINAL:
                self.clean[key] = (score, features)
            names = (photo.id, photo.source, self.model, *asdict(condition).values(), job.placement)
            control = None if job.placement == TARGET else PLACED
            measured = (float(score), item.area, item.rmse, self._distance(key, features))
            self.rows.append((*names, control, None, None, *measured, None, None, job.seed))

    def _distance(self, key: tuple[str, str], features: np.ndarray) -> float | None:
        if self.scale is None:
            return None
        return float(np.float32(np.linalg.norm(features - self.clean[key][1]) / self.scale))
