"""The parts of a study on disk: a block of photos is there as a whole, with all of its rows, or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StudyError
from core.files import json_of, replacing, write_text
from core.records import typed
from core.study.photo_parts import photo_rows
from core.study.reading import SETTINGS
from core.table import PHOTOS, ROWS
from core.types import Problem

CLEAN, EMPTY, ABLATED = PASSES = "part", "empty", "ablated"
"""Passes of a study, as their parts begin: untouched photos, fills at empty places, everything else."""
NAME = re.compile(rf"({'|'.join(PASSES)})-(\d{{5,}})\.parquet")
WORK = pa.schema(
    [
        ("source", pa.string()),
        ("photo_id", pa.string()),
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("score", pa.float64()),
        ("features", pa.binary()),  # float32
        ("masks", pa.map_(pa.string(), pa.binary())),  # mask id → bits at height × width; empty masks are left out
    ]
)
"""What later passes need of a photo, beside its row of the photo table; it stays on the machine that ran the study."""
SCHEMAS = {"rows": ROWS, "photos": PHOTOS, "work": WORK}
LEFT_OUT = b"left_out"
"""Metadata of a part of the photo table: a JSON list of the block's photos that are not in it, each with its reason."""


@dataclass(frozen=True)
class LeftOut:
    """A photo that is not in the study.

    Because the model learned from it (`seen`), because it looks like another one that is (`copy`), or because it cannot
    be read.
    """

    where: str
    reason: str
    seen: bool = False
    copy: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class Parts:
    """The folder of a study; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self) -> dict[str, Any] | None:
        """What study.json says, or None in a folder that is absent or empty; StudyError if others' files are in it."""
        file = self.folder / SETTINGS
        try:
            return typed(dict[str, Any], json_of(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            if self.folder.exists() and (not self.folder.is_dir() or any(map(_is_foreign, self.folder.iterdir()))):
                raise StudyError(
                    f"{self.folder} holds other files and no study; choose a new or empty folder."
                ) from None
            return None
        except (OSError, ValueError) as error:
            raise StudyError(f"{file} cannot be read ({error}); choose another folder for the study.") from error

    def describe(self, settings: Mapping[str, Any]) -> None:
        """Write study.json as a whole."""
        write_text(self.folder / SETTINGS, json.dumps(settings, indent=1, ensure_ascii=False) + "\n")

    def write(
        self,
        block: int,
        rows: Sequence[tuple],
        photos: Sequence[Mapping[str, Any]],
        left_out: Iterable[LeftOut],
        work: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Add a block of untouched photos: its rows first, its photos last, each closed before it gets its name."""
        note = json.dumps([vars(item) for item in left_out], ensure_ascii=False).encode()
        self.write_rows(CLEAN, block, rows)
        self._save(self.file("work", block), pa.Table.from_pylist(list(work), schema=WORK))
        self._save(
            self.file("photos", block),
            pa.Table.from_pylist(list(photos), schema=PHOTOS).replace_schema_metadata({LEFT_OUT: note}),
        )

    def write_rows(self, kind: str, block: int, rows: Sequence[tuple]) -> None:
        """Add the rows of a block in one of the PASSES."""
        columns = zip(*rows, strict=True) if rows else [() for _ in ROWS]
        arrays = [pa.array(list(values), field.type) for values, field in zip(columns, ROWS, strict=True)]
        self._save(self.file("rows", block, kind), pa.Table.from_arrays(arrays, schema=ROWS))

    def read(self, table: str, block: int, *columns: str) -> list[dict[str, Any]]:
        """A block's rows of `photos` or `work`, in order, with all columns or these."""
        return pq.read_table(self.file(table, block), columns=list(columns) or None, partitioning=None).to_pylist()

    def file(self, table: str, block: int, kind: str = CLEAN) -> Path:
        return self.folder / table / f"{kind}-{block:05d}.parquet"

    def _save(self, file: Path, table: pa.Table) -> None:
        with replacing(file) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    def done(self) -> tuple[set[int], list[Problem]]:
        """The blocks whose untouched photos are there as a whole.

        Parts of any pass that are damaged or foreign get another name, and come back as problems.
        """
        problems = [self._set_aside(file) for file in self._files() if not self._readable(file)]
        photos = (self._number(file) for file in self._files() if file.parent.name == "photos")
        return {block for block in photos if self._whole(block)}, problems

    def done_rows(self, kind: str) -> set[int]:
        """The blocks whose rows of a pass are there; ask for `done` first."""
        files = (file for file in self._files() if file.parent.name == "rows")
        return {self._number(file) for file in files if file.name.startswith(f"{kind}-")}

    @staticmethod
    def _number(file: Path) -> int:
        return int(NAME.fullmatch(file.name)[2])  # type: ignore[index]

    def _files(self) -> list[Path]:
        return [file for table in SCHEMAS for file in sorted((self.folder / table).glob("*.parquet"))]

    def _readable(self, file: Path) -> bool:
        try:
            table = pq.read_table(file, partitioning=None)
            table.validate(full=True)
            found = table.schema
            if file.parent.name == "photos":
                _left_out(found)
                photo_rows(table)
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return False
        return bool(NAME.fullmatch(file.name)) and found.equals(SCHEMAS[file.parent.name])

    def _whole(self, block: int) -> bool:
        files = [self.file(table, block) for table in ("photos", "rows", "work")]
        if not all(file.is_file() for file in files):
            return False
        tables = (pq.read_table(file, columns=["source", "photo_id"], partitioning=None) for file in files)
        photos, rows, work = (set(_pairs(table)) for table in tables)
        return photos == rows == work

    def _set_aside(self, file: Path) -> Problem:
        aside = file.with_name(f"{file.name}.damaged")
        os.replace(file, aside)
        return Problem(str(file), f"damaged or foreign; it is now called {aside.name}, and its photos are done again")

    def count(self) -> tuple[int, int, list[LeftOut]]:
        """Photos, rows and photos left out in all parts so far; StudyError names a part that is damaged."""
        found = dict.fromkeys(SCHEMAS, 0)
        left_out: list[LeftOut] = []
        for file in self._files():
            try:
                with pq.ParquetFile(file) as part:
                    found[file.parent.name] += part.metadata.num_rows
                    left_out += _left_out(part.schema_arrow) if file.parent.name == "photos" else ()
            except (pa.ArrowException, OSError, KeyError, ValueError) as error:
                raise StudyError(f"{file} is damaged; give the command of the study again.") from error
        return found["photos"], found["rows"], left_out


def _left_out(schema: pa.Schema) -> tuple[LeftOut, ...]:
    """The photos that a part of the photo table leaves out; KeyError or ValueError where it does not say so."""
    return typed(tuple[LeftOut, ...], json_of((schema.metadata or {}).get(LEFT_OUT, b"[]")))


def _is_foreign(file: Path) -> bool:
    """Whether a file in a folder without settings is others': not what a kill left of the settings themselves."""
    return file.name != f"{SETTINGS}.tmp"


def _pairs(table: pa.Table) -> Iterable[tuple[str, str]]:
    return zip(table["source"].to_pylist(), table["photo_id"].to_pylist(), strict=True)
