"""A CSV that lists photos with their human scores, in the dialects that spreadsheets and scripts write."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import SourceError
from core.photos import images, listed_paths
from core.photos.listed_paths import Place
from core.registry import SOURCES
from core.sources.lamem import PARTS, parse_score
from core.types import Listing, Photo, Problem

PATH, SCORE, SPLIT = "image_path", "memorability_score", "split"
COLUMNS = (PATH, SCORE)
DELIMITERS = (",", ";", "\t", "|")
GUARDS = ("'=", "'+", "'-", "'@")
"""How a name begins that was kept from being a formula in a spreadsheet."""


@SOURCES.register("CSV with scores", scored=True, accepts=lambda path: path.suffix.lower() in (".csv", ".tsv"))
def csv_table(path: Path) -> Listing:
    """A CSV with the columns image_path and memorability_score; paths are relative to the CSV or absolute.

    Commas, semicolons or tabs; UTF-8, UTF-16 or a spreadsheet's own encoding; a point or a comma in numbers. A photo
    that is not where its path says is found by its name, with a note, where one file alone fits. A missing file, a
    duplicate or a bad score becomes a problem with its line number; an empty score means that nobody was asked. An
    optional column `split` (train, val, test) is kept. SourceError if the CSV or a column is missing.
    """
    if not path.is_file():
        raise SourceError(f"{path}: there is no such CSV.")
    try:
        return _read(path)
    except (OSError, csv.Error) as error:
        raise SourceError(f"{path}: this cannot be read as a CSV ({error}).") from error


@dataclass(frozen=True)
class TableRow:
    """A line of the list: where it stands, and what it says."""

    where: str
    name: str
    score: str
    split: str
    rest: tuple[str, ...] = ()
    """Cells beyond the header's: a comma within a number cuts it in two."""


def _read(path: Path) -> Listing:
    photos: list[Photo] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    rows = list(_rows(path))
    places = listed_paths.locate(path.parent, [row.name for row in rows])
    for row, place in zip(rows, places, strict=True):
        try:
            photos.append(_photo(path, row, place, seen))
        except ValueError as error:
            problems.append(Problem(row.where, f"{error}."))
    if not photos:
        first = f", the first: {str(problems[0]).rstrip('.')}" if problems else ""
        raise SourceError(f"{path}: it lists no usable photo; {len(problems)} lines are bad{first}.")
    note = listed_paths.summary(places)
    return Listing(path.stem, tuple(photos), tuple(problems), (note,) if note else ())


def text_of(data: bytes) -> str:
    """A table's text: UTF-8 or UTF-16, with or without a byte-order mark, else the encoding of western spreadsheets."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in (head := data[:200]):
        return data.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def confined(data: bytes) -> bytes:
    """A table whose paths cannot leave its folder, as UTF-8 with commas; one that lacks a column stays as it is.

    Roots and ".." are left out: what else the path says still tells which photo of the folder is meant.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*COLUMNS, SPLIT))
    try:
        for row in _rows_of(data, Path(), ""):
            # Without line breaks, which are not always quoted: one alone would begin a row that nobody has confined.
            fields = (_inside(row.name), row.score, row.split, *row.rest)
            table.writerow(" ".join(field.splitlines()) for field in fields)
    except (SourceError, csv.Error):
        return data
    return text.getvalue().encode()


def _inside(name: str) -> str:
    """A listed path without what leads out of its folder: a root, a drive, and ".."."""
    parts = re.split(r"[\\/]+", name)
    return "/".join(part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part))


def _rows(path: Path) -> Iterator[TableRow]:
    """The lines of a table that hold anything; SourceError where a column is missing."""
    return _rows_of(path.read_bytes(), path.parent, str(path))


def _rows_of(data: bytes, folder: Path, path: str) -> Iterator[TableRow]:
    lines = list(io.StringIO(text_of(data), newline=""))
    # Spreadsheets may be told their delimiter by a first line such as "sep=;".
    skip = 1 if lines and lines[0].strip().strip('"').lower().startswith("sep=") else 0
    header = lines[skip] if len(lines) > skip else ""
    delimiter = max(DELIMITERS, key=lambda item: len(set(_names([header], item)) & set(COLUMNS)))
    found = _names([header], delimiter)
    columns, width = {name: number for number, name in enumerate(found)}, len(found)
    if missing := [column for column in COLUMNS if column not in columns]:
        raise SourceError(f"{path}: the column {missing[0]} is missing; the first line must name {', '.join(COLUMNS)}.")
    if twice := [column for column in (*COLUMNS, SPLIT) if found.count(column) > 1]:
        raise SourceError(f"{path}: the column {twice[0]} stands twice in the first line; keep one of them.")
    table = csv.reader(lines[skip:], delimiter=delimiter, skipinitialspace=True)
    next(table)
    for fields in table:
        if not fields:
            continue
        named = {name: fields[number].strip() if number < len(fields) else "" for name, number in columns.items()}
        where, rest = f"{path}:{table.line_num + skip}", tuple(fields[width:])
        name = _unguarded(named[PATH], folder)
        yield TableRow(where, name, named[SCORE], named.get(SPLIT, ""), rest if any(map(str.strip, rest)) else ())


def _names(lines: list[str], delimiter: str) -> list[str]:
    """The names in a header, without the blanks around them, in lower case."""
    found = next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])
    return [name.strip().lower() for name in found]


def _unguarded(name: str, folder: Path) -> str:
    """A name without the apostrophe that tables of this project put before a formula's sign."""
    return name[1:] if name.startswith(GUARDS) and not os.path.isfile(folder / name) else name


def _photo(table: Path, row: TableRow, place: Place, seen: dict[str, str]) -> Photo:
    """The photo of one row; ValueError with the reason if it cannot be used. `seen`: normal path → where."""
    if not row.name:
        raise ValueError("the image_path is empty")
    if row.rest:
        raise ValueError(
            f"{row.name}: the line has more cells than the header; where commas stand in numbers, let semicolons "
            "separate the cells"
        )
    normal = os.path.normpath(place.file or table.parent / row.name)
    if normal in seen:
        raise ValueError(f"{row.name} is a duplicate of {seen[normal]}")
    if place.file is None:
        raise ValueError(place.reason)
    try:
        score = parse_score(row.score) if row.score else None
    except ValueError as error:
        raise ValueError(f"{row.name}: {error}") from error
    if row.split not in ("", *PARTS):
        raise ValueError(f"{row.name}: the split {row.split!r} is not one of {', '.join(PARTS)}")
    seen[normal] = row.where
    read = partial(images.read, place.file)
    return Photo(place.name, table.stem, read, place.file, score, row.split or None, row.where)
