"""The study engine: photos × conditions × model → the table of paired scores, resumable, in constant memory.

Three passes over the photos: untouched, from which targets and hosts are drawn; fills at empty places of hosts, which
say which fills decide; and everything else. Each photo is opened once a pass, with all rows in which it is ablated.
Several threads open photos, in order, and several workers render and score whole batches, one thread each: nothing
waits, neither for a barrier nor for the model nor for a detector. A block of photos is written when its last batch is
scored, so that a kill costs at most the block in work.
"""

from __future__ import annotations

import datetime
import platform
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from core.photos.fingerprints import Fingerprint, FingerprintIndex
from core.study.conditions import CLEAN
from core.study.parts import ABLATED, EMPTY, LeftOut, Parts
from core.study.photos import Belongs, Job, Opened, Rendered, render
from core.study.plan import WORKERS, Plan
from core.study.population import Draw, packed
from core.study.tasks import Tasks, drawing, jobs_of, tasks_of
from core.table import EMPTY as EMPTY_PLACE
from core.table import HOSTED
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

    @property
    def copies(self) -> int:
        """Photos set aside because they look like another one."""
        return sum(item.copy for item in self.left_out)


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
    with single_threads():
        _score_untouched(plan, parts, done, scale, progress)
        population, drawn = drawing(plan, parts)
        for kind, what in ((EMPTY, "empty places"), (ABLATED, "ablations")):
            tasks = tasks_of(parts, population, drawn, kind)
            _score_blocks(plan, parts, tasks, scale, progress, what)
    return _finish(parts, problems, drawn)


def _check_same(wanted: Mapping[str, Any], kept: Mapping[str, Any], folder: Path) -> None:
    if kept.get("packed"):
        raise StudyError(f"{folder} holds a packed study, to which nothing is added; give another --out.")
    kept = {"engine": REFERENCE, "precision": "fp32", **kept}  # older studies knew no other
    if kept.get("protocol", 1) != wanted["protocol"]:
        raise StudyError(
            f"{folder} holds a study of protocol {kept.get('protocol', 1)}, to which none of protocol "
            f"{wanted['protocol']} can be added; give another --out."
        )
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


def _finish(parts: Parts, problems: list[Problem], drawn: Draw) -> Finished:
    photos, rows, left_out = parts.count()
    seen, copies = sum(item.seen for item in left_out), sum(item.copy for item in left_out)
    counts = {"photos": photos, "rows": rows, "seen": seen, "copies": copies}
    counts |= {"unreadable": len(left_out) - seen - copies, "finished": True}
    targets = {mask: len(found) for mask, found in drawn.targets.items()}
    hosted = {mask: sum(map(bool, found.values())) for mask, found in drawn.hosts.items()}
    parts.describe((parts.settings() or {}) | counts | {"targets": targets, "hosted": hosted})
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


def _score_untouched(plan: Plan, parts: Parts, done: Collection[int], scale: float | None, progress: Progress) -> None:
    """The first pass: what is in every photo, and its untouched score; of photos that look alike, the first stays."""
    left = [number for number in range(len(plan.blocks)) if number not in done]
    total = sum(len(plan.blocks[number]) for number in left)

    def work() -> Iterator[Photo]:
        writer = RowWriter(plan.predictor.name, scale)
        for scored in _scored(plan, _untouched(plan, parts, left)):
            writer.add(scored)
            if (block := scored.chunk.block) is not None:
                photos = scored.chunk.photos
                kept = [_kept(item, *writer.clean[item.photo.source, item.photo.id]) for item in photos]
                parts.write(block, writer.rows, [item.record for item in photos], scored.chunk.left_out, kept)
                writer = RowWriter(plan.predictor.name, scale)
                yield from plan.blocks[block]

    for _ in progress(work(), total, f"study of {plan.predictor.name}, untouched"):
        pass


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


def _untouched(plan: Plan, parts: Parts, left: Sequence[int]) -> Iterator[Chunk]:
    """The photos of the blocks that are left; what looks like a photo that came before is set aside."""
    known, names = FingerprintIndex(), []
    opened = prefetch(
        plan.opener, (photo for number in left for photo in plan.blocks[number]), 2 * WORKERS, workers=WORKERS
    )
    waiting = set(left)
    for number, block in enumerate(plan.blocks if left else ()):
        photos: list[Opened] = []
        left_out: list[LeftOut] = []
        if number not in waiting:
            earlier = parts.read("photos", number)
            for row in earlier:
                known.add(Fingerprint(row["pixels"], row["look"]))
            names += [f"{row['source']}: {row['photo_id']}" for row in earlier]
            continue
        for _ in block:
            found = next(opened)
            if isinstance(found, LeftOut):
                left_out.append(found)
            elif (alike := known.find(found.print)) is not None:
                reason = f"it looks like {names[alike]}, and photos that look alike count once."
                left_out.append(LeftOut(found.photo.location, reason, copy=True))
            else:
                known.add(found.print)
                names.append(f"{found.photo.source}: {found.photo.id}")
                photos.append(found)
        jobs = [Job(item, CLEAN, Belongs(item.photo)) for item in photos]
        yield from _closing(batches(jobs, BATCH), number, tuple(photos), tuple(left_out))


def _closing(
    lists: Iterable[list[Job]], block: int, photos: tuple[Opened, ...] = (), left_out: tuple[LeftOut, ...] = ()
) -> Iterator[Chunk]:
    """Batches as chunks; the last one closes the block.

    No batch holds rows of two blocks, so that a resumed study has the same ones.
    """
    waiting: list[Job] = []
    first = True
    for jobs in lists:
        if not first:
            yield Chunk(waiting)
        waiting, first = jobs, False
    yield Chunk(waiting, block, photos, left_out)


def _score_blocks(plan: Plan, parts: Parts, tasks: Tasks, scale: float | None, progress: Progress, what: str) -> None:
    """A later pass: the rows of every block that are not there yet."""
    done = parts.done_rows(tasks.kind)
    blocks = {block: numbers for block, numbers in tasks.blocks().items() if block not in done}
    total = sum(map(len, blocks.values()))

    def work() -> Iterator[int]:
        writer = RowWriter(plan.predictor.name, scale)
        for scored in _scored(plan, _ablated(plan, parts, tasks, blocks)):
            writer.add(scored)
            if (block := scored.chunk.block) is not None:
                parts.write_rows(tasks.kind, block, writer.rows)
                writer = RowWriter(plan.predictor.name, scale)
                yield from blocks[block]

    for _ in progress(work(), total, f"study of {plan.predictor.name}, {what}"):
        pass


def _ablated(plan: Plan, parts: Parts, tasks: Tasks, blocks: Mapping[int, list[int]]) -> Iterator[Chunk]:
    """Batches of rows, block by block; each photo is opened once for all of its rows."""
    wanted = ((number, row) for block, numbers in blocks.items() for number, row in _rows(parts, tasks, block, numbers))
    opened = prefetch(
        lambda item: plan.opener.again(tasks.population.photos[item[0]], item[1]), wanted, 2 * WORKERS, workers=WORKERS
    )
    for block, numbers in blocks.items():
        jobs = (job for number in numbers for job in jobs_of(plan, tasks, number, next(opened)))
        yield from _closing(batches(jobs, BATCH), block)


def _rows(parts: Parts, tasks: Tasks, block: int, numbers: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What is known of some photos of a block: their rows of the photo table and of `parts.WORK`."""
    first = int(np.searchsorted(tasks.population.block, block))
    listed = list(zip(parts.read("photos", block), parts.read("work", block), strict=True))
    yield from ((number, listed[number - first][0] | listed[number - first][1]) for number in numbers)


def _scored(plan: Plan, chunks: Iterable[Chunk]) -> Iterator[Scored]:
    """Chunks rendered and scored side by side, in order."""
    return prefetch(Worker(plan.predictor.side_by_side(WORKERS)), chunks, depth=2 * WORKERS, workers=WORKERS)


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
    """The rows of a block as its batches come in, and the untouched scores and features among them."""

    model: str
    scale: float | None
    rows: list[tuple] = field(default_factory=list)
    clean: dict[tuple[str, str], tuple[float, np.ndarray]] = field(default_factory=dict)

    def add(self, scored: Scored) -> None:
        """Take in a batch, in the order of the columns of `core.table.ROWS`."""
        fresh = iter(zip(scored.scores, scored.features, strict=True))
        for job, item in zip(scored.chunk.jobs, scored.rendered, strict=True):
            before = job.opened.clean
            found = next(fresh) if item.square is not None or before is None else before
            if job.step is CLEAN:
                self.clean[job.opened.photo.source, job.opened.photo.id] = found
            self.rows.append(self._row(job, item, float(found[0]), self._distance(found[1], before)))

    def _row(self, job: Job, item: Rendered, score: float, distance: float | None) -> tuple:
        row, host = job.row, job.opened.photo
        names = (row.target.id, row.target.source, self.model, *asdict(job.step.condition).values(), row.placement)
        elsewhere = row.control in (HOSTED, EMPTY_PLACE)
        control = (row.control, host.id if elsewhere else None, host.source if elsewhere else None)
        return (*names, *control, score, item.area, item.rmse, distance, row.structure, row.covered, job.seed)

    def _distance(self, features: np.ndarray, before: tuple[float, np.ndarray] | None) -> float | None:
        if self.scale is None:
            return None
        return 0.0 if before is None else float(np.float32(np.linalg.norm(features - before[1]) / self.scale))
