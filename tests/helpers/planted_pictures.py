"""Models of small pictures, studied by protocol 2: one sees a large square at any place, one dislikes grey blobs."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from core.ablations.region import region
from core.regions.placements import placements
from core.study.hosts import Hosts
from core.study.reading import ObjectClass, Study, StudySettings
from core.table import REMOVE, Condition
from core.types import Pixels

SIDE, SQUARE, SMALL, N, HOSTS = 48, 28, 12, 220, 10
FILLS = ("mean", "blur", "inpaint")
Model = Callable[[Pixels], float]


def pictures() -> tuple[list[Pixels], list[np.ndarray]]:
    """Soft clouds of any brightness; half of them with a chequered square of a third of the area at any place."""
    random = np.random.default_rng(0)
    found, masks = [], []
    for number in range(N):
        coarse = random.uniform(0, 50, (8, 8)).astype(np.float32)
        photo = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) + random.uniform(30, 170)
        photo += random.normal(0, 3, photo.shape)
        mask = np.zeros((SIDE, SIDE), bool)
        if number % 2:
            top, left = random.integers(0, SIDE - SQUARE + 1, 2)
            mask[top : top + SQUARE, left : left + SQUARE] = True
            photo += 30 * mask * (np.indices(photo.shape).sum(axis=0) % 2 - 0.5)
        found.append(np.repeat(np.clip(photo, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
        masks.append(mask)
    return found, masks


def roughness(photo: Pixels) -> np.ndarray:
    """How much each pixel differs from the one beside it."""
    return np.abs(np.diff(photo[..., 0].astype(int), axis=1))


def sees_a_square(photo: Pixels) -> float:
    """Brightness, and whether a large chequered square is anywhere."""
    return float(photo.mean()) / 255 * 0.6 + 0.12 * float((roughness(photo) > 18).mean() > 0.15)


def dislikes_blobs(photo: Pixels) -> float:
    """Brightness, less for every patch that is smoother than any of these pictures is."""
    around = cv2.blur(roughness(photo).astype(np.float32), (5, 5))
    return float(photo.mean()) / 255 * 0.6 - 0.6 * float((around < 1).mean())


def studied(model: Model) -> Study:
    """A study of the model by protocol 2, with the masks of the squares, and small shapes at empty places of hosts."""
    photos, masks = pictures()
    original = np.array([model(photo) for photo in photos])
    there = np.array([mask.any() for mask in masks])
    conditions = tuple(Condition("region", "{}", mask, fill, REMOVE) for mask in ("salient", "text") for fill in FILLS)
    score, control = (np.full((N, len(conditions)), np.nan) for _ in range(2))
    room = np.zeros((N, len(conditions)), dtype=np.int16)
    hosted: list[tuple[float, ...]] = []
    empty: list[tuple[float, ...]] = []
    random = np.random.default_rng(1)
    lacking = np.flatnonzero(~there)
    small = np.zeros((SIDE, SIDE), bool)
    small[:SMALL, :SMALL] = True

    def after(photo: int, mask: np.ndarray, fill: str) -> float:
        return model(region(photos[photo], mask, fill=fill))

    for target in np.flatnonzero(there):
        near = lacking[np.argsort(np.abs(original[lacking] - original[target]))[:30]]
        own = random.permutation(near[np.abs(original[near] - original[target]) < 0.25 * original.std()])[:HOSTS]
        shapes = [item.mask for item in placements(masks[target], n=HOSTS).items]
        room[target, : len(FILLS)] = len(shapes)
        for place, fill in enumerate(FILLS):
            score[target, place] = after(target, masks[target], fill)
            control[target, place] = np.mean([after(target, mask, fill) for mask in shapes]) if shapes else np.nan
            for host in own if len(own) == HOSTS else ():
                hosted.append((target, place, host, after(host, masks[target], fill) - original[host], np.nan))
            change = after(near[0], small, fill) - original[near[0]]
            empty.append((target, len(FILLS) + place, near[0], change, float(target % 2)))
    return _study(original, there, conditions, (score, control, room), rows_of(hosted), rows_of(empty))


def _study(
    original: np.ndarray,
    there: np.ndarray,
    conditions: tuple[Condition, ...],
    measured: tuple[np.ndarray, np.ndarray, np.ndarray],
    hosts: Hosts,
    empty: Hosts,
) -> Study:
    """The record of a study; `measured` are scores, mean scores of placed controls, and how many places there were."""
    score, control, room = measured
    nothing = np.full((N, len(conditions)), np.nan)
    area = np.where(there, SQUARE * SQUARE / SIDE**2, 0.0)
    return Study(
        settings=StudySettings("pictures", "planted", protocol=2),
        photo_ids=np.array([f"{number}" for number in range(N)], dtype=object),
        sources=np.full(N, "pictures", dtype=object),
        original=original,
        human=np.full(N, np.nan),
        things={"salient": ObjectClass(area, np.ones(N, bool), np.full(N, np.nan))},
        conditions=conditions,
        score=score,
        control=control,
        placements=room,
        area=nothing,
        rmse=nothing,
        control_rmse=nothing,
        feature_distance=nothing,
        hosts=hosts,
        empty=empty,
    )


def rows_of(found: list[tuple[float, ...]]) -> Hosts:
    target, place, host, change, structure = (
        np.array(column) for column in zip(*sorted(found, key=lambda row: row[1]), strict=True)
    )
    blank = np.full(len(target), np.nan)
    whole = (item.astype(np.int64) for item in (target, place, host))
    return Hosts(*whole, change, blank, blank, blank, structure)
