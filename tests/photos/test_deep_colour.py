"""More than 8 bits a colour: the same look as with 8, whatever part of 16 bits a camera uses, or a reason."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from core.errors import PhotoError
from core.photos import deep_colour, images
from core.photos.deep_colour import bits_in_use


def tiff(values: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **{"photometric": "rgb", **options})
    return buffer.getvalue()


def png(values: np.ndarray) -> bytes:
    """A 16-bit PNG of grey, grey with alpha, RGB or RGBA."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[values.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def deep(photo: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(photo / 255 * (2**bits - 1)).astype(np.uint16)


def away(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second).max())


def with_alpha(values: np.ndarray, full: int) -> np.ndarray:
    return np.dstack([values, np.full(values.shape[:2], full, values.dtype)])


FILES = {
    "png": lambda values: png(values),
    "tiff": lambda values: tiff(values),
    "big-endian tiff": lambda values: tiff(values.astype(">u2"), byteorder=">"),
    "compressed tiff": lambda values: tiff(values, compression="zlib", predictor=True),
    "tiled tiff": lambda values: tiff(values, tile=(16, 16)),
    "tiff with colours apart": lambda values: tiff(np.moveaxis(values, 2, 0).copy(), planarconfig="separate"),
    "big-endian tiff with colours apart": lambda values: tiff(
        np.moveaxis(values, 2, 0).astype(">u2"), planarconfig="separate", byteorder=">"
    ),
    "png with alpha": lambda values: png(with_alpha(values, 65535)),
    "tiff with alpha": lambda values: tiff(with_alpha(values, 65535), extrasamples=["unassalpha"]),
    "png with alpha of as few bits": lambda values: png(with_alpha(values, int(values.max()))),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_any_number_of_bits_in_use_has_the_same_look(photo: np.ndarray, file: str, bits: int) -> None:
    assert photo.max() == 255
    assert away(images.read(FILES[file](deep(photo, bits))), photo) <= 1


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_grey_of_any_number_of_bits(photo: np.ndarray, bits: int) -> None:
    grey = photo[..., :1]
    for data in (png(deep(grey, bits)), tiff(deep(grey, bits)[..., 0], photometric="minisblack")):
        assert away(images.read(data), grey) <= 1


def test_sixteen_bits_in_full_use_keep_their_upper_byte(photo: np.ndarray) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (20, 30, 3)).astype(np.uint16)
    for file in ("png", "tiff", "compressed tiff", "tiff with colours apart"):
        assert np.array_equal(images.read(FILES[file](values)), values >> 8)


def test_a_black_picture_stays_black() -> None:
    assert not images.read(png(np.zeros((4, 4, 3), np.uint16))).any()


@pytest.mark.parametrize(
    ("highest", "bits"),
    [(0, 8), (255, 8), (256, 10), (1023, 10), (1024, 12), (4095, 12), (4096, 16), (8191, 16), (8192, 14), (16383, 14),
     (16384, 16), (65535, 16)],
)  # fmt: skip
def test_bits_in_use(highest: int, bits: int) -> None:
    assert bits_in_use(highest) == bits


def floats(values: np.ndarray, **options: Any) -> bytes:
    return tiff(values, **options)


def encoded_by_opencv(values: np.ndarray, compression: int) -> bytes:
    """What tifffile cannot write without further packages: LZW with the predictor of floating point."""
    done, data = cv2.imencode(".tiff", values[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    assert done
    return data.tobytes()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floating_point_colours(photo: np.ndarray, kind: type) -> None:
    values = (photo / 255).astype(kind)
    assert np.array_equal(images.read(tiff(values)), photo)
    assert np.array_equal(images.read(tiff(values.astype(values.dtype.newbyteorder(">")), byteorder=">")), photo)
    assert np.array_equal(images.read(tiff(values, compression="zlib")), photo)
    for compression in (5, 32946):
        assert np.array_equal(images.read(encoded_by_opencv(values, compression)), photo)


def test_floating_point_with_transparency_and_turn(photo: np.ndarray) -> None:
    values = with_alpha((photo / 255).astype(np.float32), 1)
    values[:10, :, 3] = 0
    seen = images.read(tiff(values, extrasamples=["unassalpha"]))
    assert (seen[:10] == 255).all()
    assert np.array_equal(seen[10:], photo[10:])
    turned = tiff((photo / 255).astype(np.float32), extratags=[(274, 3, 1, 3, True)])
    assert np.array_equal(images.read(turned), photo[::-1, ::-1])


BAD = {
    "above one": (np.full((4, 4, 3), 1.5, np.float32), {}, "outside 0 to 1"),
    "below zero": (np.full((4, 4, 3), -0.1, np.float32), {}, "outside 0 to 1"),
    "no number": (np.full((4, 4, 3), np.nan, np.float32), {}, "outside 0 to 1"),
    "half precision": (np.zeros((4, 4, 3), np.float16), {}, "16-bit floating point"),
    "colours apart": (np.zeros((3, 4, 4), np.float32), {"planarconfig": "separate"}, "colours apart"),
    "signed": (np.zeros((4, 4, 3), np.int16), {}, "16-bit numbers of a kind"),
    "32 bits": (np.zeros((4, 4, 3), np.uint32), {}, "32-bit numbers of a kind"),
}


@pytest.mark.parametrize("case", BAD)
def test_other_numbers_are_refused_for_their_reason(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    values, options, words = BAD[case]
    with pytest.raises(PhotoError, match=words) as caught:
        images.read(tiff(values, **options))
    assert len(str(caught.value)) <= 160
    assert str(caught.value).endswith(".")
    assert capfd.readouterr().err == ""


def test_floating_point_bombs_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff(np.zeros((64, 64, 3), np.float32), compression="zlib")
    monkeypatch.setattr(deep_colour, "FLOAT_BYTES", 64 * 64 * 12 - 1)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(PhotoError, match="too many pixels of floating point"):
        images.read(data)


def test_damaged_files_raise_nothing_but_a_reason(photo: np.ndarray, capfd: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(0)
    for whole in (tiff((photo / 255).astype(np.float32), compression="zlib"), FILES["tiff"](deep(photo, 12))):
        for _ in range(200):
            data = bytearray(whole)
            for _ in range(dice.choice([1, 2, 5])):
                data[dice.randrange(dice.choice([min(300, len(data)), len(data)]))] = dice.choice(
                    [0, 255, dice.randrange(256)]
                )
            data = data[: dice.choice([len(data), dice.randrange(1, len(data))])]
            try:
                images.read(bytes(data))
            except PhotoError as error:
                assert str(error).endswith(".")  # noqa: PT017
    assert capfd.readouterr().err == ""
