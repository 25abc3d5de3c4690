"""Two hashes of a photo: of its decoded pixels (the same photo) and of its look (nearly the same photo)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from core.types import Pixels

NEAR_BITS = 6
"""Perceptual hashes of 64 bits that differ in at most this many are taken for the same photo."""


@dataclass(frozen=True)
class Fingerprint:
    """`pixels`: 16 hex digits of SHA-256 over the decoded pixels; `look`: 16 hex digits of a DCT hash."""

    pixels: str
    look: str


def fingerprint(photo: Pixels) -> Fingerprint:
    """Both hashes of a photo (uint8 H × W × 3)."""
    digest = hashlib.sha256(repr(photo.shape).encode() + np.ascontiguousarray(photo).tobytes())
    return Fingerprint(digest.hexdigest()[:16], _look(photo))


def _look(photo: Pixels) -> str:
    """Signs of the 64 lowest frequencies of the 32 × 32 grey photo: stable under resizing and re-encoding."""
    grey = cv2.resize(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
    bits = low > np.median(low)
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


class FingerprintIndex:
    """Fingerprints in order, among which a photo, or one that looks the same, is found."""

    def __init__(self, known: Iterable[Fingerprint] = ()) -> None:
        known = list(known)
        self._pixels = {item.pixels: number for number, item in reversed(list(enumerate(known)))}
        self._looks = np.array([int(item.look, 16) for item in known], dtype=np.uint64)
        self._count = len(known)

    def __contains__(self, item: Fingerprint) -> bool:
        return self.find(item) is not None

    def find(self, item: Fingerprint) -> int | None:
        """The number of the photo itself, else of the first that looks the same; None where there is none."""
        if item.pixels in self._pixels:
            return self._pixels[item.pixels]
        distance = np.bitwise_count(self._looks[: self._count] ^ np.uint64(int(item.look, 16)))
        near = np.flatnonzero(distance <= NEAR_BITS)
        return int(near[0]) if len(near) else None

    def add(self, item: Fingerprint) -> None:
        """Append a fingerprint; its number is how many there were before."""
        if self._count == len(self._looks):
            self._looks = np.concatenate([self._looks, np.zeros(max(64, self._count), dtype=np.uint64)])
        self._looks[self._count] = int(item.look, 16)
        self._pixels.setdefault(item.pixels, self._count)
        self._count += 1


def in_held_tenth(item: Fingerprint) -> bool:
    """Whether content hashing keeps a photo of a large set out of training: a tenth of all photos."""
    return int(item.pixels, 16) % 10 == 0


def in_held_half(item: Fingerprint) -> bool:
    """Whether content hashing keeps a photo out of training: half of all photos, whatever their names or order."""
    return int(item.pixels, 16) % 2 == 0
