"""The brightest places of a heatmap as a thing that photos hold, so that a study removes them like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from core.inference import Predictor
from core.paint.region_effect import working
from core.registry import ATTRIBUTIONS, MASKS
from core.trust import reports
from core.trust.reports import TOP
from core.types import Heatmap, Photo, Pixels, Region


def masks_of(methods: Sequence[str]) -> dict[str, str]:
    """The mask of each method's highest places: `heatmap_top` where there is one method, else one named after each.

    Masks of several are made known to this process, so that a study can be planned with them; UnknownChoiceError names
    the methods.
    """
    known = list(dict.fromkeys(ATTRIBUTIONS[method].id for method in methods))
    if len(known) == 1:
        return {known[0]: TOP}
    for method in known:
        _make_known(method)
    return {method: reports.top_of(method) for method in known}


def with_top_regions(photos: Iterable[Photo], predictor: Predictor, masks: Mapping[str, str]) -> list[Photo]:
    """Photos that know, beside what they knew, where each method's map of them is brightest, by the method's mask.

    Every photo has such places: they are compared with other places of the same photo, and never with hosts.
    """
    return [replace(photo, truth=partial(_truth, photo, predictor, masks)) for photo in photos]


def _truth(photo: Photo, predictor: Predictor, masks: Mapping[str, str]) -> Mapping[str, Region]:
    """What the photo's source knows, and the tops of its heatmaps at the size that it is read at."""
    pixels = photo.read()
    small = working(pixels)
    maps = {mask: ATTRIBUTIONS[method].function(predictor, small) for method, mask in masks.items()}
    told: Callable[[], Mapping[str, Region]] = photo.truth or dict
    return {**told(), **{mask: MASKS[TOP].function(pixels, heatmap) for mask, heatmap in maps.items()}}


def _make_known(method: str) -> None:
    """Register the mask of a method's highest places: that of any heatmap, under a name of its own."""
    name, top = reports.top_of(method), MASKS[TOP]
    if name in MASKS:
        return

    def place(photo: Pixels, heatmap: Heatmap | None = None) -> Region:
        """The highest places of the heatmap of one method."""
        return top.function(photo, heatmap)

    place.__name__ = name
    MASKS.register(f"{top.label}: {ATTRIBUTIONS[method].label}", **top.facts)(place)
