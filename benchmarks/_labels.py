"""Photos whose labels are complete for one kind of thing: outlines, masks, boxes by eye, and photos without people."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import islice
from pathlib import Path

from benchmarks._matching import Labelled
from core import config
from core.photos import images
from core.photos.fingerprints import fingerprint, in_held_half
from core.sources import open_source
from core.sources.folder import folder
from core.sources.outlined import PEOPLE, PERSON, POLYGONS, fill_outline, parse
from core.types import Mask, Photo, Pixels, Rect, Region

CHOOSING = 120
"""Photos of one person, of the half that taught nothing, on which the constants of the mask were chosen."""
BY_EYE = config.ARTIFACTS / "labels_by_eye"
NO_PEOPLE = BY_EYE / "no_people.csv"
"""Photos that were looked at, a seeded draw, and show nobody and no part of anybody."""


def photos_of(folder: Path, held: bool, most: int | None = None) -> list[Photo]:
    """The labelled photos of a set that are in the held half, or in the other; the first `most` of them."""
    labelled = (photo for photo in open_source(str(folder)).photos if photo.truth)
    return list(islice((photo for photo in labelled if _is_held(photo.read()) == held), most))


def without_people(data: Path, held: bool) -> list[Photo]:
    """The photos without people that are in the held half, or in the other."""
    rows = _rows(NO_PEOPLE)
    known = {photo.id: photo for source in {row["source"] for row in rows} for photo in folder(data / source).photos}
    photos = [known[row["photo_id"]] for row in rows]
    return [photo for photo in photos if _is_held(photo.read()) == held]


def _is_held(pixels: Pixels) -> bool:
    return in_held_half(fingerprint(pixels))


def region(photo: Photo, kind: str) -> Region:
    """What the labels of a photo say of a kind of thing."""
    assert photo.truth is not None
    return photo.truth()[kind]


def instances(photo: Photo) -> list[tuple[int, Mask]]:
    """COCO's category and the mask of every outlined thing in a photo of the set coco."""
    assert photo.path is not None
    file = photo.path.parent.parent / POLYGONS / f"{photo.path.stem}.txt"
    size = images.size(photo.path)
    return [(category, fill_outline(corners, size)) for category, corners in parse(file)]


# --- sets to measure on


def one_person_or_none(data: Path, most: int | None) -> list[Labelled]:
    """The held half of the photos of one person, but for those that chose, and of the photos of nobody, with masks."""
    people = photos_of(data / "people", held=True, most=most and most + CHOOSING)[CHOOSING:]
    with_one = [Labelled(photo.read(), [region(photo, PEOPLE).mask]) for photo in people]
    return with_one + [Labelled(photo.read(), []) for photo in without_people(data, held=True)]


def groups(data: Path, most: int | None) -> list[Labelled]:
    """The held half of the outlined COCO photos, with a mask a person."""
    found = []
    for photo in photos_of(data / "coco", held=True, most=most):
        masks = [mask for category, mask in instances(photo) if category == PERSON and mask.any()]
        found.append(Labelled(photo.read(), masks))
    return found


def boxed(folder: Path, kind: str, held: bool, most: int | None = None) -> list[Labelled]:
    """A half of the photos with outlines of faces or of lines of text, with the boxes around them."""
    return [Labelled(photo.read(), region(photo, kind).boxes) for photo in photos_of(folder, held, most)]


def by_eye(data: Path, kind: str) -> list[Labelled]:
    """The held half of the photos labelled by eye, with their boxes of one kind (face, text)."""
    boxes = defaultdict(list)
    for row in _rows(BY_EYE / "boxes.csv"):
        if row["kind"] == kind:
            boxes[row["source"], row["photo_id"]].append(row)
    photos = []
    for row in _rows(BY_EYE / "photos.csv"):
        pixels = images.read(data / row["source"] / row["photo_id"])
        if _is_held(pixels):
            own = boxes[row["source"], row["photo_id"]]
            things, ignored = ([_rect(item, pixels) for item in own if item["ignore"] == flag] for flag in "01")
            photos.append(Labelled(pixels, things, ignored))
    return photos


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _rect(row: dict[str, str], pixels: Pixels) -> Rect:
    height, width = pixels.shape[:2]
    sides = [float(row[name]) for name in ("left", "top", "right", "bottom")]
    return Rect(*(round(side * length) for side, length in zip(sides, (width, height) * 2, strict=True)))
