"""Opening a study of 60,000 photos × 60 conditions: what the page *Ablation effects* reads, and one view of it."""

from __future__ import annotations

import dataclasses
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import config
from core.effects import plots as effect_plots
from core.effects.table import EXPLORATORY
from core.files import write_text
from core.records import as_json
from core.study import catalogue
from core.verdict import evidence
from core.verdict.aggregates import BASELINE, CONDITION, TABLES, VERDICT, Aggregates, read_aggregates

PHOTOS, CONDITIONS, SOURCES = 60_000, 60, 4
"""Sources with their own rows, beside those that pool all."""
ROUNDS = 5


def main(arguments: list[str]) -> None:
    """Enlarge the shipped study's aggregates, or those of a folder, to that size; print the seconds to open them."""
    folder = Path(arguments[0]) if arguments else catalogue.reference()
    assert folder is not None, "no study is shipped"
    with tempfile.TemporaryDirectory() as place:
        large = Path(place) / "large"
        write(enlarged(read_aggregates(folder)), folder, large)
        seconds = [_open(large) for _ in range(ROUNDS + 1)][1:]  # the first loads libraries
        size = sum(file.stat().st_size for file in large.iterdir())
        found = read_aggregates(large)
    print(
        f"{found.baseline.n_photos:,} photos, {len(found.effects):,} rows of effects, {size / 2**20:.1f} MB: opened "
        f"and drawn in {statistics.median(seconds):.2f} s, slowest of {ROUNDS} {max(seconds):.2f} s (aim: below 2 s)"
    )


def enlarged(found: Aggregates) -> Aggregates:
    """The same study with as many conditions and sources as asked for, each a copy of one that is there."""
    tables: dict[str, Any] = {name: _grown(getattr(found, name)) for name in TABLES}
    return dataclasses.replace(found, **tables, baseline=dataclasses.replace(found.baseline, n_photos=PHOTOS))


def _grown(table: pd.DataFrame) -> pd.DataFrame:
    """Copies of a table under other conditions and sources; every one of a copied row's conditions is exploratory."""
    conditions = table[list(CONDITION)].drop_duplicates()
    copies = [table]
    for number in range(int(np.ceil(CONDITIONS / len(conditions))) - 1):
        copies.append(table.assign(ablation=table["ablation"] + f"_{number}"))
    grown = pd.concat(copies, ignore_index=True)
    if "source" in table and "population" in table:
        pooled = grown[grown["source"] == "all"]
        grown = pd.concat([grown, *(pooled.assign(source=f"source {n}") for n in range(SOURCES))], ignore_index=True)
        if "family" in grown:
            grown.loc[len(table) :, "family"] = EXPLORATORY
    return grown


def write(made: Aggregates, folder: Path, large: Path) -> None:
    """Store aggregates beside the verdict of the study that they come from."""
    large.mkdir()
    for name in TABLES:
        pq.write_table(pa.Table.from_pandas(getattr(made, name), preserve_index=False), large / f"{name}.parquet")
    (large / VERDICT).write_bytes((folder / VERDICT).read_bytes())
    write_text(large / BASELINE, json.dumps(as_json(made.baseline)))


def _open(folder: Path) -> float:
    """Seconds to read a study and to draw the view with the most bars."""
    started = time.perf_counter()
    found = read_aggregates(folder)
    rows = evidence.chosen_effects(found, confirmatory=False)
    effect_plots.bars(rows, effect_plots.MEASURES["shift"], found.verdict.sd * config.SESOI).to_json()
    evidence.decisions_table(found.verdict)
    evidence.controls_table(found)
    return time.perf_counter() - started
