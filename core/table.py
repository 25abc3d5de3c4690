"""The study table: what one row means, column by column; effects, verdict and pages read nothing else.

A study is a folder: `study.json` (settings and marks), `rows/*.parquet` (ROWS), `photos/*.parquet` (PHOTOS), and the
aggregates made from them (`effects.parquet`, `verdict.json`), so that a page opens without reading the rows.

Four kinds of rows belong to a condition of a photo:

| row | placement | control | photo_id | host | score, area, rmse and feature_distance are those of |
|---|---|---|---|---|---|
| target | 0 | null | the photo | null | the photo, ablated |
| placed control | 1, 2 … | placed | the photo | null | the photo, ablated elsewhere |
| hosted control | 1, 2 … | hosted | the target | the photo that was ablated | the host, ablated at the same place |
| artefact | 1, 2 … | empty | the target | the photo that was ablated | the host, ablated where it is emptiest |

The clean score of a host is that of its own row with the ablation `original`. Rows of a study without hosted controls
(protocol 1) lack the columns marked "since 2": they are null there, and `control` is placed where placement is above 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.files import json_of
from core.records import typed

ORIGINAL = "original"
"""`ablation` of the rows that hold the scores of untouched photos."""
TARGET = 0
"""`placement` of the region itself; 1, 2 … are its controls, each kind counted for itself."""
PLACED, HOSTED, EMPTY = "placed", "hosted", "empty"
"""`control`: the same shape elsewhere in the photo; at the same place of a host; at the emptiest place of a host."""
PROTOCOL = 2
"""`protocol` in study.json of studies that are made now; the first has none: 1."""
_NEW = {"since": "2"}
REMOVE, KEEP = "remove", "keep"
DIRECTIONS = (REMOVE, KEEP)

ROWS = pa.schema(
    [
        ("photo_id", pa.string()),
        ("source", pa.string()),
        ("model", pa.string()),
        ("ablation", pa.string()),
        ("params", pa.string()),  # canonical JSON of every parameter but the seed; "{}" without parameters
        ("mask", pa.string()),  # null unless the ablation is `region`, as are fill and direction
        ("fill", pa.string()),
        ("direction", pa.string()),
        ("placement", pa.int16()),
        pa.field("control", pa.string(), metadata=_NEW),  # placed, hosted or empty; null for a target
        pa.field("host", pa.string(), metadata=_NEW),  # photo_id of the photo that was ablated in the target's stead
        pa.field("host_source", pa.string(), metadata=_NEW),  # its source: ids are unique within one
        ("score", pa.float64()),
        ("area", pa.float64()),  # share of the photo's area that was replaced; null for whole-photo ablations
        ("rmse", pa.float64()),  # of ablated against original, working size, pixel values in [0, 1]
        ("feature_distance", pa.float64()),  # in the model's penultimate features; 1 = as far as another photo
        pa.field(
            "structure", pa.float64(), metadata=_NEW
        ),  # artefact rows: mean gradient under the mask, grey in [0, 1]
        pa.field("covered", pa.float64(), metadata=_NEW),  # hosted: share of the host's salient object under the mask
        ("seed", pa.int64()),
    ]
)
"""One row per photo × condition × control × placement."""

PHOTOS = pa.schema(
    [
        ("photo_id", pa.string()),
        ("source", pa.string()),
        ("human_score", pa.float64()),  # null where nobody was asked
        ("pixels", pa.string()),  # fingerprint of the decoded pixels
        ("look", pa.string()),  # perceptual fingerprint
        ("regions", pa.string()),  # JSON, see below
        ("features", pa.string()),  # JSON: countable feature → number (rule 14)
    ]
)
"""One row per photo of the study.

`regions`: mask id → {"area", "count", "detector", "placements", …}. `detector` is false where labels tell where the
thing is, or that it is not there; else a detector looked. Eligible for a mask is a photo in which its area is above 0;
one in which it is 0 may be a host. A mask that is not listed was not looked for.
"""


@dataclass(frozen=True)
class Condition:
    """One column of the study's grid: an ablation at a strength, or a region with its fill and direction."""

    ablation: str
    params: str = "{}"
    mask: str | None = None
    fill: str | None = None
    direction: str | None = None

    def __post_init__(self) -> None:
        _ = self.arguments  # a condition whose parameters are none is none

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters by name; ValueError where `params` says anything else."""
        return by_name("params", self.params)


def by_name(column: str, text: str | None) -> dict[str, Any]:
    """What a cell with JSON says by name, nothing where it is empty; ValueError says that it is of another kind."""
    try:
        return typed(dict[str, Any], json_of(text or "{}"))
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error


def canonical(params: Mapping[str, Any]) -> str:
    """Parameters as one string that is equal when they are; the seed is a column of its own."""
    return json.dumps({name: params[name] for name in sorted(params) if name != "seed"}, separators=(",", ":"))


def upgraded(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table with every column of a schema, in its order: those that came with a later protocol filled in.

    Null, but for `control`, which is placed wherever the placement is above 0.
    """
    for field in schema:
        if field.name not in table.column_names:
            values = pa.nulls(len(table), field.type)
            if field.name == "control":
                is_target = pc.equal(table.column("placement").fill_null(TARGET), TARGET)
                values = pc.if_else(is_target, values, pa.scalar(PLACED, field.type))
            table = table.append_column(field, values)
    return table.select(schema.names)


def came_later(field: pa.Field) -> bool:
    """Whether a column is missing from tables of protocol 1."""
    return bool(field.metadata) and b"since" in field.metadata
