"""A finished study to pass on: a few large parts instead of one for every few photos, and nothing of this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import OutputError, StudyError
from core.study.parquet_parts import read_parts
from core.study.parts import LEFT_OUT, Parts
from core.table import PHOTOS, ROWS
from core.types import Problem

TABLES = (("rows", ROWS), ("photos", PHOTOS))
ROWS_A_PART = 250_000
"""Rows from which on a part is closed, so that packing takes the same memory for any number of photos."""


@dataclass(frozen=True)
class Packed:
    """A packed study: its folder, and how many parts it was and is."""

    folder: Path
    before: int
    after: int


def pack(study: Path, out: Path, rows_a_part: int = ROWS_A_PART) -> Packed:
    """Write the tables and settings of a finished study to a new folder, without where its photos lie.

    Rows keep their order. StudyError if the study is not finished or a part cannot be read, or if `out` holds anything;
    OutputError where nothing can be written.
    """
    parts = Parts(study)
    settings = parts.settings()
    if settings is None:
        raise StudyError(f"{study}: there is no study to pack; name the folder that was given to the study as --out.")
    if not settings.get("finished"):
        raise StudyError(f"{study} is not finished; give its command again to go on with it, then pack it.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StudyError(f"{out} is not empty; name a new folder for the packed study.")
    work = out.with_name(f"{out.name}.tmp")
    shutil.rmtree(work, ignore_errors=True)
    try:
        _check(study)
        before, after = _pack_tables(parts, work, rows_a_part)
        Parts(work).describe(settings | {"packed": True})
        if out.exists():
            out.rmdir()  # empty, as was asked above
        os.replace(work, out)
    except OSError as error:
        raise OutputError(
            f"{out}: the packed study cannot be written ({error.strerror}); name another place."
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Packed(out, before, after)


def placeless(where: str, sources: Sequence[str]) -> str:
    """Where a photo lies without where its set does: SOURCE/PHOTO, or its name alone where no set is in it."""
    for source in sources:
        _, found, rest = where.rpartition(f"/{source}/")
        if found:
            return f"{source}/{rest}"
    return where.rpartition("/")[2]


def _check(study: Path) -> None:
    """A part that cannot be read is an error here: a packed study is whole."""
    problems: list[Problem] = []
    for name, schema in TABLES:
        for _ in read_parts(study / name, schema, problems):
            pass
    if problems:
        raise StudyError(f"{problems[0]}; give the study's command again to compute these photos, then pack it.")


def _pack_tables(parts: Parts, work: Path, rows_a_part: int) -> tuple[int, int]:
    """Parts of both tables before and after."""
    sources = (parts.settings() or {}).get("sources", ())
    found = [vars(item) | {"where": placeless(item.where, sources)} for item in parts.count()[2]]
    left_out = json.dumps(found, ensure_ascii=False).encode()
    before = after = 0
    for name, schema in TABLES:
        target, note = Parts(work), {LEFT_OUT: left_out} if name == "photos" else None
        target.file(name, 0).parent.mkdir(parents=True)
        before += len(list((parts.folder / name).glob("*.parquet")))
        for number, table in enumerate(_merged(parts.folder / name, schema, rows_a_part)):
            noted = table.replace_schema_metadata(note if number == 0 else None)
            pq.write_table(noted, target.file(name, number), compression="zstd")
            after += 1
    return before, after


def _merged(folder: Path, schema: pa.Schema, rows_a_part: int) -> Iterator[pa.Table]:
    """The parts of a table in order, several as one."""
    waiting: list[pa.Table] = []
    for _, table in read_parts(folder, schema, []):
        waiting.append(table.cast(schema))
        if sum(map(len, waiting)) >= rows_a_part:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
