"""Do unusual photos score higher?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.errors import ParameterError
from core.registry import COMMANDS, MASKS


@COMMANDS.register("Do unusual photos score higher?")
def distinctiveness(
    source: Annotated[str, "photos, with or without human scores"],
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    autoencoder: Annotated[str, "registered autoencoder, or the folder of a checkpoint"] = "vae",
    masks: Annotated[tuple[str, ...], "detectors whose counts and areas are taken out (default: all)"] = (),
    neighbours: Annotated[int, "how many of the nearest photos a distance is the mean of"] = 10,
    limit: Annotated[int, "measure the first so many photos that count; 0 means all"] = 0,
    seed: Annotated[int, "seed of the resamples"] = config.SEED,
    out: Annotated[str, "folder for the table and the answer"] = "runs/distinctiveness",
    save: Annotated[
        str, "also write the answer and the measures to this folder, such as artifacts/distinctiveness"
    ] = "",
) -> Report:
    """Correlate how unusual photos are with their scores, and with human scores where there are any.

    Unusual by four measures: what the autoencoder cannot redraw, and the distance to the nearest photos by pixels, by
    the model's features, and by those of DINOv2, which never saw a score. Ranks, 95 % intervals, also with the
    countable features taken out. Writes a row a photo, and the answer; where both are saved with the project, the map
    has the measures as colours, and `core human` as features.
    """
    from core import inference
    from core.files import write_text
    from core.inference.autoencoder import load_autoencoder
    from core.latent import distinctiveness as measuring
    from core.latent import distinctiveness_results as results
    from core.latent.distinctiveness_correlations import correlate
    from core.records import as_json
    from core.regions import mask_cache
    from core.sources import open_source

    if limit < 0 or neighbours < 1:
        raise ParameterError("--limit must be 0 or more, and --neighbours 1 or more.")
    listing = open_source(source)
    predictor = inference.load(model, engine, precision, passes=len(listing.photos))
    found = measuring.measure(
        predictor,
        load_autoencoder(autoencoder),
        listing,
        masks=tuple(MASKS[name].id for name in masks) or mask_cache.detectors(),
        neighbours=neighbours,
        limit=limit,
        progress=progress_bar,
    )
    for problem in found.problems:
        print(f"left out: {problem}", file=sys.stderr)
    answer = correlate(found, listing.name, inference.title_of(model), seed=seed)
    folder = Path(out) / f"{inference.title_of(model)}-{listing.name.replace('/', '-')}"
    write_text(folder / "photos.csv", found.photos.to_csv(index=False, float_format="%.6g"))
    write_text(folder / "answer.json", json.dumps(as_json(answer), indent=1) + "\n")
    if save:
        results.save(answer, found.photos, Path(save))
    text = [*results.lines(answer), f"saved in {folder}"]
    return Report(text, as_json(answer), code=1 if found.problems else 0)
