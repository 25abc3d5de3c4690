"""Score the photos that were kept out of training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import Report
from core.registry import COMMANDS


@COMMANDS.register("Score the reference photos")
def reference(
    source: Annotated[str, "the scored set that the shipped model was trained on"],
    *,
    unscored: Annotated[tuple[str, ...], "photo sets of which content hashing kept half out"] = (),
    keep_out: Annotated[tuple[str, ...], "photo sets kept out whole"] = (),
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    against: Annotated[str, "another model in the table, to measure how far the two agree"] = "",
    out: Annotated[str, "table to write; other models' rows in it stay"] = str(
        config.ARTIFACTS / "reference_scores.csv"
    ),
) -> Report:
    """Score every photo that was kept out of training, for percentiles and for the agreement between models.

    Kept out are the test part of the scored set, half of every unscored set, chosen by content hash, and the sets kept
    out whole. With `against`, prints the Spearman correlation with another model's scores on the sets without human
    scores.
    """
    from core import inference, reference
    from core.examples import gather

    photos = gather(source, unscored, keep_out, hold_half=True, progress=progress_bar)
    predictor = inference.load(model)
    table = reference.merge(Path(out), reference.score_reference(predictor, photos, progress_bar))
    lines = [f"{(table['model'] == predictor.name).sum()} reference photos scored by {predictor.name}, saved in {out}"]
    data: dict[str, object] = {"model": predictor.name, "out": out}
    if against:
        n, found = reference.agreement(table, predictor.name, against, leave_out=(Path(source).name,))
        lines.append(f"agreement with {against} on {n} photos without human scores: Spearman {found}")
        data |= {"against": against, "n": n, "spearman": [found.estimate, found.low, found.high]}
    return Report(lines, data)
