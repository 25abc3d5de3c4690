"""Score the photos that were kept out of training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.registry import COMMANDS


@COMMANDS.register("Score the reference photos", file=True)
def reference(
    source: Annotated[str, "the scored set that the shipped model was trained on"],
    *,
    unscored: Annotated[tuple[str, ...], "photo sets of which content hashing kept half out"] = (),
    tenth: Annotated[tuple[str, ...], "large photo sets of which content hashing kept a tenth out"] = (),
    keep_out: Annotated[tuple[str, ...], "photo sets kept out whole"] = (),
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    against: Annotated[str, "another model in the table, to measure how far the two agree"] = "",
    out: Annotated[str, "table to write; other models' rows in it stay"] = str(
        config.ARTIFACTS / "reference_scores.csv"
    ),
) -> Report:
    """Score every photo that was kept out of training, for percentiles and for the agreement between models.

    Kept out are the test part of the scored set, half of every unscored set and a tenth of the large ones, chosen by
    content hash, and the sets kept out whole. With `against`, prints the Spearman correlation with another model's
    scores on the sets without human scores. Photos that cannot be read are named, and the exit code is 1.
    """
    from core import inference
    from core.training import reference_scores as reference
    from core.training.dataset import gather

    predictor, known = inference.load(model, engine, precision), reference.read(Path(out))
    if against:
        reference.check_against(known, predictor.name, against)  # now, not after minutes of scoring
    photos = gather(
        source, (*unscored, *tenth), keep_out, hold_half=True, hold_tenth=tenth, progress=progress_bar
    )  # names what it leaves out
    rows, unread = reference.score_reference(predictor, photos, progress_bar)
    for problem in unread:
        print(f"left out: {problem}", file=sys.stderr)
    problems = [*map(str, photos.problems), *map(str, unread)]
    table = reference.merge(Path(out), rows)
    lines = [f"{(table['model'] == predictor.name).sum()} reference photos scored by {predictor.name}, saved in {out}"]
    data: dict[str, object] = {"model": predictor.name, "out": out, "problems": problems}
    if against:
        n, found = reference.agreement(table, predictor.name, against, leave_out=(Path(source).name,))
        lines.append(f"agreement with {against} on {n} photos without human scores: Spearman {found}")
        data |= {"against": against, "n": n, "spearman": [found.estimate, found.low, found.high]}
    return Report(lines, data, code=1 if problems else 0)
