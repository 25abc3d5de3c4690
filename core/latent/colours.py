"""What the points of a map can be coloured by: scores, errors, sources, and what runs measured of each photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import ArtifactError, StudyError
from core.latent import photo_values
from core.latent.atlas import Atlas
from core.latent.distinctiveness_results import KEYS, MEASURES, read_measures
from core.latent.geometry import KNN, knn_distances
from core.latent.photo_values import MeasureName
from core.latent.study_colours import StudyColours
from core.registry import SPACES
from core.types import Problem

SEQUENTIAL = ("#3B0F70", "#8C2981", "#DE4968", "#FE9F6D", "#FDE7A9")
"""Magma without its ends: its order holds in grey and with any colour vision, on light and on dark pages."""
DIVERGING = ("#2166AC", "#6BA3CC", "#B8B8B0", "#E08B5A", "#B2451D")
"""Blue to orange through grey: told apart with any colour vision; for values with a sign."""
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8844EE", "#664422")
"""Okabe & Ito 2008, without their black and yellow, which light and dark pages swallow; the last two stand in."""


OUTSIDE = ("redrawing_error", "far_in_neutral")
"""Measures of how unusual a photo is that need more than the places of a map."""


@dataclass(frozen=True)
class Colour:
    """One thing to colour by: `values` (N,) are float with NaN where unknown, or codes into `names`."""

    id: str
    label: str
    values: np.ndarray
    names: tuple[str, ...] = ()
    signed: bool = False

    @property
    def scale(self) -> tuple[str, ...]:
        """Colours from the smallest to the largest value, or one a category."""
        if self.names:
            return tuple(CATEGORIES[i % len(CATEGORIES)] for i in range(len(self.names)))
        return DIVERGING if self.signed else SEQUENTIAL

    @property
    def limits(self) -> tuple[float, float]:
        """Values at the ends of the scale: of all but the outermost hundredths, and alike on both sides of a sign."""
        known = self.values[np.isfinite(self.values)]
        low, high = np.quantile(known, [0.01, 0.99]) if len(known) else (0.0, 1.0)
        if self.signed:
            high = max(abs(low), abs(high))
            low = -high
        return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


@dataclass(frozen=True)
class Option:
    """One thing that a map can be coloured by; `read` fetches its values (N,), StudyError where they are damaged.

    Options of one `label` differ in `variant`, the strength of an ablation, the fill of a region, or the model;
    the default is the first of them.
    """

    id: str
    label: str
    read: Callable[[], np.ndarray]
    variant: str = ""
    names: tuple[str, ...] = ()
    signed: bool = False

    def colour(self) -> Colour:
        """The thing with its values."""
        label = f"{self.label}, {self.variant}" if self.variant else self.label
        return Colour(self.id, label, self.read(), self.names, self.signed)


def colours(
    atlas: Atlas, studies: tuple[Path, ...] = (), measured: tuple[Path, ...] = ()
) -> tuple[dict[str, Option], tuple[Problem, ...]]:
    """Everything that photos of a map can be coloured by, by id, and the studies and tables that cannot be read.

    Of studies, and of the files that other runs left (`photo_values`), only what they hold is read here: what was
    `measured` of each photo, once it is chosen.
    """
    found, problems = [], []
    for folder in studies:
        try:
            found.append(StudyColours(folder, atlas.photos))
        except StudyError as error:
            problems.append(Problem(folder.name, str(error)))
    found = [study for study in found if study.shares_photos]
    options = [*_of_map(atlas), *_unusual(atlas)]
    try:
        options += _unusual_in_set(atlas)
    except ArtifactError as error:
        problems.append(Problem("distinctiveness", str(error)))
    options += [option for study in found for option in _effects(study)]
    options += _measured(atlas, measured, problems)
    for name in sorted({name for study in found for name in study.features}):
        having = [study for study in found if name in study.features]
        options.append(Option(f"feature-{name}", f"Feature: {name.replace('_', ' ')}", partial(_feature, name, having)))
    return {option.id: option for option in options}, tuple(problems)


def _of_map(atlas: Atlas) -> list[Option]:
    """What the map itself knows, of what at least one photo has."""
    score, human, planted = (
        atlas.photos[name].to_numpy(dtype=float) for name in ("score", "human_score", "planted_score")
    )
    names, codes = np.unique(atlas.photos["source"].to_numpy(dtype=str), return_inverse=True)
    found = [
        Option("score", "Model's score", lambda: score),
        Option("human", "Human score", lambda: human),
        Option("error", "Error: score − human score", lambda: score - human, signed=True),
        Option("planted", "Planted score of generated scenes", lambda: planted),
        Option("source", "Source", lambda: codes.astype(float), names=tuple(map(str, names))),
    ]
    return [option for option in found if np.isfinite(option.read()).any()]


def _unusual(atlas: Atlas) -> list[Option]:
    """How unusual each photo is among those of the map; worked out once it is asked for."""
    if len(atlas.photos) <= KNN:
        return []
    return [
        Option(
            f"unusual-{entry.id}",
            f"How unusual: mean distance to the {KNN} nearest photos",
            cache(partial(knn_distances, atlas.spaces[entry.id])),
            entry.label,
        )
        for entry in SPACES
        if entry.id in atlas.spaces
    ]


def _unusual_in_set(atlas: Atlas) -> list[Option]:
    """What no space of the map can say: how unusual a photo is among those of its set, where that was measured."""
    table = read_measures(atlas.model)
    if table is None:
        return []
    keys = [atlas.photos[name].astype(str) for name in KEYS]
    rows = table.set_index(list(KEYS)).reindex(pd.MultiIndex.from_arrays(keys))
    found = {name: rows[name].to_numpy(dtype=float) for name in OUTSIDE}
    return [
        Option(f"unusual-{name}", "How unusual in its set", partial(np.copy, values), MEASURES[name])
        for name, values in found.items()
        if np.isfinite(values).any()
    ]


def _effects(study: StudyColours) -> list[Option]:
    return [
        Option(
            f"effect-{item.id}",
            f"Effect of {item.done} on {study.model}",
            partial(study.effect, item.condition),
            item.variant,
            signed=True,
        )
        for item in study.effects
    ]


def _measured(atlas: Atlas, files: tuple[Path, ...], problems: list[Problem]) -> list[Option]:
    """What runs measured of photos of the map: a measure of one model is one thing, whichever runs it comes from."""
    by_name: dict[tuple[str, str, bool], list[MeasureName]] = {}
    for file in files:
        try:
            names = photo_values.measures_of(file) if photo_values.shares_photos(file, atlas.photos) else ()
        except StudyError as error:
            problems.append(Problem(file.parent.name, str(error)))
            continue
        for name in names:
            by_name.setdefault((name.label, name.model, name.signed), []).append(name)
    in_order = sorted(
        by_name.items(), key=lambda item: item[0][1] != atlas.model
    )  # of several models, the map's comes first
    return [
        Option(
            f"measured-{label}-{model}", label, partial(photo_values.values, names, atlas.photos), model, signed=signed
        )
        for (label, model, signed), names in in_order
    ]


def _feature(name: str, studies: list[StudyColours]) -> np.ndarray:
    """A feature of each photo, from the first study that has it."""
    values = studies[0].feature(name)
    for study in studies[1:]:
        values = np.where(np.isfinite(values), values, study.feature(name))
    return values
