"""The official LaMem archive: fetched with resume, checked for size, unpacked without trusting what it says."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from core.errors import DownloadError, SourceError
from core.files import DAMAGED_ARCHIVE, json_of, write_text
from core.sources.lamem import lamem, split_files

LAMEM_URL = "http://memorability.csail.mit.edu/lamem.tar.gz"
ARCHIVE = "lamem.tar.gz"
FOLDER = "lamem"
SPLITS = range(1, 6)

TIMEOUT = 60.0
"""Seconds without a byte after which a server is given up."""
CHUNK = 1 << 18
UNPACKED_LIMIT = 40 * 2**30
"""Bytes; LaMem's archive is about 3 GB, so that one that unpacks to more than this is not it."""

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in total); the total is 0 where the server does not say."""


def download_lamem(
    to: Path,
    url: str = LAMEM_URL,
    *,
    progress: Progress = lambda done, total: None,
    unpacking: Progress = lambda done, total: None,
) -> Path:
    """Fetch, unpack and check the LaMem photo set; returns its folder `to`/lamem, at once if it is there already.

    An interrupted download goes on where it stopped. `progress` follows the download, `unpacking` the archive, both in
    bytes. DownloadError says in one sentence what failed. The archive is deleted when its folder is complete.
    """
    folder, archive = to / FOLDER, to / ARCHIVE
    if folder.exists():
        try:
            check_layout(folder)
        except DownloadError as error:
            raise DownloadError(f"{folder}: {str(error).rstrip('.')}; move it away or choose another --to.") from error
        return folder
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"{to}: this folder cannot be made ({error.strerror}).") from error
    if not archive.is_file():
        fetch(url, archive, progress=progress)
    unpack(archive, folder, progress=unpacking)
    archive.unlink()
    return folder


# --- fetching


@dataclass(frozen=True)
class _Part:
    """An unfinished download: its bytes, and beside them whose they are."""

    data: Path
    note: Path

    def offset(self, url: str) -> tuple[int, str]:
        """Bytes already here of `url` and the server's mark of their version; (0, "") if they are of another file."""
        try:
            note = json_of(self.note.read_text(encoding="utf-8"))
            if note["url"] == url:
                return self.data.stat().st_size, str(note["version"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no note, or none that can be read: start again
        return 0, ""

    def remember(self, url: str, version: str) -> None:
        write_text(self.note, json.dumps({"url": url, "version": version}))

    def discard(self) -> None:
        self.data.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def fetch(url: str, file: Path, *, progress: Progress = lambda done, total: None) -> None:
    """Download `url` to `file`, through `file`.part, which a later call with the same address goes on with.

    A server that does not know ranges, or whose file has changed, is asked for everything again. DownloadError if the
    address cannot be reached, answers with an error, or sends fewer bytes than announced.
    """
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise DownloadError(f"{url}: an address must begin with http:// or https://, and this does not.")
    part = _Part(file.with_name(file.name + ".part"), file.with_name(file.name + ".part.json"))
    try:
        if not _transfer(url, part, progress):
            part.discard()
            _transfer(url, part, progress)
        os.replace(part.data, file)
        part.discard()
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url}: the server answers {error.code} {error.reason}; try another --url.") from error
    except urllib.error.URLError as error:
        raise DownloadError(
            f"{url}: the server cannot be reached ({error.reason}); try again or another --url."
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadError(
            f"{url}: the download stopped early ({error}); the same command goes on with it."
        ) from error


def _transfer(url: str, part: _Part, progress: Progress) -> bool:
    """Bring the part to its full size; False if the server has no such range, so that the part must be discarded."""
    offset, version = part.offset(url)
    request = urllib.request.Request(url, headers={"User-Agent": "memorability-lab", "Accept-Encoding": "identity"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
        if version:
            request.add_header("If-Range", version)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            start, total = _extent(response, offset)
            if start != offset and start != 0:
                return False
            part.remember(url, _version(response))
            _receive(response, part.data, start, total, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return _total(error.headers.get("Content-Range")) == offset  # nothing is missing
        raise
    return True


def _extent(response: http.client.HTTPResponse, offset: int) -> tuple[int, int]:
    """First byte of what the server sends, and the size of the whole file (0 if it does not say)."""
    length = int(response.headers.get("Content-Length") or 0)
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0, length
    announced = response.headers.get("Content-Range", "")
    match = re.match(r"bytes (\d+)-", announced)
    start = int(match[1]) if match else offset
    return start, _total(announced) or (start + length if length else 0)


def _total(content_range: str | None) -> int:
    match = re.search(r"/(\d+)$", content_range or "")
    return int(match[1]) if match else 0


def _version(response: http.client.HTTPResponse) -> str:
    """What If-Range takes: a strong ETag, else the date."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _receive(response: http.client.HTTPResponse, data: Path, start: int, total: int, progress: Progress) -> None:
    """Write the answer to the part from `start` on; OSError if it has not `total` bytes in the end."""
    done = start
    with data.open("r+b" if start else "wb") as stream:
        stream.seek(start)
        stream.truncate()
        while chunk := response.read(CHUNK):
            stream.write(chunk)
            done += len(chunk)
            progress(done, total)
    if done < total:
        raise OSError(f"{done:,} of {total:,} bytes arrived")
    if total and done > total:
        data.unlink()
        raise OSError(f"{done:,} bytes arrived where {total:,} were announced")


# --- unpacking


def unpack(archive: Path, folder: Path, *, progress: Progress = lambda done, total: None) -> None:
    """Unpack an archive of the LaMem layout so that `folder` appears whole or not at all.

    Only plain files and folders below the archive's top are accepted: a member that points outside, a link or a device
    is a DownloadError, and so is a damaged archive, one that unpacks to too much, or one without images and splits.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed run
    try:
        temporary.mkdir(parents=True)
        _extract(archive, temporary, progress)
        top = temporary / FOLDER if (temporary / FOLDER).is_dir() else temporary
        check_layout(top)
        top.rename(folder)
    except DownloadError as error:
        raise DownloadError(f"{archive}: {str(error).rstrip('.')}; delete this file and get another.") from error
    except DAMAGED_ARCHIVE as error:
        reason = next(iter(str(error).splitlines()), "it ends too early").rstrip(":")
        raise DownloadError(f"{archive}: it cannot be unpacked ({reason}); delete it and download it again.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _extract(archive: Path, target: Path, progress: Progress) -> None:
    unpacked = 0
    total = archive.stat().st_size
    with archive.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:*") as members:
        for member in members:
            _check_member(member)
            unpacked += member.size
            if unpacked > UNPACKED_LIMIT:
                raise DownloadError(f"it unpacks to more than {UNPACKED_LIMIT // 2**30} GB")
            members.extract(member, target, filter="data")
            progress(stream.tell(), total)


def _check_member(member: tarfile.TarInfo) -> None:
    """DownloadError for a member that is no plain file or folder below the archive's top."""
    name = PurePosixPath(member.name.replace("\\", "/"))
    if name.is_absolute() or PureWindowsPath(member.name).drive or ".." in name.parts:
        raise DownloadError(f"its member {member.name!r} points outside")
    if not (member.isreg() or member.isdir()):
        raise DownloadError(f"its member {member.name!r} is a link or a device")


def check_layout(folder: Path) -> None:
    """DownloadError unless a folder has LaMem's layout: images, all five splits, and photos for the first."""
    if not (folder / "images").is_dir():
        raise DownloadError("this is not LaMem: there is no images folder.")
    try:
        for split in SPLITS:
            split_files(folder, split)
        lamem(folder)
    except SourceError as error:
        raise DownloadError(f"this is not LaMem: {error}") from error
