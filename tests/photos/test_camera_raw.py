"""Camera RAW files: refused by name whatever they are called, while pictures in the same containers are read."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from core import config
from core.errors import PhotoError
from core.photos import camera_raw, images, tiff_pages

PREVIEW = np.full((12, 16, 3), 90, np.uint8)


def raw_tiff(photometric: int, make: str = "", extra: tuple = (), inside: bool = True, **options: object) -> bytes:
    """A TIFF as cameras write it: a small preview, and the sensor's numbers in a page inside it or after it."""
    sensor = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
    if photometric == 34892:
        sensor = np.dstack([sensor] * 3)
    tags = [(271, 2, len(make) + 1, make, True)] if make else []
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, **options) as file:
        file.write(PREVIEW, photometric="rgb", subfiletype=1, subifds=int(inside), extratags=[*tags, *extra])
        file.write(sensor, photometric=photometric)
    return buffer.getvalue()


def reason(data: bytes | Path, name: str = "") -> str:
    with pytest.raises(PhotoError) as caught:
        images.read(data, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"FUJIFILMCCD-RAW 0201FF383501", "Fujifilm RAF"),
        (b"IIRO\x08\0\0\0" + b"\0" * 40, "Olympus ORF"),
        (b"MMOR\0\0\0\x08" + b"\0" * 40, "Olympus ORF"),
        (b"IIU\0\x18\0\0\0" + b"\0" * 40, "Panasonic RW2"),
        (b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 40, "Canon CR2"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "Canon CR3"),
        (b"II\x1a\0\0\0HEAPCCDR\x02\0\x01\0", "Canon CRW"),
        (b"FOVb\x03\0\x02\0", "Sigma X3F"),
        (b"\0MRM\0\0\0\0", "Minolta MRW"),
        (b"II*\0\x08\0\0\0IIII" + b"\0" * 40, "Phase One IIQ"),
        (raw_tiff(32803, "NIKON CORPORATION"), "Nikon NEF"),
        (raw_tiff(32803, "SONY"), "Sony ARW"),
        (raw_tiff(32803, "PENTAX Corporation"), "Pentax PEF"),
        (raw_tiff(32803, "SAMSUNG", byteorder=">"), "Samsung SRW"),
        (raw_tiff(34892, "nobody knows"), "RAW"),
        (raw_tiff(32803, inside=False), "RAW"),
        (raw_tiff(32803, "SONY", bigtiff=True), "Sony ARW"),
        (raw_tiff(34892, "Apple", extra=((50706, 1, 4, (1, 4, 0, 0), True),)), "DNG"),
    ],
)
@pytest.mark.parametrize("disguise", ["", "holiday.jpg", "holiday.tif", "holiday"])
def test_raw_is_known_by_its_content(data: bytes, named: str, disguise: str) -> None:
    sentence = reason(data, disguise)
    assert f"camera RAW file ({named})" in sentence
    assert "export it as JPEG" in sentence
    assert len(sentence) <= 160


def test_a_preview_is_not_taken_for_the_photo(tmp_path: Path) -> None:
    """Some RAW files, and copies of them with their tags lost, say only that the first page is a smaller version."""
    first, photo = Image.new("RGB", (16, 12)), Image.new("RGB", (160, 120))
    for name in ("photo.dng", "photo.tif"):
        first.save(tmp_path / name, "TIFF", save_all=True, append_images=[photo], tiffinfo={254: 1})
        assert "camera RAW" in reason(tmp_path / name)


@pytest.mark.parametrize("suffix", config.RAW_SUFFIXES)
def test_a_tiff_with_the_name_of_a_raw_file_is_one(photo: np.ndarray, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"photo{suffix.upper()}"
    Image.fromarray(photo).save(file, "TIFF")
    assert f"({camera_raw.MAKERS[suffix]})" in reason(file)


def test_a_name_alone_makes_no_raw_file(photo: np.ndarray) -> None:
    assert np.array_equal(images.read(images.png_bytes(photo), "photo.nef"), photo)


@pytest.mark.parametrize("bigtiff", [False, True])
def test_ordinary_tiffs_of_several_pages_are_read(photo: np.ndarray, bigtiff: bool) -> None:
    """Pages of a document, and smaller versions after the photo, as map and slide programs write them."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=bigtiff) as file:
        file.write(photo, photometric="rgb", subifds=1)
        file.write(photo[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(np.tile(photo, (2, 2, 1)), photometric="rgb")
    assert np.array_equal(images.read(buffer.getvalue()), photo)


def test_a_circle_of_pages_ends() -> None:
    data = bytearray(struct.pack("<2sHLH12sL", b"II", 42, 8, 1, struct.pack("<HHLL", 330, 4, 1, 8), 8))
    assert len(list(tiff_pages.pages(bytes(data)))) == 1
    endless = (
        b"II*\0"
        + struct.pack("<L", 8)
        + b"".join(
            struct.pack("<H12sL", 1, struct.pack("<HHLL", 256, 4, 1, 9), 8 + 18 * (number + 1))
            for number in range(1000)
        )
    )
    assert len(list(tiff_pages.pages(endless))) == tiff_pages.MOST_PAGES


def test_damaged_directories_raise_nothing_but_a_reason() -> None:
    whole = raw_tiff(32803, "NIKON CORPORATION")
    dice = random.Random(0)
    for cut in range(0, len(whole), 7):
        camera_raw.kind_of(whole[:cut])
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 2, 8])):
            data[dice.randrange(min(600, len(data)))] = dice.choice([0, 255, dice.randrange(256)])
        try:
            images.read(bytes(data))
        except PhotoError as error:
            assert str(error).endswith(".")  # noqa: PT017
