"""Colours of cameras, screens and printers brought to sRGB, in which models see: the profile inside a file says how."""

from __future__ import annotations

import io
import struct
from functools import cache, lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageCms

from core.errors import PhotoError

MODES = {"RGB": ("RGB", 3), "GRAY": ("L", 1), "CMYK": ("CMYK", 4)}
"""A profile's kind of colours → Pillow's mode of them, and how many numbers a colour has."""
SAME = 3
"""Levels of 255: a profile that moves no colour by more is sRGB under another name, and the pixels stay untouched."""
STEPS = {1: 256, 3: 17, 4: 7}
"""Colours along an axis, by the number of axes, at which a profile is compared with sRGB."""
LARGEST = 8 * 2**20
"""Bytes: no profile of a camera, screen or printer comes near this."""

D65, D50 = np.array([0.95047, 1.0, 1.08883]), np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[1.0478112, 0.0228866, -0.050127], [0.0295424, 0.9904844, -0.0170491], [-0.0092345, 0.0150436, 0.7521316]]
)
"""From the white D65 to D50."""
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
"""xy of red, green and blue of Adobe RGB (1998)."""
WIDE = {
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
"""The same of BT.2020 and P3, by their codes in ITU-T H.273."""
ADOBE_CURVE = b"curv" + struct.pack(">4xLH", 1, 563)
"""A plain power of 563 / 256."""
SRGB_CODE = 13
SRGB_CURVE, BROADCAST_CURVE = (
    b"para"
    + struct.pack(
        ">4xHH5i", 3, 0, *(round(value * 65536) for value in (power, 1 / scale, 1 - 1 / scale, 1 / slope, end))
    )
    for power, scale, slope, end in ((2.4, 1.055, 12.92, 0.04045), (1 / 0.45, 1.099, 4.5, 0.081))
)
"""The curves of sRGB and of BT.709 and BT.2020."""
HDR = {16: "PQ", 18: "HLG"}
CODES_WITHIN = 2**16
"""Bytes at a file's begin in which the codes of its colours stand."""


def profile_of(image: Image.Image, data: bytes) -> bytes | None:
    """The profile of an opened photo, or what its file says in other words: numbers for its colours, Adobe's mark.

    PhotoError for the brightness scales of HDR screens, which no 8-bit picture can hold.
    """
    if own := image.info.get("icc_profile"):
        return own
    primaries, curve = _coded(image, data)
    if curve in HDR:
        raise PhotoError(f"it holds the brightness of HDR screens ({HDR[curve]}); export it as an ordinary photo.")
    if primaries in WIDE:
        return built(WIDE[primaries], SRGB_CURVE if curve == SRGB_CODE else BROADCAST_CURVE)
    return built(ADOBE, ADOBE_CURVE) if _is_adobe(image) else None


def _coded(image: Image.Image, data: bytes) -> tuple[int, int]:
    """Primaries and curve as codes (ITU-T H.273), which AVIF, HEIC and PNG may hold; (0, 0) where there are none."""
    head = data[:CODES_WITHIN]
    if image.format in ("AVIF", "HEIF") and (at := head.find(b"colrnclx")) >= 0 and at + 12 <= len(head):
        return int.from_bytes(head[at + 8 : at + 10], "big"), int.from_bytes(head[at + 10 : at + 12], "big")
    if image.format == "PNG" and 0 <= (at := head.find(b"cICP")) < head.find(b"IDAT") and at + 6 <= len(head):
        return head[at + 4], head[at + 5]
    return 0, 0


def _is_adobe(image: Image.Image) -> bool:
    """Whether a camera marked its photo as Adobe RGB without putting the profile in (DCF 2.0: R03)."""
    if image.format != "JPEG":
        return False
    try:
        return image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex) == "R03"
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return False


@cache
def built(primaries: tuple[tuple[float, float], ...], curve: bytes) -> bytes:
    """An ICC profile from the xy of red, green and blue under D65, and the bytes of one curve for all three.

    Adapted to the white of profiles (D50) by Bradford's method. Source: ICC.1:2022, annex E.
    """
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    colorants = BRADFORD @ (columns * np.linalg.solve(columns, D65))
    parts = [(b"rXYZ", colorants[:, 0]), (b"gXYZ", colorants[:, 1]), (b"bXYZ", colorants[:, 2]), (b"wtpt", D50)]
    tags = [(name, b"XYZ \0\0\0\0" + struct.pack(">3i", *np.rint(xyz * 65536).astype(int))) for name, xyz in parts]
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    start = 128 + 4 + 12 * len(tags)
    table = body = b""
    for name, content in tags:
        table += name + struct.pack(">2L", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">L4xL", start + len(body), 0x04200000) + b"mntrRGB XYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    head += struct.pack(">3i", *np.rint(D50 * 65536).astype(int))
    return head.ljust(128, b"\0") + struct.pack(">L", len(tags)) + table + body


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image of mode L, RGB or CMYK in sRGB; without a profile, or with a broken or foreign one, as it is.

    Grey with a profile for colours is taken for equal red, green and blue. Pixels under a profile that is sRGB stay as
    they are, to the bit. Relative colorimetric with black point compensation. Source: ICC.1:2022.
    """
    if not profile or len(profile) > LARGEST:
        return image
    found = _transform(profile)
    if found is None:
        return image
    mode, transform = found
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if mode != image.mode or transform is None:
        return image
    return ImageCms.applyTransform(image, transform) or image


@lru_cache(maxsize=32)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None] | None:
    """The mode that a profile is for, and the way to sRGB, which is None where it is sRGB; None for a broken one."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode, axes = MODES[opened.profile.xcolor_space.strip()]
        transform = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return None
    probe = _probe(mode, axes)
    moved = ImageCms.applyTransform(probe, transform)
    if moved is None:
        return None
    away = np.abs(np.asarray(moved, dtype=int) - np.asarray(probe.convert("RGB"), dtype=int)).max()
    return mode, None if mode != "CMYK" and away <= SAME else transform


def _probe(mode: str, axes: int) -> Image.Image:
    """An image that holds colours from all over a space."""
    levels = np.rint(np.linspace(0, 255, STEPS[axes])).astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * axes, indexing="ij"), axis=-1).reshape(1, -1, axes)
    return Image.fromarray(np.ascontiguousarray(colours[..., 0] if axes == 1 else colours), mode)
