"""Every kind of file that people drop: decoded to the right pixels, or refused in one sentence."""

from __future__ import annotations

import random
import re
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core import config
from core.errors import PhotoError
from core.photos import images
from core.photos.fingerprints import fingerprint
from core.sources.samples import samples
from tests.helpers.pictures import encode, tiff

pytestmark = pytest.mark.filterwarnings("ignore:::PIL.Image", "ignore:::PIL.TiffImagePlugin")

ORIENTATION = 0x0112


pillow_heif.register_heif_opener()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width: int, height: int, depth: int, colour: int, row: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for what Pillow cannot write: every row is the same."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress((b"\0" + row) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def reason(data: bytes | Path) -> str:
    """Why a file is refused; fails unless it is one plain sentence."""
    with pytest.raises(PhotoError) as caught:
        images.read(data)
    sentence = str(caught.value)
    assert re.fullmatch(r"[^\n]{10,160}\.", sentence), sentence
    return sentence


def first_row(data: bytes) -> list[list[int]]:
    """The first row of pixels, after checks that hold for every decoded photo."""
    decoded = images.read(data)
    assert decoded.dtype == np.uint8
    assert decoded.ndim == 3
    assert decoded.shape[2] == 3
    return decoded[0].tolist()


def grey(*values: int) -> list[list[int]]:
    return [[value] * 3 for value in values]


# --- decoded correctly


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_keep_every_pixel(photo: np.ndarray, kind: str) -> None:
    assert np.array_equal(images.read(encode(photo, kind)), photo)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_lossy_formats_keep_the_look(photo: np.ndarray, kind: str) -> None:
    assert np.abs(images.read(encode(photo, kind)).astype(int) - photo).mean() < 8


def test_reading_needs_no_earlier_pillow_call_and_leaves_the_file(photo: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "photo.webp"
    file.write_bytes(encode(photo, "WEBP", lossless=True))
    assert np.array_equal(images.read(file), photo)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_formats_of_phones(photo: np.ndarray, kind: str) -> None:
    assert np.abs(images.read(encode(photo, kind, quality=95)).astype(int) - photo).mean() < 4
    see_through = np.dstack([photo, np.where(np.arange(64) < 32, 0, 255)[None].repeat(48, 0).astype(np.uint8)])
    assert (images.read(encode(see_through, kind, quality=95))[:, :28] >= 253).all()


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_phone_photo_that_is_cut_short_is_called_so(photo: np.ndarray, kind: str) -> None:
    data = encode(photo, kind)
    assert "cut short" in reason(data[: len(data) * 3 // 4])
    assert "not a photo" in reason(data[:20])


def test_heic_is_read_in_a_fresh_process(photo: np.ndarray, tmp_path: Path) -> None:
    """Nobody but the reader itself teaches Pillow the format."""
    (tmp_path / "photo.heic").write_bytes(encode(photo, "HEIF"))
    code = "import pathlib, sys; from core.photos.images import read; print(read(pathlib.Path(sys.argv[1])).shape)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "photo.heic")], capture_output=True, text=True, cwd=config.ROOT
    )
    assert done.stdout == "(48, 64, 3)\n", done.stderr


def test_known_photos_keep_their_fingerprints() -> None:
    """Cached labels and reference scores are found by these: a change of decoding must never pass unseen."""
    found = {photo.id: fingerprint(photo.read()).pixels for photo in samples().photos}
    assert found.pop("rocket") == "f02839a759a519c4"  # in Adobe RGB, by its profile: the only one that is not sRGB
    assert found == {
        "astronaut": "7605af19ba2b9758",
        "cat": "2a48da897e30584d",
        "coffee": "013a8175a6f60538",
        "temple": "9459dffd4ad72e7b",
        "flower": "028008e42002966d",
    }


def mpo_index(data: bytes, tag: int, kind: int) -> int:
    """Where in a multi-picture JPEG the value of an entry of its index stands."""
    start = data.index(b"MPF\0")
    order = "<" if data[start + 4 : start + 6] == b"II" else ">"
    return data.index(struct.pack(order + "HH", tag, kind), start) + 8


def test_a_damaged_index_of_further_pictures_does_not_cost_the_first(photo: np.ndarray) -> None:
    whole = encode(photo, "MPO", save_all=True, append_images=[Image.fromarray(photo[::2, ::2])])
    expected = images.read(encode(photo, "JPEG"))
    for count in (0, 1, 3, 255):
        data = bytearray(whole)
        at = mpo_index(whole, 0xB001, 4)
        data[at : at + 4] = bytes([count] * 4)
        assert np.array_equal(images.read(bytes(data)), expected)
    at = mpo_index(whole, 0xB002, 7)
    for data in (whole[: whole.index(b"\xff\xd9") + 2], whole[:at] + b"\xff" * 4 + whole[at + 4 :]):
        assert np.array_equal(images.read(data), expected)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(12_000, 9_000, (4500, 6000)), (16_320, 12_240, (6120, 8160))],
)
def test_jpegs_of_the_largest_cameras_are_read_at_reduced_scale(width: int, height: int, size: tuple[int, int]) -> None:
    seen = images.read(encode(Image.new("RGB", (width, height), (120, 160, 200)), "JPEG", quality=60))
    assert seen.shape == (*size, 3)
    assert np.abs(seen[::500, ::500].astype(int) - (120, 160, 200)).max() <= 2


def test_reduced_scale_keeps_the_look_and_the_turn(photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    large = Image.fromarray(images.resize(photo, 640, 480))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encode(large, "JPEG", quality=95, exif=exif)
    expected = np.rot90(images.resize(photo, 320, 240), -1)
    monkeypatch.setattr(config, "MAX_PIXELS", 640 * 480 - 1)
    monkeypatch.setattr(images, "REDUCED", 640 * 480 // 4)
    seen = images.read(data)
    assert seen.shape == (320, 240, 3)
    assert np.abs(seen.astype(int) - expected).mean() < 3


def test_a_jpeg_beyond_all_cameras_is_refused_before_it_is_decoded() -> None:
    """The header alone is believed: libjpeg would ask for the memory of all that it promises."""
    for progressive in (True, False):
        data = bytearray(encode(Image.new("RGB", (64, 64)), "JPEG", progressive=progressive))
        at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
        data[at : at + 4] = words(65_500, 65_500)
        assert "4290 million pixels" in reason(bytes(data))


SIXTEEN_BITS = {
    "grey png": (raw_png(3, 1, 16, 0, words(0, 0x1234, 0xFFFF)), grey(0, 0x12, 255)),
    "grey png, upper byte": (raw_png(1, 1, 16, 0, words(0x80FF)), grey(0x80)),
    "grey png with a transparent value": (
        raw_png(2, 1, 16, 0, words(0x1234, 0x1235), chunk(b"tRNS", words(0x1234))),
        grey(255, 0x12),
    ),
    "rgb png": (raw_png(2, 1, 16, 2, words(0x1234, 0xFFFF, 0, 0x80FF, 0x8000, 1)), [[0x12, 255, 0], [128, 128, 0]]),
    "rgb png with a transparent colour": (
        raw_png(2, 1, 16, 2, words(0x1234, 0xFFFF, 0, 0x5000, 0, 0), chunk(b"tRNS", words(0x1234, 0xFFFF, 0))),
        [[255, 255, 255], [0x50, 0, 0]],
    ),
    "rgba png": (raw_png(2, 1, 16, 6, words(9, 9, 9, 0, 0, 0x8000, 0xFFFF, 0xFFFF)), [[255] * 3, [0, 128, 255]]),
    "grey alpha png": (raw_png(2, 1, 16, 4, words(0, 0, 0x1200, 0xFFFF)), grey(255, 0x12)),
    "little-endian tiff": (tiff(np.array([[0, 0x1234, 0xFFFF]], np.uint16)), grey(0, 0x12, 255)),
    "big-endian tiff": (tiff(np.array([[0, 0x1234, 0xFFFF]], ">u2"), byteorder=">"), grey(0, 0x12, 255)),
    "white is zero tiff": (
        tiff(np.array([[0, 0x1234, 0xFFFF]], np.uint16), photometric="miniswhite"),
        grey(255, 255 - 0x12, 0),
    ),
    "rgb tiff": (tiff(np.array([[[0x1234, 0xFFFF, 0]]], np.uint16), photometric="rgb"), [[0x12, 255, 0]]),
    "big-endian rgb tiff": (
        tiff(np.array([[[0x1234, 0xFFFF, 0]]], ">u2"), photometric="rgb", byteorder=">"),
        [[0x12, 255, 0]],
    ),
}


@pytest.mark.parametrize("case", SIXTEEN_BITS)
def test_sixteen_bits(case: str) -> None:
    data, expected = SIXTEEN_BITS[case]
    assert first_row(data) == expected


PALETTE = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
ODD_MODES = {
    "1 bit": (raw_png(4, 1, 1, 0, bytes([0b10100000])), grey(255, 0, 255, 0)),
    "1 bit with a transparent value": (
        raw_png(2, 1, 1, 0, bytes([0b10000000]), chunk(b"tRNS", words(0))),
        grey(255, 255),
    ),
    "2 bits": (raw_png(4, 1, 2, 0, bytes([0b00011011])), grey(0, 85, 170, 255)),
    "4 bits": (raw_png(4, 1, 4, 0, bytes([0x12, 0xF0])), grey(17, 34, 255, 0)),
    "grey with a transparent value": (raw_png(2, 1, 8, 0, bytes([7, 9]), chunk(b"tRNS", words(7))), grey(255, 9)),
    "palette": (raw_png(3, 1, 8, 3, bytes([2, 1, 0]), PALETTE), [[0, 0, 255], [0, 255, 0], [255, 0, 0]]),
    "palette with transparent entries": (
        raw_png(3, 1, 8, 3, bytes([0, 1, 2]), PALETTE + chunk(b"tRNS", bytes([0, 255]))),
        [[255, 255, 255], [0, 255, 0], [0, 0, 255]],
    ),
    "palette with half-transparent entries": (
        raw_png(1, 1, 8, 3, bytes([0]), PALETTE + chunk(b"tRNS", bytes([127]))),
        [[255, 128, 128]],
    ),
    "white is zero tiff": (tiff(np.array([[0, 5]], np.uint8), photometric="miniswhite"), grey(255, 250)),
    "bilevel tiff": (tiff(np.array([[True, False]]), photometric="minisblack"), grey(255, 0)),
    "bilevel tiff, white is zero": (tiff(np.array([[True, False]]), photometric="miniswhite"), grey(0, 255)),
    "float tiff from 0 to 1": (tiff(np.array([[0, 0.5, 1]], np.float32)), grey(0, 128, 255)),
    "rgba on white": (
        encode(np.array([[[9, 9, 9, 0], [0, 128, 255, 255], [0, 0, 0, 127]]], np.uint8), "PNG"),
        [[255] * 3, [0, 128, 255], [128] * 3],
    ),
    "grey on white": (encode(Image.new("LA", (1, 1), (0, 127)), "PNG"), grey(128)),
    "cmyk tiff": (encode(Image.new("CMYK", (1, 1), (255, 0, 0, 0)), "TIFF"), [[0, 255, 255]]),
    "one pixel": (encode(np.array([[[1, 2, 3]]], np.uint8), "PNG"), [[1, 2, 3]]),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD_MODES)
def test_odd_modes(case: str) -> None:
    data, expected = ODD_MODES[case]
    assert first_row(data) == expected


@pytest.mark.parametrize("adobe", [True, False])
def test_cmyk_jpeg_is_not_inverted(adobe: bool) -> None:
    """Inks in a JPEG are stored inverted, with or without Adobe's marker; browsers assume so as well."""
    data = encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    assert b"Adobe" in data
    if not adobe:
        at = data.index(b"\xff\xee")
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert np.abs(images.read(data).astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_the_first_frame_of_several(photo: np.ndarray, kind: str) -> None:
    first = Image.fromarray(photo)
    options = {"lossless": True} if kind == "WEBP" else {}
    several = encode(first, kind, save_all=True, append_images=[Image.new("RGB", first.size, "red")] * 2, **options)
    alone = encode(first, "JPEG" if kind == "MPO" else kind, **options)
    assert np.array_equal(images.read(several), images.read(alone))


def test_a_transparent_gif_is_white_there() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putdata([0, 1])
    assert first_row(encode(picture, "GIF", transparency=0)) == [[255, 255, 255], [0, 255, 0]]


UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_the_exif_turn_is_applied_once(photo: np.ndarray, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    turned = images.read(encode(photo, kind, exif=exif, **options))
    assert np.array_equal(turned, UPRIGHT[orientation](images.read(encode(photo, kind, **options))))


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_unknown_orientation_leaves_the_photo_as_it_is(photo: np.ndarray, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert np.array_equal(images.read(encode(photo, "PNG", exif=exif)), photo)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\x99" * 40]
)
def test_malformed_exif_does_not_cost_a_good_photo(photo: np.ndarray, exif: bytes) -> None:
    plain = images.read(encode(photo, "JPEG"))
    assert np.array_equal(images.read(encode(photo, "JPEG", exif=exif)), plain)


def test_an_orientation_is_found_beside_malformed_entries(photo: np.ndarray) -> None:
    """Some cameras write entries that Pillow can read but not write again."""
    entries = struct.pack("<HHIHH", ORIENTATION, 3, 1, 3, 0) + struct.pack("<HHIHH", 0x0128, 2, 1, 65, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + entries + b"\0\0\0\0"
    plain = images.read(encode(photo, "JPEG"))
    assert np.array_equal(images.read(encode(photo, "JPEG", exif=exif)), plain[::-1, ::-1])


@pytest.mark.parametrize("name", ["photo.jpg", "photo.gif", "photo", "photo.txt"])
def test_the_content_counts_and_not_the_name(photo: np.ndarray, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encode(photo, "PNG"))
    assert np.array_equal(images.read(tmp_path / name), photo)


# --- refused


def test_refused_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("dear diary")
    assert "not a photo" in reason(text)
    assert "empty" in reason(b"")
    assert "no such file" in reason(tmp_path / "absent.jpg")
    assert "folder" in reason(tmp_path)
    assert "cannot be read" in reason(tmp_path / ("long" * 100))
    monkeypatch.setattr(config, "MAX_FILE_BYTES", 5)
    assert "larger than" in reason(text)


@pytest.mark.parametrize("data", [b"%PDF-1.7 ", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", b"\0" * 500, b"\xff\xd8\xff"])
def test_other_kinds_of_file_are_refused(data: bytes) -> None:
    assert "not a photo" in reason(data)


def test_decompression_bombs_are_refused_before_they_are_decoded() -> None:
    for side in (10_100, 14_000, 60_000):  # above our limit, above Pillow's warning, above Pillow's own limit
        assert "million pixels" in reason(raw_png(side, side, 8, 2, b"")[:200])


def test_strips_are_refused() -> None:
    assert "crop it first" in reason(encode(np.zeros((1, 101, 3), np.uint8), "PNG"))
    assert images.read(encode(np.zeros((1, 100, 3), np.uint8), "PNG")).shape == (1, 100, 3)


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0, 300.0]], np.float32),
        np.array([[0, np.nan]], np.float32),
        np.array([[0, -1]], np.int16),
        np.array([[0, 1]], np.int32),
        np.array([[0, 1]], np.float64),
    ],
)
def test_numbers_that_no_viewer_shows_alike_are_refused(values: np.ndarray) -> None:
    reason(tiff(values))


def test_lab_is_refused() -> None:
    assert "Lab" in reason(encode(Image.new("LAB", (4, 4)), "TIFF"))


KINDS: dict[str, dict[str, Any]] = {
    "AVIF": {},
    "HEIF": {},
    "JPEG": {"progressive": True},
    "PNG": {},
    "WEBP": {},
    "GIF": {},
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_files_are_never_half_a_photo(photo: np.ndarray, kind: str) -> None:
    """Wherever a file is cut, it is refused, or what was lost held no pixel."""
    data = encode(photo, kind, **KINDS[kind])
    whole = images.read(data)
    for cut in range(1, len(data), max(1, len(data) // 60)):
        try:
            assert np.array_equal(images.read(data[:cut]), whole)
        except PhotoError:
            reason(data[:cut])
    assert reason(data[: len(data) // 2])


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_raise_nothing_but_a_reason(photo: np.ndarray, kind: str) -> None:
    whole = encode(photo, kind, **KINDS[kind])
    dice = random.Random(0)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 2, 5])):
            data[dice.randrange(dice.choice([min(200, len(data)), len(data)]))] = dice.choice(
                [0, 255, dice.randrange(256)]
            )
        try:
            images.read(bytes(data))
        except PhotoError:
            reason(bytes(data))


def test_many_threads_read_at_once(photo: np.ndarray) -> None:
    data = encode(photo, "WEBP", lossless=True)
    same: list[bool] = []
    threads = [threading.Thread(target=lambda: same.append(np.array_equal(images.read(data), photo))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 8


def test_reading_leaves_the_warning_filters_alone(photo: np.ndarray) -> None:
    before = list(warnings.filters)
    images.read(encode(photo, "PNG"))
    assert list(warnings.filters) == before


# --- resizing


def test_a_photo_converted_once_gives_the_same_sizes_and_no_other_photo_does() -> None:
    photo, other = (np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8) for seed in (0, 1))
    apart = [images.resize(item, 20, 15) for item in (photo, other)]
    with images.converted_once(photo):
        inside = [images.resize(item, 20, 15) for item in (photo, other)]
        with images.converted_once(other):
            assert (images.resize(other, 20, 15) == apart[1]).all()
    for found, wanted in zip(inside, apart, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_resize_keeps_a_flat_colour_and_the_asked_size() -> None:
    flat = np.full((37, 91, 3), (10, 200, 30), np.uint8)
    resized = images.resize(flat, 20, 11)
    assert resized.shape == (11, 20, 3)
    assert (resized == (10, 200, 30)).all()


def test_to_short_side_keeps_the_aspect_ratio(make_photo: Callable[..., np.ndarray]) -> None:
    assert images.to_short_side(make_photo(0, 30, 60), 256).shape == (256, 512, 3)
    assert images.to_short_side(make_photo(0, 60, 30), 256).shape == (512, 256, 3)
    assert images.to_short_side(make_photo(0, 1, 1), 256).shape == (256, 256, 3)


def test_png_bytes_round_trip(photo: np.ndarray) -> None:
    assert np.array_equal(images.read(images.png_bytes(photo)), photo)


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_the_size_is_told_without_decoding_as_reading_gives_it(turn: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    file = tmp_path / "turned.jpg"
    Image.new("RGB", (30, 20)).save(file, exif=exif)
    assert images.size(file) == images.read(file).shape[:2]
    with pytest.raises(PhotoError, match="no such file"):
        images.size(tmp_path / "missing.jpg")


def test_numbers_become_bytes_by_rounding_and_clipping() -> None:
    values = np.random.default_rng(0).normal(128, 100, (9, 11, 3)).astype(np.float32)
    values[0, 0] = (0.5, 1.5, 254.5)
    expected = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    assert (images.to_bytes(values) == expected).all()
    assert (images.to_bytes(values.astype(np.float64)) == expected).all()
    assert images.to_bytes(np.zeros((0, 3))).shape == (0, 3)
