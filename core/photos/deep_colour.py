"""Photos of more than 8 bits a colour: 16-bit numbers, of which a camera may use only 12, and floating point."""

from __future__ import annotations

import sys
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from core import config
from core.errors import PhotoError
from core.photos import tiff_pages

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what it prints of damaged files, it also raises

FULL, DEPTHS = 16, (8, 10, 12)
"""Bits of a number, and how many of them may be in use where the largest value is that small."""
FOURTEEN = (2**13, 2**14)
"""Largest values that speak for 14 bits in use: below, a dark photo of 16 bits is as likely."""
FLOAT_BYTES = 4 * config.MAX_PIXELS
"""Floating point is held to the memory that the largest photo of 8 bits takes."""
FLOATS = 3
"""The sample format of floating point in a TIFF."""
DEEP = ("RGB;16", "RGBA;16", "R;16", "G;16", "B;16")
"""How Pillow's names begin of 16-bit colours whose lower bytes it can be asked for."""
OTHER_END = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
"""The last letter of Pillow's name for 16-bit numbers → the same numbers with their bytes exchanged."""

RGB, APART = 2, 2
"""Values of a TIFF's photometric tag and of the tag of its planes."""
EXPORT = "export it as an ordinary photo."


def bits_in_use(highest: int) -> int:
    """How many of a photo's 16 bits its camera used, judged by the largest value of all.

    Data of 8, 10, 12 or 14 bits in numbers of 16 would look nearly black; a photo of true 16 bits has a value near the
    top somewhere, if only a highlight.
    """
    if FOURTEEN[0] <= highest < FOURTEEN[1]:
        return 14
    return next((bits for bits in DEPTHS if highest < 2**bits), FULL)


def to_eight(values: np.ndarray) -> np.ndarray:
    """16-bit numbers as uint8: the upper byte of those in full use, else in proportion to the bits in use."""
    bits = bits_in_use(int(values.max(initial=0)))
    return (values >> 8).astype(np.uint8) if bits == FULL else _scaled(values, 255 / (2**bits - 1))


def from_floats(values: np.ndarray) -> np.ndarray:
    """Floating point from 0 to 1 as uint8; PhotoError for values outside, also where one is none (NaN)."""
    if not 0 <= values.min() <= values.max() <= 1:
        raise PhotoError(f"it holds floating-point values outside 0 to 1; {EXPORT}")
    return _scaled(values, 255)


def _scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """Rounded products as uint8, some rows at a time: all at once would take several times the photo's memory."""
    made = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):
        made[row : row + 256] = np.rint(values[row : row + 256] * np.float64(factor))
    return made


def load(image: ImageFile, again: Callable[[], ImageFile]) -> Image.Image:
    """Decode an opened photo; one whose 16-bit colours use fewer bits is brought to the full range.

    `again` opens the same photo once more: Pillow keeps the upper byte alone, and gives the lower one when it is told
    that the bytes stand the other way round.
    """
    deep = _deepen(image)
    image.load()
    if not deep or not _is_dark(image):
        return image
    low = again()
    _deepen(low, exchanged=True)
    low.load()
    values = np.asarray(image).astype(np.uint16)
    values <<= 8
    values |= np.asarray(low)
    colours = to_eight(values[..., :3])
    made = Image.fromarray(np.dstack([colours, to_eight(values[..., 3])]) if image.mode == "RGBA" else colours)
    made.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return made


def _deepen(image: ImageFile, exchanged: bool = False) -> bool:
    """Whether a photo not yet decoded has 16-bit colours; where they lie in planes apart, its decoder is told so.

    With `exchanged` its bytes are taken the other way round.
    """
    ending = (";16L" if image.tag_v2.prefix == b"II" else ";16B") if _is_apart(image) else ""  # type: ignore[attr-defined]
    deep = False
    for number, tile in enumerate(image.tile):
        raw, *others = (tile.args,) if isinstance(tile.args, str) else (tile.args or (None,))
        if not isinstance(raw, str) or not (raw + ending).startswith(DEEP):
            continue
        deep, raw = True, raw + ending
        if exchanged:
            raw = raw[:-1] + OTHER_END[raw[-1]]
        image.tile[number] = tile._replace(args=raw if isinstance(tile.args, str) else (raw, *others))
    return deep


def _is_apart(image: ImageFile) -> bool:
    """Whether a TIFF keeps each colour of 16 bits in a plane of its own, which Pillow takes for 8 bits."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(tiff_pages.BITS, (8,))
    return tags.get(tiff_pages.PLANES) == APART and max(bits if isinstance(bits, tuple) else (bits,)) == FULL


def _is_dark(image: Image.Image) -> bool:
    """Whether the upper bytes are so low that the colours may be of fewer than 16 bits."""
    return all(image.getchannel(name).getextrema()[1] < FOURTEEN[1] >> 8 for name in "RGB")  # type: ignore[operator]


def float_tiff(data: bytes) -> Image.Image | None:
    """A TIFF of floating-point colours, which Pillow does not read, as 8-bit RGB or RGBA; None for any other file.

    PhotoError where the values are no colours from 0 to 1, or would take too much memory.
    """
    page = next(tiff_pages.pages(data), None) if tiff_pages.is_tiff(data) else None
    if page is None or page.number(tiff_pages.SAMPLES) not in (3, 4):
        return None
    bits, channels = page.number(tiff_pages.BITS), page.number(tiff_pages.SAMPLES)
    if page.number(tiff_pages.SAMPLE_FORMAT) != FLOATS or page.number(tiff_pages.PHOTOMETRIC) != RGB:
        raise PhotoError(f"it is a TIFF of {bits}-bit numbers of a kind that is not read here; {EXPORT}")
    if bits not in (32, 64) or page.number(tiff_pages.PLANES) == APART:
        raise PhotoError(f"it is a TIFF of {bits}-bit floating point, or with its colours apart; {EXPORT}")
    if page.area * channels * bits // 8 > FLOAT_BYTES:
        raise PhotoError("it has too many pixels of floating point to be read; shrink it first.")
    values = _decode_floats(data, channels)
    colours = from_floats(values[..., 2::-1])  # OpenCV has blue first
    image = Image.fromarray(colours if channels == 3 else np.dstack([colours, from_floats(values[..., 3])]))
    if isinstance(profile := page.tags.get(tiff_pages.PROFILE), bytes):
        image.info["icc_profile"] = profile
    return image


def _decode_floats(data: bytes, channels: int) -> np.ndarray:
    try:
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        values = None
    if values is None or values.ndim != 3 or values.shape[2] != channels or values.dtype.kind != "f":
        raise PhotoError("the file is damaged or cut short; save or download it again.")
    return values
