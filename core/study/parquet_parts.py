"""Parquet parts of a table: those that can be read, with the columns of a schema, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.table import came_later, upgraded
from core.types import Problem


def read_parts(folder: Path, schema: pa.Schema, problems: list[Problem]) -> Iterator[tuple[Path, pa.Table]]:
    """The readable parts of a table in order of name, with the columns of the schema, those of a later protocol too."""
    for file in sorted(folder.glob("*.parquet")):
        try:
            found = pq.read_schema(file)
            names = found.names
            if foreign := [item.name for item in schema if not _alike(item, found, names)]:
                reason = f"foreign: {', '.join(foreign)} missing or of another kind; it is left out"
                problems.append(Problem(str(file), reason))
                continue
            here = [name for name in schema.names if name in names]
            texts = [name for name in here if schema.field(name).type == pa.string()]
            with pq.ParquetFile(file, read_dictionary=texts) as part:
                # In this thread: handing a part to others takes longer than reading it, up to 80,000 rows.
                table = part.read(columns=here, use_threads=False)
            table.validate(full=True)  # text that is none would be noticed only where it is read
            yield file, table if here == schema.names else upgraded(table, schema)
        except (pa.ArrowException, OSError, ValueError) as error:  # a column's name that is no text among them
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            problems.append(Problem(str(file), f"damaged or half-written, and left out ({reason})"))


def _alike(wanted: pa.Field, found: pa.Schema, names: list[str]) -> bool:
    """Whether a column is there once, with text where text is wanted, and numbers where numbers are, or came later."""
    if (count := names.count(wanted.name)) != 1:
        return count == 0 and came_later(wanted)
    kind = found.field(wanted.name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)
    return texts if pa.types.is_string(wanted.type) else numbers


def codes(table: pa.Table, name: str) -> tuple[np.ndarray, list[Any]]:
    """A text column as numbers into a list of its values; null is a value."""
    values = table.column(name).combine_chunks()
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    words = encoded.dictionary.to_pylist()
    return encoded.indices.fill_null(len(words)).to_numpy().astype(np.int64), [*words, None]
