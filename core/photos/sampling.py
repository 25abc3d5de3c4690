"""A reproducible sample of a scored photo set, copied to a folder of its own with its scores."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import ParameterError, PhotoError, SourceError
from core.types import Listing, Photo, Problem, unreadable

IMAGES = "images"
TABLE = "image_list_with_scores.csv"
MARKER = "sample.json"
"""Written last: a folder that holds it, and nothing that is not ours, may be replaced by a new sample."""
COLUMNS = ("image_path", "memorability_score", "split")


@dataclass(frozen=True)
class Sample:
    """A sample on disk: its folder, the photos in it, and those drawn that could not be read."""

    folder: Path
    photos: tuple[Photo, ...]
    problems: tuple[Problem, ...]


def draw_sample(listing: Listing, n: int, seed: int) -> tuple[Photo, ...]:
    """Draw `n` scored photos from all parts of a listing, in the listing's order.

    Photos are ranked by a hash of seed and id: the draw depends on neither the order of the lists nor a library's
    version, and a smaller sample is contained in a larger one. ParameterError if there are not that many.
    """
    scored = [photo for photo in listing.photos if photo.score is not None]
    if not scored:
        raise ParameterError(f"{listing.name} has 0 usable scored photos; name a set with human scores.")
    if not 1 <= n <= len(scored):
        raise ParameterError(
            f"A sample of {n} cannot be drawn from {listing.name}, which has {len(scored)} usable scored photos; "
            f"choose n from 1 to {len(scored)}."
        )
    ranked = sorted(scored, key=lambda photo: hashlib.sha256(f"{seed}:{photo.id}".encode()).digest())
    drawn = {photo.id for photo in ranked[:n]}
    return tuple(photo for photo in scored if photo.id in drawn)


def write_sample(
    photos: tuple[Photo, ...],
    folder: Path,
    *,
    record: dict[str, str | int] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sample:
    """Copy photos to `folder`/images and write their scores beside them as a CSV that `core.sources.table` reads.

    The folder appears whole or not at all. A photo that cannot be decoded is left out and returned as a problem with
    its name and line. `record` (source, n, seed …) is kept in sample.json; `progress` gets (done, total) photos.
    SourceError if the folder holds anything but an earlier sample, or if no photo can be copied.
    """
    _check_free(folder)
    for photo in photos:
        _check_copyable(photo)
    temporary = folder.with_name(f".{folder.name}.sample.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed run
    try:
        (temporary / IMAGES).mkdir(parents=True)
        sample = _fill(temporary, folder, photos, progress)
        note = {**(record or {}), "photos": len(sample.photos), "unreadable": [str(item) for item in sample.problems]}
        (temporary / MARKER).write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        raise SourceError(f"{folder}: the sample cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sample


def _check_free(folder: Path) -> None:
    """SourceError unless the folder is absent, empty, or an earlier sample without anything added."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SourceError(f"{folder}: this is not a folder; choose another place for the sample.")
    found = {item.name for item in folder.iterdir()} if folder.is_dir() else set()
    ours = MARKER in found and found <= {IMAGES, TABLE, MARKER}
    if found and not (ours and _files(folder / IMAGES) <= _listed(folder / TABLE)):
        raise SourceError(f"{folder}: this folder holds other files, which stay untouched; choose a new or empty one.")


def _files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir()}


def _listed(table: Path) -> set[str]:
    """The photos that an earlier sample's table names, below its folder of images; none where it cannot be read."""
    try:
        with table.open(newline="", encoding="utf-8") as stream:
            names = [row.get("image_path") or "" for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return set()
    return {name.removeprefix(f"{IMAGES}/") for name in names}


def _check_copyable(photo: Photo) -> None:
    """SourceError unless the photo is a file whose name stays inside the sample's folder."""
    if photo.path is None or Path(photo.id).is_absolute() or ".." in Path(photo.id).parts:
        raise SourceError(f"{photo.id}: this photo is not a file inside its set's folder, so it cannot be copied.")


def _fill(temporary: Path, folder: Path, photos: tuple[Photo, ...], progress: Callable[[int, int], None]) -> Sample:
    """Copy what can be decoded, then write the table."""
    good: list[Photo] = []
    problems: list[Problem] = []
    for done, photo in enumerate(photos, start=1):
        try:
            photo.read()
        except PhotoError as error:
            problems.append(unreadable(photo, error))
        else:
            _copy(photo, temporary / IMAGES)
            good.append(photo)
        progress(done, len(photos))
    if not good:
        raise SourceError(f"{folder}: none of the {len(photos)} photos can be read; the first: {problems[0]}")
    with (temporary / TABLE).open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(COLUMNS)
        for photo in good:
            score = "" if photo.score is None else repr(photo.score)
            rows.writerow((f"{IMAGES}/{photo.id}", score, photo.split or ""))
    return Sample(folder, tuple(good), tuple(problems))


def _copy(photo: Photo, images: Path) -> None:
    assert photo.path is not None
    target = images / photo.id
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(photo.path, target)
