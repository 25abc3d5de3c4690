"""Measure a model against human scores."""

from __future__ import annotations

import sys
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.registry import COMMANDS


@COMMANDS.register("Measure a model")
def evaluate(
    source: Annotated[str, "photos with human scores: LaMem layout, CSV"],
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    part: Annotated[str, "train, val, test or all (default: test where there is one)"] = "",
    split: Annotated[int, "which of LaMem's five splits names the parts"] = 1,
    out: Annotated[str, "folder for the saved result"] = "runs/evaluations",
) -> Report:
    """Compare a model's scores with human scores and save the result.

    Prints n, Spearman and Pearson with bootstrap 95 % intervals, the squared error beside that of predicting the mean,
    calibration by decile and, where half-panels are given, how well people agree with each other.
    """
    from pathlib import Path

    from core import inference
    from core.evaluation import evaluation
    from core.sources import open_source

    listing = open_source(source, split)
    chosen, halves = evaluation.chosen_part(listing, part), evaluation.halves_of(source)
    if not part and (said := evaluation.part_sentence(listing, chosen)):
        print(f"{source}: {said}; --part all takes them all.", file=sys.stderr)
    asked = [photo for photo in listing.photos if chosen is None or photo.split == chosen]
    if unasked := sum(photo.score is None for photo in asked):
        print(f"{source}: {unasked} of {len(asked)} photos have no human score and are left out", file=sys.stderr)
    predictor = inference.load(model, engine, precision, passes=len(listing.photos))
    done = evaluation.evaluate(predictor, listing, part=chosen, halves=halves, progress=progress_bar)
    for problem in done.problems:
        print(f"left out: {problem}", file=sys.stderr)
    file = evaluation.save(done, Path(out))
    text = [*evaluation.lines(done.evaluation), f"saved in {file}"]
    return Report(text, evaluation.as_json(done.evaluation), code=1 if done.problems else 0)
