"""The photos of a study once they are scored untouched: what is known of each, and who is ablated for whom."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from core import config
from core.records import typed
from core.study.artefacts import LARGEST
from core.study.conditions import Design, Step, applies, hash_draw
from core.study.parts import Parts
from core.study.protocol import DECISION_ROWS, SEMANTIC
from core.table import by_name
from core.types import Mask, Photo

FOUND = 4
"""Of that many targets, one place is kept for a thing that a detector found and no label names."""


@dataclass(frozen=True)
class StudyPhotos:
    """N photos in the study's order: `block`, `score` and `scored` (by people) are (N,), `regions` as in PHOTOS."""

    photos: tuple[Photo, ...]
    block: np.ndarray
    score: np.ndarray
    prints: tuple[str, ...]
    scored: np.ndarray
    regions: tuple[Mapping[str, Mapping[str, Any]], ...]

    @property
    def sd(self) -> float:
        """Standard deviation of the untouched scores."""
        return float(self.score.std(ddof=1)) if len(self.score) > 1 else 0.0

    def area(self, mask: str) -> np.ndarray:
        """Share of each photo that a thing covers (N,); NaN where nobody looked for it."""
        return np.array([found[mask]["area"] if mask in found else np.nan for found in self.regions], dtype=float)

    def lacking(self, mask: str) -> np.ndarray:
        """Whether nothing of a kind is in each photo (N,); what is too small for the working size is there."""
        return np.array(
            [mask in found and not found[mask]["area"] and not found[mask].get("count") for found in self.regions],
            dtype=bool,
        )

    def exact(self, mask: str) -> np.ndarray:
        """Whether labels tell where a thing is in each photo (N,), or that it is not there."""
        return np.array([not found.get(mask, {}).get("detector", True) for found in self.regions], dtype=bool)


@dataclass(frozen=True)
class Draw:
    """Numbers of photos: those ablated as a whole, the targets of each mask, their hosts, and hosts of empty places."""

    whole: tuple[int, ...]
    targets: Mapping[str, tuple[int, ...]]
    hosts: Mapping[str, Mapping[int, tuple[int, ...]]]
    empty: Mapping[str, Mapping[int, int]]


def read_population(parts: Parts, blocks: Sequence[Sequence[Photo]]) -> StudyPhotos:
    """The photos of a study whose untouched pass is done, each with no more than later passes ask for."""
    known = {(photo.source, photo.id): photo for block in blocks for photo in block}
    regions = lru_cache(maxsize=None)(
        partial(by_name, "regions")
    )  # most photos that lack a thing say so in the same words
    found = [
        (
            known[row["source"], row["photo_id"]], number, work["score"], row["pixels"],
            row["human_score"] is not None, regions(row["regions"]),
        )
        for number in range(len(blocks))
        for row, work in zip(
            parts.read("photos", number, "source", "photo_id", "pixels", "human_score", "regions"),
            parts.read("work", number, "score"),
            strict=True,
        )
    ]  # fmt: skip
    photos, block, score, prints, scored, about = zip(*found, strict=True) if found else ((),) * 6
    return StudyPhotos(
        photos, np.array(block, dtype=int), np.array(score, dtype=float), prints, np.array(scored, dtype=bool), about
    )


def draw(population: StudyPhotos, steps: Sequence[Step], design: Design) -> Draw:
    """Who is ablated for whom: the same for the same photos, scores and design."""
    order = sorted(
        range(len(population.photos)), key=lambda number: hash_draw(design.seed, "target", population.prints[number])
    )
    masks = {str(step.condition.mask): step for step in steps if step.condition.mask}
    targets = {mask: _targets(population, step, design, order) for mask, step in masks.items()}
    wanted = {str(step.condition.mask) for step in steps if step.hosts}
    hosts = {mask: draw_hosts(population, mask, targets[mask], design) for mask in masks if mask in wanted}
    semantic = {row.mask for row in DECISION_ROWS if row.kind == SEMANTIC}
    empty = {mask: _empty(population, mask, found, design) for mask, found in hosts.items() if mask in semantic}
    return Draw(_whole(population, targets, design, order), targets, hosts, empty)


def _targets(population: StudyPhotos, step: Step, design: Design, order: Sequence[int]) -> tuple[int, ...]:
    """Photos in which a thing is, in the order of the draw; of too many, those whose labels tell where come first."""
    mask = str(step.condition.mask)
    area, exact = population.area(mask), population.exact(mask)
    there = [n for n in order if 0 < area[n] < 1 and applies(step, design, population.prints[n])]
    if not design.targets or len(there) <= design.targets:
        return tuple(there)
    sure, found = ([n for n in there if exact[n] == kind] for kind in (True, False))
    others = max(min(len(found), design.targets // FOUND), design.targets - len(sure))
    chosen = {*sure[: design.targets - others], *found[:others]}
    return tuple(n for n in there if n in chosen)


def _whole(
    population: StudyPhotos, targets: Mapping[str, tuple[int, ...]], design: Design, order: Sequence[int]
) -> tuple[int, ...]:
    """Photos that are ablated as a whole: all, or with few targets those, and the photos that people scored."""
    if not design.targets:
        return tuple(range(len(population.photos)))
    drawn = {number for found in targets.values() for number in found} or set(order[: design.targets])
    return tuple(sorted(drawn | set(np.flatnonzero(population.scored).tolist())))


def draw_hosts(
    population: StudyPhotos, mask: str, targets: Sequence[int], design: Design
) -> dict[int, tuple[int, ...]]:
    """Hosts of every target that has as many as wanted (rule 6).

    Drawn by content hash from the photos without the thing whose clean score is nearest, within a caliper; a photo that
    has been host to its share of the targets is passed over. The share is of all targets, with those that find no
    hosts: of those that do, it may be more, which the interval over targets and hosts knows.
    """
    lacking = np.flatnonzero(population.lacking(mask))
    lacking = lacking[np.argsort(population.score[lacking], kind="stable")]
    scores, used, free = population.score[lacking], np.zeros(len(lacking), dtype=int), np.ones(len(lacking), dtype=bool)
    most, caliper = max(1, int(config.MOST_HOSTED * len(targets))), config.CALIPER * population.sd
    found = {}
    for target in targets:
        score = population.score[target]
        near = nearest(scores, free, score, caliper)
        if len(near) < design.hosts:
            continue
        print_ = population.prints[target]
        ranked = sorted(
            near.tolist(),
            key=lambda place: hash_draw(design.seed, "host", mask, print_, population.prints[lacking[place]]),
        )
        chosen = ranked[: design.hosts]
        used[chosen] += 1
        free[chosen] = used[chosen] < most
        found[target] = tuple(int(lacking[place]) for place in chosen)
    return found


def nearest(
    scores: np.ndarray, free: np.ndarray, score: float, caliper: float, count: int = config.NEAREST
) -> np.ndarray:
    """Places of the free scores nearest to one, at most `count`, in sorted scores (N,) within a caliper of it.

    They are looked for from its own place outwards, so that the time a target takes does not grow with the photos.
    """
    first, last, middle = np.searchsorted(scores, [score - caliper, score + caliper, score])
    width = count
    while True:
        low, high = max(first, middle - width), min(last, middle + width)
        if first < low:  # of equal scores the first comes first, so all of them are looked at
            low = max(first, np.searchsorted(scores, scores[low]))
        if high < last:
            high = min(last, np.searchsorted(scores, scores[high - 1], side="right"))
        found = low + np.flatnonzero(free[low:high])
        below = int(np.searchsorted(found, middle))
        if (below >= count or low == first) and (len(found) - below >= count or high == last):
            return found[np.argsort(np.abs(scores[found] - score), kind="stable")[:count]]
        width *= 4


def _empty(population: StudyPhotos, mask: str, hosts: Mapping[int, tuple[int, ...]], design: Design) -> dict[int, int]:
    """One host for each of the first targets whose shape is small enough to be moved to an empty place."""
    area = population.area(mask)
    small = [target for target in hosts if area[target] < LARGEST][: config.EMPTY_PLACES]
    return {
        target: hosts[target][hash_draw(design.seed, "empty", mask, population.prints[target]) % len(hosts[target])]
        for target in small
        if hosts[target]
    }


class Shapes:
    """The masks of targets at working size, compressed in memory: half a kilobyte or so each."""

    def __init__(self, parts: Parts, population: StudyPhotos, draw: Draw) -> None:
        wanted: dict[int, set[str]] = {}
        for mask, found in draw.hosts.items():
            for target in found:
                wanted.setdefault(target, set()).add(mask)
        self._kept: dict[tuple[int, str], tuple[int, int, bytes]] = {}
        blocks, counts = np.unique(population.block, return_counts=True)
        in_order = np.split(np.argsort(population.block, kind="stable"), np.cumsum(counts)[:-1])
        for block, numbers in zip(blocks.tolist(), in_order, strict=True):
            of_block = parts.read("work", block, "height", "width", "masks")
            for number, row in zip(numbers.tolist(), of_block, strict=True):
                for mask, bits in row["masks"]:
                    if mask in wanted.get(number, ()):
                        self._kept[number, mask] = (row["height"], row["width"], zlib.compress(bits))

    def __getitem__(self, key: tuple[int, str]) -> Mask:
        height, width, bits = self._kept[key]
        return unpacked(zlib.decompress(bits), height, width)


def packed(mask: Mask) -> bytes:
    """A mask as bits."""
    return np.packbits(mask).tobytes()


def unpacked(bits: bytes, height: int, width: int) -> Mask:
    """The mask that `packed` made bits of."""
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=height * width)
    return flat.astype(bool).reshape(height, width)


def as_json(found: Draw) -> dict[str, Any]:
    """A draw as plain JSON."""
    return {
        "whole": list(found.whole),
        "targets": {mask: list(numbers) for mask, numbers in found.targets.items()},
        "hosts": {mask: [[target, *own] for target, own in hosts.items()] for mask, hosts in found.hosts.items()},
        "empty": {mask: [list(pair) for pair in places.items()] for mask, places in found.empty.items()},
    }


def from_json(stored: Any) -> Draw:
    """The draw that `as_json` wrote; KeyError or ValueError for anything else."""
    content = typed(Mapping[str, Any], stored)
    hosts = typed(Mapping[str, tuple[tuple[int, ...], ...]], content["hosts"])
    empty = typed(Mapping[str, tuple[tuple[int, int], ...]], content["empty"])
    return Draw(
        typed(tuple[int, ...], content["whole"]),
        typed(Mapping[str, tuple[int, ...]], content["targets"]),
        {mask: {target: tuple(own) for target, *own in rows} for mask, rows in hosts.items()},
        {mask: dict(places) for mask, places in empty.items()},
    )
