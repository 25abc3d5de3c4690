"""A study's rows → its aggregates, stored with it: effects, doses, distributions, extremes, baseline, verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import config
from core.effects import stats
from core.effects.effects import Tables, effect_tables
from core.effects.populations import differences, excesses
from core.effects.table import ALL, POOLED
from core.errors import StudyError
from core.files import json_of, replacing, write_text
from core.records import as_json
from core.study.protocol import DELTA, EXCESS, at_default
from core.study.reading import Study, read_settings, read_study
from core.types import Progress, silent
from core.verdict.aggregates import (
    BASELINE,
    CONDITION,
    DISTRIBUTION_COLUMNS,
    DOSE_COLUMNS,
    EXTREME_COLUMNS,
    KINDS,
    TABLES,
    VERDICT,
    VERSION,
    Aggregates,
    Baseline,
    SourceValidity,
    read_aggregates,
)
from core.verdict.causes import changed_parameters, series
from core.verdict.kinds import kind_table
from core.verdict.verdict import gate, judge
from core.verdict.words import verdict_json

BINS, SHOWN = 40, 20


def aggregates(folder: Path, weak: Mapping[str, str] | None = None, progress: Progress = silent) -> Aggregates:
    """The stored aggregates of a study, made again where its parts, the detectors' quality or the statistics changed.

    So are damaged ones. StudyError for a folder that is no study. A study without its rows is what was stored with it.
    """
    read_settings(folder)
    stored = folder / BASELINE
    if stored.is_file():
        if not (folder / "rows").is_dir():
            return read_aggregates(folder)
        with suppress(StudyError, OSError, ValueError, AttributeError):
            made = json_of(stored.read_text(encoding="utf-8"))
            now = (_parts(folder), as_json(_pairs(weak)), VERSION)
            if (made.get("parts"), made.get("weak"), made.get("version")) == now:
                return read_aggregates(folder)
    return make_aggregates(folder, weak, progress)


def make_aggregates(folder: Path, weak: Mapping[str, str] | None = None, progress: Progress = silent) -> Aggregates:
    """Compute everything from the rows and store it in the study's folder, each file as a whole."""
    parts, study = _parts(folder), read_study(folder)
    tables = effect_tables(study, weak=dict(weak or {}), progress=progress)
    found = judge(study, tables, weak=weak)
    made = Aggregates(
        effects=tables.effects,
        details=tables.details,
        doses=dose_table(study, tables),
        distributions=pd.DataFrame(_distributions(study), columns=list(DISTRIBUTION_COLUMNS)),
        extremes=pd.DataFrame(_extremes(study), columns=list(EXTREME_COLUMNS)),
        baseline=_baseline(study, weak, parts),
        verdict=found,
        kinds=kind_table(study, found.readings, weak or {}),
    )
    for name in (*TABLES, KINDS):
        with replacing(folder / f"{name}.parquet") as temporary:
            table = pa.Table.from_pandas(getattr(made, name), preserve_index=False)
            pq.write_table(table, temporary, compression="zstd")
    write_text(folder / VERDICT, json.dumps(verdict_json(made.verdict), indent=1, ensure_ascii=False) + "\n")
    # Last: where it is, the others are.
    write_text(folder / BASELINE, json.dumps(as_json(made.baseline), indent=1, ensure_ascii=False) + "\n")
    return made


def _parts(folder: Path) -> str:
    """Names and sizes of a study's parts as one short text."""
    files = sorted([*(folder / "rows").glob("*.parquet"), *(folder / "photos").glob("*.parquet")])
    listed = [(file.parent.name, file.name, file.stat().st_size) for file in files]
    return hashlib.sha256(repr(listed).encode()).hexdigest()[:16]


def _pairs(weak: Mapping[str, str] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted((weak or {}).items()))


def _baseline(study: Study, weak: Mapping[str, str] | None, parts: str) -> Baseline:
    known = int(np.isfinite(study.human).sum())
    names = sorted(set(study.sources))
    why = "" if known >= config.MIN_COMPUTED else f"{known} of these photos have human scores, too few for validity"
    return Baseline(
        study=study.settings.name,
        model=study.settings.model,
        created=study.settings.created,
        sources=tuple(names),
        n_photos=len(study.original),
        n_human=known,
        mean=float(study.original.mean()),
        sd=study.sd,
        validity=tuple(_validity(study, name) for name in ([POOLED, *names] if len(names) > 1 else [POOLED])),
        why_no_validity=why,
        weak=_pairs(weak),
        problems=tuple(str(problem) for problem in study.problems),
        seed=study.settings.seed,
        resamples=config.RESAMPLES,
        confirmatory_resamples=config.CONFIRMATORY_RESAMPLES,
        permutations=config.PERMUTATIONS,
        parts=parts,
        version=VERSION,
    )


def _validity(study: Study, source: str) -> SourceValidity:
    chosen = np.ones(len(study.original), dtype=bool) if source == POOLED else study.sources == source
    found = gate(study.original[chosen], study.human[chosen], study.settings.seed)
    return SourceValidity(source, int(chosen.sum()), found.n, found.validity)


def dose_table(study: Study, tables: Tables) -> pd.DataFrame:
    """The DOSE_COLUMNS of every ablation whose strength was varied, by source, weakest first."""
    rows = [row for own, parameter, members in _varied(study) for row in _doses(study, tables, own, parameter, members)]
    return pd.DataFrame(rows, columns=list(DOSE_COLUMNS))


def _varied(study: Study) -> Iterator[tuple[int, str, list[int]]]:
    """Default condition, parameter, and the conditions in which that parameter alone has another value, by strength."""
    for own, condition in enumerate(study.conditions):
        if not at_default(condition) or not condition.arguments:
            continue
        found: dict[str, list[int]] = {}
        for place in series(study.conditions, own)[1:]:
            (parameter,) = changed_parameters(condition, study.conditions[place])
            found.setdefault(parameter, [own]).append(place)
        for parameter, members in found.items():
            yield own, parameter, sorted(members, key=lambda place: study.conditions[place].arguments[parameter])


def _doses(study: Study, tables: Tables, own: int, parameter: str, members: list[int]) -> Iterator[dict[str, Any]]:
    conditions = {tuple(vars(study.conditions[place]).values()): study.conditions[place] for place in members}
    size = np.nanmean(study.rmse[:, members], axis=0) if np.isfinite(study.rmse[:, members]).any() else [0.0]
    ordered = members if size[0] <= size[-1] else members[::-1]  # a larger value may be a weaker dose: JPEG quality
    # Without the untouched photo: with it, a shift that is the same at every dose would count as a trend.
    changes = np.column_stack([differences(study, place) for place in ordered])
    kept = tables.effects[(tables.effects["population"] == ALL) & (tables.effects["ablation"] == _name(study, own))]
    for source in dict.fromkeys(kept["source"]):
        scope = np.ones(len(changes), dtype=bool) if source == POOLED else study.sources == source
        trend = stats.trend_p(changes[scope])
        for _, row in kept[kept["source"] == source].iterrows():
            key = tuple(None if pd.isna(row[name]) else row[name] for name in CONDITION)
            if key in conditions:
                value = conditions[key].arguments[parameter]
                yield {**row[list(DOSE_COLUMNS[:6])], "parameter": parameter, "value": float(value), "trend_p": trend,
                       **row[["n", "mean_delta", "ci_low", "ci_high", "rmse"]]}  # fmt: skip


def _name(study: Study, place: int) -> str:
    return study.conditions[place].ablation


def _distributions(study: Study) -> Iterator[dict[str, Any]]:
    for place, condition in enumerate(study.conditions):
        for name, values in ((DELTA, differences(study, place)), (EXCESS, excesses(study, place))):
            known = values[np.isfinite(values)]
            if len(known) >= config.MIN_COMPUTED:
                counts, edges = np.histogram(known, bins=BINS)
                quantiles = np.quantile(known, np.linspace(0, 1, 101))
                yield {**vars(condition), "outcome": name, "n": len(known), "quantiles": quantiles, "edges": edges,
                       "counts": counts}  # fmt: skip


def _extremes(study: Study) -> Iterator[dict[str, Any]]:
    for place, condition in enumerate(study.conditions):
        values = differences(study, place)
        known = np.flatnonzero(np.isfinite(values))
        order = known[np.argsort(values[known], kind="stable")]
        sides = {"lowered": order[values[order] < 0][:SHOWN], "raised": order[values[order] > 0][::-1][:SHOWN]}
        for side, photos in sides.items():
            for rank, photo in enumerate(photos, start=1):
                yield {**vars(condition), "side": side, "rank": rank, "photo_id": study.photo_ids[photo],
                       "source": study.sources[photo], "original": study.original[photo],
                       "ablated": study.score[photo, place], "control": study.control[photo, place],
                       "delta": values[photo]}  # fmt: skip
