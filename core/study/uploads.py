"""Photos that were uploaded for a study, as files: photos, ZIP archives of them, and a CSV of human scores."""

from __future__ import annotations

import io
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core import config
from core.errors import StudyError
from core.study.limits import Limits

MEGABYTE = 1_000_000
LISTS = (".csv", ".txt")
"""Endings of lists, which say what people's scores are."""


def store(files: Iterable[tuple[str, bytes]], folder: Path, limits: Limits) -> str:
    """Write uploaded files (name, content) into a new folder, archives unpacked, and name what a study opens.

    That is the CSV where there is one, else the folder. Only photos and lists are written, under names that lead
    nowhere else. StudyError where there is no photo, or too many of them, or they are too large together.
    """
    room, photos, lists = limits.megabytes * MEGABYTE, 0, []
    for name, data in _unpacked(files, room):
        room -= len(data)
        suffix = PurePosixPath(name).suffix.lower()
        photos += suffix in config.PHOTO_SUFFIXES
        if room < 0:
            raise StudyError(f"The photos have more than {limits.megabytes} MB together; choose fewer.")
        if photos > limits.photos:
            raise StudyError(f"These are more than {limits.photos:,} photos; choose fewer.")
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise StudyError(f"{name}: this name leads out of the folder of the study; rename it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        lists += [target] if suffix == ".csv" else []
    if not photos:
        raise StudyError("There is no photo among these files; upload photos, or a ZIP of them.")
    return str(lists[0] if len(lists) == 1 else folder)


def remove(folder: Path) -> None:
    """Remove the photos of a study that was not to be."""
    shutil.rmtree(folder, ignore_errors=True)


def _unpacked(files: Iterable[tuple[str, bytes]], room: int) -> Iterable[tuple[str, bytes]]:
    """Photos and lists among files, those of archives under their path inside."""
    wanted = (*config.PHOTO_SUFFIXES, *LISTS)
    for name, data in files:
        if name.lower().endswith(".zip"):
            yield from _of_archive(name, data, room, wanted)
        elif name.lower().endswith(wanted):
            yield PurePosixPath(name.replace("\\", "/")).name, data
        else:
            raise StudyError(f"{name}: this is neither a photo, a ZIP nor a CSV.")


def _of_archive(name: str, data: bytes, room: int, wanted: tuple[str, ...]) -> Iterable[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [item for item in archive.infolist() if not item.is_dir() and item.filename.lower().endswith(wanted)]
        if sum(item.file_size for item in members) > room:  # said before anything is unpacked
            raise StudyError(f"{name}: what is in it is larger than is taken here; choose fewer photos.")
        for item in members:
            if not item.filename.startswith("__MACOSX"):
                yield item.filename, archive.read(item)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise StudyError(f"{name}: this ZIP cannot be read ({error}); pack it again.") from error
