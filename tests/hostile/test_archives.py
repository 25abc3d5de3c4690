"""Archives that lie: ZIPs of visitors and the tar of a photo set, by structure and by bytes."""

from __future__ import annotations

import io
import random
import shutil
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.photos import images
from core.sources import lamem_archive
from core.study.limits import Limits
from core.study.uploads import store
from tests.conftest import draw_photo
from tests.helpers.hostile import attack, damaged

LIMITS = Limits((), True, 20, 1, 2, True, False)
PHOTO = images.png_bytes(draw_photo(0, 12, 16))
TABLE = b"image_path,memorability_score\na.png,0.5\n../b.png,0.6\n"
NAMES = (
    *("a.png", "a.png", "b/c.png", "A.PNG", "../a.png", "/etc/x.png", "..\\a.png", "C:\\a.png", "a/../../b.png", "a/"),
    *(
        "scores.csv",
        "splits/train_1.txt",
        "x" * 300 + ".png",
        "a\n.png",
        "\u202egnp.exe.png",
        ".png",
        "a.zip",
        "~/a.png",
    ),
    *("__MACOSX/a.png", "a.png/b.png", "con.png", "é.png", "e\u0301.png", "notes.pdf", "", "./a.png", "a//b.png"),
)
BODIES = (PHOTO, TABLE, b"", bytes(20_000), b"\0" * 1_200_000, "a;b".encode("utf-16"), PHOTO[:40])

PACKINGS = (zipfile.ZIP_STORED, *(zipfile.ZIP_DEFLATED,) * 12, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is twice in a ZIP
        yield


def zipped(draw: random.Random) -> bytes:
    """A ZIP whose members have odd names, kinds and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for _ in range(draw.choice((1, 2, 5))):
            item = zipfile.ZipInfo(draw.choice(NAMES) or "x")
            item.compress_type = draw.choice(
                (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, *(zipfile.ZIP_DEFLATED,) * 12, 12, 14)
            )
            item.external_attr = draw.choice((0, (stat.S_IFLNK | 0o777) << 16, (stat.S_IFDIR | 0o777) << 16))
            archive.writestr(item, draw.choice(BODIES))
    return buffer.getvalue()


def tarred(draw: random.Random) -> bytes:
    """A tar, packed or not, whose members have odd names and kinds among those of a photo set."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for split in range(1, 6):
            for part in ("train", "val", "test"):
                _add(archive, f"lamem/splits/{part}_{split}.txt", b"a.png 0.5\n../../a.png 0.5\n")
        _add(archive, "lamem/images/a.png", PHOTO)
        for _ in range(draw.choice((0, 1, 3))):
            kind = draw.choice((tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE))
            name = draw.choice((f"lamem/{draw.choice(NAMES)}", draw.choice(NAMES)))
            _add(archive, name, draw.choice(BODIES[:4]), kind, draw.choice(("/etc/passwd", "../../x", "a.png", ".")))
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, body: bytes, kind: bytes = tarfile.REGTYPE, to: str = "") -> None:
    item = tarfile.TarInfo(name)
    item.type, item.linkname = kind, to
    item.size = len(body) if kind == tarfile.REGTYPE else 0
    archive.addfile(item, io.BytesIO(body) if item.size else None)


def test_zips(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    def make(draw: random.Random) -> list[tuple[str, bytes]]:
        data = zipped(draw)
        if draw.random() < 0.6:
            data = damaged(data, [data, PHOTO], draw)
        if draw.random() < 0.3:  # the list of files, which stands at the end
            end = len(data) * 3 // 4
            data = data[:end] + damaged(data[end:], [data], draw)
        return [("a.zip", data), (draw.choice(NAMES), draw.choice(BODIES))]

    def take(files: list[tuple[str, bytes]]) -> None:
        try:
            store(files, folder, LIMITS)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    attack("zips", 500, make, take, tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == []


def test_tars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lamem_archive, "UNPACKED_LIMIT", 10_000_000)
    archive, folder = tmp_path / "lamem.tar.gz", tmp_path / "lamem"

    def make(draw: random.Random) -> bytes:
        data = tarred(draw)
        return damaged(data, [data, PHOTO], draw) if draw.random() < 0.7 else data

    def take(data: bytes) -> None:
        archive.write_bytes(data)
        try:
            lamem_archive.unpack(archive, folder)
        finally:
            assert not any(item.is_symlink() or item.is_fifo() for item in folder.rglob("*"))
            shutil.rmtree(folder, ignore_errors=True)

    attack("tars", 150, make, take, tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["lamem.tar.gz"]
