"""What a model has learned to distinguish: named concepts and nameless parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import Report
from core.errors import ParameterError, SourceError
from core.registry import COMMANDS, MASKS
from core.types import Photo


@COMMANDS.register("What the model has learned to distinguish")
def concepts(
    sources: Annotated[tuple[str, ...], "photos: folders, LaMem layouts, CSVs, or sources by name"] = (),
    *,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    named: Annotated[tuple[str, ...], "further concepts, each as NAME=PATTERN of SOURCE/ID, or PATTERN|PATTERN"] = (),
    masks: Annotated[tuple[str, ...], "detectors whose finds are concepts (default: all)"] = (),
    parts: Annotated[int, "parts that the last maps are divided into"] = 12,
    limit: Annotated[int, "look at so many photos of each source, drawn at random; 0 means all"] = 0,
    seed: Annotated[int, "seed of halves, random concepts and parts"] = config.SEED,
    out: Annotated[str, "folder for the answer"] = "runs/concepts",
    save: Annotated[str, "also write the answer to this folder, such as artifacts/concepts"] = "",
) -> Report:
    """Test named concepts against random ones, and divide the last maps into parts.

    Concepts are the kinds of things that detectors find, the upper third of each low-level feature, and what you name.
    For each: whether the model distinguishes it, and whether the score rises towards it more often than towards
    concepts made by chance. For each part: its typical photos, its share of the scores' variance, and Δ without it.
    What was measured of each photo stays in the folder, and colours maps that the photos lie on.
    """
    from pathlib import Path

    from core import inference
    from core.concepts import over_set, words
    from core.files import write_text
    from core.latent import photo_values
    from core.records import as_json
    from core.sources import open_source
    from core.study import catalogue

    if not sources:
        raise ParameterError("No photo set is named; give one or several.")
    if limit < 0 or parts < 2:
        raise ParameterError("--limit must be 0 or more, and --parts 2 or more.")
    patterns = _patterns(named)
    listings = [open_source(source) for source in sources]
    outcome = over_set.concepts(
        inference.load(model),
        listings,
        named=patterns,
        masks=tuple(MASKS[name].id for name in masks),
        samples=_samples(),
        parts=parts,
        limit=limit,
        seed=seed,
        progress=progress_bar,
    )
    found = outcome.concepts
    for problem in outcome.problems:
        print(f"left out: {problem}", file=sys.stderr)
    text = json.dumps(as_json(found), separators=(",", ":")) + "\n"
    for folder in filter(None, (out, save)):
        write_text(Path(folder) / f"{found.model}.json", text)
    sources_of, ids = ([getattr(photo, name) for photo in outcome.photos] for name in ("source", "id"))
    photo_values.write(Path(out) / f"{found.model}-{photo_values.FILE}", found.model, sources_of, ids, outcome.measures)
    places = {listing.name: catalogue.place_of(name) for name, listing in zip(sources, listings, strict=True)}
    catalogue.write_photo_places(Path(out), places)  # so that the page can show typical photos on this machine
    lines = [
        *(words.of_named(item).replace("**", "") for item in found.named),
        *(f"{name}: in too few photos" for name in found.rare),
        words.of_parts(found),
        *(f"part {item.number + 1}: {words.of_part(item, found.sd)}" for item in found.parts),
        f"saved in {out}",
    ]
    return Report(lines, as_json(found), code=1 if outcome.problems else 0)


def _patterns(named: Sequence[str]) -> dict[str, str]:
    """Pattern by name; ParameterError for what is not NAME=PATTERN."""
    pairs = {item: item.partition("=") for item in named}
    if wrong := [item for item, (name, _, pattern) in pairs.items() if not name or not pattern]:
        raise ParameterError(f"--named takes NAME=PATTERN, such as water=*/ocean_*, not {wrong[0]!r}.")
    return {name: pattern for name, _, pattern in pairs.values()}


def _samples() -> Sequence[Photo]:
    """The packaged photos, which are only shown; none where they are missing."""
    from core.sources import open_source

    try:
        return open_source("samples").photos
    except SourceError:
        return ()
