"""The brightest places of a heatmap as a thing that photos hold, so that a study removes them like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from core.inference import Predictor
from core.paint.region_effect import working
from core.registry import ATTRIBUTIONS, MASKS
from core.trust.reports import TOP
from core.types import Photo, Region


def with_top_regions(photos: Iterable[Photo], predictor: Predictor, method: str) -> list[Photo]:
    """Photos that know, beside what they knew, where a method's map of them is brightest.

    Every photo has such places: they are compared with other places of the same photo, and never with hosts.
    UnknownChoiceError names the methods.
    """
    known = ATTRIBUTIONS[method].id
    return [replace(photo, truth=partial(_truth, photo, predictor, known)) for photo in photos]


def _truth(photo: Photo, predictor: Predictor, method: str) -> Mapping[str, Region]:
    """What the photo's source knows, and the top of its heatmap at the size that it is read at."""
    pixels = photo.read()
    heatmap = ATTRIBUTIONS[method].function(predictor, working(pixels))
    told: Callable[[], Mapping[str, Region]] = photo.truth or dict
    return {**told(), TOP: MASKS[TOP].function(pixels, heatmap)}
