"""Which files below a folder are photos: copies of services and hidden files are passed over aloud, links followed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core import config
from core.photos import images

SERVICE_FOLDERS = ("__macosx", "$recycle.bin", "#recycle", "system volume information", "lost+found")
"""Folders in which services keep copies of photos, in lower case; so are all that begin with a dot or with @."""
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""How JPEG, PNG, GIF and TIFF begin."""


@dataclass(frozen=True)
class PhotoFiles:
    """The photos below a folder in sorted order, and a sentence for each kind of file that was passed over."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def find(root: Path) -> PhotoFiles:
    """Every file below `root` whose name ends like a photo's, each once.

    Hidden files, service folders, pictures of other formats and photos by another name are left out and counted.
    Linked folders are followed unless they lead into the tree again or to a folder that `root` lies in. Camera RAW
    files are among the photos: reading refuses them by name.
    """
    walk = _Walk(root)
    walk.enter(root)
    while walk.links:
        walk.follow(walk.links.pop(0))
    return PhotoFiles(tuple(sorted(walk.files.values())), tuple(walk.notes()))


def is_photo(name: str) -> bool:
    """Whether a name ends like a photo's."""
    return name.lower().endswith((*config.PHOTO_SUFFIXES, *config.RAW_SUFFIXES))


def _begins_like_a_photo(path: Path) -> bool:
    """Whether a file's first bytes are those of a format that is read."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return head.startswith(BEGINNINGS) or head[4:12] in images.BRANDS or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")


def is_service(name: str) -> bool:
    """Whether a folder is one in which a service keeps copies: hidden, or known by its name."""
    return name.startswith((".", "@")) or name.lower() in SERVICE_FOLDERS


@dataclass
class _Walk:
    """What was seen so far; files by their real place, so that none is listed twice."""

    root: Path
    files: dict[str, Path] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    links: list[Path] = field(default_factory=list)
    linked_files: list[Path] = field(default_factory=list)
    service: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    misnamed: list[str] = field(default_factory=list)
    hidden: int = 0
    again: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def enter(self, folder: Path) -> None:
        """List a folder and the folders inside it; linked ones wait, so that a photo is listed where it really lies."""
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            if (real := os.path.realpath(current)) in self.folders:
                self.again.append(self.name(current))
                continue
            self.folders.add(real)
            for entry in self.entries(current):
                path = current / entry.name
                if not entry.is_symlink() and entry.is_dir():
                    if is_service(entry.name):
                        self.pass_over(path, entry.name)
                    else:
                        waiting.append(path)
                elif entry.is_symlink() and entry.is_dir():
                    self.links.append(path)
                else:
                    self.take(path, entry)
        self.links.sort()
        for path in sorted(self.linked_files):
            self.add(path)
        self.linked_files.clear()

    def follow(self, link: Path) -> None:
        """Enter a linked folder, unless that would list photos twice or leave for the folders around."""
        real = os.path.realpath(link)
        if is_service(link.name) or is_service(os.path.basename(real)):
            self.pass_over(link, link.name)
        elif real in self.folders or os.path.realpath(self.root).startswith(os.path.join(real, "")):
            self.again.append(self.name(link))
        else:
            self.enter(link)

    def take(self, path: Path, entry: os.DirEntry[str]) -> None:
        """List a file, or count why it is not listed."""
        if not is_photo(entry.name):
            if entry.name.lower().endswith(config.OTHER_PICTURES):
                self.others[path.suffix.lower()] += 1
            elif not entry.name.startswith(".") and entry.is_file() and _begins_like_a_photo(path):
                self.misnamed.append(self.name(path))
        elif entry.name.startswith("."):
            self.hidden += 1
        elif not entry.is_file():
            if entry.is_symlink():
                self.broken.append(self.name(path))
        elif entry.is_symlink():
            self.linked_files.append(path)
        else:
            self.add(path)

    def add(self, path: Path) -> None:
        real = os.path.realpath(path)
        if real in self.files:
            self.again.append(self.name(path))
        self.files.setdefault(real, path)

    def pass_over(self, folder: Path, name: str) -> None:
        """Count the photos in a service folder, without following links."""
        self.service[name] += sum(is_photo(file) for _, _, files in os.walk(folder) for file in files)

    def entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.closed.append(f"{self.name(folder)} ({error.strerror})")
            return []

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path != self.root else str(path)

    def notes(self) -> Iterable[str]:
        """A sentence for each kind of thing that was passed over."""
        found = {name: count for name, count in self.service.items() if count}
        if found:
            yield f"{many(sum(found.values()), 'photo')} in service folders passed over ({some(found)})."
        if self.hidden:
            yield f"{many(self.hidden, 'hidden photo')} passed over (names that begin with a dot)."
        if self.others:
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.others.items()))
            yield f"{many(sum(self.others.values()), 'photo')} passed over in formats that are not read ({kinds})."
        if self.misnamed:
            yield (
                f"{many(len(self.misnamed), 'photo')} passed over whose names do not end like a photo's "
                f"({some(self.misnamed)}); if they are no copies, let them end in .jpg, or in what their format is."
            )
        if self.again:
            again = f"what {_it(self.again)} to is listed already ({some(self.again)})"
            yield f"{many(len(self.again), 'link')} not followed: {again}."
        if self.broken:
            yield f"{many(len(self.broken), 'link')} to nowhere passed over ({some(self.broken)})."
        if self.closed:
            yield f"{many(len(self.closed), 'folder')} cannot be opened: {some(self.closed)}."


def many(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _it(found: list[str]) -> str:
    return "it leads" if len(found) == 1 else "they lead"


def some(names: Iterable[str], most: int = 5) -> str:
    """The first few of many names."""
    names = list(names)
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
