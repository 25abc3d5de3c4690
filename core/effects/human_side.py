"""Do features go along with people's scores as they do with the model's? Rank correlations, and variance taken apart.

Read from a finished study: the countable features of its photos, their human scores, and the model's untouched scores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core import config
from core.effects import stats
from core.effects.human_words import FILE, HUMAN, MODEL, UNUSUAL, Added, Correlation, HumanSide, Partition
from core.effects.resampling import bootstrap, percentile_interval
from core.errors import StudyError
from core.files import write_text
from core.photos.features import LOW_LEVEL, SEMANTIC
from core.records import as_json
from core.registry import FEATURES
from core.study.photo_parts import read_photos
from core.study.reading import read_study
from core.types import Interval

FOLDS = 10
STRENGTHS = np.logspace(-2, 5, 15)
"""Ridge penalties among which the inner cross-validation chooses."""
KEYS = ["source", "photo_id"]
BOTH = (HUMAN, MODEL)


def human_side(
    folder: Path, *, unusual: pd.DataFrame | None = None, draws: int = config.RESAMPLES, seed: int = config.SEED
) -> HumanSide:
    """The human side of a study, compared on the same photos: those with human scores, or all where there are none.

    `unusual` has source, photo_id and a column a measure of how unusual a photo is; photos that it lacks do not count
    in what is said of them. StudyError if fewer photos than SCIENCE.md's least number have what is needed.
    """
    study = read_study(folder)
    scores = pd.DataFrame({"source": study.sources, "photo_id": study.photo_ids, MODEL: study.original})
    table = photo_table(folder).merge(scores, on=KEYS, validate="one_to_one")  # photos without a score do not count
    asked = table[table[HUMAN].notna()]
    used = asked if len(asked) >= config.MIN_COMPUTED else table
    if len(used) < config.MIN_COMPUTED:
        raise StudyError(f"{folder} has {len(used)} photos; the human side needs at least {config.MIN_COMPUTED}.")
    features = varying(used)
    sides = [HUMAN, MODEL] if used is asked else [MODEL]
    known = used.merge(unusual, on=KEYS) if unusual is not None else used[:0]
    measures = [str(name) for name in known if name not in used] if len(known) >= config.MIN_COMPUTED else []
    return HumanSide(
        study=study.settings.name,
        model=study.settings.model,
        n=len(used),
        n_human=len(asked),
        marks=study.settings.marks,
        too_rare=tuple(name for name in measured(used) if name not in features),
        correlations=(
            *_correlations(used, {name: FEATURES[name].facts["group"] for name in features}, sides, draws, seed),
            *_correlations(known, dict.fromkeys(measures, UNUSUAL), sides, draws, seed),
        ),
        partitions=tuple(
            partition(used[_of(features, SEMANTIC)], used[_of(features, LOW_LEVEL)], used[side], side, draws, seed)
            for side in sides
        ),
        added=tuple(
            added(known[features], known[measures], known[side], side, draws, seed) for side in sides if measures
        ),
    )


def photo_table(folder: Path) -> pd.DataFrame:
    """The photos of a study: source, photo_id, human (score), and a column per feature that is known.

    Parts that are damaged or foreign do not count, and a photo that was written twice counts once, as in its effects.
    """
    rows = [row for part in read_photos(folder, []) for row in part]
    if not rows:
        raise StudyError(f"{folder} holds no photos; run the study first.")
    about = pd.DataFrame([(row.source, row.photo_id, row.human) for row in rows], columns=[*KEYS, HUMAN])
    about = about.astype(dict.fromkeys(KEYS, object))
    features = pd.DataFrame([row.features for row in rows], dtype=float)
    counted = [entry.id for entry in FEATURES if entry.id in features]
    return about.join(features[counted]).drop_duplicates(KEYS).reset_index(drop=True)


def varying(table: pd.DataFrame) -> list[str]:
    """The features that were measured in every photo and tell enough of them apart, in the registry's order.

    As many photos as any number needs must differ from the commonest value: from three photos with a face, a weight of
    faces could be fitted, and one of them could upset all of a fold.
    """
    return [name for name in measured(table) if (table[name] != table[name].mode()[0]).sum() >= config.MIN_COMPUTED]


def measured(table: pd.DataFrame) -> list[str]:
    """The features that were measured in every photo, in the registry's order."""
    return [entry.id for entry in FEATURES if entry.id in table and table[entry.id].notna().all()]


def _of(features: list[str], group: str) -> list[str]:
    return [name for name in features if FEATURES[name].facts["group"] == group]


def _correlations(
    table: pd.DataFrame, groups: dict[str, str], sides: list[str], draws: int, seed: int
) -> list[Correlation]:
    """Each feature, named with its group, with every side: all on the same resamples, which need no sorting anew."""
    if not groups:
        return []
    columns = table[list(groups)].to_numpy(dtype=float)
    found = {
        side: stats.correlation_intervals(columns, table[side].to_numpy(dtype=float), draws=draws, seed=seed)
        for side in sides
    }
    return [
        Correlation(
            name, group, len(table), *(found[side][place] if side in found else None for side in (HUMAN, MODEL))
        )
        for place, (name, group) in enumerate(groups.items())
    ]


def partition(
    semantic: pd.DataFrame,
    low_level: pd.DataFrame,
    scores: pd.Series,
    of: str,
    draws: int = config.RESAMPLES,
    seed: int = config.SEED,
) -> Partition:
    """Variance of scores (N,) partitioned between two tables of features (N × any number) by nested cross-validation.

    Outer folds predict photos that chose neither weights nor penalty; intervals are percentile bootstraps over photos
    of the out-of-fold errors. Unique parts can fall below 0 where a group only adds noise, and the shared part where
    one group masks the other. Source: commonality analysis, Seibold & McPhee 1979.
    """
    tables = (semantic, low_level, pd.concat([semantic, low_level], axis=1))
    return Partition(of, len(scores), *_resampled(tables, scores, _parts, draws, seed))


def added(
    features: pd.DataFrame,
    measures: pd.DataFrame,
    scores: pd.Series,
    of: str,
    draws: int = config.RESAMPLES,
    seed: int = config.SEED,
) -> Added:
    """What measures add to features in predicting scores (N,): as in `partition`, the difference of two R²."""
    tables = (features, pd.concat([features, measures], axis=1))
    return Added(of, len(scores), *_resampled(tables, scores, _gain, draws, seed))


def _resampled(
    tables: Sequence[pd.DataFrame],
    scores: pd.Series,
    parts: Callable[[list[np.ndarray], np.ndarray, np.ndarray], np.ndarray],
    draws: int,
    seed: int,
) -> list[Interval]:
    """Parts of the variance that tables of features predict, each with its percentile interval over photos."""
    y = scores.to_numpy()
    errors = [np.square(y - predicted(table.to_numpy(), y, seed)) for table in tables]
    (drawn,) = bootstrap(len(y), [lambda counts: parts(errors, y, counts.T)], draws=draws, seed=seed)
    measured = parts(errors, y, np.ones((1, len(y))))[0]
    return [
        Interval(float(value), *percentile_interval(column)) for value, column in zip(measured, drawn.T, strict=True)
    ]


def _gain(errors: list[np.ndarray], scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How much more R² the second table has than the first for every draw, draws × 1."""
    without, with_them = (_explained(error, scores, counts) for error in errors)
    return (with_them - without)[:, None]


def _parts(errors: list[np.ndarray], scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Total, semantic, low-level and shared R² for every draw, draws × 4."""
    semantic, low_level, both = (_explained(error, scores, counts) for error in errors)
    return np.stack([both, both - low_level, both - semantic, semantic + low_level - both], axis=1)


def predicted(features: np.ndarray, scores: np.ndarray, seed: int) -> np.ndarray:
    """Out-of-fold predictions (N,) by ridge regression on standardised features; the mean where there are none.

    None lies outside of the scores that its fold learned from: a photo far from all others is not extrapolated to.
    """
    made = np.empty(len(scores))
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(scores):
        if features.shape[1] == 0:
            made[test] = scores[train].mean()
            continue
        model = make_pipeline(StandardScaler(), RidgeCV(STRENGTHS))  # leave-one-out inside the training folds
        found = model.fit(features[train], scores[train]).predict(features[test])
        made[test] = np.clip(found, scores[train].min(), scores[train].max())
    return made


def _explained(errors: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """R² of squared errors (N,) for every draw of how often each photo counts (draws × N)."""
    total = weights.sum(axis=1)
    mean = weights @ scores / total
    spread = weights @ np.square(scores) / total - np.square(mean)
    return 1 - weights @ errors / total / spread


def save(side: HumanSide, folder: Path) -> Path:
    """Keep the human side with its study."""
    file = folder / FILE
    write_text(file, json.dumps(as_json(side), indent=1) + "\n")
    return file
