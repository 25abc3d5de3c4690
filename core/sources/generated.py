"""Scenes drawn by code, with a score whose cause is known: the photo set that every machine has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np

from core.registry import SOURCES, Choice, Range
from core.scenes import scenes, worlds
from core.scenes.scene import Scene
from core.scenes.worlds import WORLDS
from core.types import Listing, Photo, Region

TENTHS = ("train",) * 6 + ("val",) + ("test",) * 3
"""Splits of ten scenes in a row."""


@SOURCES.register("Generated scenes", scored=True, needs=(), accepts=lambda path: False)
def generated(
    path: Path | None = None,
    *,
    cause: Annotated[str, Choice(tuple(WORLDS))] = "face",
    n: Annotated[int, Range(1, 100_000, 1)] = 400,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Listing:
    """Scenes drawn by code, whose score has a known cause and whose things have exact masks; needs no path.

    Other worlds: `generated:person`, `generated:colour,n=1000,seed=7`. `cause` is what the score follows; `n` is the
    number of scenes; `seed` draws others. Scene i is the same whatever `n` is, and is train, val or test by its number.
    """
    world = WORLDS[cause]
    return Listing(f"generated_{cause}", tuple(_photo(world, seed, index) for index in range(n)))


def _photo(world: worlds.World, seed: int, index: int) -> Photo:
    scene, score = worlds.imagine(world, seed, index)
    return Photo(
        id=f"{world.id}-{seed}-{index:05d}",
        source=f"generated_{world.id}",
        read=partial(scenes.draw, scene),
        score=score,
        split=TENTHS[index % len(TENTHS)],
        truth=partial(_truth, world, seed, index, scene),
    )


def _truth(world: worlds.World, seed: int, index: int, scene: Scene) -> Mapping[str, Region]:
    """Where things are, but for what a world's detector overlooks."""
    found = scenes.regions(scene)
    if world.missed and worlds.missed(world, seed, index):
        cause = world.causes[0]
        found[cause] = Region(np.zeros_like(found[cause].mask))
    return found
