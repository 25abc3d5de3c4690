"""The photo table of a study, photo by photo, with what its cells say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.study.parquet_parts import read_parts
from core.table import PHOTOS, by_name
from core.types import Problem

ABOUT = ("area", "count", "placements", "imbalance")
"""Numbers that a photo's regions may have, by mask."""
COLUMNS = ("source", "photo_id", "human_score", "regions", "features")


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A row of the photo table: `human` is NaN where nobody was asked, `regions` and `features` as in PHOTOS."""

    source: str
    photo_id: str
    human: float
    regions: Mapping[str, Mapping[str, Any]]
    features: Mapping[str, float | None]


def read_photos(folder: Path, problems: list[Problem]) -> Iterator[list[PhotoRow]]:
    """The photos of a study, a list a part in order of name; a photo that was written twice comes twice.

    Parts that cannot be read, or have a cell of another kind, are named in `problems` and left out.
    """
    for file, table in read_parts(folder / "photos", PHOTOS, problems):
        try:
            rows = photo_rows(table)
        except ValueError as error:
            problems.append(Problem(str(file), f"foreign {error}; it is left out"))
            continue
        yield rows


def photo_rows(table: pa.Table) -> list[PhotoRow]:
    """The rows of a part; ValueError names a cell that is of another kind."""
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    return [
        PhotoRow(source, name, np.nan if human is None else float(human), _regions(regions), _features(features))
        for source, name, human, regions, features in zip(*columns, strict=True)
    ]


def _regions(text: str | None) -> dict[str, Any]:
    """The regions of a photo by mask; ValueError for anything else."""
    found = by_name("regions", text)
    for mask, about in found.items():
        if not isinstance(about, dict):
            raise ValueError(f"regions: what is said of {mask!r} is not a table by name")
        for name in ABOUT:
            if not _is_number(about.get(name)):
                raise ValueError(f"regions: {name} of {mask!r} is not a number")
    return found


def _features(text: str | None) -> dict[str, float | None]:
    """What was counted in a photo by feature; ValueError for anything else."""
    found = by_name("features", text)
    for name, value in found.items():
        if not _is_number(value):
            raise ValueError(f"features: {name!r} is not a number")
    return found


def _is_number(value: Any) -> bool:
    """Whether a value is nothing, or a number that fits a column of numbers."""
    return value is None or (isinstance(value, int | float) and not abs(value) > sys.float_info.max)
