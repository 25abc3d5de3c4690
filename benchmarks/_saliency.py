"""Measure the masks of salient objects, and what needs no learning beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks import _labels
from benchmarks._matching import in_use, mean_iou, milliseconds, size_of, version
from core.commandline import progress_bar
from core.masks.salient import patches
from core.regions import mask_cache, regions
from core.regions.detectors import SIZES, MeasuredDetector, SizeQuality
from core.registry import MASKS
from core.sources.outlined import SALIENT
from core.types import Mask, Pixels

Known = tuple[Pixels, Mask]


def known_objects(data: Path, most: int | None) -> list[Known]:
    """The held half of the photos of one object that stands out, with its mask."""
    photos = _labels.photos_of(data / "salient", held=True, most=most)
    return [(photo.read(), _labels.region(photo, SALIENT).mask) for photo in photos]


def main_things(data: Path, most: int | None) -> list[Known]:
    """The held half of the outlined COCO photos, with the thing that is largest and nearest to the middle."""
    found = []
    for photo in _labels.photos_of(data / "coco", held=True, most=most):
        masks = [mask for _, mask in _labels.instances(photo)]
        weights = [float(centrality(mask.shape[:2])[mask].sum()) for mask in masks]
        found.append((photo.read(), masks[int(np.argmax(weights))]))
    return found


def centrality(size: tuple[int, int]) -> np.ndarray:
    """1 in the middle of a photo, falling to 0 in its corners, float32 H × W."""
    down, across = (np.linspace(-1, 1, length, dtype=np.float32) for length in size)
    return 1 - np.hypot(down[:, None], across[None]) / np.float32(np.sqrt(2))


def by_spectral_residual(photo: Pixels) -> Mask:
    """Hou & Zhang 2007 at 64 px, the patch above three times its mean that weighs most."""
    grey = cv2.resize(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(grey.astype(float))
    logs = np.log(np.abs(spectrum) + 1e-9)
    residual = logs - cv2.blur(logs, (3, 3))
    values = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return _strongest(cv2.GaussianBlur(values, (0, 0), 2.5), photo, 3)


def by_frequency_tuning(photo: Pixels) -> Mask:
    """Achanta et al. 2009: distance of the blurred colour from the mean colour in Lab, above twice its mean."""
    lab = cv2.cvtColor(cv2.GaussianBlur(photo, (0, 0), 1), cv2.COLOR_RGB2LAB).astype(float)
    return _strongest(np.linalg.norm(lab - lab.mean(axis=(0, 1)), axis=2), photo, 2)


def by_centre(photo: Pixels) -> Mask:
    """The middle quarter of the photo: what needs no detector."""
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
    return mask


def _strongest(values: np.ndarray, photo: Pixels, times: float) -> Mask:
    size = (photo.shape[1], photo.shape[0])
    values = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
    found = patches(values >= times * values.mean())
    if not found:
        return np.zeros(photo.shape[:2], dtype=bool)
    return max(found, key=lambda item: float(values[item[0]].sum()))[0]


def by_salient(photo: Pixels) -> Mask:
    """The mask itself, kept on disk so that measuring goes on after a stop."""
    return mask_cache.detect("salient", photo).mask


def salient_rows(data: Path, most: int | None = None) -> list[MeasuredDetector]:
    """Intersection over union with what stands out, in photos that taught the head nothing."""
    exact, coco = known_objects(data, most), main_things(data, most)
    where = "salient, half by content hash"
    rows = [_row("decoder on DINOv2", by_salient, "salient", exact, where)]
    for name, finder in (
        ("spectral residual", by_spectral_residual),
        ("frequency-tuned", by_frequency_tuning),
        ("middle quarter", by_centre),
    ):
        rows.append(_row(name, finder, None, exact, where))
    return [*rows, _row("decoder on DINOv2, main thing", by_salient, None, coco, "coco, half by content hash")]


def _row(
    name: str, finder: Callable[[Pixels], Mask], mask: str | None, known: list[Known], where: str
) -> MeasuredDetector:
    pairs = [(finder(pixels), truth) for pixels, truth in progress_bar(known, len(known), name)]
    timed = MASKS["salient"].function if finder is by_salient else finder
    spent = milliseconds(timed, [pixels for pixels, _ in known])
    found = sum(bool(answer.any()) for answer, _ in pairs)
    return MeasuredDetector(
        name, mask, "salient objects", where, in_use(mask), len(known), len(known), found,
        None, None, None, _iou_by_size(pairs), mean_iou(pairs), spent, version(mask),
    )  # fmt: skip


def _iou_by_size(pairs: list[tuple[Mask, Mask]]) -> tuple[SizeQuality, ...]:
    """By the size of the true thing's box."""
    groups: dict[str, list[tuple[Mask, Mask]]] = {size: [] for size in SIZES}
    for found, truth in pairs:
        groups[size_of(regions.around(truth), min(truth.shape))].append((found, truth))
    return tuple(
        SizeQuality(
            size, len(own), None, sum(bool(found.any()) for found, _ in own), iou=mean_iou(own) if own else None
        )
        for size, own in groups.items()
    )
