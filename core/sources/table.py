"""A CSV that lists photos with their human scores."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from core import images
from core.errors import SourceError
from core.registry import SOURCES
from core.sources.lamem import parse_score
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
    photos: list[Photo] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        rows = csv.DictReader(stream)
        if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
            raise SourceError(f"{path}: the column {missing[0]} is missing; the first line must name {COLUMNS}.")
        for row in rows:
            try:
                photo = _photo(path, row, seen)
            except ValueError as error:
                problems.append(Problem(f"{path}:{rows.line_num}", f"{error}."))
                continue
            seen[photo.id] = rows.line_num
            photos.append(photo)
    if not photos:
        raise SourceError(f"{path}: it lists no usable photo; {len(problems)} lines are bad.")
    return Listing(path.stem, tuple(photos), tuple(problems))


def _photo(table: Path, row: dict[str, str | None], seen: dict[str, int]) -> Photo:
    name = (row["image_path"] or "").strip()
    if not name:
        raise ValueError("the image_path is empty")
    if name in seen:
        raise ValueError(f"{name} is a duplicate of line {seen[name]}")
    file = table.parent / name
    if not file.is_file():
        raise ValueError(f"{name} does not exist")
    text = (row["memorability_score"] or "").strip()
    split = (row.get("split") or "").strip() or None
    return Photo(name, table.stem, partial(images.read, file), file, parse_score(text) if text else None, split)
