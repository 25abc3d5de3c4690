"""Damaged and lying photos of every format that is read: decoded, or refused in one line."""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from core.paint import mask_files
from core.photos import images
from tests.conftest import draw_photo
from tests.helpers.hostile import attack, damaged
from tests.helpers.pictures import encode, tiff

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # of metadata that nobody reads here
pillow_heif.register_heif_opener()


@cache
def good() -> tuple[bytes, ...]:
    """A small file of every format that is read, in the variants that take other ways through the decoders."""
    pixels = draw_photo(0, 24, 32)
    rgb, grey = Image.fromarray(pixels), Image.fromarray(pixels).convert("L")
    alpha = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    frames = {"save_all": True, "append_images": [rgb.rotate(90), rgb]}
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    meta = {"exif": exif, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    wide = pixels.astype(np.uint16) * 257
    return (
        *(encode(rgb, "JPEG", **meta), encode(rgb, "JPEG", progressive=True), encode(rgb.convert("CMYK"), "JPEG")),
        *(encode(grey, "JPEG"), encode(rgb, "MPO", **frames), encode(rgb, "PNG", **meta), encode(alpha, "PNG")),
        *(encode(grey, "PNG"), encode(rgb.convert("P"), "PNG", transparency=3), encode(rgb, "PNG", **frames)),
        *(encode(rgb, "WEBP", **meta), encode(alpha, "WEBP", lossless=True), encode(rgb, "WEBP", **frames)),
        *(encode(rgb, "BMP"), encode(rgb.convert("P"), "BMP"), encode(rgb, "GIF", **frames)),
        *(encode(rgb.convert("P"), "GIF", transparency=1), encode(rgb, "TIFF", **meta)),
        *(encode(rgb, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits")),
        *(tiff(wide, photometric="rgb"), tiff(wide, photometric="rgb", bigtiff=True, byteorder=">")),
        *(tiff(wide[..., 0]), tiff((pixels / 255).astype(np.float32), photometric="rgb")),
        tiff(np.ascontiguousarray(wide.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"),
        *(encode(rgb, "AVIF", **meta), encode(rgb, "HEIF"), encode(alpha, "HEIF"), encode(alpha, "AVIF")),
    )


def whole_again(data: bytes) -> bytes:
    """A PNG with the checksums of its chunks put right, so that what lies in them is believed."""
    made, at = bytearray(data), 8
    while at + 12 <= len(made):
        length = struct.unpack_from(">I", made, at)[0]
        end = at + 8 + length
        if end + 4 > len(made):
            break
        struct.pack_into(">I", made, end, zlib.crc32(made[at + 4 : end]))
        at = end + 4
    return bytes(made)


def make(draw: random.Random) -> bytes:
    data = damaged(draw.choice(good()), good(), draw)
    return whole_again(data) if data.startswith(b"\x89PNG") and draw.random() < 0.7 else data


def test_photos() -> None:
    def take(data: bytes) -> None:
        photo = images.read(data, "photo.jpg")
        assert photo.dtype == np.uint8
        assert photo.ndim == 3
        assert photo.shape[2] == 3

    attack("photos", 500, make, take)


def test_the_size_in_a_header(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"

    def take(data: bytes) -> None:
        file.write_bytes(data)
        assert min(images.size(file)) > 0

    attack("sizes", 100, make, take, tmp_path)


def test_masks() -> None:
    attack("masks", 100, make, lambda data: mask_files.read_mask(data, "mask.png", 24, 32))
