"""The study engine: photos × conditions × model → the table of paired scores, resumable, in constant memory.

Three passes over the photos: untouched, from which targets and hosts are drawn; fills at empty places of hosts, which
say which fills decide; and everything else. Each photo is opened once a pass, with all rows in which it is ablated.
Threads of this machine do the work, or workers of a cluster; a block of photos is written when its last batch is
scored, so that a kill costs at most the blocks in work.
"""

from __future__ import annotations

import datetime
import platform
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.spatial.distance import pdist

from core.errors import StudyError
from core.inference import batches, prefetch
from core.inference.engine import REFERENCE
from core.inference.threads import single_threads
from core.study.blocks import BATCH, Workers
from core.study.parts import ABLATED, EMPTY, LeftOut, Parts
from core.study.plan import WORKERS, Plan
from core.study.population import Draw
from core.study.tasks import Tasks, drawing, tasks_of
from core.study.thread_pool import Threads
from core.types import Photo, Problem, Progress, silent

TYPICAL = 100
"""Photos among which the typical distance in the model's features is measured."""
LATER = {EMPTY: "empty places", ABLATED: "ablations"}
"""The later passes in order, and what progress calls them."""


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


def run(plan: Plan, folder: Path, *, progress: Progress = silent, workers: Workers | None = None) -> Finished:
    """Do what is left to do of a study, and write it part by part; a finished one is left as it is.

    `workers` do it, the threads of this machine unless others are given: rows are the same. StudyError if the folder
    holds a study with other settings, or anything else.
    """
    parts = Parts(folder)
    kept = parts.settings()
    if kept is not None:
        _check_same(plan.settings, kept, folder)
    else:
        parts.describe({**plan.settings, **_started(plan, folder)})
    scale = (kept or parts.settings() or {}).get("feature_scale")
    done, problems = parts.done()
    workers = workers or Threads()
    with single_threads():
        _score_untouched(plan, parts, done, scale, progress, workers)
        population, drawn = drawing(plan, parts)
        for kind in LATER:
            tasks = tasks_of(parts, population, drawn, kind)
            _score_blocks(plan, parts, tasks, scale, progress, workers)
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
    for found in prefetch(plan.reader.decoded, plan.photos, depth=2 * WORKERS, workers=WORKERS):
        if found is not None:
            squares.append(found)
        if len(squares) == TYPICAL:
            break
    if len(squares) < 2:
        return None
    predictor = plan.predictor.concurrent(WORKERS)
    features = [predictor.score_with_features(batch)[1] for batch in batches(squares, BATCH)]
    typical = float(np.median(pdist(np.concatenate(features).astype(np.float64))))
    return round(typical, 6) if typical > 0 else None


def _score_untouched(
    plan: Plan, parts: Parts, done: Collection[int], scale: float | None, progress: Progress, workers: Workers
) -> None:
    """The first pass: what is in every photo, and its untouched score."""
    left = [number for number in range(len(plan.blocks)) if number not in done]
    total = sum(len(plan.blocks[number]) for number in left)

    def work() -> Iterator[Photo]:
        for block in workers.untouched(plan, parts, left, scale):
            parts.write(block.number, block.rows, block.photos, block.left_out, block.work)
            yield from plan.blocks[block.number]

    for _ in progress(work(), total, f"study of {plan.predictor.name}, untouched"):
        pass


def _score_blocks(
    plan: Plan, parts: Parts, tasks: Tasks, scale: float | None, progress: Progress, workers: Workers
) -> None:
    """A later pass: the rows of every block that are not there yet."""
    done = parts.done_rows(tasks.kind)
    blocks = {block: numbers for block, numbers in tasks.blocks().items() if block not in done}
    total = sum(map(len, blocks.values()))

    def work() -> Iterator[int]:
        for block in workers.ablated(plan, parts, tasks, blocks, scale):
            parts.write_rows(tasks.kind, block.number, block.rows)
            yield from blocks[block.number]

    for _ in progress(work(), total, f"study of {plan.predictor.name}, {LATER[tasks.kind]}"):
        pass
