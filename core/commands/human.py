"""Compare what goes along with human scores with what goes along with the model's."""

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

    On the same photos, with 95 % intervals; the result is kept in human.json in the study's folder. Where `core
    distinctiveness` has measured the photos for the study's model, how unusual they are joins the features: by every
    measure but that in the model's own space, which follows its scores.
    """
    from core.effects import human_side, human_words
    from core.latent.distinctiveness_results import OWN, read_measures
    from core.records import as_json
    from core.study.reading import read_settings

    unusual = read_measures(read_settings(Path(run)).model)
    found = human_side.human_side(Path(run), unusual=None if unusual is None else unusual.drop(columns=OWN), seed=seed)
    file = human_side.save(found, Path(run))
    return Report([*human_words.lines(found), f"saved in {file}"], as_json(found))
