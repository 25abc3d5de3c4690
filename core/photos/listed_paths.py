"""Where the photos that a list names lie on this machine: lists are written on other machines, by other programs."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.photos import photo_files

SLASHES = "backslashes read as slashes"
ROOT = "the folders of another machine left out"
DEEPER = "the only file of that name in the folders below"
CASE = "capital letters not distinguished"
ACCENTS = "accents written in another way"


@dataclass(frozen=True)
class Place:
    """Where a listed photo lies: its file, its name below the list's folder, and by which rules it was found there.

    Without a file, `reason` says why: nothing, or more than one file, fits.
    """

    listed: str
    name: str
    file: Path | None = None
    rules: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_guess(self) -> bool:
        """Whether its name alone speaks for the file, and not its whole path below the list's folder."""
        return DEEPER in self.rules

    def refused(self, why: str) -> Place:
        """The same line without a file."""
        return Place(self.listed, self.listed, reason=f"{self.listed} does not exist, and {why}")


def locate(folder: Path, names: Sequence[str]) -> list[Place]:
    """The place of each listed name, in order; what is not found has a reason.

    A name that is there as it is written counts before all others. The rest is looked for by its end among the photos
    below `folder`: slashes either way, capitals and accents not distinguished, the longest path that fits. It is found
    where one file alone fits, and no other line of the list means that file.
    """
    places = [_as_written(folder, name) for name in names]
    if all(place.file for place in places):
        return places
    index = _Index(folder)
    found = [place if place.file else index.find(place) for place in places]
    return _once(found)


def summary(places: Sequence[Place]) -> str | None:
    """One line: how many photos were found elsewhere than the list says, and by which rules; None if none."""
    moved = [place for place in places if place.file and place.rules]
    if not moved:
        return None
    counts = Counter(" and ".join(place.rules) for place in moved)
    rules = "; ".join(f"{rule} ({count:,})" if len(counts) > 1 else rule for rule, count in counts.most_common())
    return (
        f"{len(moved):,} of {len(places):,} photos are not where the list says and were found by their names: {rules}."
    )


def _as_written(folder: Path, name: str) -> Place:
    file = folder / name
    # False, not an error, for a name that no file can have.
    return Place(name, name, file if name and os.path.isfile(file) else None)


def fold(name: str) -> str:
    """A name without what systems write differently: capitals, and accents as one character or two."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[\\/]+", name) if part not in ("", ".")]


class _Index:
    """The photos below a folder by their folded names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.by_name: defaultdict[str, list[PurePosixPath]] = defaultdict(list)
        for file in photo_files.find(folder).files if folder.is_dir() else ():
            self.by_name[fold(file.name)].append(PurePosixPath(file.relative_to(folder).as_posix()))

    def find(self, place: Place) -> Place:
        """The one file that fits a listed name best, or why there is none."""
        parts = _parts(place.listed)
        candidates = self.by_name.get(fold(parts[-1]), []) if parts else []
        same = [file for file in candidates if _composed(file.name) == _composed(parts[-1])]
        candidates = same or candidates
        if not candidates:
            return place.refused(f"no photo below {self.folder} has its name")
        ends = [_common_end(parts, file.parts) for file in candidates]
        best = [file for file, end in zip(candidates, ends, strict=True) if end == max(ends)]
        if len(best) > 1:
            return place.refused(f"{len(best)} files below {self.folder} have that name")
        rules = tuple(_rules(place.listed, parts, best[0]))
        return Place(place.listed, best[0].as_posix(), self.folder / best[0], rules)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _common_end(parts: Sequence[str], others: Sequence[str]) -> int:
    """How many parts, from the last, are the same."""
    count = 0
    for one, other in zip(reversed(parts), reversed(others), strict=False):
        if fold(one) != fold(other):
            break
        count += 1
    return count


def _rules(name: str, parts: list[str], file: PurePosixPath) -> Iterator[str]:
    """How a listed name became the path of a file."""
    end = _common_end(parts, file.parts)
    if "\\" in name:
        yield SLASHES
    if end < len(parts):
        yield ROOT
    if end < len(file.parts):
        yield DEEPER
    listed, real = "/".join(parts[-end:]), "/".join(file.parts[-end:])
    if listed != real:
        if _composed(listed).casefold() == _composed(real).casefold() and _composed(listed) != _composed(real):
            yield CASE
        if _composed(listed) != listed or _composed(real) != real:
            yield ACCENTS


def _once(places: list[Place]) -> list[Place]:
    """Leave each file to the lines that name its whole path; guesses by its name alone give way, also to each other."""
    certain: dict[str, str] = {}
    guesses: defaultdict[str, set[str]] = defaultdict(set)
    for place in places:
        if place.file and not place.is_guess:
            certain.setdefault(os.path.normpath(place.file), place.listed)
        elif place.file:
            guesses[os.path.normpath(place.file)].add(fold(place.listed))

    def checked(place: Place) -> Place:
        if not place.file or not place.is_guess:
            return place
        file = os.path.normpath(place.file)
        if file in certain:
            return place.refused(f"the only file of that name is listed as {certain[file]}")
        if len(guesses[file]) > 1:
            return place.refused(f"{len(guesses[file])} lines could mean {place.name}")
        return place

    return [checked(place) for place in places]
