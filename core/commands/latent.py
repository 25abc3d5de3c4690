"""Do photos of similar memorability lie together? Map photo sets, or print the committed answer."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

from core import config
from core.commandline import progress_bar
from core.commands import AUTO, ENGINE_HELP, PRECISION_HELP, Report
from core.errors import LatentError, ParameterError
from core.registry import COMMANDS


@COMMANDS.register("Map a photo set")
def latent(
    sources: Annotated[tuple[str, ...], "photo sets to map, with or without human scores"] = (),
    *,
    out: Annotated[str, "folder of the map; the page reads artifacts/latent"] = str(config.ARTIFACTS / "latent"),
    show: Annotated[bool, "print the tested answer in --out instead of making a map"] = False,
    model: Annotated[str, "registered model, or the folder of a checkpoint"] = config.DEFAULT_MODEL,
    engine: Annotated[str, ENGINE_HELP] = AUTO,
    precision: Annotated[str, PRECISION_HELP] = AUTO,
    autoencoder: Annotated[str, "registered autoencoder, or the folder of a checkpoint"] = "vae",
    permutations: Annotated[int, "shuffles of each test"] = 1000,
    seed: Annotated[int, "seed of everything random"] = config.SEED,
) -> Report:
    """Test whether photos of similar scores lie together, and lay the photos out in two and three dimensions.

    Writes every photo's place, score and projections, the answer, and the directions of memorability. A model's
    features are tested on photos that it never learned from, and never against its own score.
    """
    from core.latent import atlas

    if show:
        return _report(atlas.read_answer(Path(out)))
    if not sources:
        raise LatentError("No photo set is named; give one, or --show to print the answer of a map that was made.")
    if permutations < 1:
        raise ParameterError(f"--permutations must be 1 or more, not {permutations}.")
    from core import inference
    from core.inference.autoencoder import load_autoencoder
    from core.latent.build import make
    from core.sources import open_source
    from core.study.catalogue import place_of

    listings = [open_source(name) for name in sources]
    places = {listing.name: place_of(name) for listing, name in zip(listings, sources, strict=True)}
    made, problems = make(
        inference.load(model, engine, precision, passes=sum(len(listing.photos) for listing in listings)),
        load_autoencoder(autoencoder),
        listings,
        Path(out),
        places=places,
        permutations=permutations,
        seed=seed,
        progress=progress_bar,
    )
    atlas.write(made)
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    report = _report(made.answer)
    return Report([*report.lines, f"the map is in {out}"], report.data, code=1 if problems else 0)


def _report(answer: object) -> Report:
    """The answer as a table for people, and as plain data."""
    from core.latent.atlas import MapAnswer
    from core.latent.words import answer_table, sentence

    assert isinstance(answer, MapAnswer)
    data = [dataclasses.asdict(row) for row in answer.rows]
    table = [answer_table(answer).to_string(index=False)] if answer.rows else []
    return Report([*table, *answer.notes, sentence(answer)], data)
