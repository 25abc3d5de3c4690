"""Files that are either the old one or the new one, never a part of it; names and numbers that any reader takes."""

from __future__ import annotations

import hashlib
import json
import lzma
import math
import os
import re
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import OutputError

DAMAGED_ARCHIVE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError, LookupError, TypeError),
)
"""What opening or unpacking a damaged archive raises; which one depends on its kind and on where the damage is."""


def is_zip(file: Path) -> bool:
    """Whether a file is a ZIP, maybe one that nobody can read: `zipfile` raises where one says to be a part of many."""
    try:
        return zipfile.is_zipfile(file)
    except zipfile.BadZipFile:
        return True


@contextmanager
def replacing(path: Path, shared: bool = False) -> Iterator[Path]:
    """A temporary name to write to; it takes `path`'s place when the block ends, and is removed after an error.

    It is on the disk before it has its name: after a power loss too the file is the old one or the new one. Missing
    folders are made. `shared`: others may write the same file at the same time, the last one stays, and the disk is not
    waited for, since whatever is shared can be made again. OutputError if the path is a folder or a device, which
    nothing may take the place of, or if its folder cannot be made.
    """
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: this is a folder or a device; name a file to write.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: its folder cannot be made ({error.strerror}); choose another place.") from error
    owner = f".{os.getpid()}-{threading.get_ident()}" if shared else ""
    temporary = path.with_name(f"{path.name}{owner}.tmp")
    try:
        yield temporary
        if not shared:
            _sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path, *, folder: bool) -> None:
    """OutputError where no file, or no folder, can be written at a path: said before the work rather than after it.

    Nothing is made: looked at is what there is of the path.
    """
    if folder and path.is_file():
        raise OutputError(f"{path}: this is a file; name a folder.")
    there = path.absolute() if folder else path.absolute().parent  # a file is written beside its place, then moved
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise OutputError(f"{path}: {there} is a file, so that no folder can be made below it; choose another place.")
    if not os.access(there, os.W_OK):
        raise OutputError(f"{path}: {there} may not be written to; choose another place.")


def _sync(file: Path) -> None:
    """Wait until the disk has a file's content."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes: files that belong together name each other by it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def readable(path: Path) -> str:
    """A path as text; bytes that are no UTF-8 are written as \\xff, so that any table and terminal takes the name."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


MOST_DIGITS = 40
"""Digits of a whole number in a file: seeds and counts have half of them at most."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet takes for a formula."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
BOM = "\ufeff"
"""The mark by which spreadsheets know that a table is in UTF-8."""


def cell(value: Any) -> Any:
    """A value that no spreadsheet runs as a formula: an apostrophe before such text; numbers stay as they are."""
    if isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def table_text(table: Any, *, for_spreadsheet: bool = False) -> str:
    """A DataFrame as CSV without its index and without formulas; `for_spreadsheet` begins it with a byte-order mark."""
    text = without_formulas(table).to_csv(index=False, lineterminator="\n")
    return f"{BOM if for_spreadsheet else ''}{text}"


def without_formulas(table: Any) -> Any:
    """A DataFrame in which no text is a formula: browsers hand on what a page shows as CSV too."""
    safe = table.copy()
    for name in safe.columns:
        if not hasattr(safe[name].dtype, "kind") or safe[name].dtype.kind not in "biufM":
            safe[name] = safe[name].map(cell)
    return safe.rename(columns=cell)


def json_text(content: Any) -> str:
    """Content as JSON that every reader takes: a number that is none (NaN or infinite) becomes null."""
    return json.dumps(_finite(content), indent=1, ensure_ascii=False, allow_nan=False)


def json_of(text: str | bytes, *, infinite: bool = False) -> Any:
    """What JSON says; ValueError for anything else.

    Also where it is nested so deeply that Python gives up, or has a number that no computation takes: an infinite one,
    or a whole one of hundreds of digits. NaN is read, and with `infinite` what Python writes of infinite numbers.
    """
    constant = float if infinite else _usable_float
    try:
        return json.loads(text, parse_int=_usable_int, parse_float=_usable_float, parse_constant=constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _usable_int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"{text[:20]} … is too large a number")
    return int(text)


def _usable_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
