"""Learn how far people's scores lie from a model's."""

from __future__ import annotations

from typing import Annotated, Any

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

    Half of the test part, chosen by content hash, calibrates; the other half checks. The training part gives the
    distance in features by which the intervals widen.
    """
    from core import inference
    from core.evaluation import intervals as made
    from core.sources import open_source

    listing = open_source(source)
    predictor = inference.load(model, engine, precision, passes=len(listing.photos))
    file = inference.shipped_or(model) / made.FILE
    seen = {
        part: made.look(predictor, [photo for photo in listing.photos if photo.split == part], progress_bar)
        for part in ("train", "test")
    }
    test = seen["test"]
    facts: dict[str, Any] = {"photos": f"photos of {listing.name}", "calibrated": int(test.first.sum())}
    chosen = made.fit(seen["train"].features, *test.half(first=True), coverage=coverage)
    other = test.half(first=False)
    facts |= {"checked": len(other[0]), "held": made.covered(chosen, *other)}
    made.save(made.with_facts(chosen, facts), file)
    text = (
        f"{100 * coverage:.0f} % intervals of ±{chosen.quantile:.3f} from {facts['calibrated']} photos hold "
        f"{100 * facts['held']:.1f} % of {facts['checked']} others, saved in {file}"
    )
    return Report([text], {"file": str(file), "quantile": chosen.quantile, "coverage": coverage, **facts})
