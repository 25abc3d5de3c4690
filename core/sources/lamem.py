"""LaMem's own layout: images/ beside splits/{train,val,test}_{1..5}.txt, a line "name score" per photo."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Annotated

from core.errors import SourceError
from core.photos import images
from core.registry import SOURCES, Range
from core.types import Listing, Photo, Problem

PARTS = ("train", "val", "test")


def split_files(path: Path, split: int) -> dict[str, Path]:
    """The list files of one split by part; SourceError names the first that is missing."""
    files = {part: path / "splits" / f"{part}_{split}.txt" for part in PARTS}
    for file in files.values():
        if not file.is_file():
            raise SourceError(f"{file}: this split file is missing; LaMem's layout has train, val and test lists.")
    return files


def parse_score(text: str) -> float:
    """A human score; ValueError with the reason unless it is a number in [0, 1]."""
    try:
        score = float(text)
    except ValueError as error:
        raise ValueError(f"the score {text[:60]!r} is not a number") from error
    if "_" in text:  # Python reads 0_1 as 1
        raise ValueError(f"the score {text[:60]!r} is not a number")
    if score != score:
        raise ValueError("the score is NaN")
    if not 0 <= score <= 1:
        raise ValueError(f"the score {score:g} lies outside 0 to 1")
    return score


@SOURCES.register("LaMem layout", scored=True, accepts=lambda path: (path / "splits").is_dir())
def lamem(path: Path, *, split: Annotated[int, Range(1, 5, 1)] = 1) -> Listing:
    """LaMem, or any set in its layout: photos with human scores and train, val and test parts.

    Lines that cannot be used (missing file, duplicate, bad score) become problems with file and line number.
    SourceError if a split file is missing. Source: Khosla et al. 2015.
    """
    source = path.absolute().name  # the plain name of "." is empty
    photos: list[Photo] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for part, file in split_files(path, split).items():
        for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
            if not line.strip():
                continue
            where = f"{file}:{number}"
            try:
                name, score = _parse_line(line)
                _check_name(path, name, seen)
            except ValueError as error:
                problems.append(Problem(where, f"{error}."))
                continue
            seen[name] = where
            image = path / "images" / name
            photos.append(Photo(name, source, partial(images.read, image), image, score, part, where))
    if not photos:
        first = f", the first: {str(problems[0]).rstrip('.')}" if problems else ""
        raise SourceError(
            f"{path}: the lists of split {split} name no usable photo; {len(problems)} lines are bad{first}."
        )
    return Listing(source, tuple(photos), tuple(problems))


def _parse_line(line: str) -> tuple[str, float]:
    fields = re.split(r"[\s,]+", line.strip())
    if len(fields) != 2:
        raise ValueError(f'expected "name score", found {line.strip()[:60]!r}')
    try:
        return Path(fields[0]).as_posix(), parse_score(fields[1])
    except ValueError as error:
        raise ValueError(f"{fields[0]}: {error}") from error


def _check_name(path: Path, name: str, seen: dict[str, str]) -> None:
    if name in seen:
        raise ValueError(f"{name} is a duplicate of {seen[name]}")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{name} points outside the images folder")
    if not os.path.isfile(path / "images" / name):  # false, not an error, for a name that no file can have
        raise ValueError(f"{name} is not in {path / 'images'}")
