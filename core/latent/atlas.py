"""The map of a photo set as a folder: what `latent` writes and the page reads; never imports torch.

`photos.parquet`: a row per photo (PHOTO_COLUMNS), its place in every space (SPACE: float16 × dimensions) and in every
projection (SPACE-PROJECTION-DIMS: float32 × dims). `answer.json`: the tested answer. `axes.safetensors`: what a new
photo or a traversal needs. `places.json`: where the photos lie on this machine; it is not to be passed on.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors.numpy
from safetensors import SafetensorError

from core import config
from core.errors import ArtifactError
from core.files import digest, json_of, replacing, write_text
from core.records import FileName, record, typed
from core.types import Interval

PHOTOS, ANSWER, AXES, PLACES = "photos.parquet", "answer.json", "axes.safetensors", "places.json"
PHOTO_COLUMNS = pa.schema(
    [
        ("photo_id", pa.string()),
        ("source", pa.string()),
        ("score", pa.float32()),  # by the predictor
        ("human_score", pa.float32()),  # null where nobody was asked
        ("planted_score", pa.float32()),  # of generated scenes, whose cause is known; null elsewhere
        ("kept_out", pa.bool_()),  # the predictor never learned from it, nor from one that looks like it
        ("drawn_before", pa.bool_()),  # the autoencoder learned from it
    ]
)
KEPT_OUT, ALL_SCORED = "kept out", "all scored"


@dataclass(frozen=True)
class SpaceResult:
    """One line of the answer: how much of a target's scores a space explains, and whether neighbours share them.

    `photos`: kept out (the predictor never learned from them) or all scored. `null_r2` and `null_i` are means under
    shuffles within sources; `p` and `morans_p` are shares of shuffles that reach the observed value.
    """

    space: str
    target: str
    photos: str
    n: int
    r2: float
    null_r2: float
    p: float
    morans_i: float
    null_i: float
    morans_p: float


@dataclass(frozen=True)
class Direction:
    """How sure a direction of memorability is, from bootstrapping photos.

    `agreement`: correlation of scores with places along it, on photos left out of each resample. `slope`: change of the
    score per SD along it, on the same. `steadiness`: cosine between resampled directions and this one. `spread`: SD of
    the photos along it, in units of the space.
    """

    space: str
    target: str
    n: int
    agreement: Interval
    slope: Interval
    steadiness: Interval
    spread: float


@dataclass(frozen=True)
class MapFacts:
    """What a map was made with: models by name or identity, numbers of photos, of shuffles and of neighbours.

    `kept_variance` is the share of a compressed space's variance that it keeps, by space; `packaged` says how a source
    that every machine has is opened, by its name.
    """

    predictor: FileName = config.DEFAULT_MODEL
    engine: str = ""
    precision: str = ""
    autoencoder: str = ""
    latent: int = 0
    photos: int = 0
    seed: int = config.SEED
    permutations: int = 0
    neighbours: int = 10
    kept_variance: Mapping[str, float] = field(default_factory=dict)
    packaged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MapAnswer:
    """The tested answer with everything that it rests on."""

    rows: tuple[SpaceResult, ...]
    directions: tuple[Direction, ...]
    notes: tuple[str, ...]
    """What could not be tested, a sentence each."""
    facts: MapFacts = field(default_factory=MapFacts)

    def row(self, space: str, target: str, photos: str = KEPT_OUT) -> SpaceResult | None:
        """One line, or None where it was not tested."""
        return next((r for r in self.rows if (r.space, r.target, r.photos) == (space, target, photos)), None)


@dataclass(frozen=True)
class Atlas:
    """A map read from its folder: a row per photo in every array."""

    folder: Path
    photos: pd.DataFrame
    spaces: Mapping[str, np.ndarray]
    layouts: Mapping[tuple[str, str, int], np.ndarray]
    """(space, projection, dims) → float32 N × dims."""
    axes: Mapping[str, np.ndarray]
    answer: MapAnswer
    places: Mapping[str, str]

    @property
    def model(self) -> str:
        """The model whose scores and features the map shows."""
        return self.answer.facts.predictor

    def index(self, name: str) -> int | None:
        """Row of the photo called SOURCE/ID, or None."""
        source, _, photo_id = name.partition("/")
        found = np.flatnonzero((self.photos["source"] == source) & (self.photos["photo_id"] == photo_id))
        return int(found[0]) if len(found) else None

    def name(self, index: int) -> str:
        """SOURCE/ID of a row."""
        row = self.photos.iloc[index]
        return f"{row['source']}/{row['photo_id']}"


def write(atlas: Atlas) -> None:
    """Write a map into its folder, each file as a whole; the table, last, names the two that belong to it by hash."""
    folder = atlas.folder
    safetensors_file = folder / AXES
    with replacing(safetensors_file) as temporary:
        safetensors.numpy.save_file(
            {name: np.ascontiguousarray(value) for name, value in atlas.axes.items()}, temporary
        )
    write_text(folder / ANSWER, json.dumps(dataclasses.asdict(atlas.answer), indent=1, ensure_ascii=False) + "\n")
    write_text(folder / PLACES, json.dumps(dict(atlas.places), indent=1, ensure_ascii=False) + "\n")
    columns = {name: pa.array(atlas.photos[name], kind, from_pandas=True) for name, kind in _kinds().items()}
    columns |= {name: _vectors(values.astype(np.float16)) for name, values in atlas.spaces.items()}
    columns |= {"-".join(map(str, key)): _vectors(values) for key, values in atlas.layouts.items()}
    belong = {name: digest(folder / name) for name in (AXES, ANSWER)}
    with replacing(folder / PHOTOS) as temporary:
        pq.write_table(pa.table(columns).replace_schema_metadata(belong), temporary, compression="zstd")


def read(folder: Path | None = None) -> Atlas | None:
    """The map in a folder (default: the shipped one); None if there is none, ArtifactError if it is damaged."""
    folder = folder or config.ARTIFACTS / "latent"
    if not (folder / PHOTOS).is_file():
        return None
    try:
        with pq.ParquetFile(folder / PHOTOS) as stored:
            table = stored.read(use_threads=False)
        _check_together(folder, table)
        axes = safetensors.numpy.load_file(folder / AXES)
        photos = _photos(table)
        found = {name: _matrix(name, table[name]) for name in table.column_names if name not in _kinds()}
    except ArtifactError:
        raise
    except (pa.ArrowException, SafetensorError, OSError, KeyError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ArtifactError(f"{folder.name}: this map is damaged or incomplete ({reason}).") from error
    layouts = {_key(name): values for name, values in found.items() if "-" in name}
    spaces = {name: values.astype(np.float32) for name, values in found.items() if "-" not in name}
    answer = read_answer(folder)
    # What every machine has needs no list of places.
    places = dict(answer.facts.packaged) | _places(folder)
    return Atlas(folder, photos, spaces, layouts, axes, answer, places)


def _check_together(folder: Path, table: pa.Table) -> None:
    """The files that the table names are those that it was written with; older maps name none."""
    for name, wanted in (table.schema.metadata or {}).items():
        if name.decode() in (AXES, ANSWER) and digest(folder / name.decode()) != wanted.decode():
            raise ArtifactError(
                f"{folder.name}: {name.decode()} is of another map than {PHOTOS} (writing was cut short, or one was"
                " replaced); give the command that made the map again."
            )


def read_answer(folder: Path | None = None) -> MapAnswer:
    """The tested answer in a folder (default: the shipped one); ArtifactError says what is wrong with it."""
    file = (folder or config.ARTIFACTS / "latent") / ANSWER
    if not file.is_file():
        raise ArtifactError(f"{file}: there is no tested answer; make one with: python -m core latent SOURCE --out DIR")
    try:
        return record(MapAnswer, json_of(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"{file}: this answer cannot be read ({error}).") from error


def _kinds() -> dict[str, pa.DataType]:
    return {item.name: item.type for item in PHOTO_COLUMNS}


def _photos(table: pa.Table) -> pd.DataFrame:
    """A row per photo; KeyError or ValueError where a column is missing or of another kind."""
    photos = table.select(list(_kinds()))
    if other := [item.name for item in photos.schema if item.type != _kinds()[item.name]]:
        raise ValueError(f"{other[0]} is not of the kind {_kinds()[other[0]]}")
    return photos.replace_schema_metadata(None).to_pandas()


def _key(name: str) -> tuple[str, str, int]:
    """Space, projection and dimensions that a column is called by; ValueError where it is called otherwise."""
    space, projection, dims = name.split("-")
    return space, projection, int(dims)


def _vectors(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _matrix(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """The places of the photos in a space, or in a projection of one; ValueError for a column that holds none."""
    kind = column.type
    if not pa.types.is_fixed_size_list(kind) or not pa.types.is_floating(kind.value_type):
        raise ValueError(f"{name} holds no places")
    values = column.combine_chunks().flatten()
    if len(values) != len(column) * kind.list_size or values.null_count:
        raise ValueError(f"{name} lacks places of photos")
    if "-" in name and _key(name)[-1] != kind.list_size:
        raise ValueError(f"{name} has places in {kind.list_size} dimensions")
    return values.to_numpy(zero_copy_only=False).reshape(len(column), kind.list_size)


def _places(folder: Path) -> dict[str, str]:
    file = folder / PLACES
    try:
        return typed(Mapping[str, str], json_of(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file}: this list of places cannot be read ({error}).") from error
