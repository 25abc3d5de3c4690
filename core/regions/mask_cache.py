"""Regions once per photo: the truth where a source knows it, else a detector's answer, kept on disk by content."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import config
from core.errors import UnknownChoiceError
from core.files import DAMAGED_ARCHIVE, replacing
from core.photos.fingerprints import fingerprint
from core.registry import MASKS
from core.table import canonical
from core.types import Photo, Pixels, Rect, Region


@dataclass(frozen=True)
class FoundRegion:
    """A region and whether it is exact (the source knows it) or a detector's answer, which may have been `kept`."""

    region: Region
    exact: bool
    kept: bool = False


def detectors() -> tuple[str, ...]:
    """Ids of the masks that need nothing but the photo, in the registry's order."""
    return tuple(entry.id for entry in MASKS if not entry.facts.get("needs"))


def find(
    photo: Photo, pixels: Pixels, wanted: Iterable[str], folder: Path = config.RUNS / "masks"
) -> dict[str, FoundRegion]:
    """The wanted regions of a photo, by mask id, at the size of `pixels`, which are what `photo.read` returned.

    UnknownChoiceError names the masks that can be found.
    """
    truth: Mapping[str, Region] = photo.truth() if photo.truth else {}
    key = ""
    found = {}
    for name in wanted:
        if name in truth:
            found[name] = FoundRegion(truth[name], True)
            continue
        key = key or fingerprint(pixels).pixels
        kept = _file(name, MASKS[name].arguments(), pixels, key, folder).is_file()
        found[name] = FoundRegion(detect(name, pixels, key=key, folder=folder), False, kept)
    return found


def detect(
    name: str,
    pixels: Pixels,
    settings: Mapping[str, Any] | None = None,
    *,
    key: str = "",
    folder: Path = config.RUNS / "masks",
) -> Region:
    """A detector's answer, computed once per photo, detector, version and settings; nothing is kept in memory.

    `key` is the fingerprint of the pixels, where it is known. A damaged file is computed again. Safe for several
    processes: a file appears whole or not at all.
    """
    entry = MASKS[name]
    if entry.facts.get("needs"):
        raise UnknownChoiceError(f"The mask {name!r} is not found in a photo; choose from {', '.join(detectors())}.")
    arguments = entry.arguments(settings)
    file = _file(name, arguments, pixels, key or fingerprint(pixels).pixels, folder)
    region = _load(file, pixels.shape[:2])
    if region is None:
        region = entry.function(pixels, **arguments)
        _save(file, region)
    return region


def _file(name: str, arguments: Mapping[str, Any], pixels: Pixels, key: str, folder: Path) -> Path:
    """Where the answer of a detector is kept."""
    what = f"{canonical(arguments)}:{pixels.shape}".encode()
    return folder / f"{name}-{MASKS[name].facts['version']}-{zlib.crc32(what):08x}" / key[:2] / f"{key}.npz"


def _load(file: Path, size: tuple[int, ...]) -> Region | None:
    """The region in a file; None if there is none, or it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            bits, boxes = stored["mask"], stored["boxes"]
        if not isinstance(boxes, np.ndarray):  # what has lost the mark of an array comes as bytes
            return None
        mask = np.unpackbits(bits, count=size[0] * size[1]).astype(bool).reshape(size)
        return Region(mask, tuple(Rect(*row) for row in boxes.tolist()))
    except DAMAGED_ARCHIVE:
        return None


def _save(file: Path, region: Region) -> None:
    boxes = np.array([(box.left, box.top, box.right, box.bottom) for box in region.boxes], dtype=np.int32)
    with replacing(file, shared=True) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, mask=np.packbits(region.mask), boxes=boxes.reshape(-1, 4))
