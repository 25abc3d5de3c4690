"""Colours of other spaces brought to sRGB; what is sRGB, or says nothing, stays as it is to the bit."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import PhotoError
from core.photos import colour_profiles, images
from core.photos.colour_profiles import ADOBE, ADOBE_CURVE, BROADCAST_CURVE, SRGB_CURVE, WIDE, built

SRGB = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
ADOBE_RGB, P3 = built(ADOBE, ADOBE_CURVE), built(WIDE[12], SRGB_CURVE)
PROPHOTO = built(((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), b"curv" + struct.pack(">4xLH", 1, 461))


def encode(photo: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    (photo if isinstance(photo, Image.Image) else Image.fromarray(photo)).save(buffer, kind, **options)
    return buffer.getvalue()


def in_space(photo: np.ndarray, profile: bytes) -> np.ndarray:
    """The numbers that show the look of an sRGB photo in another space."""
    to = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    made = ImageCms.profileToProfile(Image.fromarray(photo), ImageCms.createProfile("sRGB"), to, outputMode="RGB")
    return np.asarray(made)


def same_look(first: np.ndarray, second: np.ndarray) -> None:
    """Equal but for what 8 bits lose on the way and back: more in the corners of a space, where steps are wide."""
    distance = np.abs(first.astype(int) - second)
    assert distance.mean() < 0.5
    assert np.percentile(distance, 99) <= 3
    assert distance.max() <= 12


def away(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second).max())


@pytest.mark.parametrize("profile", [ADOBE_RGB, P3, PROPHOTO])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_the_look_of_a_wide_space_is_kept(photo: np.ndarray, profile: bytes, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    wide = in_space(photo, profile)
    assert away(wide, photo) > 10
    same_look(images.read(encode(wide, kind, icc_profile=profile, **options)), photo)


def test_the_built_profiles_are_the_published_spaces() -> None:
    """Green of Adobe RGB lies outside sRGB; the sRGB primaries with its own curve are sRGB."""
    assert away(in_space(np.array([[[200, 30, 60]]], np.uint8), built(SRGB, SRGB_CURVE)), np.array([200, 30, 60])) <= 1
    # 255, 0, 0 of sRGB is 219, 0, 0 in Adobe RGB (1998), and 234, 51, 35 in Display P3, by their makers' definitions.
    assert away(in_space(np.array([[[255, 0, 0]]], np.uint8), ADOBE_RGB), np.array([219, 0, 0])) <= 1
    assert away(in_space(np.array([[[255, 0, 0]]], np.uint8), P3), np.array([234, 51, 35])) <= 1


@pytest.mark.parametrize(
    "profile", [None, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), built(SRGB, SRGB_CURVE)]
)
def test_srgb_stays_to_the_bit(photo: np.ndarray, profile: bytes | None) -> None:
    assert np.array_equal(images.read(encode(photo, icc_profile=profile)), photo)


@pytest.mark.parametrize(
    "profile", [b"", b"no profile", P3[:200], P3[:-40], b"\0" * 128 + P3[128:], P3[:16] + b"CMYK" + P3[20:]]
)
def test_a_broken_profile_does_not_cost_a_good_photo(photo: np.ndarray, profile: bytes) -> None:
    assert np.array_equal(images.read(encode(photo, icc_profile=profile)), photo)


def test_a_profile_of_other_colours_is_not_applied(photo: np.ndarray) -> None:
    grey_curve = b"curv" + struct.pack(">4xLH", 1, 2 * 256)
    grey = _grey_profile(grey_curve)
    assert np.array_equal(images.read(encode(photo, icc_profile=grey)), photo)
    assert np.array_equal(
        images.read(encode(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF", icc_profile=P3))[0, 0], [0, 255, 255]
    )


def _grey_profile(curve: bytes) -> bytes:
    """A profile for grey with a curve."""
    tags = [(b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)), (b"kTRC", curve)]
    table, body, start = b"", b"", 128 + 4 + 24
    for name, content in tags:
        table += name + struct.pack(">2L", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">L4xL", start + len(body), 0x04200000) + b"mntrGRAYXYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">L", 2) + table + body


def test_grey_follows_its_curve() -> None:
    """Half the light is 188 in sRGB: linear grey says 128."""
    linear = _grey_profile(b"curv" + struct.pack(">4xL", 0))
    for mode in ("L", "LA"):
        data = encode(Image.new(mode, (2, 2), 128 if mode == "L" else (128, 255)), icc_profile=linear)
        assert away(images.read(data)[0, 0], np.array([188] * 3)) <= 1


def test_grey_under_a_profile_for_colours_follows_it() -> None:
    linear = built(SRGB, b"curv" + struct.pack(">4xL", 0))
    assert away(images.read(encode(Image.new("L", (2, 2), 128), icc_profile=linear))[0, 0], np.array([188] * 3)) <= 1


def test_transparency_and_palettes_keep_the_profile(photo: np.ndarray) -> None:
    wide = in_space(photo, P3)
    alpha = np.full((*photo.shape[:2], 1), 255, np.uint8)
    alpha[:10] = 0
    seen = images.read(encode(np.dstack([wide, alpha]), icc_profile=P3))
    assert (seen[:10] == 255).all()
    same_look(seen[10:], photo[10:])
    colour = Image.new("P", (1, 1), 0)
    colour.putpalette([234, 51, 35])
    assert away(images.read(encode(colour, icc_profile=P3))[0, 0], np.array([255, 0, 0])) <= 2


def test_the_mark_of_a_camera_stands_for_adobe_rgb(photo: np.ndarray) -> None:
    """Cameras set to Adobe RGB write "R03" in their EXIF data, and often no profile."""
    wide = encode(in_space(photo, ADOBE_RGB), "JPEG", quality=100, subsampling=0, exif=_marked("R03"))
    distance = np.abs(images.read(wide).astype(int) - photo)
    assert distance.mean() < 2
    assert np.percentile(distance, 99) <= 12
    plain = encode(photo, "JPEG", exif=_marked("R98"))
    assert np.array_equal(images.read(plain), images.read(encode(photo, "JPEG")))


def _marked(mark: str) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA001: 65535, 0xA005: {1: mark}})
    return exif


def _with_codes(photo: np.ndarray, primaries: int, curve: int) -> bytes:
    """A PNG that names its colours by code (cICP)."""
    chunk = b"cICP" + bytes([primaries, curve, 0, 1])
    data = encode(photo)
    return data[:33] + struct.pack(">L", 4) + chunk + struct.pack(">L", zlib.crc32(chunk)) + data[33:]


def test_colours_named_by_code(photo: np.ndarray) -> None:
    assert np.array_equal(images.read(_with_codes(photo, 1, 13)), photo)
    same_look(images.read(_with_codes(in_space(photo, P3), 12, 13)), photo)
    broadcast = built(WIDE[9], BROADCAST_CURVE)
    same_look(images.read(_with_codes(in_space(photo, broadcast), 9, 14)), photo)
    for curve, name in ((16, "PQ"), (18, "HLG")):
        with pytest.raises(PhotoError, match=rf"HDR screens \({name}\)"):
            images.read(_with_codes(photo, 9, curve))


def test_a_profile_is_looked_at_once() -> None:
    colour_profiles._transform.cache_clear()
    data = encode(np.zeros((4, 4, 3), np.uint8), icc_profile=P3)
    for _ in range(3):
        images.read(data)
    assert colour_profiles._transform.cache_info().misses == 1
