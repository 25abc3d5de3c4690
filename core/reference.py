"""Scores of reference photos that no model here learned from: what a percentile means, and how far models agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core import metrics
from core.examples import TrainingSet
from core.files import replacing
from core.inference import Predictor, predict
from core.reports import REFERENCE_COLUMNS
from core.types import Interval, Progress, silent


def score_reference(predictor: Predictor, photos: TrainingSet, progress: Progress = silent) -> pd.DataFrame:
    """Scores of every photo that `gather` kept out of training: columns model, source, photo_id, score."""
    kept = [example.photo for example in photos.kept_out]
    made = progress(predict(predictor, kept), len(kept), f"reference scores by {predictor.name}")
    rows = [
        (predictor.name, item.photo.source, item.photo.id, round(item.score, 5))
        for item in made
        if item.score is not None
    ]
    return pd.DataFrame(rows, columns=list(REFERENCE_COLUMNS))


def merge(file: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Replace a model's rows in a table on disk, written to a temporary name first; returns the whole table."""
    old = pd.read_csv(file, dtype={"photo_id": str}) if file.is_file() else rows.iloc[:0]
    table = pd.concat([old[~old["model"].isin(rows["model"].unique())], rows], ignore_index=True)
    with replacing(file) as temporary:
        table.to_csv(temporary, index=False)
    return table


def agreement(table: pd.DataFrame, first: str, second: str, leave_out: tuple[str, ...] = ()) -> tuple[int, Interval]:
    """Number of photos that both models scored, and the Spearman correlation of their scores with its interval."""
    wide = table[~table["source"].isin(leave_out)].pivot(index=["source", "photo_id"], columns="model", values="score")
    both = wide[[first, second]].dropna().to_numpy(dtype=float)
    return len(both), metrics.correlation_interval(metrics.spearman, *np.ascontiguousarray(both.T))
