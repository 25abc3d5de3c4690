"""Bytes to pixels: one way in for every photo, with the EXIF turn applied, limits kept, and refusals that say why."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from core import config
from core.errors import PhotoError
from core.photos import camera_raw, colour_profiles, deep_colour
from core.types import Pixels

_converted: ContextVar[tuple[Pixels, Image.Image] | None] = ContextVar("converted", default=None)
"""The photo that is held in Pillow's form, see `converted_once`."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
KNOWN = (*FORMATS, "HEIC")
Image.init()  # Pillow registers most formats lazily; `formats=` needs them all
# Pillow warns of metadata that nobody reads here, and of sizes below our own limit. Set once: warnings.catch_warnings
# is not safe in the threads that decode photos.
warnings.filterwarnings("ignore", module=r"PIL\.")

MAX_ASPECT = 100
"""A strip longer than this many times its width is refused: brought to a working size by its short side, it would
need gigabytes."""

MAX_JPEG_VALUES = 6 * config.MAX_PIXELS
"""Numbers in all channels of a JPEG: 200 megapixels in full colour, 400 as phones store them. A JPEG larger than
MAX_PIXELS is decoded at reduced scale, for which its whole content may have to be held in memory, 2 bytes a number."""
REDUCED = config.MAX_PIXELS // 2
"""A JPEG decoded at reduced scale has at most this many pixels."""

DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, RuntimeError),
    *(MemoryError, struct.error),
)
"""What Pillow's decoders raise on damaged data; which one depends on the format."""

DAMAGED = "the file is damaged or cut short; save or download it again."
BRANDS = tuple(b"ftyp" + brand for brand in (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"))
"""How AVIF and HEIC begin after their first four bytes: what begins so, says what
is in it ("meta") and cannot be opened is damaged."""

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


def read(source: Path | bytes, name: str = "") -> Pixels:
    """Decode a photo: uint8 height × width × 3 RGB in sRGB, upright, first frame, transparency on white.

    Of 16 bits the upper 8 are kept, or of as many as the camera used; a colour profile other than sRGB is applied. A
    JPEG of more than MAX_PIXELS is decoded at a half, a quarter or an eighth of its size. `name` is the file's name
    where bytes are given. PhotoError says in one sentence why a file is refused: missing, empty, not a photo, a camera
    RAW, damaged, or too large.
    """
    data = _checked(source, name)
    with _refusals(data):
        return np.asarray(_decoded(data))


def opacity(source: Path | bytes, name: str = "") -> np.ndarray | None:
    """How opaque each pixel of a picture is: uint8 at the size that `read` gives; None where no pixel is transparent.

    PhotoError as there.
    """
    data = _checked(source, name)
    with _refusals(data):
        image = _loaded(data)[0]
        if not image.has_transparency_data:
            return None
        found = np.asarray(_layered(image).getchannel("A"))
        return None if found.min() == 255 else found


def _checked(source: Path | bytes, name: str) -> bytes:
    """The bytes of a photo; PhotoError where there are none, or those of a camera RAW."""
    data = source if isinstance(source, bytes) else _bytes_of(source)
    if not data:
        raise PhotoError("the file is empty (zero bytes).")
    if kind := camera_raw.kind_of(data, Path(name or ("" if isinstance(source, bytes) else source.name)).suffix):
        raise PhotoError(f"this is a camera RAW file ({kind}); develop it in a photo program and export it as JPEG.")
    return data


@contextmanager
def _refusals(data: bytes) -> Iterator[None]:
    """Inside, whatever a decoder raises becomes a PhotoError that says what is wrong."""
    try:
        yield
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        if data[4:12] in BRANDS and b"meta" in data[:4096]:
            raise PhotoError(DAMAGED) from error
        raise PhotoError(f"this is not a photo in a known format ({', '.join(KNOWN)}).") from error
    except Image.DecompressionBombError as error:
        raise PhotoError(_too_large()) from error
    except DAMAGE as error:
        raise PhotoError(DAMAGED) from error


def _decoded(data: bytes) -> Image.Image:
    return _to_rgb(*_loaded(data))


def _loaded(data: bytes) -> tuple[Image.Image, bytes | None]:
    """A photo upright in its own mode, and its colour profile."""
    try:
        opened = _open(data)
    except UnidentifiedImageError:
        image = deep_colour.float_tiff(data)
        if image is None:
            raise
        return image, image.info.get("icc_profile")
    loaded = deep_colour.load(opened, lambda: _open(data))
    return _upright(loaded, opened), colour_profiles.profile_of(opened, data)


def _open(data: bytes) -> ImageFile:
    """A photo opened but not decoded, its size checked; a large JPEG is set to be decoded smaller."""
    if data[:3] == b"\xff\xd8\xff":
        image: ImageFile = _open_jpeg(data)
    else:
        formats = FORMATS if data[4:8] != b"ftyp" or not _knows_heif() else (*FORMATS, "HEIF")
        image = cast(ImageFile, Image.open(io.BytesIO(data), formats=formats))
    _check_shape(image)
    return image


def _open_jpeg(data: bytes) -> JpegImageFile:
    """The first picture of a JPEG, whatever an index of further pictures in it says.

    Opened directly, because Pillow reads that index first and fails where it is damaged.
    """
    try:
        image = JpegImageFile(io.BytesIO(data))
    except SyntaxError as error:
        raise UnidentifiedImageError from error
    pixels = image.width * image.height
    most = max((across * down for _, across, down, _ in image.layer), default=1)
    if pixels * sum(across * down for _, across, down, _ in image.layer) > MAX_JPEG_VALUES * most:
        raise PhotoError(f"it has {pixels // 10**6} million pixels, too many for a JPEG; shrink it first.")
    shrink = next((by for by in (1, 2, 4, 8) if pixels <= (config.MAX_PIXELS if by == 1 else by**2 * REDUCED)), 8)
    if shrink > 1:
        image.draft(None, (image.width // shrink, image.height // shrink))
    return image


@cache
def _knows_heif() -> bool:
    """Whether Pillow can open HEIC, after teaching it to: when first needed, because it takes a fifth of a second."""
    try:
        import pillow_heif
    except ImportError as error:
        raise PhotoError("HEIC photos need a package that is missing: pip install pillow-heif.") from error
    pillow_heif.register_heif_opener(thumbnails=False)
    return True


def size(path: Path) -> tuple[int, int]:
    """Height and width that `read` gives a photo, from the file's header alone; PhotoError as there.

    A file that is cut short after its header is not noticed.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > config.MAX_PIXELS:
                return read(path).shape[:2]  # a large JPEG is decoded smaller
            _check_shape(image)
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


def _check_shape(image: Image.Image) -> None:
    if image.width * image.height > config.MAX_PIXELS:
        raise PhotoError(_too_large())
    if max(image.size) > MAX_ASPECT * min(image.size):
        raise PhotoError(f"one side is more than {MAX_ASPECT} times as long as the other; crop it first.")


def _too_large() -> str:
    return f"it has more than {config.MAX_PIXELS // 10**6} million pixels; shrink it first, or save it as JPEG."


def _upright(image: Image.Image, opened: Image.Image) -> Image.Image:
    """Apply the EXIF turn; a photo whose EXIF data is malformed is good all the same, and stays as it is."""
    try:
        turn = TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Any Pillow mode as 8-bit sRGB; PhotoError for kinds of numbers that no viewer shows alike."""
    if image.mode.startswith("I;16"):
        image = _from_16_bits(image)
    elif image.mode == "F":
        image = Image.fromarray(deep_colour.from_floats(np.asarray(image)))
    elif image.mode in ("I", "LAB"):
        kind = "32-bit or signed numbers" if image.mode == "I" else "Lab colours"
        raise PhotoError(f"it holds {kind}; export it as an ordinary photo.")
    elif image.has_transparency_data:
        return _on_white(image, profile)
    if image.mode not in ("L", "CMYK"):
        image = _as_rgb(image)
    return _as_rgb(colour_profiles.to_srgb(image, profile))


def _as_rgb(image: Image.Image) -> Image.Image:
    """In Pillow's mode RGB; one that is stays what it is, where Pillow would copy it for a fifth of a read."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """What is transparent shows a white page behind it."""
    layered = _layered(image)
    if profile:
        colours = layered.convert("L" if image.mode in ("L", "LA", "La") else "RGB")
        moved = colour_profiles.to_srgb(colours, profile).convert("RGB")
        moved.putalpha(layered.getchannel("A"))
        layered = moved
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _layered(image: Image.Image) -> Image.Image:
    """Any Pillow mode with transparency as 8-bit RGBA."""
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # the transparent colour of a 16-bit PNG, decoded to 8
        image.info["transparency"] = tuple(value >> 8 for value in key)
    return image.convert("RGBA")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey."""
    values = np.asarray(image)
    grey = deep_colour.to_eight(values)
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0:
        grey = 255 - grey
    if isinstance(key := image.info.get("transparency"), int):
        grey[values == key] = 255
    return Image.fromarray(grey)


def resize(photo: Pixels, width: int, height: int) -> Pixels:
    """Resample a photo to exactly width × height px with an antialiasing bilinear filter."""
    if photo.shape[:2] == (height, width):
        return photo
    held = _converted.get()
    image = held[1] if held is not None and held[0] is photo else Image.fromarray(photo)
    # reducing_gap shrinks large photos by whole factors first: ten times faster on 12 megapixels, same look.
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0))


@contextmanager
def converted_once(photo: Pixels) -> Iterator[None]:
    """Inside, `resize` brings this photo into Pillow's form once for all sizes: it takes as long as a resize."""
    before = _converted.set((photo, Image.fromarray(photo)))
    try:
        yield
    finally:
        _converted.reset(before)


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


def jpeg_bytes(photo: Pixels, quality: int = 88) -> bytes:
    """Encode pixels as JPEG, for a screen."""
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise PhotoError("the picture cannot be shown; try another photo.")
    return data.tobytes()


def to_long_side(photo: Pixels, most: int) -> Pixels:
    """A photo whose long side has at most `most` px, aspect ratio kept."""
    shrink = min(1.0, most / max(photo.shape[:2]))
    height, width = (max(1, round(side * shrink)) for side in photo.shape[:2])
    return resize(photo, width, height)
