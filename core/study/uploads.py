"""Photos that were uploaded for a study, as files: photos, ZIP archives of them, and a CSV of human scores."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from core import config
from core.errors import StudyError
from core.files import DAMAGED_ARCHIVE
from core.photos.listed_paths import fold
from core.photos.photo_files import is_service, many, some
from core.sources.table import confined
from core.study.limits import Limits

MEGABYTE = 1_000_000
LISTS = (".csv", ".txt")
"""Endings of lists, which say what people's scores are."""
ENTRY = b"PK\x01\x02"
"""What every entry in a ZIP's list of files begins with."""
OTHERS = 1_000
"""Files in a ZIP that may be no photos, beside ten for each photo."""
LONGEST_SHOWN = 60
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others may ask for gigabytes to unpack a few bytes."""
LONGEST, MOST_BYTES = 400, 200
"""Characters of a name with its folders, and bytes of each part of it: what every disk takes, with room for more."""


@dataclass(frozen=True)
class Stored:
    """What a study opens, and what it does not: pictures of formats that are not read, copies, and lists in doubt."""

    place: str
    passed_over: tuple[str, ...] = ()
    copies: int = 0
    lists: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """A sentence on each kind that was passed over; empty where nothing was."""
        said = []
        if self.passed_over:
            kinds = "camera RAW, or another format that is not read"
            names = some(name[:LONGEST_SHOWN] for name in self.passed_over)
            said.append(f"{many(len(self.passed_over), 'picture')} passed over ({kinds}): {names}.")
        if self.copies:
            said.append(f"{many(self.copies, 'photo')} in service folders passed over.")
        if self.lists:
            said.append(f"Which of {some(self.lists)} has the scores is not known, so that none is read; give one CSV.")
        return " ".join(said)


@dataclass
class Besides:
    """What archives hold besides photos and lists."""

    unread: list[str] = field(default_factory=list)
    copies: int = 0


@dataclass(frozen=True)
class Member:
    """A photo or list among uploaded files: its name, its size in bytes, and what unpacks it."""

    name: str
    size: int
    read: Callable[[], bytes]


def count(name: str, data: bytes, limits: Limits) -> int:
    """How many photos an uploaded file is: one, none for a list, or those that are named inside a ZIP, none unpacked.

    StudyError for a ZIP that `store` would refuse unread, and for a file of another kind.
    """
    if not name.lower().endswith(".zip"):
        _check_kind(name)
        return not name.lower().endswith(LISTS)
    with _opened(name, data, _most_files(limits)) as archive:
        names = [item.filename for item in archive.infolist() if not _is_of_service(item.filename)]
    return sum(name.lower().endswith(config.PHOTO_SUFFIXES) for name in names)


def _most_files(limits: Limits) -> int:
    """Files that a ZIP may have."""
    return 10 * limits.photos + OTHERS


def _check_kind(name: str) -> None:
    """StudyError for a file that is neither a photo, a ZIP nor a list."""
    if not name.lower().endswith((*config.PHOTO_SUFFIXES, *LISTS, ".zip")):
        raise StudyError(f"{name}: this is neither a photo, a ZIP nor a CSV.")


def store(files: Iterable[tuple[str, bytes]], folder: Path, limits: Limits, *, names_only: bool = False) -> Stored:
    """Write uploaded files (name, content) into a new folder, archives unpacked, and say what a study opens.

    That is the CSV where there is one, else the folder, or the one that all of it lies in. Only photos and lists are
    written, under names that lead nowhere else, and the paths in a CSV lead nowhere else either. Of two files of one
    name the second gets a number. With `names_only` photos are empty files, none of them unpacked: what a study would
    open is known from their names and the lists.
    StudyError where there is no photo, or too many of them, or they are too large together, or cannot be written.
    """
    room, photos, lists = limits.megabytes * MEGABYTE, 0, []
    taken: set[str] = set()
    besides = Besides()
    for member in _members(files, room, _most_files(limits), besides):
        room -= member.size
        suffix = PurePosixPath(member.name).suffix.lower()
        is_photo = suffix in config.PHOTO_SUFFIXES
        photos += is_photo
        if room < 0:
            raise StudyError(f"The photos have more than {limits.megabytes} MB together; choose fewer.")
        if photos > limits.photos:
            raise StudyError(f"These are more than {limits.photos:,} photos; choose fewer.")
        name = _free(_checked(member.name), taken)
        data = b"" if names_only and is_photo else member.read()
        _write(folder / name, confined(data) if suffix == ".csv" else data, member.name)
        lists += [folder / name] if suffix == ".csv" else []
    if not photos:
        raise StudyError("There is no photo among these files; upload photos, or a ZIP of them.")
    place = lists[0] if len(lists) == 1 else _innermost(folder)
    doubtful = tuple(file.relative_to(folder).as_posix() for file in lists) if len(lists) > 1 else ()
    return Stored(str(place), tuple(besides.unread), besides.copies, doubtful)


def _innermost(folder: Path) -> Path:
    """The folder that all photos lie in: an archive of LaMem's layout, or of labelled photos, begins with its name."""
    inside = list(folder.iterdir())
    return _innermost(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


def _checked(name: str) -> str:
    """A name as a path below a folder; StudyError where it leads elsewhere, or is one that not every disk takes."""
    shown = repr(name[:60])
    if "\\" in name or name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
        raise StudyError(f"{shown}: this name leads out of the folder of the study, or nowhere; rename it.")
    if len(name) > LONGEST or any(len(part.encode("utf-8", "replace")) > MOST_BYTES for part in name.split("/")):
        raise StudyError(f"{shown} …: this name is too long; rename it.")
    if not name.isprintable():
        raise StudyError(f"{shown}: this name has characters that cannot be shown; rename it.")
    return name


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where a file of that name was stored, capitals and accents not told apart."""
    path, number = PurePosixPath(name), 1
    while fold(name) in taken:
        number += 1
        name = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    taken.add(fold(name))
    return name


def _write(target: Path, data: bytes, given: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise StudyError(f"{given[:60]!r} cannot be stored here ({error.strerror}); nothing was begun.") from error


def as_given(text: str, folder: Path) -> str:
    """A text about uploaded files with their names as they were given: where they were stored helps no visitor."""
    return text.replace(f"{folder}/", "").replace(str(folder), "the upload")


def remove(folder: Path) -> None:
    """Remove the photos of a study that was not to be."""
    shutil.rmtree(folder, ignore_errors=True)


def _members(files: Iterable[tuple[str, bytes]], room: int, most: int, besides: Besides) -> Iterable[Member]:
    """Photos and lists among files, those of archives under their path inside; other pictures there are named."""
    wanted = (*config.PHOTO_SUFFIXES, *LISTS)
    for name, data in files:
        _check_kind(name)
        if name.lower().endswith(".zip"):
            yield from _of_archive(name, data, room, wanted, most, besides)
        else:
            own = PurePosixPath(name.replace("\\", "/")).name  # a browser may send the folder too
            yield Member(own, len(data), partial(bytes, data))


def _of_archive(
    name: str, data: bytes, room: int, wanted: tuple[str, ...], most: int, besides: Besides
) -> Iterable[Member]:
    """Photos and lists of an archive under their paths inside, each unpacked when it is read."""
    with _opened(name, data, most) as archive:
        members = [item for item in archive.infolist() if item.filename.lower().endswith(wanted)]
        besides.unread += [item.filename for item in archive.infolist() if _is_other_picture(item.filename)]
        besides.copies += sum(_is_of_service(item.filename) for item in members)
        if sum(item.file_size for item in members) > room:  # said before anything is unpacked
            raise StudyError(f"{name}: what is in it is larger than is taken here; choose fewer photos.")
        if any(item.compress_type not in PACKINGS for item in members):
            raise StudyError(f"{name}: this ZIP is packed in a way that is not read here; pack it as an ordinary ZIP.")
        for item in members:
            if not _is_of_service(item.filename):
                yield Member(item.filename, item.file_size, partial(_read, name, archive, item))


def _read(name: str, archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes:
    with _damage_told(name):
        return archive.read(item)


@contextmanager
def _opened(name: str, data: bytes, most: int) -> Iterator[zipfile.ZipFile]:
    """An archive; StudyError where it has more files than `most`, or turns out to be damaged."""
    if data.count(ENTRY) > most:  # counted before the list of files is made: a million of them would take a gigabyte
        raise StudyError(f"{name}: this ZIP has more than {most:,} files in it; pack the photos alone.")
    with _damage_told(name), zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield archive


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    """StudyError for all that unpacking a damaged archive may raise."""
    try:
        yield
    except StudyError:
        raise
    except DAMAGED_ARCHIVE as error:
        raise StudyError(f"{name}: this ZIP cannot be read ({error}); pack it again.") from error


def _is_of_service(name: str) -> bool:
    """Whether a file lies in a folder in which a service keeps copies."""
    return any(is_service(part) for part in PurePosixPath(name).parts[:-1] if part not in (".", ".."))


def _is_other_picture(name: str) -> bool:
    """Whether a name ends like that of a picture that is not read."""
    return name.lower().endswith((*config.RAW_SUFFIXES, *config.OTHER_PICTURES)) and not _is_of_service(name)
