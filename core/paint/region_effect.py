"""A painted region on one photo: what it is worth to a model, and whether other places are worth as much.

A painted mask is one more mask: what happens inside it is the study's region operator, at the study's working size,
and its controls are the study's placements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import config
from core.ablations.region import fill_entry
from core.errors import MissingDependencyError
from core.evaluation.reports import percentile
from core.inference import Predictor, batches
from core.photos import images
from core.regions import regions
from core.regions.placements import placements
from core.registry import ABLATIONS, FILLS, MASKS
from core.table import KEEP
from core.types import Mask, Pixels

CONTROLS = 20
"""Other places that a painted region is compared with."""
BATCH = 5
"""Photos scored between two looks at whether somebody still waits for them."""


@dataclass(frozen=True)
class Treatment:
    """What is done with a region; the fields are the parameters of the region operator, `settings` those of the fill.

    Made by `treatment`, which fills in the defaults and checks every value.
    """

    fill: str
    direction: str
    feather: float
    seed: int
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Painted:
    """A region's worth: scores before and after in [0, 1], share of the photo replaced, and the ablated photo."""

    score: float
    ablated_score: float
    area: float
    photo: Pixels

    @property
    def delta(self) -> float:
        """Effect Δ: score(ablated) − score(original)."""
        return self.ablated_score - self.score


@dataclass(frozen=True)
class Variant:
    """The same region under another fill or by another model: its id and label, and Δ or why there is none."""

    id: str
    label: str
    score: float | None
    delta: float | None
    problem: str | None = None


@dataclass(frozen=True)
class Elsewhere:
    """Δ of a region beside Δ of the same shape at other places of its photo: those known by now, or all of them.

    `direction` is what was done at each: the region removed, or kept alone.
    """

    delta: float
    direction: str
    others: tuple[float, ...] = ()
    complete: bool = False

    @property
    def said(self) -> str:
        """How the region compares with the other places, as one plain sentence; how many are known before that."""
        if not self.complete:
            return f"{len(self.others)} of {CONTROLS} places tried …"
        return comparison(self.delta, list(self.others), self.direction)


def treatment(settings: Mapping[str, Any] | None = None, **given: Any) -> Treatment:
    """A treatment with the region operator's defaults; ParameterError or UnknownChoiceError names what is allowed."""
    values = ABLATIONS["region"].arguments(given)
    fill_entry(values["fill"]).arguments(settings)
    return Treatment(settings=dict(settings or {}), **values)


def as_studied(how: Treatment) -> bool:
    """Whether a treatment is one that a study measures: the fill at its default settings, and a hard border."""
    fill = fill_entry(how.fill)
    return how.feather == treatment().feather and fill.arguments(how.settings) == fill.arguments()


def working(photo: Pixels) -> Pixels:
    """A photo at the size at which ablations act."""
    return images.to_short_side(photo, config.WORKING_SIZE)


def fitted(mask: Mask, photo: Pixels) -> Mask:
    """A mask of a photo, or of its working copy, at working size.

    MaskError for a mask of another photo's size, an empty one, or one that covers everything.
    """
    small = working(photo)
    if mask.shape == photo.shape[:2]:
        mask = regions.resize_mask(mask, *small.shape[:2])
    elif mask.shape != small.shape[:2]:
        regions.check(photo, mask)
    regions.check(small, mask)
    return mask


def ablate(photo: Pixels, mask: Mask, how: Treatment) -> Pixels:
    """The working copy of a photo with its region replaced, or with everything else replaced."""
    given = {"fill": how.fill, "direction": how.direction, "feather": how.feather, "seed": how.seed}
    return ABLATIONS["region"].function(working(photo), fitted(mask, photo), how.settings, **given)


def paint(predictor: Predictor, photo: Pixels, mask: Mask, how: Treatment, *, score: float | None = None) -> Painted:
    """Score a photo before and after a region was replaced, both at working size.

    `score` spares the first of the two where it is known. MaskError as in `fitted`.
    """
    ablated = ablate(photo, mask, how)
    if score is None:
        score = float(predictor.score([working(photo)])[0])
    after = float(predictor.score([ablated])[0])
    area = float(regions.replaced(fitted(mask, photo), how.direction).mean())
    return Painted(score, after, area, ablated)


def controls(
    predictor: Predictor, photo: Pixels, mask: Mask, how: Treatment, score: float, *, n: int = CONTROLS
) -> Iterator[float]:
    """Δ of the same shape at up to `n` other places of the photo, as they are computed; `score` is the photo's own.

    There are fewer where the photo has no room; for keep-only, the same shape elsewhere is kept.
    """
    small, mask = working(photo), fitted(mask, photo)
    for places in batches(placements(mask, n=n, seed=how.seed).items, BATCH):
        scores = predictor.score([ablate(small, other.mask, how) for other in places])
        yield from (float(value) - score for value in scores)


def elsewhere(predictor: Predictor, photo: Pixels, mask: Mask, how: Treatment, done: Painted) -> Iterator[Elsewhere]:
    """Whether a region is worth more than the same shape elsewhere; nothing is computed for the first, empty record."""
    found = Elsewhere(done.delta, how.direction)
    yield found
    for other in controls(predictor, photo, mask, how, done.score):
        found = replace(found, others=(*found.others, other))
        yield found
    yield replace(found, complete=True)


def under_every_fill(
    predictor: Predictor, photo: Pixels, mask: Mask, how: Treatment, score: float
) -> Iterator[Variant]:
    """The same region under every registered fill with its default settings, as they are computed."""
    for entry in FILLS:
        done = paint(predictor, photo, mask, replace(how, fill=entry.id, settings={}), score=score)
        yield Variant(entry.id, entry.label, done.score, done.delta)


def by_every_model(
    models: Mapping[str, str],
    load: Callable[[str], Predictor],
    photo: Pixels,
    mask: Mask,
    how: Treatment,
    *,
    known: Callable[[str], float] | None = None,
) -> Iterator[Variant]:
    """The same region by every model (id → label); one whose package is not installed comes with the reason.

    `known` gives a model's score of the photo at working size, where somebody remembers it.
    """
    for name, label in models.items():
        try:
            done = paint(load(name), photo, mask, how, score=known(name) if known else None)
        except MissingDependencyError as error:
            yield Variant(name, label, None, None, str(error))
        else:
            yield Variant(name, label, done.score, done.delta)


def comparison(delta: float, others: list[float], direction: str) -> str:
    """How a region compares with the same shape elsewhere, as one plain sentence."""
    if not others:
        return "The photo has no other place for a region of this size and shape: paint a smaller one to compare."
    count = len(others)
    of = f"of {count} regions" if count > 1 else "of the 1 other region"
    sizes = "of the same size and shape"
    if direction == KEEP:
        less = sum(abs(delta) < abs(other) for other in others)
        return f"Keeping only this region moves the score less than keeping only {less} {of} {sizes}."
    more = sum(abs(delta) > abs(other) for other in others)
    return f"This region matters more than {more} {of} {sizes}."


def effect(before: float, after: float, reference: np.ndarray) -> str:
    """What replacing a region did to the score, in SD of reference scores (N,) and in percentiles among them."""
    delta = f"**Δ = {signed(after - before)}**"
    spread = float(reference.std(ddof=1)) if len(reference) > 1 else 0.0
    if spread == 0:
        return f"{delta}."
    first, then = (f"{percentile(score, reference):.0f}" for score in (before, after))
    moved = f"moves from percentile {first} to {then}" if first != then else f"stays at percentile {first}"
    return (
        f"{delta}, that is {signed((after - before) / spread, 2)} SD of the model's scores of {len(reference):,} "
        f"reference photos, among which this one {moved}."
    )


def signed(value: float, decimals: int = 3) -> str:
    """A difference with its sign, written with a true minus."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def painted_in(file: Path, photo: Pixels) -> Mask:
    """The mask that a picture holds for a photo or for its working copy, white inside; MaskError if for neither."""
    small = working(photo)
    own = small if images.read(file).shape == small.shape else photo
    return MASKS["painted"].function(own, png=str(file)).mask
