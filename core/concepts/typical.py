"""The typical photos of a part, as far as they can be shown: their names are kept, and no photo is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core import config
from core.errors import LabError
from core.files import json_of
from core.sources import open_source
from core.study import catalogue
from core.types import Photo

GENERATED, PACKAGED = "generated_", "samples"
"""Sources that every machine has: drawn scenes, by the beginning of their name, and the packaged photos."""
MOST_DRAWN = 2_000
"""A scene of a higher number is not drawn again: all before it would be imagined first."""


def photos_at_hand(names: Iterable[str]) -> dict[str, Photo]:
    """The photos named SOURCE/ID that this machine has, by name.

    Packaged photos and drawn scenes are everywhere; others where the folder of their source still is, as a run on this
    machine noted it.
    """
    wanted: dict[str, set[str]] = {}
    for name in names:
        source, _, photo_id = name.partition("/")
        wanted.setdefault(source, set()).add(photo_id)
    found: dict[str, Photo] = {}
    for source, ids in wanted.items():
        for place in _openings(source, ids):
            there = _photos(place)
            found |= {f"{source}/{photo_id}": there[photo_id] for photo_id in ids if photo_id in there}
            if there:
                break
    return found


def _openings(source: str, ids: Iterable[str]) -> list[str]:
    """What a source may be opened by on this machine, surest first."""
    if source == PACKAGED:
        return [PACKAGED]
    if source.startswith(GENERATED):
        return [f"generated:{source.removeprefix(GENERATED)},{settings}" for settings in _scenes(ids)]
    return list(dict.fromkeys(places[source] for places in _places() if source in places))


def _scenes(ids: Iterable[str]) -> list[str]:
    """The settings that draw scenes with these ids ("WORLD-SEED-NUMBER"): those of the first seed that is named."""
    parts = [item.rsplit("-", 2)[1:] for item in ids]
    known = [(int(each[0]), int(each[1])) for each in parts if len(each) == 2 and all(map(str.isdecimal, each))]
    if not known:
        return []
    seed = known[0][0]
    return [f"n={min(MOST_DRAWN, 1 + max(number for other, number in known if other == seed))},seed={seed}"]


def _places() -> list[Mapping[str, str]]:
    """Where photo sets lie by the notes of runs, of studies and of the map on this machine."""
    folders = [config.ARTIFACTS / "latent", *catalogue.studies().values(), *sorted(config.RUNS.glob("*"))]
    return [found for folder in folders if (found := _noted(folder / catalogue.PLACES))]


def _noted(file: Path) -> dict[str, str]:
    try:
        return {str(source): str(place) for source, place in json_of(file.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _photos(place: str) -> dict[str, Photo]:
    try:
        return {photo.id: photo for photo in open_source(place).photos}
    except LabError:  # photos that have moved are not at hand
        return {}
