"""The directories of a TIFF, read for a few tags alone: what is in the file, before anything is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT, BITS, PHOTOMETRIC, MAKE, SAMPLES = 254, 255, 256, 257, 258, 262, 271, 277
PLANES, SUB_PAGES, SAMPLE_FORMAT, PROFILE, DNG_VERSION = 284, 330, 339, 34675, 50706
NUMBERS = (
    SUBFILE,
    OLD_SUBFILE,
    WIDTH,
    HEIGHT,
    BITS,
    PHOTOMETRIC,
    SAMPLES,
    PLANES,
    SUB_PAGES,
    SAMPLE_FORMAT,
    DNG_VERSION,
)
BYTES = (MAKE, PROFILE)
MOST_PAGES = 64
MOST_VALUES = 64
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4, 16: 8, 18: 8}
"""Bytes of a value by TIFF type, for those that the tags above may have."""


def is_tiff(data: bytes) -> bool:
    """Whether these bytes begin like a TIFF or a BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class TiffDirectory:
    """A directory of a TIFF: the values of the tags that are looked for here."""

    tags: dict[int, tuple[int, ...] | bytes]

    def number(self, tag: int) -> int:
        """The first value of a tag; 0 where it is missing or text."""
        values = self.tags.get(tag, ())
        return int(values[0]) if values and not isinstance(values, bytes) else 0

    @property
    def area(self) -> int:
        return self.number(WIDTH) * self.number(HEIGHT)

    @property
    def is_preview(self) -> bool:
        """Whether the page calls itself a smaller version of another one."""
        return bool(self.number(SUBFILE) & 1) or self.number(OLD_SUBFILE) == 2


def pages(data: bytes) -> Iterator[TiffDirectory]:
    """The pages of a TIFF and the pages inside them, in order; ends where the file is damaged or has too many."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    waiting = [_number(data, 8 if big else 4, 8 if big else 4, order)]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_PAGES:
        place = waiting.pop(0)
        if place is None or place == 0 or place in seen:
            continue
        seen.add(place)
        read = _page(data, place, order, big)
        if read is None:
            continue
        page, following = read
        yield page
        inner = page.tags.get(SUB_PAGES, ())
        waiting += [*(inner if not isinstance(inner, bytes) else ()), following]


def _page(data: bytes, place: int, order: str, big: bool) -> tuple[TiffDirectory, int | None] | None:
    """A directory, and where the next one stands; None if it does not lie in the file."""
    count = _number(data, place, 8 if big else 2, order)
    start, step = place + (8 if big else 2), 20 if big else 12
    if count is None or start + count * step > len(data):
        return None
    tags = {}
    for at in range(start, start + count * step, step):
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        if tag in (*NUMBERS, *BYTES) and (values := _values(data, at, tag, kind, order, big)) is not None:
            tags[tag] = values
    return TiffDirectory(tags), _number(data, start + count * step, 8 if big else 4, order)


def _values(data: bytes, at: int, tag: int, kind: int, order: str, big: bool) -> tuple[int, ...] | bytes | None:
    """The values of an entry; None if it is of another kind or points outside the file."""
    width = 8 if big else 4
    count, size = _number(data, at + 4, width, order), SIZES.get(kind)
    if count is None or size is None:
        return None
    count = count if tag in BYTES else min(count, MOST_VALUES)
    place = at + 4 + width if count * size <= width else _number(data, at + 4 + width, width, order)
    if place is None or place + count * size > len(data):
        return None
    if tag in BYTES:
        return data[place : place + count * size]
    found = [_number(data, place + number * size, size, order) for number in range(count)]
    return tuple(value for value in found if value is not None)


def _number(data: bytes, place: int, size: int, order: str) -> int | None:
    """An unsigned number of 1, 2, 4 or 8 bytes; None outside the file."""
    if place + size > len(data):
        return None
    return int.from_bytes(data[place : place + size], "little" if order == "<" else "big")
