"""Worlds: what the score of a generated scene depends on, so that a verdict can be checked against a known cause.

Everything in a scene is drawn independently of everything else, so that no cause can stand in for another: a face comes
with and without a person, in every colour; colour, texture, fine lines and context are as likely around any thing.
A score is 0.15 + 0.7 × the mean of its causes + noise: a thing counts 0 where it is missing, 0.6 to 1 by its size where
it is not; an amount counts as it is.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from core.scenes.scenes import SIZES, THINGS, Scene

COLUMNS = ("people", "salient", "text")
AMOUNTS = ("colour", "texture", "frequency", "context")
PRESENT = 0.55
"""Chance that a scene holds a thing, each independent of the others, or the amount that causes its score."""
BESIDE = {"colour": 0.75, "texture": 0.35, "frequency": 0.3, "context": 0.35}
"""Chance of an amount above 0 where it has nothing to do with the score."""
BASE, SPAN = 0.15, 0.7
"""Score of a scene without any cause, and how much all causes at their strongest add."""
NOISE = 0.03
"""Standard deviation of what makes scores differ that is not in the picture."""


@dataclass(frozen=True)
class World:
    """What causes the score: mask ids and amounts, all with the same weight; `hashed`: the picture, but by a hash."""

    id: str
    causes: tuple[str, ...] = ()
    hashed: bool = False


WORLDS = {
    world.id: world
    for world in (
        World("face", ("faces",)),
        World("person", ("people",)),
        World("salient", ("salient",)),
        World("text", ("text",)),
        World("colour", ("colour",)),
        World("texture", ("texture",)),
        World("frequency", ("frequency",)),
        World("context", ("context",)),
        World("face_colour", ("faces", "colour")),
        World("text_frequency", ("text", "frequency")),
        World("none"),
        World("unlearnable", hashed=True),
    )
}


def imagine(world: World, seed: int, index: int) -> tuple[Scene, float]:
    """Scene number `index` of a world and its score in [0, 1]; the same for the same three."""
    random = np.random.default_rng([zlib.crc32(world.id.encode()), seed, index])
    height, width = SIZES[random.integers(len(SIZES))]
    things = {name: float(random.random()) for name in THINGS if random.random() < PRESENT}
    chances = BESIDE | dict.fromkeys(world.causes, PRESENT)
    amounts = {name: float(random.uniform(0.4, 1)) if random.random() < chances[name] else 0.0 for name in AMOUNTS}
    scene = Scene(height, width, int(random.integers(2**31)), things, _columns(world, random), **amounts)
    return scene, _score(world, scene, random)


def _columns(world: World, random: np.random.Generator) -> tuple[str, ...]:
    """Who stands where; a thing that causes the score stands in the middle, which the centre crop keeps."""
    order = [str(name) for name in random.permutation(COLUMNS)]
    for cause in world.causes:
        column = "people" if cause == "faces" else cause
        if column in order:
            other, mine = order[1], order.index(column)
            order[mine], order[1] = other, column
    return tuple(order)


def signal(world: World, scene: Scene) -> float:
    """The mean of a world's causes in a scene, in [0, 1]."""
    amounts = {name: getattr(scene, name) for name in AMOUNTS}
    sizes = {name: 0.6 + 0.4 * size for name, size in scene.things.items()}
    return float(np.mean([amounts[cause] if cause in amounts else sizes.get(cause, 0.0) for cause in world.causes]))


def _score(world: World, scene: Scene, random: np.random.Generator) -> float:
    if world.hashed:  # the picture decides, but so that one changed pixel changes everything
        value = zlib.crc32(repr(scene).encode()) / 2**32
    else:
        value = signal(world, scene) if world.causes else random.random()
    return float(np.clip(BASE + SPAN * value + random.normal(0, NOISE), 0, 1))
