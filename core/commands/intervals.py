"""Learn how far people's scores lie from a model's."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.registry import COMMANDS, Range


@COMMANDS.register("Intervals for scores")
def intervals(
    source: Annotated[str, "the scored set that the model learned from; its test part calibrates and checks"],
    *,
    model: Annotated[str, "registered model with a shipped checkpoint, or the folder of one"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    coverage: Annotated[float, "share of photos whose human score an interval is to hold", Range(0.5, 0.99, 0.01)] = (
        0.9
    ),
) -> Report:
    """Write split-conformal intervals beside a checkpoint, and say how many of other photos they hold.

    The test part calibrates; each of its halves, by content hash, checks what the other gives. The training part gives
    the distance in features by which the intervals widen.
    """
    from core import inference
    from core.evaluation import intervals as made
    from core.evaluation import metrics
    from core.sources import open_source

    listing = open_source(source)
    predictor = inference.load(model, engine, precision, passes=len(listing.photos))
    file = inference.shipped_or(model) / made.FILE
    seen = {
        part: made.look(predictor, [photo for photo in listing.photos if photo.split == part], progress_bar)
        for part in ("train", "test")
    }
    test, learned = seen["test"], seen["train"].features
    chosen = made.fit(learned, test.scores, test.human, test.features, coverage=coverage)
    trend = float(metrics.spearman(chosen.unlikeness(test.features), np.abs(test.human - test.scores)))
    facts: dict[str, Any] = {"photos": f"photos of {listing.name}", "calibrated": len(test.scores)}
    facts |= {"held": made.held_by_the_other_half(learned, test, coverage), "error_by_distance": round(trend, 3)}
    made.save(made.with_facts(chosen, facts), file)
    text = (
        f"{100 * coverage:.0f} % intervals of ±{chosen.quantile:.3f} from {facts['calibrated']} photos, saved in "
        f"{file}; where each half calibrates for the other, they hold {100 * facts['held']:.1f} %; Spearman's rho of "
        f"error and distance from the learned photos is {trend:.2f}"
    )
    return Report([text], {"file": str(file), "quantile": chosen.quantile, "coverage": coverage, **facts})
