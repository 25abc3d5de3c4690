"""Compare what sways people with what sways the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core import config
from core.commands import Report
from core.registry import COMMANDS


@COMMANDS.register("Compare with people")
def human(
    run: Annotated[str, "folder of a study"],
    *,
    seed: Annotated[int, "seed of folds and resamples"] = config.SEED,
) -> Report:
    """Correlate countable features with human and with model scores, and take the variance of both apart.

    On the same photos, with 95 % intervals; the result is kept in human.json in the study's folder.
    """
    from core.effects import human_side, human_words
    from core.records import as_json

    found = human_side.human_side(Path(run), seed=seed)
    file = human_side.save(found, Path(run))
    return Report([*human_words.lines(found), f"saved in {file}"], as_json(found))
