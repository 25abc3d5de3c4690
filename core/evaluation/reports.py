"""Measured results, read from the files in `artifacts/`; never imports torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import config
from core.errors import ArtifactError
from core.files import json_of
from core.records import FileName, record, typed
from core.types import Interval, Problem

TEST, ALL = "test", "all"
"""The part that an evaluation takes where there is one, and the word for all parts together."""

Scores = np.ndarray
"""Scores in [0, 1], float64 (N,)."""

TRAINING_COLUMNS = ("epoch", "train_loss", "val_mse", "val_mse_of_mean", "val_spearman", "val_pearson")
SCORE_COLUMNS = ("photo_id", "score", "human_score")
REFERENCE_COLUMNS = ("model", "source", "photo_id", "score")


@dataclass(frozen=True)
class Reliability:
    """How well people agree with each other: split-half ρ, Spearman–Brown corrected, and the highest ρ to expect."""

    split_half: float
    spearman_brown: float
    ceiling: float


@dataclass(frozen=True)
class Decile:
    """A tenth of the photos by score: mean score, and mean human score with its 95 % interval (NaN for one photo)."""

    decile: int
    n: int
    mean_score: float
    mean_human: float
    low: float
    high: float


CALIBRATION_COLUMNS = tuple(item.name for item in fields(Decile))


@dataclass(frozen=True)
class Evaluation:
    """A model's scores against human scores on one source; `part` is its split part, "all", or None if it has none.

    `calibration` has a row per decile of the score with the columns of CALIBRATION_COLUMNS; mean_score, mean_human and
    its 95 % interval low … high are shares in [0, 1].
    """

    model: FileName
    source: FileName
    part: FileName | None
    n: int
    spearman: Interval
    pearson: Interval
    mse: float
    mse_of_mean: float
    calibration: pd.DataFrame = field(repr=False, compare=False)
    human: Reliability | None
    possibly_seen: bool
    date: str
    seed: int | None = None
    """Seed of the run that made the model; None for a published model and for an average."""
    engine: str = "torch"
    """What ran the model."""
    precision: str = "fp32"
    seen_through: tuple[str, ...] = ()
    """Published models that gave the model its first weights or its labels: what they learned from is not known."""

    @property
    def through(self) -> str:
        """Through whom the model may have seen these photos, in words; empty where it learned from nobody."""
        return " and ".join(self.seen_through)

    @property
    def id(self) -> str:
        """Model, source, and the part if it is not the test part or there are none, as in the file's name."""
        return f"{self.model}-{self.source}{f'-{self.part}' if self.part not in (None, TEST) else ''}"


@dataclass(frozen=True)
class Evaluations:
    """Every saved evaluation in order of file name, and the files that could not be read."""

    items: tuple[Evaluation, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """Something that was tried while the recipe was chosen: what, how it was judged, and its Spearman ρ."""

    what: str
    spearman: float
    how: str


@dataclass(frozen=True)
class SeedRun:
    """The final recipe trained from one seed; agreement with human scores, and mean squared error."""

    seed: int
    spearman: float
    pearson: float
    mse: float


@dataclass(frozen=True)
class ModelCard:
    """What a checkpoint's card says of its origin; its list of training photos is left out."""

    architecture: str
    data: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    teachers: tuple[str, ...] = ()
    tried: tuple[Attempt, ...] = ()
    seeds: tuple[SeedRun, ...] = ()
    notes: tuple[str, ...] = ()


def evaluations(folder: Path | None = None) -> Evaluations:
    """All evaluations saved in `folder` (default: artifacts/evaluations); a damaged file becomes a problem."""
    folder = folder or config.ARTIFACTS / "evaluations"
    items: list[Evaluation] = []
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.json")):
        try:
            items.append(evaluation(file))
        except ArtifactError as error:
            problems.append(Problem(file.name, str(error)))
    return Evaluations(tuple(items), tuple(problems))


def evaluation(file: Path) -> Evaluation:
    """One saved evaluation; ArtifactError says what it lacks."""
    content = _json(file)
    try:
        deciles = typed(tuple[Decile, ...], content["calibration"])
        calibration = pd.DataFrame(map(vars, deciles), columns=list(CALIBRATION_COLUMNS))
        return record(Evaluation, content | {"calibration": calibration})
    except KeyError as error:
        raise ArtifactError(f"it lacks {error}.") from error
    except ValueError as error:
        raise ArtifactError(f"a value in it is not of the right kind ({error}).") from error


def metrics_table(items: tuple[Evaluation, ...]) -> pd.DataFrame:
    """A row per evaluation, the default model first; agreement with its interval is text, errors are numbers."""
    return pd.DataFrame(
        {
            "model": item.model,
            "photos": f"{item.source}, {item.part}" if item.part else item.source,
            "n": item.n,
            "Spearman ρ": str(item.spearman),
            "Pearson r": str(item.pearson),
            "MSE": item.mse,
            "MSE of the mean": item.mse_of_mean,
            "possibly seen": item.possibly_seen,
            "through": item.through,
            "date": item.date,
        }
        for item in sorted(items, key=lambda item: item.model != config.DEFAULT_MODEL)
    )


def headline(items: tuple[Evaluation, ...], model: str = config.DEFAULT_MODEL) -> Evaluation | None:
    """The evaluation to quote for a model: of those on photos it has not seen, the one with most photos."""
    fair = [item for item in items if item.model == model and not item.possibly_seen]
    return max(fair, key=lambda item: item.n, default=None)


def scores(item: Evaluation, folder: Path | None = None) -> pd.DataFrame | None:
    """Score and human score of every photo of an evaluation (columns SCORE_COLUMNS); None if not saved."""
    return _table((folder or config.ARTIFACTS / "evaluations") / f"{item.id}.csv", SCORE_COLUMNS)


def training_record(model: str = config.DEFAULT_MODEL) -> pd.DataFrame | None:
    """A row per epoch (at least TRAINING_COLUMNS), or None if the model has no training record."""
    return _table(config.ARTIFACTS / model / "metrics.csv", TRAINING_COLUMNS)


def model_card(model: str = config.DEFAULT_MODEL) -> ModelCard | None:
    """The card of a shipped checkpoint; None if there is none, ArtifactError if it cannot be read."""
    file = config.ARTIFACTS / model / "card.json"
    if not file.is_file():
        return None
    content = _json(file)
    try:
        return record(ModelCard, content)
    except KeyError as error:
        raise ArtifactError(f"{model}/{file.name}: it lacks {error}.") from error
    except ValueError as error:
        raise ArtifactError(f"{model}/{file.name}: a value in it is not of the right kind ({error}).") from error


def over_seeds(runs: tuple[SeedRun, ...], measure: str) -> tuple[float, float]:
    """Mean and sample standard deviation of a measure over seeds; the deviation of a single run is NaN."""
    values = np.array([getattr(run, measure) for run in runs])
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan


def recipe_table(card: ModelCard) -> pd.DataFrame:
    """Setting and value of every line of the recipe; of a path only its last part is kept."""
    rows = ((name, value if isinstance(value, list | tuple) else [value]) for name, value in card.recipe.items())
    return pd.DataFrame(
        {"setting": name, "value": ", ".join(Path(v).name if isinstance(v, str) else str(v) for v in values)}
        for name, values in rows
    )


def reference_scores(model: str = config.DEFAULT_MODEL) -> np.ndarray:
    """A model's scores of reference photos kept out of its training: float64 (N,), empty if none are saved."""
    table = _table(config.ARTIFACTS / "reference_scores.csv", REFERENCE_COLUMNS)
    if table is None:
        return np.empty(0)
    values = pd.to_numeric(table.loc[table["model"] == model, "score"], errors="coerce")
    return values.dropna().to_numpy(dtype=np.float64)


def percentile(score: float, reference: np.ndarray) -> float:
    """Percent of reference scores (N,) below a score, ties counted half; NaN without any reference."""
    if not len(reference):
        return math.nan
    return float(100 * ((reference < score).mean() + (reference == score).mean() / 2))


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json_of(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file.name} cannot be read ({error}).") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{file.name} does not hold a record.")
    return content


def _table(file: Path, columns: tuple[str, ...]) -> pd.DataFrame | None:
    if not file.is_file():
        return None
    try:
        table = pd.read_csv(file, dtype={"photo_id": str})
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file.name} cannot be read ({error}).") from error
    if missing := [name for name in columns if name not in table.columns]:
        raise ArtifactError(f"{file.name} lacks the column {missing[0]}.")
    return table
