"""What runs measured of single photos, in one kind of file that any run leaves in its folder, and that colours a map.

A row per photo: its id, its source, and a column per measure, which is called as people are told of it. A map looks for
such files in `runs/` and takes of each what it knows of photos of the map, by source and id. Never imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import config
from core.errors import StudyError
from core.files import replacing

FILE = "photo-values.parquet"
"""What the file is called, or how its name ends where runs of several models share a folder."""
KEYS = ("source", "photo_id")
_MODEL, _SIGNED = b"model", b"signed"


@dataclass(frozen=True)
class Measure:
    """A number of every photo of a run: what it is called, its `values` (N,), and whether their sign has a meaning."""

    label: str
    values: np.ndarray
    signed: bool = False


@dataclass(frozen=True)
class MeasureName:
    """A measure of a file: what it is called, of which model, and whether the sign of its values has a meaning."""

    label: str
    model: str
    signed: bool
    file: Path


def write(file: Path, model: str, sources: Sequence[str], ids: Sequence[str], measures: Sequence[Measure]) -> None:
    """Write what was measured of N photos with a model, as a whole."""
    fields = [pa.field(name, pa.string()) for name in KEYS]
    fields += [pa.field(m.label, pa.float32(), metadata={_SIGNED: b"1" if m.signed else b""}) for m in measures]
    columns = [pa.array(list(sources), pa.string()), pa.array(list(ids), pa.string())]
    columns += [pa.array(np.asarray(m.values, dtype=np.float32)) for m in measures]
    table = pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata={_MODEL: model.encode()}))
    with replacing(file) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def files() -> tuple[tuple[Path, int], ...]:
    """The files that runs of this machine left, at most two folders below `runs/`, and when each was written (ns)."""
    found = []
    for file in sorted(file for depth in ("*", "*/*") for file in config.RUNS.glob(f"{depth}/*{FILE}")):
        with suppress(FileNotFoundError):  # one that is deleted meanwhile is not there
            found.append((file, file.stat().st_mtime_ns))
    return tuple(found)


def measures_of(file: Path) -> tuple[MeasureName, ...]:
    """What a file holds, without its values; StudyError where it is damaged."""
    try:
        schema = pq.read_schema(file)
        model = (schema.metadata or {})[_MODEL].decode()
        named = [item for item in schema if item.name not in KEYS]
        return tuple(MeasureName(item.name, model, bool((item.metadata or {})[_SIGNED]), file) for item in named)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(file, error) from error


def shares_photos(file: Path, photos: pd.DataFrame) -> bool:
    """Whether any photo of a map is in a file; StudyError where it is damaged."""
    return bool(_keys(file).isin(_keys_of(photos)).any())


def values(names: Sequence[MeasureName], photos: pd.DataFrame) -> np.ndarray:
    """A measure of the N photos of a map (N,), NaN where no file has it; of several files the first that has it counts.

    StudyError where a file is damaged.
    """
    wanted, found = _keys_of(photos), np.full(len(photos), np.nan)
    for name in names:
        column = pd.Series(_read(name.file, [name.label])[name.label].to_numpy(dtype=float), _keys(name.file))
        here = column[~column.index.duplicated(keep="last")].reindex(wanted).to_numpy()
        found = np.where(np.isfinite(found), found, here)
    return found


def _keys(file: Path) -> pd.MultiIndex:
    table = _read(file, list(KEYS))
    return pd.MultiIndex.from_arrays([table[name].to_numpy(dtype=str) for name in KEYS])


def _keys_of(photos: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([photos[name].to_numpy(dtype=str) for name in KEYS])


def _read(file: Path, columns: list[str]) -> pd.DataFrame:
    try:
        return pq.read_table(file, columns=columns).select(columns).replace_schema_metadata(None).to_pandas()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> StudyError:
    return StudyError(f"{file} cannot be read ({error}); give the command that wrote it again.")
