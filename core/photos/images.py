"""Bytes to pixels: one way in for every photo, with the EXIF turn applied, limits kept, and refusals that say why."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from core import config
from core.errors import PhotoError
from core.types import Pixels

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
Image.init()  # Pillow registers most formats lazily; `formats=` needs them all
# Pillow warns of metadata that nobody reads here, and of sizes below our own limit. Set once: warnings.catch_warnings
# is not safe in the threads that decode photos.
warnings.filterwarnings("ignore", module=r"PIL\.")

MAX_ASPECT = 100
"""A strip longer than this many times its width is refused: brought to a working size by its short side, it would
need gigabytes."""

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)
"""What Pillow's decoders raise on damaged data; which one depends on the format."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what makes the photo upright."""
SIDEWAYS = tuple(TURNS[number] for number in (5, 6, 7, 8))
"""Turns that swap width and height."""

PHOTOMETRIC = 262
"""The TIFF tag whose value 0 (white is zero) Pillow heeds in 8 bits, but not in 16."""


def read(source: Path | bytes) -> Pixels:
    """Decode a photo: uint8 height × width × 3 RGB, upright, first frame, transparency on white.

    Of 16 bits the upper 8 are kept; colour profiles are not applied, as in the sets that models are trained on.
    PhotoError says in one sentence why a file is refused: missing, empty, not a photo, damaged, or too large.
    """
    data = source if isinstance(source, bytes) else _bytes_of(source)
    if not data:
        raise PhotoError("the file is empty (zero bytes).")
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_size(image)
        image.load()
        return np.asarray(_to_rgb(_upright(image)))
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(f"this is not a photo in a known format ({', '.join(FORMATS)}).") from error
    except Image.DecompressionBombError as error:
        raise PhotoError(_too_large()) from error
    except DAMAGE as error:
        raise PhotoError("the file is damaged or cut short; save or download it again.") from error


def size(path: Path) -> tuple[int, int]:
    """Height and width that `read` gives a photo, from the file's header alone; PhotoError as there.

    A file that is cut short after its header is not noticed.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image)
            turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
            return image.size if turn in SIDEWAYS else image.size[::-1]
    except (UnidentifiedImageError, Image.DecompressionBombError, *DAMAGE):
        return read(path).shape[:2]  # says what is wrong, or is more patient


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise PhotoError("this is a folder, not a photo.")
        if not path.is_file():
            raise PhotoError("there is no such file.")
        if path.stat().st_size > config.MAX_FILE_BYTES:
            raise PhotoError(f"the file is larger than {config.MAX_FILE_BYTES // 2**20} MB.")
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"the file cannot be read ({error.strerror}).") from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > config.MAX_PIXELS:
        raise PhotoError(_too_large())
    if max(image.size) > MAX_ASPECT * min(image.size):
        raise PhotoError(f"one side is more than {MAX_ASPECT} times as long as the other; crop it first.")


def _too_large() -> str:
    return f"it has more than {config.MAX_PIXELS // 10**6} million pixels; shrink it first."


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF turn; a photo whose EXIF data is malformed is good all the same, and stays as it is."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode as 8-bit RGB; PhotoError for kinds of numbers that no viewer shows alike."""
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.mode == "F":
        return _from_floats(image)
    if image.mode in ("I", "LAB"):
        kind = "32-bit or signed numbers" if image.mode == "I" else "Lab colours"
        raise PhotoError(f"it holds {kind}; export it as an ordinary photo.")
    if image.has_transparency_data:
        key = image.info.get("transparency")
        if isinstance(key, tuple) and max(key) > 255:  # the transparent colour of a 16-bit PNG, decoded to 8
            image.info["transparency"] = tuple(value >> 8 for value in key)
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey by its upper byte, which is also what Pillow keeps of 16-bit colour."""
    values = np.asarray(image)
    grey = (values >> 8).astype(np.uint8)
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0:
        grey = 255 - grey
    if isinstance(key := image.info.get("transparency"), int):
        grey[values == key] = 255
    return Image.fromarray(grey).convert("RGB")


def _from_floats(image: Image.Image) -> Image.Image:
    """Floating-point grey from 0 to 1."""
    values = np.asarray(image)
    if not 0 <= values.min() <= values.max() <= 1:  # also where there is a NaN
        raise PhotoError("it holds floating-point values outside 0 to 1; export it as an ordinary photo.")
    return Image.fromarray(np.rint(values * 255).astype(np.uint8)).convert("RGB")


def resize(photo: Pixels, width: int, height: int) -> Pixels:
    """Resample a photo to exactly width × height px with an antialiasing bilinear filter."""
    if photo.shape[:2] == (height, width):
        return photo
    # reducing_gap shrinks large photos by whole factors first: ten times faster on 12 megapixels, same look.
    return np.asarray(Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0))


def to_short_side(photo: Pixels, size: int = config.WORKING_SIZE) -> Pixels:
    """Resample a photo so that its short side has `size` px, aspect ratio kept."""
    height, width = photo.shape[:2]
    scale = size / min(height, width)
    return resize(photo, max(size, round(width * scale)), max(size, round(height * scale)))


def working(photo: Pixels) -> Pixels:
    """The photo at the size at which ablations act, so that a strength means the same whatever the file's size."""
    return to_short_side(photo, config.WORKING_SIZE)


def to_bytes(values: np.ndarray) -> Pixels:
    """Numbers in 0 … 255 as uint8: rounded, and clipped where they stick out."""
    if not values.size:
        return np.zeros(values.shape, dtype=np.uint8)
    return cv2.convertScaleAbs(np.maximum(values, 0))  # rounds and clips as numpy does, at a tenth of the time


def png_bytes(photo: Pixels) -> bytes:
    """Encode pixels as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, format="PNG")
    return buffer.getvalue()
