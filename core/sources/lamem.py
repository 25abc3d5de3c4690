"""LaMem's own layout: images/ beside splits/{train,val,test}_{1..5}.txt, a line "name score" per photo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from core.errors import SourceError
from core.photos import images, listed_paths
from core.photos.listed_paths import Place
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
    """A human score, with a point or a comma; ValueError with the reason unless it is a number in [0, 1]."""
    shown = f"the score {text[:60]!r}"
    if text.endswith("%"):
        raise ValueError(f"{shown} is a percentage, write a share of 1")
    try:
        # One comma alone parts the decimals; Python reads 0_1 as 1.
        score = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text.replace("_", "?"))
    except ValueError as error:
        raise ValueError(f"{shown} is not a number") from error
    if score != score:
        raise ValueError("the score is NaN")
    if not 0 <= score <= 1:
        percent = ", write a percentage as a share of 1" if 1 < score <= 100 else ""
        raise ValueError(f"the score {score:g} lies outside 0 to 1{percent}")
    return score


@SOURCES.register("LaMem layout", scored=True, accepts=lambda path: (path / "splits").is_dir())
def lamem(path: Path, *, split: Annotated[int, Range(1, 5, 1)] = 1) -> Listing:
    """LaMem, or any set in its layout: photos with human scores and train, val and test parts.

    Lines that cannot be used (missing file, duplicate, bad score) become problems with file and line number.
    SourceError if a split file is missing. Source: Khosla et al. 2015.
    """
    source = path.absolute().name  # the plain name of "." is empty
    photos: list[Photo] = []
    seen: dict[str, str] = {}
    lines, problems = _lines(path, split)
    places = listed_paths.locate(path / "images", [line.name for line in lines])
    for line, place in zip(lines, places, strict=True):
        try:
            file = _file_of(place, seen)
        except ValueError as error:
            problems.append((line.order, Problem(line.where, f"{error}.")))
            continue
        seen[place.name] = line.where
        photos.append(Photo(place.name, source, partial(images.read, file), file, line.score, line.part, line.where))
    found = tuple(problem for _, problem in sorted(problems, key=lambda item: item[0]))
    if not photos:
        first = f", the first: {str(found[0]).rstrip('.')}" if found else ""
        raise SourceError(
            f"{path}: the lists of split {split} name no usable photo; {len(found)} lines are bad{first}."
        )
    note = listed_paths.summary(places)
    return Listing(source, tuple(photos), found, (note,) if note else ())


@dataclass(frozen=True)
class ListLine:
    """A line of a list: its number among all lines, the list and the number in it, and what it says."""

    order: int
    where: str
    part: str
    name: str
    score: float


def _lines(path: Path, split: int) -> tuple[list[ListLine], list[tuple[int, Problem]]]:
    """The lines that name a photo and its score, and the problems of the others by their place among all lines."""
    lines: list[ListLine] = []
    problems: list[tuple[int, Problem]] = []
    for part, file in split_files(path, split).items():
        for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
            if not line.strip():
                continue
            where, order = f"{file}:{number}", len(lines) + len(problems)
            try:
                lines.append(ListLine(order, where, part, *_parse_line(line, path / "images")))
            except ValueError as error:
                problems.append((order, Problem(where, f"{error}.")))
    return lines, problems


def _parse_line(line: str, folder: Path) -> tuple[str, float]:
    fields = re.split(r"[\s,]+", line.strip())
    if len(fields) != 2:
        raise ValueError(f'expected "name score", found {line.strip()[:60]!r}')
    name = Path(fields[0]).as_posix()
    try:
        score = parse_score(fields[1])
    except ValueError as error:
        raise ValueError(f"{fields[0]}: {error}") from error
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{name} points outside {folder}")
    return name, score


def _file_of(place: Place, seen: dict[str, str]) -> Path:
    if place.name in seen:
        raise ValueError(f"{place.name} is a duplicate of {seen[place.name]}")
    if place.file is None:
        raise ValueError(place.reason)
    return place.file
