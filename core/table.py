"""The study table: what one row means, column by column; effects, verdict and pages read nothing else.

A study is a folder: `study.json` (settings and marks), `rows/part-*.parquet` (ROWS), `photos/part-*.parquet`
(PHOTOS), and the aggregates made from them (`effects.parquet`, `verdict.json`), so that a page opens without reading
the rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

ORIGINAL = "original"
"""`ablation` of the rows that hold the scores of untouched photos."""
TARGET = 0
"""`placement` of the region itself; 1, 2 … are its controls."""
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
        ("score", pa.float64()),
        ("area", pa.float64()),  # share of the photo's area that was replaced; null for whole-photo ablations
        ("rmse", pa.float64()),  # of ablated against original, working size, pixel values in [0, 1]
        ("feature_distance", pa.float64()),  # in the model's penultimate features; 1 = as far as another photo
        ("seed", pa.int64()),
    ]
)
"""One row per photo × condition × placement."""

PHOTOS = pa.schema(
    [
        ("photo_id", pa.string()),
        ("source", pa.string()),
        ("human_score", pa.float64()),  # null where nobody was asked
        ("pixels", pa.string()),  # fingerprint of the decoded pixels
        ("look", pa.string()),  # perceptual fingerprint
        ("regions", pa.string()),  # JSON: mask id → {"area", "count", "detector": true or false (exact), "placements"}
        ("features", pa.string()),  # JSON: countable feature → number (rule 14)
    ]
)
"""One row per photo of the study; eligible for a mask is a photo in which its area is above 0."""


@dataclass(frozen=True)
class Condition:
    """One column of the study's grid: an ablation at a strength, or a region with its fill and direction."""

    ablation: str
    params: str = "{}"
    mask: str | None = None
    fill: str | None = None
    direction: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        return json.loads(self.params)


def canonical(params: Mapping[str, Any]) -> str:
    """Parameters as one string that is equal when they are; the seed is a column of its own."""
    return json.dumps({name: params[name] for name in sorted(params) if name != "seed"}, separators=(",", ":"))
