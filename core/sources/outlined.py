"""Photos with labels of what is in them: images/ beside outlines/, masks/ or polygons/, complete for what they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from core.errors import PhotoError, SourceError
from core.files import readable
from core.photos import images, mask_pictures, photo_files
from core.registry import SOURCES
from core.types import Listing, Mask, Photo, Problem, Rect, Region

PERSON = 1
"""COCO's category of people."""
PEOPLE, OBJECTS, SALIENT = "people", "objects", "salient"
"""Keys of a photo's truth: people, things of any of COCO's categories (people too), the object that stands out."""
WORDS = {"person": PEOPLE, "face": "faces", "text": "text"}
"""Words of outlines/, with the mask that each stands for."""
OUTLINES, POLYGONS, MASKS, COMPLETE = "outlines", "polygons", "masks", "complete.txt"
LABELS = (OUTLINES, POLYGONS, MASKS)
BEYOND = 0.5
"""How far a corner in outlines/ may lie outside the photo, as those of a slanted line of text at its border do."""

Outline = tuple[int, np.ndarray]
"""A category and the corners of a thing, N × 2: x, y in fractions of width and height."""
Truth = Callable[[tuple[int, int]], Mapping[str, Region]]
"""Height and width of a photo → its regions by mask id."""


def _has_labels(path: Path) -> bool:
    return (path / "images").is_dir() and any((path / name).is_dir() for name in LABELS)


@SOURCES.register("Photos with outlines", scored=False, accepts=_has_labels)
def outlined(path: Path) -> Listing:
    """Photos in images/ with labels in one or more of outlines/NAME.txt, masks/NAME.png and polygons/NAME.txt.

    outlines/: a line is an instance, "person", "face" or "text" and x y pairs in fractions of width and height, cut off
    at its border. masks/: white is the salient object. polygons/: a line is an instance, COCO's category (1 = person)
    and x y pairs. Labels are complete for what they name anywhere in the set, and for the words listed in complete.txt:
    a photo whose file has no line of a person holds none. A photo without a file, or with a bad line, which becomes a
    problem, is listed without those labels. SourceError if there is no photo. Source: Lin et al. 2014.
    """
    if not (path / "images").is_dir():
        raise SourceError(f"{path}: there is no folder images in it.")
    listed = photo_files.find(path / "images")
    files = listed.files
    if not files:
        raise SourceError(f"{path / 'images'}: no photo in this folder.")
    problems: list[Problem] = []
    labels = [reader(path, files, problems) for reader in (_outlines, _polygons, _masks)]
    source = path.absolute().name
    photos = []
    for file in files:
        known = tuple(found[file] for found in labels if file in found)
        truth = partial(_truth, known, file) if known else None
        name = readable(file.relative_to(path))
        photos.append(Photo(name, source, partial(images.read, file), file, truth=truth))
    return Listing(source, tuple(photos), tuple(problems), listed.notes)


def _truth(known: Iterable[Truth], photo: Path) -> dict[str, Region]:
    """All that the labels of a photo say, at its size."""
    size = images.size(photo)
    return {name: region for truth in known for name, region in truth(size).items()}


def _outlines(path: Path, files: Iterable[Path], problems: list[Problem]) -> dict[Path, Truth]:
    found = _parsed(path / OUTLINES, files, _word, problems)
    named = {word for lines in found.values() for word, _ in lines} | _complete(path, problems)
    return {file: partial(_of_words, lines, sorted(named)) for file, lines in found.items()}


def _polygons(path: Path, files: Iterable[Path], problems: list[Problem]) -> dict[Path, Truth]:
    found = _parsed(path / POLYGONS, files, int, problems)
    return {file: partial(_of_categories, lines) for file, lines in found.items()}


def _masks(path: Path, files: Iterable[Path], problems: list[Problem]) -> dict[Path, Truth]:
    found: dict[Path, Truth] = {}
    for file in files:
        mask = path / MASKS / f"{file.stem}.png"
        if not mask.is_file():
            continue
        try:
            images.size(mask)
        except PhotoError as error:
            problems.append(Problem(str(mask), f"{str(error).rstrip('.')}; the photo is used without its mask."))
            continue
        found[file] = partial(_of_mask, mask)
    return found


def _complete(path: Path, problems: list[Problem]) -> set[str]:
    """Words for which a set's outlines are complete although no photo of it need hold any."""
    file = path / COMPLETE
    words = file.read_text(encoding="utf-8-sig", errors="replace").split() if file.is_file() else []
    for word in words:
        if word not in WORDS:
            problems.append(Problem(str(file), f"no outline is called {word!r}; choose from {', '.join(WORDS)}."))
    return set(words) & set(WORDS)


def _parsed(folder: Path, files: Iterable[Path], kind: Callable[[str], object], problems: list[Problem]) -> dict:
    """The lines of every photo that has a file of labels without a bad line."""
    found = {}
    for file in files:
        labels = folder / f"{file.stem}.txt"
        if not labels.is_file():
            continue
        try:
            found[file] = parse(labels, kind)
        except ValueError as error:
            problems.append(Problem(str(error.args[0]), f"{error.args[1]}; the photo is used without its outlines."))
    return found


def _word(text: str) -> str:
    if text not in WORDS:
        raise ValueError(text)
    return text


def parse(file: Path, kind: Callable[[str], object] = int) -> list:
    """The outlines in a file, each with what `kind` makes of its first word.

    ValueError (where, reason) at the first bad line.
    """
    outlines = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        if line.strip():
            try:
                outlines.append(_parse_line(line.split(), kind))
            except ValueError as error:
                raise ValueError(f"{file}:{number}", str(error)) from error
    return outlines


def _parse_line(fields: list[str], kind: Callable[[str], object]) -> tuple[object, np.ndarray]:
    try:
        category, places = kind(fields[0]), np.array(fields[1:], dtype=float)
    except ValueError as error:
        wanted = "a category" if kind is int else f"one of {', '.join(WORDS)}"
        raise ValueError(f"expected {wanted} and x y pairs") from error
    if len(places) < 6 or len(places) % 2:
        raise ValueError(f"an outline needs at least three x y pairs, not {len(places)} numbers")
    beyond = 0 if kind is int else BEYOND
    if not ((places >= -beyond) & (places <= 1 + beyond)).all():
        raise ValueError(f"a corner lies outside {-beyond:g} to {1 + beyond:g}")
    return category, places.reshape(-1, 2)


def _of_words(lines: list[tuple[str, np.ndarray]], named: list[str], size: tuple[int, int]) -> dict[str, Region]:
    return {WORDS[word]: _region([corners for found, corners in lines if found == word], size) for word in named}


def _of_categories(lines: list[Outline], size: tuple[int, int]) -> dict[str, Region]:
    return {
        PEOPLE: _region([corners for category, corners in lines if category == PERSON], size),
        OBJECTS: _region([corners for _, corners in lines], size),
    }


def _of_mask(file: Path, size: tuple[int, int]) -> dict[str, Region]:
    mask = images.resize(mask_pictures.whiteness(file), size[1], size[0]) >= mask_pictures.HALF
    return {SALIENT: Region(mask, (box_of(mask),) if mask.any() else ())}


def _region(outlines: list[np.ndarray], size: tuple[int, int]) -> Region:
    masks = [fill_outline(corners, size) for corners in outlines]
    joined = np.any(masks, axis=0) if masks else np.zeros(size, dtype=bool)
    return Region(joined, tuple(box_of(mask) for mask in masks if mask.any()))


def fill_outline(corners: np.ndarray, size: tuple[int, int]) -> Mask:
    """The mask of one outline (N × 2 in fractions) in a photo of height × width."""
    canvas = np.zeros(size, dtype=np.uint8)
    cv2.fillPoly(canvas, [np.rint(corners * (size[1], size[0])).astype(np.int32)], 1)
    return canvas.astype(bool)


def box_of(mask: Mask) -> Rect:
    """The smallest rectangle around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
