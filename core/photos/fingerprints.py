"""Two hashes of a photo: of its decoded pixels (the same photo) and of its look (nearly the same photo)."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from core.types import Pixels

NEAR_BITS = 6
"""Perceptual hashes of 64 bits that differ in at most this many are taken for the same photo."""
FEW_PARTS, MANY_PARTS = 7, 4
"""Parts of a look by which others are found: more than NEAR_BITS, or so many that two bits in each are more."""
MANY = 2**17
"""Fingerprints from which on buckets of a fourth of a look are faster than buckets of a seventh."""


@dataclass(frozen=True)
class Fingerprint:
    """`pixels`: 16 hex digits of SHA-256 over the decoded pixels; `look`: 16 hex digits of a DCT hash."""

    pixels: str
    look: str


def fingerprint(photo: Pixels) -> Fingerprint:
    """Both hashes of a photo (uint8 H × W × 3)."""
    return Fingerprint(content_hash(photo), _look(photo))


def content_hash(photo: Pixels) -> str:
    """16 hex digits of SHA-256 over the decoded pixels of a photo (uint8 H × W × 3)."""
    digest = hashlib.sha256(repr(photo.shape).encode())
    digest.update(np.ascontiguousarray(photo).data)
    return digest.hexdigest()[:16]


def _look(photo: Pixels) -> str:
    """Signs of the 64 lowest frequencies of the 32 × 32 grey photo: stable under resizing and re-encoding."""
    grey = cv2.resize(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
    bits = low > np.median(low)
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


class FingerprintIndex:
    """Fingerprints in order, among which a photo, or one that looks the same, is found.

    A look lies in a bucket for each of its seven parts: where at most six bits differ, one part is the same, so those
    seven buckets hold every look that is near, and few others are compared. Beyond MANY looks the buckets would be
    large: then a look has four parts, one of which differs in one bit at most. Source: Norouzi, Punjani & Fleet 2012
    (multi-index hashing).
    """

    def __init__(self, known: Iterable[Fingerprint] = ()) -> None:
        self._pixels: dict[str, int] = {}
        self._count = 0
        self._cut(FEW_PARTS, flips=False)
        for item in known:
            self.add(item)

    def __contains__(self, item: Fingerprint) -> bool:
        return self.find(item) is not None

    def find(self, item: Fingerprint) -> int | None:
        """The number of the photo itself, else of the first that looks the same; None where there is none."""
        if item.pixels in self._pixels:
            return self._pixels[item.pixels]
        look = int(item.look, 16)
        around = [buckets[bits ^ flip] for buckets, bits in self._places(look) for flip in self._flips]
        looks, numbers = _entries(b"".join(around))
        near = np.bitwise_count(looks ^ np.uint64(look)) <= NEAR_BITS
        return int(numbers[near].min()) if near.any() else None

    def add(self, item: Fingerprint) -> None:
        """Append a fingerprint; its number is how many there were before."""
        self._put(int(item.look, 16), self._count)
        self._pixels.setdefault(item.pixels, self._count)
        self._count += 1
        if self._count == MANY:
            looks, numbers = _entries(b"".join(self._parts[0][0]))
            self._cut(MANY_PARTS, flips=True)
            for number in np.argsort(numbers):
                self._put(int(looks[number]), int(numbers[number]))

    def _cut(self, parts: int, *, flips: bool) -> None:
        """Empty buckets for looks of so many parts."""
        ends = [64 * part // parts for part in range(parts + 1)]
        widths = [end - start for start, end in pairwise(ends)]
        self._flips = (0, *(1 << bit for bit in range(max(widths)))) if flips else (0,)
        self._parts = [([b""] * 2**width, start, 2**width - 1) for start, width in zip(ends, widths, strict=False)]

    def _places(self, look: int) -> list[tuple[list[bytes], int]]:
        """The buckets of each part, and the bits of a look that choose among them."""
        return [(buckets, look >> start & mask) for buckets, start, mask in self._parts]

    def _put(self, look: int, number: int) -> None:
        """Of equal looks only the first: a later one can never be the first that is near."""
        places = self._places(look)
        buckets, bits = places[0]
        if not (_entries(buckets[bits])[0] == np.uint64(look)).any():
            entry = look.to_bytes(8, sys.byteorder) + number.to_bytes(8, sys.byteorder)
            for buckets, bits in places:
                buckets[bits] += entry


def _entries(bucket: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Looks and numbers of a bucket, uint64 (N,) each."""
    entries = np.frombuffer(bucket, dtype=np.uint64)
    return entries[::2], entries[1::2]


def in_held_tenth(item: Fingerprint) -> bool:
    """Whether content hashing keeps a photo of a large set out of training: a tenth of all photos."""
    return int(item.pixels, 16) % 10 == 0


def in_held_half(item: Fingerprint) -> bool:
    """Whether content hashing keeps a photo out of training: half of all photos, whatever their names or order."""
    return int(item.pixels, 16) % 2 == 0


def learned_by(card: Mapping[str, Any]) -> FingerprintIndex | None:
    """The photos that a checkpoint's card says it learned from; None where nobody knows."""
    known = card.get("training_photos")
    return None if known is None else FingerprintIndex(Fingerprint(*pair) for pair in known)


class UnseenFilter:
    """Which photos count, asked of one after the other: none that a checkpoint learned from, and no look-alikes."""

    def __init__(self, card: Mapping[str, Any]) -> None:
        self.taught, self.known = learned_by(card), FingerprintIndex()
        self.learned = self.alike = 0

    def __call__(self, mark: Fingerprint) -> bool:
        """Whether the photo of this fingerprint counts; if not, why is counted."""
        alike = mark in self.known
        learned = not alike and self.taught is not None and mark in self.taught
        self.alike += alike
        self.learned += learned
        if not (alike or learned):
            self.known.add(mark)
        return not (alike or learned)
