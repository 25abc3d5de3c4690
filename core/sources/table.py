"""A CSV that lists photos with their human scores."""

from __future__ import annotations

import csv
import os
from functools import partial
from pathlib import Path

from core.errors import SourceError
from core.photos import images
from core.registry import SOURCES
from core.sources.lamem import PARTS, parse_score
from core.types import Listing, Photo, Problem

COLUMNS = ("image_path", "memorability_score")


@SOURCES.register("CSV with scores", scored=True, accepts=lambda path: path.suffix.lower() == ".csv")
def csv_table(path: Path) -> Listing:
    """A CSV with the columns image_path and memorability_score; paths are relative to the CSV or absolute.

    A missing file, a duplicate or a bad score becomes a problem with its line number; an empty score means that nobody
    was asked. An optional column `split` (train, val, test) is kept. SourceError if the CSV or a column is missing.
    """
    if not path.is_file():
        raise SourceError(f"{path}: there is no such CSV.")
    try:
        return _read(path)
    except (OSError, csv.Error) as error:
        raise SourceError(f"{path}: this cannot be read as a CSV ({error}).") from error


def _read(path: Path) -> Listing:
    photos: list[Photo] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        rows = csv.DictReader(stream)
        if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
            raise SourceError(
                f"{path}: the column {missing[0]} is missing; the first line must name {', '.join(COLUMNS)}."
            )
        for row in rows:
            where = f"{path}:{rows.line_num}"
            try:
                photos.append(_photo(path, row, where, seen))
            except ValueError as error:
                problems.append(Problem(where, f"{error}."))
    if not photos:
        first = f", the first: {str(problems[0]).rstrip('.')}" if problems else ""
        raise SourceError(f"{path}: it lists no usable photo; {len(problems)} lines are bad{first}.")
    return Listing(path.stem, tuple(photos), tuple(problems))


def _photo(table: Path, row: dict[str, str | None], where: str, seen: dict[str, str]) -> Photo:
    """The photo of one row; ValueError with the reason if it cannot be used. `seen`: normal path → where."""
    name = (row["image_path"] or "").strip()
    if not name:
        raise ValueError("the image_path is empty")
    file = table.parent / name
    if (normal := os.path.normpath(file)) in seen:
        raise ValueError(f"{name} is a duplicate of {seen[normal]}")
    if not os.path.isfile(file):  # false, not an error, for a name that no file can have
        raise ValueError(f"{name} does not exist")
    text = (row["memorability_score"] or "").strip()
    split = (row.get("split") or "").strip() or None
    try:
        score = parse_score(text) if text else None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if split not in (None, *PARTS):
        raise ValueError(f"{name}: the split {split!r} is none of {', '.join(PARTS)}")
    seen[normal] = where
    return Photo(name, table.stem, partial(images.read, file), file, score, split, where)
