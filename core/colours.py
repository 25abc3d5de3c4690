"""What the points of a map can be coloured by: scores, errors, sources, and what a study measured of each photo."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core import config
from core.atlas import Atlas
from core.effect_words import condition_name
from core.errors import StudyError
from core.parquet_parts import read_parts
from core.study_files import SETTINGS, read_study
from core.table import PHOTOS, Condition
from core.types import Problem

SEQUENTIAL = ("#3B0F70", "#8C2981", "#DE4968", "#FE9F6D", "#FDE7A9")
"""Magma without its ends: its order holds in grey and with any colour vision, on light and on dark pages."""
DIVERGING = ("#2166AC", "#6BA3CC", "#B8B8B0", "#E08B5A", "#B2451D")
"""Blue to orange through grey: told apart with any colour vision; for values with a sign."""
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A8F98", "#B8A200")
"""Okabe & Ito 2008."""


@dataclass(frozen=True)
class Colour:
    """One thing to colour by: `values` (N,) are float with NaN where unknown, or codes into `names`."""

    id: str
    label: str
    values: np.ndarray
    names: tuple[str, ...] = ()
    signed: bool = False

    @property
    def scale(self) -> tuple[str, ...]:
        """Colours from the smallest to the largest value, or one a category."""
        if self.names:
            return tuple(CATEGORIES[i % len(CATEGORIES)] for i in range(len(self.names)))
        return DIVERGING if self.signed else SEQUENTIAL

    @property
    def limits(self) -> tuple[float, float]:
        """Values at the ends of the scale: of all but the outermost hundredths, and alike on both sides of a sign."""
        known = self.values[np.isfinite(self.values)]
        low, high = np.quantile(known, [0.01, 0.99]) if len(known) else (0.0, 1.0)
        if self.signed:
            high = max(abs(low), abs(high))
            low = -high
        return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def colours(atlas: Atlas, studies: tuple[Path, ...] = ()) -> tuple[dict[str, Colour], tuple[Problem, ...]]:
    """Everything that at least one photo has, by id, and the studies that could not be read."""
    photos = atlas.photos
    score, human = (photos[name].to_numpy(dtype=float) for name in ("score", "human_score"))
    planted = photos["planted_score"].to_numpy(dtype=float)
    names, codes = np.unique(photos["source"].to_numpy(dtype=str), return_inverse=True)
    found = [
        Colour("score", "Model's score", score),
        Colour("human", "Human score", human),
        Colour("error", "Error: score − human score", score - human, signed=True),
        Colour("planted", "Planted score of generated scenes", planted),
        Colour("source", "Source", codes.astype(float), tuple(map(str, names))),
    ]
    problems = []
    for folder in studies:
        try:
            found += _of_study(folder, photos)
        except StudyError as error:
            problems.append(Problem(folder.name, str(error)))
    by_id: dict[str, Colour] = {}
    for item in found:
        by_id[item.id] = _completed(by_id[item.id], item) if item.id in by_id else item
    return {name: item for name, item in by_id.items() if np.isfinite(item.values).any()}, tuple(problems)


def _completed(known: Colour, other: Colour) -> Colour:
    """A feature that two studies measured: of each photo, what either has."""
    return dataclasses.replace(known, values=np.where(np.isfinite(known.values), known.values, other.values))


def study_folders() -> tuple[Path, ...]:
    """Studies at hand: the shipped ones and those of this machine's own runs."""
    places = (config.ARTIFACTS, config.ARTIFACTS / "studies", config.RUNS, config.RUNS / "studies")
    return tuple(sorted({file.parent for place in places for file in place.glob(f"*/{SETTINGS}")}))


def _of_study(folder: Path, photos: pd.DataFrame) -> Iterator[Colour]:
    """Effects on single photos, and countable features, of the photos of a map that a study has too."""
    if not (folder / "rows").is_dir():
        return
    study = read_study(folder)
    where = _matched(photos, study.sources, study.photo_ids)
    for number, condition in enumerate(study.conditions):
        delta = study.score[:, number] - study.original
        if np.isfinite(delta).any():
            yield Colour(
                _id(folder, condition),
                f"Effect on {study.settings.model}: {condition_name(dataclasses.asdict(condition))}",
                _spread(delta, where),
                signed=True,
            )
    rows = [row for _, table in _parts(folder) for row in table.select(["source", "photo_id", "features"]).to_pylist()]
    counted = [json.loads(row["features"] or "{}") for row in rows]
    where = _matched(photos, [row["source"] for row in rows], [row["photo_id"] for row in rows])
    for name in sorted({name for features in counted for name in features}):
        values = np.array([features.get(name, np.nan) for features in counted], dtype=float)
        yield Colour(f"feature-{name}", f"Feature: {name.replace('_', ' ')}", _spread(values, where))


def _parts(folder: Path) -> Iterator[tuple]:
    problems: list[Problem] = []
    yield from read_parts(folder / "photos", PHOTOS, problems)


def _id(folder: Path, condition: Condition) -> str:
    parts = (folder.name, condition.ablation, condition.params, condition.mask, condition.fill, condition.direction)
    return "effect-" + "-".join(str(part) for part in parts if part not in (None, "{}"))


def _matched(photos: pd.DataFrame, sources: Sequence[str] | np.ndarray, ids: Sequence[str] | np.ndarray) -> np.ndarray:
    """Row of the study of each photo of the map (N,), −1 where it has none."""
    asked = pd.MultiIndex.from_arrays([np.asarray(sources, dtype=str), np.asarray(ids, dtype=str)])
    keys = pd.MultiIndex.from_arrays([photos["source"].to_numpy(dtype=str), photos["photo_id"].to_numpy(dtype=str)])
    place = pd.Series(np.arange(len(asked)), asked)
    return place[~asked.duplicated(keep="last")].reindex(keys, fill_value=-1).to_numpy()


def _spread(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.where(where >= 0, values[np.maximum(where, 0)], np.nan)
