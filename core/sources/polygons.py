"""Photos with the outlines of what is in them: images/ beside polygons/NAME.txt, as COCO's outlines are passed on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from core.errors import SourceError
from core.files import readable
from core.photos import images
from core.registry import SOURCES
from core.sources.folder import photo_files
from core.types import Listing, Mask, Photo, Problem, Rect, Region

PERSON = 1
"""COCO's category of people."""
PEOPLE, OBJECTS = "people", "objects"
"""Keys of a photo's truth: people, and things of any category (people too)."""

Outline = tuple[int, np.ndarray]
"""A category and the corners of a thing, N × 2: x, y in fractions of width and height."""


@SOURCES.register(
    "Photos with outlines",
    scored=False,
    accepts=lambda path: (path / "polygons").is_dir() and (path / "images").is_dir(),
)
def polygons(path: Path) -> Listing:
    """Photos in images/ whose things are outlined in polygons/NAME.txt: exact masks of people and of objects.

    A line is an instance: COCO's category (1 = person), then x y pairs in fractions of width and height. A photo
    without a file of outlines is listed without truth, and so is one with a bad line, which becomes a problem.
    SourceError if there is no photo. Source: Lin et al. 2014.
    """
    if not (path / "images").is_dir():
        raise SourceError(f"{path}: there is no folder images in it.")
    files = photo_files(path / "images")
    if not files:
        raise SourceError(f"{path / 'images'}: no photo in this folder.")
    source = path.absolute().name
    photos, problems = [], []
    for file in files:
        try:
            truth = _truth(path / "polygons" / f"{file.stem}.txt", file)
        except ValueError as error:
            problems.append(Problem(str(error.args[0]), f"{error.args[1]}; the photo is used without its outlines."))
            truth = None
        name = readable(file.relative_to(path))
        photos.append(Photo(name, source, partial(images.read, file), file, truth=truth))
    return Listing(source, tuple(photos), tuple(problems))


def _truth(outlines: Path, photo: Path) -> partial[Mapping[str, Region]] | None:
    return partial(_regions, parse(outlines), photo) if outlines.is_file() else None


def parse(file: Path) -> list[Outline]:
    """The outlines in a file; ValueError (where, reason) at the first bad line."""
    outlines = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        if line.strip():
            try:
                outlines.append(_parse_line(line.split()))
            except ValueError as error:
                raise ValueError(f"{file}:{number}", str(error)) from error
    return outlines


def _parse_line(fields: list[str]) -> Outline:
    try:
        category, places = int(fields[0]), np.array(fields[1:], dtype=float)
    except ValueError as error:
        raise ValueError("expected a category and x y pairs") from error
    if len(places) < 6 or len(places) % 2:
        raise ValueError(f"an outline needs at least three x y pairs, not {len(places)} numbers")
    if not ((places >= 0) & (places <= 1)).all():
        raise ValueError("a corner lies outside 0 to 1")
    return category, places.reshape(-1, 2)


def _regions(outlines: list[Outline], file: Path) -> Mapping[str, Region]:
    """Masks and boxes of the outlined things at the photo's size."""
    size = images.read(file).shape[:2]
    return {
        PEOPLE: _region([corners for category, corners in outlines if category == PERSON], size),
        OBJECTS: _region([corners for _, corners in outlines], size),
    }


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
