"""What a page needs of a study, made once and stored with it, so that it opens without reading a row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StudyError
from core.files import json_of
from core.records import FileName, record, typed
from core.table import by_name
from core.types import Interval
from core.verdict.records import Verdict
from core.verdict.words import verdict_from_json

TABLES = ("effects", "details", "doses", "distributions", "extremes")
KINDS = "kinds"
"""The decision rows by kind of photo."""
VERSION = 7
"""Of the statistics and of what is stored: raise it when either changes, and stored studies are made again."""
BASELINE, VERDICT = "baseline.json", "verdict.json"
CONDITION = ("ablation", "params", "mask", "fill", "direction")
DOSE_COLUMNS = (
    "source", *CONDITION, "parameter", "value", "n", "mean_delta", "ci_low", "ci_high", "rmse", "trend_p",
)  # fmt: skip
"""A row per strength of an ablation whose strength was varied, on all photos; `trend_p` is of the whole series."""
DISTRIBUTION_COLUMNS = (*CONDITION, "outcome", "n", "quantiles", "edges", "counts")
"""`quantiles`: 101, from the smallest to the largest; `edges` and `counts`: a histogram. Pooled, eligible photos."""
EXTREME_COLUMNS = (*CONDITION, "side", "rank", "photo_id", "source", "original", "ablated", "control", "delta")
"""The photos whose scores fall (side lowered) and rise (raised) most under each condition, rank 1 first."""


@dataclass(frozen=True)
class SourceValidity:
    """Validity of untouched photos of one source, None without enough human scores."""

    source: str
    n: int
    n_human: int
    validity: Interval | None


@dataclass(frozen=True)
class Baseline:
    """The clean scores of a study: mean and SD, and validity by source (`all` pools them) with the photos asked for.

    `why_no_validity` says why validity columns are empty, where they are; `weak` holds what was measured of masks whose
    detector is too unreliable; `problems` what was set aside; `parts` identifies the files that all this was made from,
    `version` the statistics that made it.
    """

    study: str
    model: FileName
    created: str
    sources: tuple[str, ...]
    n_photos: int
    n_human: int
    mean: float
    sd: float
    validity: tuple[SourceValidity, ...]
    why_no_validity: str
    weak: tuple[tuple[str, ...], ...]
    problems: tuple[str, ...]
    seed: int
    resamples: int
    confirmatory_resamples: int
    permutations: int
    parts: str
    version: int = 1


@dataclass(frozen=True)
class Aggregates:
    """A study as pages and commands read it: tables with the columns named above, baseline and verdict."""

    effects: pd.DataFrame = field(repr=False)
    details: pd.DataFrame = field(repr=False)
    doses: pd.DataFrame = field(repr=False)
    distributions: pd.DataFrame = field(repr=False)
    extremes: pd.DataFrame = field(repr=False)
    baseline: Baseline
    verdict: Verdict
    kinds: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)


def read_aggregates(folder: Path) -> Aggregates:
    """What `make_aggregates` stored, with a problem where older statistics made it; StudyError where it is damaged."""
    try:
        baseline = record(Baseline, json_of((folder / BASELINE).read_text(encoding="utf-8")), only=True)
        if baseline.version != VERSION:
            old = f"{folder.name}: another version of the statistics made these numbers; run `python -m core effects`"
            baseline = replace(baseline, problems=(*baseline.problems, old))
        verdict = read_verdict(folder)
        tables = {name: _of_conditions(folder / f"{name}.parquet") for name in TABLES}
        kinds = folder / f"{KINDS}.parquet"
        by_kind = _table(kinds) if kinds.is_file() else pd.DataFrame()  # older studies lack it
        return Aggregates(**tables, baseline=baseline, verdict=verdict, kinds=by_kind)
    except FileNotFoundError as error:
        raise StudyError(f"{folder} has no effects yet; run `python -m core effects {folder}`.") from error
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise StudyError(f"{folder}: stored effects are damaged ({error}); run `python -m core effects`.") from error


def _table(file: Path) -> pd.DataFrame:
    """A stored table by the kinds of its columns: what pandas once noted of itself in it says nothing of them."""
    with pq.ParquetFile(file) as stored:
        return stored.read(use_threads=False).replace_schema_metadata(None).to_pandas()


def _of_conditions(file: Path) -> pd.DataFrame:
    """A stored table that has a condition in each row; KeyError or ValueError for any other."""
    table = _table(file)
    if lacking := [name for name in CONDITION if name not in table]:
        raise KeyError(f"{file.name}: {lacking[0]}")
    for params in table["params"].dropna().unique():
        by_name("params", typed(str, params))
    return table


def read_verdict(folder: Path) -> Verdict:
    """The stored verdict alone; StudyError where it is missing or damaged."""
    try:
        return verdict_from_json(json_of((folder / VERDICT).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise StudyError(f"{folder} has no verdict yet; run `python -m core verdict {folder}`.") from error
    except (OSError, ValueError) as error:
        raise StudyError(f"{folder / VERDICT} is damaged ({error}); run `python -m core verdict`.") from error


def of_condition(table: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """The rows of a table that belong to the condition of an effect."""
    same = pd.Series(True, index=table.index)
    for name in CONDITION:
        same &= table[name].isna() if pd.isna(row[name]) else table[name] == row[name]
    return table[same]
