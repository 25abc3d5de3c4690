"""Scores of reference photos that no model here learned from: what a percentile means, and how far models agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import ArtifactError, SourceError, UnknownChoiceError
from core.evaluation import metrics
from core.evaluation.reports import REFERENCE_COLUMNS
from core.files import replacing, table_text
from core.inference import Predictor, predict
from core.training.dataset import TrainingSet
from core.types import Interval, Prediction, Problem, Progress, silent


def read(file: Path) -> pd.DataFrame:
    """The table on disk, empty if there is none yet; ArtifactError if the file is no such table."""
    if not file.exists():
        return pd.DataFrame(columns=list(REFERENCE_COLUMNS))
    try:
        table = pd.read_csv(file, dtype={"photo_id": str})
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file}: this cannot be read as a table ({error}); choose another --out.") from error
    if missing := [name for name in REFERENCE_COLUMNS if name not in table]:
        raise ArtifactError(f"{file}: this table lacks the column {missing[0]}; choose another --out.")
    return table


def check_against(table: pd.DataFrame, model: str, against: str) -> None:
    """UnknownChoiceError unless the table holds scores of another model called `against`."""
    others = sorted(set(table["model"]) - {model})
    if against not in others:
        raise UnknownChoiceError(
            f"The table has no scores of {against!r} to compare with, only of {', '.join(others) or 'nobody'}."
        )


def score_reference(
    predictor: Predictor, photos: TrainingSet, progress: Progress = silent
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Scores of every photo that `gather` kept out of training: columns model, source, photo_id, score.

    With them, the photos that could not be scored. SourceError where every photo may be learned from.
    """
    kept = [example.photo for example in photos.kept_out]
    if not kept:
        raise SourceError(
            "No photo of these sets is kept out of training: list a test part (column split), or name sets by "
            "--unscored, --tenth or --keep-out."
        )
    made: list[Prediction] = list(
        progress(predict(predictor, kept), len(kept), f"reference scores by {predictor.name}")
    )
    rows = [
        (predictor.name, item.photo.source, item.photo.id, round(item.score, 5))
        for item in made
        if item.score is not None
    ]
    problems = tuple(item.problem for item in made if item.problem is not None)
    return pd.DataFrame(rows, columns=list(REFERENCE_COLUMNS)), problems


def merge(file: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Replace a model's rows in a table on disk, written to a temporary name first; returns the whole table."""
    old = read(file) if file.exists() else rows.iloc[:0]
    table = pd.concat([old[~old["model"].isin(rows["model"].unique())], rows], ignore_index=True)
    with replacing(file) as temporary:
        temporary.write_text(table_text(table), encoding="utf-8")
    return table


def agreement(table: pd.DataFrame, first: str, second: str, leave_out: tuple[str, ...] = ()) -> tuple[int, Interval]:
    """Number of photos that both models scored, and the Spearman correlation of their scores with its interval.

    SourceError if there are fewer than ten.
    """
    wide = table[~table["source"].isin(leave_out)].pivot(index=["source", "photo_id"], columns="model", values="score")
    both = wide.reindex(columns=[first, second]).dropna().to_numpy(dtype=float)
    if len(both) < 10:
        raise SourceError(
            f"{first} and {second} share scores of {len(both)} photos without human scores; their agreement needs at "
            "least 10: add photo sets by --unscored or --keep-out."
        )
    return len(both), metrics.correlation_interval(metrics.spearman, *np.ascontiguousarray(both.T))
