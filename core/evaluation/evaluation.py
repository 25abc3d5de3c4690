"""Scores against human scores: agreement with intervals, error beside predicting the mean, calibration, reliability."""

from __future__ import annotations

import csv
import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import ParameterError, SourceError
from core.evaluation import metrics
from core.evaluation.reports import ALL, CALIBRATION_COLUMNS, TEST, Evaluation, Reliability
from core.files import cell, json_text, replacing, write_text
from core.inference import Predictor, predict
from core.photos.fingerprints import fingerprint, learned_by
from core.types import Listing, Photo, Prediction, Problem, Progress, silent

HALVES = "human_halves.csv"
FEWEST = 10
"""Photos with human scores below which agreement is not measured."""


@dataclass(frozen=True)
class Evaluated:
    """An evaluation with the predictions that it rests on and the photos that could not be used."""

    evaluation: Evaluation
    predictions: tuple[Prediction, ...]
    problems: tuple[Problem, ...]


def evaluate(
    predictor: Predictor, listing: Listing, *, part: str | None, halves: Path | None = None, progress: Progress = silent
) -> Evaluated:
    """Score the photos of a part that have human scores and measure the agreement.

    `halves` is a CSV with the mean scores of random half-panels (file, a01, b01, a02 …). ParameterError for a part that
    the source lacks; SourceError if fewer than ten photos have human scores, or if these are all the same.
    """
    parts = _parts(listing, part)
    photos = [p for p in listing.photos if p.score is not None and (part is None or p.split == part)]
    _check_scores(listing.name, [photo.score for photo in photos], listing.problems)
    if halves:
        _check_halves(halves, [photo.id for photo in photos])
    made = list(progress(predict(predictor, photos), len(photos), f"scoring {listing.name}"))
    used = [item for item in made if item.score is not None]
    problems = (*listing.problems, *(item.problem for item in made if item.problem is not None))
    _check_scores(listing.name, [item.photo.score for item in used], problems)
    scores = np.array([item.score for item in used])
    human = np.array([item.photo.score for item in used])
    result = Evaluation(
        model=predictor.name,
        source=listing.name,
        part=part or (ALL if parts else None),
        n=len(used),
        spearman=metrics.correlation_interval(metrics.spearman, scores, human),
        pearson=metrics.correlation_interval(metrics.pearson, scores, human),
        mse=metrics.mse(scores, human),
        mse_of_mean=metrics.mse(np.full_like(human, human.mean()), human),
        calibration=calibration(scores, human),
        human=reliability(halves, [item.photo.id for item in used]) if halves else None,
        possibly_seen=possibly_seen(predictor, [item.photo for item in used]),
        seen_through=tuple(predictor.card.get("teachers") or ()),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        seed=None if "averaged" in predictor.card else predictor.card.get("recipe", {}).get("seed"),
        engine=predictor.engine.id,
        precision=predictor.engine.precision,
    )
    return Evaluated(result, tuple(used), problems)


def _check_scores(source: str, human: Sequence[float | None], problems: Sequence[Problem]) -> None:
    """SourceError where agreement with so few human scores, or with scores that never vary, cannot be measured."""
    if len(human) < FEWEST:
        bad = f" {len(problems)} could not be used, the first: {problems[0]}" if problems else ""
        raise SourceError(
            f"{source}: {len(human)} photos have human scores; an evaluation needs at least {FEWEST}.{bad}"
        )
    if len(set(human)) == 1:
        raise SourceError(f"{source}: all human scores are {human[0]:g}; nothing can agree with what never varies.")


def possibly_seen(predictor: Predictor, photos: list[Photo]) -> bool:
    """Whether the model may have learned from any of these photos; unknown training sets may hold anything."""
    learned = learned_by(predictor.card)
    return learned is None or any(fingerprint(photo.read()) in learned for photo in photos)


def calibration(scores: np.ndarray, human: np.ndarray) -> pd.DataFrame:
    """Mean score and mean human score, with its 95 % interval, in each tenth of the photos ordered by score."""
    rows = []
    for decile, chosen in enumerate(np.array_split(np.argsort(scores, kind="stable"), 10), start=1):
        mean = human[chosen].mean()
        margin = 1.96 * human[chosen].std(ddof=1) / np.sqrt(len(chosen)) if len(chosen) > 1 else float("nan")
        rows.append((decile, len(chosen), scores[chosen].mean(), mean, mean - margin, mean + margin))
    return pd.DataFrame(rows, columns=list(CALIBRATION_COLUMNS))


def reliability(file: Path, ids: list[str]) -> Reliability:
    """Mean Spearman between half-panels over these photos, its Spearman–Brown correction, and the square root of that.

    SourceError if the table cannot be read, or lacks a photo or a pair of columns.
    """
    table, pairs = _half_panels(file)
    if missing := [name for name in ids if name not in table.index]:
        raise SourceError(f"{file}: {missing[0]} has no line; half-panels are needed for every evaluated photo.")
    rows = table.loc[ids]
    split_half = float(np.mean([metrics.spearman(rows[a].to_numpy(), rows[b].to_numpy()) for a, b in pairs]))
    corrected = 2 * split_half / (1 + split_half)
    return Reliability(split_half, corrected, float(np.sqrt(max(corrected, 0.0))))


def _half_panels(file: Path) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The table of half-panels by photo, and its pairs of columns; SourceError if it is none."""
    try:
        table = pd.read_csv(file, dtype={"file": str}).set_index("file")
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{file}: this is not a table of half-panels with a column file ({error}).") from error
    pairs = [(name, f"b{name[1:]}") for name in table.columns if name.startswith("a")]
    if not pairs or any(second not in table for _, second in pairs):
        raise SourceError(f"{file}: the columns must be file, a01, b01, a02, b02 …")
    return table, pairs


def _check_halves(file: Path, ids: list[str]) -> None:
    """SourceError before the work where so few photos have half-panels that too many lack them in any case."""
    table, _ = _half_panels(file)
    known = sum(name in table.index for name in ids)
    if known < FEWEST:
        raise SourceError(
            f"{file}: {known} of {len(ids)} photos have a line; half-panels are needed for every evaluated photo."
        )


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as plain JSON; `core.evaluation.reports.evaluation` reads it back."""
    content = dataclasses.asdict(dataclasses.replace(evaluation, calibration=pd.DataFrame()))
    return content | {"calibration": evaluation.calibration.to_dict(orient="records")}


def save(evaluated: Evaluated, folder: Path) -> Path:
    """Write MODEL-SOURCE.json and, photo by photo, MODEL-SOURCE.csv; return the JSON file."""
    file = folder / f"{evaluated.evaluation.id}.json"
    rows = [(cell(item.photo.id), f"{item.score:.6f}", f"{item.photo.score:.6f}") for item in evaluated.predictions]
    with replacing(file.with_suffix(".csv")) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("photo_id", "score", "human_score"), *rows])
    write_text(file, json_text(as_json(evaluated.evaluation)) + "\n")
    return file


def lines(evaluation: Evaluation) -> list[str]:
    """An evaluation in plain text."""
    seen = "; possibly seen in training" if evaluation.possibly_seen else ""
    if through := evaluation.through:
        seen += f"; possibly seen through {through}"
    part = {None: "", ALL: ", all parts"}.get(evaluation.part, f", {evaluation.part} part")
    text = [
        f"{evaluation.model} on {evaluation.source}{part}{seen}",
        f"n          {evaluation.n}",
        f"Spearman   {evaluation.spearman}",
        f"Pearson    {evaluation.pearson}",
        f"MSE        {evaluation.mse:.5f}  (predicting the mean: {evaluation.mse_of_mean:.5f}, "
        f"ratio {evaluation.mse / evaluation.mse_of_mean:.3f})",
    ]
    if human := evaluation.human:
        text.append(
            f"people     split-half {human.split_half:.3f}, Spearman–Brown {human.spearman_brown:.3f}, "
            f"highest ρ a model can expect {human.ceiling:.3f}"
        )
    return [*text, "calibration by decile of the score:", evaluation.calibration.round(3).to_string(index=False)]


def chosen_part(listing: Listing, named: str) -> str | None:
    """The part that a command is about: the named one, or the test part where there is one; None for everything.

    ParameterError for a part that the source lacks.
    """
    part = None if named == ALL else named or None
    parts = _parts(listing, part)
    return TEST if not named and TEST in parts else part


def part_sentence(listing: Listing, chosen: str | None) -> str | None:
    """What is left out that nobody asked to leave out, as half a sentence; None where it is about every photo."""
    if chosen is None:
        return None
    count = sum(photo.split == chosen for photo in listing.photos)
    return f"{count:,} of {len(listing.photos):,} photos, the {chosen} part"


def _parts(listing: Listing, wanted: str | None) -> list[str]:
    """The parts of a source; ParameterError if the wanted one is not among them."""
    parts = sorted({photo.split for photo in listing.photos if photo.split})
    if wanted is not None and wanted not in parts:
        raise ParameterError(f"{listing.name} has no part {wanted!r}; choose from {', '.join((*parts, ALL))}.")
    return parts


def halves_of(source: str) -> Path | None:
    """The half-panel table beside a source, if there is one."""
    file = Path(source) / HALVES
    return file if file.is_file() else None
