"""The map of a photo set: encode it, test the answer, find the direction of memorability, lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core import config
from core.errors import LatentError
from core.inference import Predictor
from core.inference.autoencoder import Autoencoder
from core.latent.atlas import ALL_SCORED, KEPT_OUT, Atlas, Direction, MapAnswer, MapFacts, SpaceResult
from core.latent.clusters import NEIGHBOURS, PERMUTATIONS, explained, morans_i
from core.latent.direction import memorability_direction
from core.latent.encoding import Encoded, encode
from core.registry import PROJECTIONS, SPACES, Entry
from core.types import Listing, Problem, Progress, silent

TARGETS = {"human": "human_score", "planted": "planted_score", "model": "score"}
"""What scores are asked about, and their column."""


def lay_out(
    spaces: dict[str, np.ndarray], projections: Sequence[Entry], seed: int = config.SEED, progress: Progress = silent
) -> tuple[dict[tuple[str, str, int], np.ndarray], list[str]]:
    """Every projection of every shown space in two and three dimensions, and a sentence for each that is left out."""
    jobs = [
        (space, entry, dims) for space in SPACES if space.facts["shown"] for entry in projections for dims in (2, 3)
    ]
    layouts, notes = {}, []
    for space, entry, dims in progress(jobs, len(jobs), "projecting"):
        points = spaces[space.id]
        if len(points) > entry.facts["most"]:
            notes.append(f"{entry.label} is left out: it takes too long for more than {entry.facts['most']:,} photos.")
            continue
        layouts[space.id, entry.id, dims] = entry.function(points, dims, seed)
    return layouts, list(dict.fromkeys(notes))


def answer_rows(
    encoded: Encoded, *, permutations: int = PERMUTATIONS, seed: int = config.SEED, progress: Progress = silent
) -> tuple[list[SpaceResult], list[str]]:
    """Both tests for every space and target on the photos that may be asked (SCIENCE.md, rule 15).

    A space learned from scores is tested on photos that its model never learned from, and never against that model's
    own score. What cannot be tested comes back as a sentence.
    """
    rows, notes = [], []
    jobs = list(_jobs(encoded.photos))
    for space, target, photos, chosen in progress(jobs, len(jobs), "testing"):
        scores = encoded.photos.loc[chosen, TARGETS[target]].to_numpy(dtype=np.float64)
        points, strata = encoded.spaces[space][chosen], encoded.photos.loc[chosen, "source"].to_numpy()
        try:
            r2 = explained(points, scores, strata, permutations=permutations, seed=seed)
            moran = morans_i(points, scores, strata, permutations=permutations, seed=seed)
        except LatentError as error:
            notes.append(f"Not tested, {space} against {target} scores, {photos}: {error}")
            continue
        rows.append(
            SpaceResult(space, target, photos, len(scores), r2.value, r2.null, r2.p, moran.value, moran.null, moran.p)
        )
    return rows, notes


def _jobs(photos: pd.DataFrame) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """(space, target, which photos, chosen (N,)) for every test that is honest and has anybody to ask."""
    natural = photos["planted_score"].isna().to_numpy()
    real = natural if natural.any() else ~natural  # drawn scenes are no evidence about photos
    for target, column in TARGETS.items():
        asked = photos[column].notna().to_numpy() & (real if target != "planted" else True)
        kept = asked & photos["kept_out"].to_numpy()
        for space in SPACES:
            if space.facts["learned"] and target == "model":
                continue
            if kept.any() or (asked.any() and space.facts["learned"]):
                yield space.id, target, KEPT_OUT, kept
            if asked.sum() > kept.sum() and target != "model" and not space.facts["learned"]:
                yield space.id, target, ALL_SCORED, asked


def directions(
    encoded: Encoded, *, seed: int = config.SEED
) -> tuple[dict[str, np.ndarray], list[Direction], list[str]]:
    """The direction of memorability in every shown space for every target, on the photos that it is tested on."""
    vectors, found, notes = {}, [], []
    shown = {entry.id for entry in SPACES if entry.facts["shown"]}
    largest: dict[tuple[str, str], np.ndarray] = {}
    for space, target, _, chosen in _jobs(encoded.photos):
        if space in shown and chosen.sum() >= largest.get((space, target), np.zeros(1)).sum():
            largest[space, target] = chosen
    for (space, target), chosen in largest.items():
        scores = encoded.photos.loc[chosen, TARGETS[target]].to_numpy(dtype=np.float64)
        if len(scores) < config.MIN_COMPUTED or np.ptp(scores) == 0:
            continue  # the tests have said so
        try:
            vector, direction = memorability_direction(encoded.spaces[space][chosen], scores, space, target, seed=seed)
        except LatentError as error:
            notes.append(f"No direction, {space} against {target} scores: {error}")
            continue
        vectors[f"{space}.direction.{target}"] = vector.astype(np.float32)
        found.append(direction)
    return vectors, found, notes


def make(
    predictor: Predictor,
    autoencoder: Autoencoder,
    listings: Sequence[Listing],
    out: Path,
    *,
    places: dict[str, str] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = config.SEED,
    progress: Progress = silent,
) -> tuple[Atlas, tuple[Problem, ...]]:
    """Encode, test and lay out photo sets; nothing is written yet. Returns the map and the photos left out."""
    encoded = encode(predictor, autoencoder, listings, progress)
    rows, notes = answer_rows(encoded, permutations=permutations, seed=seed, progress=progress)
    vectors, found, doubts = directions(encoded, seed=seed)
    layouts, left_out = lay_out(encoded.spaces, list(PROJECTIONS), seed, progress)
    facts = MapFacts(
        predictor=predictor.name,
        engine=predictor.engine.id,
        precision=predictor.engine.precision,
        autoencoder=autoencoder.identity,
        latent=autoencoder.latent,
        photos=len(encoded.photos),
        seed=seed,
        permutations=permutations,
        neighbours=NEIGHBOURS,
        kept_variance=encoded.kept_variance,
        packaged={name: place for name, place in (places or {}).items() if not Path(place).is_absolute()},
    )
    copies = encoded.copies
    said = [f"{copies} photos set aside because they look like another one: copies count once."] if copies else []
    answer = MapAnswer(tuple(rows), tuple(found), (*said, *notes, *doubts, *left_out), facts)
    shown = {entry.id: encoded.spaces[entry.id] for entry in SPACES if entry.facts["shown"]}
    means = {f"{name}.mean": values.mean(axis=0).astype(np.float32) for name, values in shown.items()}
    axes = encoded.axes | vectors | means
    return Atlas(out, encoded.photos, shown, layouts, axes, answer, places or {}), encoded.problems
