"""Lists of photos that lie: CSV, LaMem's split files and outlines, by structure and by bytes."""

from __future__ import annotations

import csv
import random
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LabError, SourceError
from core.sources import open_source
from core.sources.table import _rows_of, confined, csv_table
from tests.conftest import write_photo
from tests.helpers.hostile import attack, count, damaged

FIELDS = (
    *(
        "a.png",
        "b.png",
        "A.PNG",
        "../a.png",
        "/etc/passwd",
        "C:\\a.png",
        "..\\a.png",
        "",
        " ",
        "\0",
        "x" * 3000,
        "'=1+1",
    ),
    *(
        "0.5",
        "0,5",
        "1e400",
        "-1",
        "nan",
        "inf",
        "50%",
        "0x1",
        "٣",
        "1_0",
        '"',
        '"a.png',
        "a\rb",
        "\ud7ff",
        "train",
        "sep=;",
    ),
)
HEADERS = (
    "image_path,memorability_score",
    "image_path;memorability_score;split",
    '"image_path"\tmemorability_score',
    "x,y",
)


def table(draw: random.Random) -> bytes:
    delimiter = draw.choice((",", ";", "\t", "|"))
    lines = [draw.choice(HEADERS).replace(",", delimiter)]
    lines += [delimiter.join(draw.choice(FIELDS) for _ in range(draw.choice((1, 2, 2, 3, 9)))) for _ in range(12)]
    text = draw.choice(("\n", "\r\n", "\r")).join(lines)
    data = text.encode(draw.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252")), "replace")
    return damaged(data, [data], draw) if draw.random() < 0.5 else data


def inside(listing: object, folder: Path) -> None:
    """Every photo of a list lies really in a folder."""
    for photo in listing.photos:  # type: ignore[attr-defined]
        assert photo.path.resolve().is_relative_to(folder.resolve()), photo.path


def test_lists_of_visitors(tmp_path: Path) -> None:
    """As an upload stores them: whatever they say, they name photos of their folder alone."""
    folder = tmp_path / "new"
    for place in (tmp_path / "a.png", folder / "a.png", folder / "in" / "b.png"):
        write_photo(place, height=4, width=4)
    file = folder / "list.csv"

    def take(data: bytes) -> None:
        file.write_bytes(confined(data))
        inside(csv_table(file), folder)

    attack("lists", 500, table, take, folder)


def test_lists_of_owners(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", height=4, width=4)
    file = tmp_path / "list.csv"

    def take(data: bytes) -> None:
        file.write_bytes(data)
        open_source(str(file))

    attack("own lists", 200, table, take, tmp_path)


def test_split_files(tmp_path: Path) -> None:
    write_photo(tmp_path / "images" / "a.png", height=4, width=4)
    write_photo(tmp_path.parent / "outside.png", height=4, width=4)
    (tmp_path / "splits").mkdir()
    files = [tmp_path / "splits" / f"{part}_1.txt" for part in ("train", "val", "test")]

    def make(draw: random.Random) -> list[bytes]:
        return [table(draw).replace(b",", b" ") for _ in files]

    def take(texts: list[bytes]) -> None:
        for file, text in zip(files, texts, strict=True):
            file.write_bytes(text)
        inside(open_source(str(tmp_path)), tmp_path)

    attack("splits", 100, make, take, tmp_path)


def test_outlines(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", height=4, width=4)
    folder = tmp_path / "outlines"
    folder.mkdir()
    words = ("person", "face", "text", "1", "99", "x", "-0.1", "0.2", "0.9", "1.5", "nan", "inf", "1e300", "\0", "")

    def make(draw: random.Random) -> bytes:
        lines = (" ".join(draw.choice(words) for _ in range(draw.choice((1, 7, 8, 9)))) for _ in range(4))
        data = "\n".join(lines).encode()
        return damaged(data, [data], draw) if draw.random() < 0.5 else data

    def take(data: bytes) -> None:
        (folder / "a.txt").write_bytes(data)
        for photo in open_source(str(tmp_path)).photos:
            if photo.truth is not None:
                photo.truth()

    attack("outlines", 100, make, take, tmp_path)


@settings(max_examples=count(100))
@given(st.binary(max_size=300))
def test_any_bytes_as_a_list_stay_a_list_that_names_nothing_outside(data: bytes) -> None:
    found = confined(b"image_path,memorability_score\n" + data)
    with suppress(SourceError, csv.Error):  # what is no list, as bytes that are UTF-16, is refused when it is opened
        for row in _rows_of(found, Path(), ""):
            assert not row.name.startswith(("/", "../"))


@settings(max_examples=count(100))
@given(st.text(max_size=80))
def test_any_text_as_a_source_is_one_or_is_none(text: str) -> None:
    """Also names of many thousand scenes: what is asked for by an address is bounded."""
    with suppress(LabError):
        assert open_source(f"generated:{text}").photos
