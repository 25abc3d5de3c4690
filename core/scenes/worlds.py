"""Worlds: what the score of a generated scene depends on, so that a verdict can be checked against a known cause.

Everything in a scene is drawn independently of everything else, so that no cause can stand in for another: a face comes
with and without a person, in every colour; colour, texture, fine lines and context are as likely around any thing.
A score is 0.15 + 0.7 × (a share of the mean of its causes, and the rest of the light) + noise: a thing counts 0 where
it is missing, 0.6 to 1 by its size where it is not; an amount counts as it is.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from core.scenes.scene import LARGE, OBJECT_CLASSES, Scene
from core.scenes.scenes import SIZES

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
    """What causes the score: mask ids and amounts, all with the same weight; `hashed`: the picture, but by a hash.

    `light` is the share of the score that the brightness of the whole picture has: photos with and without a thing are
    of equal score now and then, so that one can be host to the other. `large` names a thing that fills much of the
    picture; `by_size` says that a thing counts by its size alone, from nothing on; `missed` is the share of the first
    cause's things that a detector does not find.
    """

    id: str
    causes: tuple[str, ...] = ()
    light: float = 0.0
    hashed: bool = False
    large: str = ""
    by_size: bool = False
    missed: float = 0.0


THING, AMOUNT, BOTH, SIZE = 0.7, 0.3, 0.5, 0.6
"""Light of worlds in which a thing, an amount, one of each, or a thing's size counts."""
WORLDS = {
    world.id: world
    for world in (
        World("face", ("faces",), THING),
        World("person", ("people",), THING),
        World("salient", ("salient",), THING),
        World("text", ("text",), THING),
        World("colour", ("colour",), AMOUNT),
        World("texture", ("texture",), AMOUNT),
        World("frequency", ("frequency",), AMOUNT),
        World("context", ("context",), AMOUNT),
        World("face_colour", ("faces", "colour"), BOTH),
        World("text_frequency", ("text", "frequency"), BOTH),
        World("none"),
        World("unlearnable", hashed=True),
        World("face_large", ("faces",), THING, large="faces"),
        World("person_large", ("people",), THING, large="people"),
        World("salient_large", ("salient",), THING, large="salient"),
        World("text_large", ("text",), THING, large="text"),
        World("colour_large", ("colour",), AMOUNT, large="people"),
        World("texture_large", ("texture",), AMOUNT, large="salient"),
        World("frequency_large", ("frequency",), AMOUNT, large="faces"),
        World("context_large", ("context",), AMOUNT, large="people"),
        World("none_large", large="people"),
        World("unlearnable_large", hashed=True, large="salient"),
        World("size", ("people",), SIZE, large="people", by_size=True),
        World("half_missed", ("salient",), THING, missed=0.5),
    )
}
ANY_SIZE = (0.04, 0.4)
"""Shares of the picture that a thing covers in a world in which only its size matters."""


def imagine(world: World, seed: int, index: int) -> tuple[Scene, float]:
    """Scene number `index` of a world and its score in [0, 1]; the same for the same three."""
    random = np.random.default_rng([zlib.crc32(world.id.encode()), seed, index])
    height, width = SIZES[random.integers(len(SIZES))]
    things = {name: float(random.random()) for name in OBJECT_CLASSES if random.random() < PRESENT}
    chances = BESIDE | dict.fromkeys(world.causes, PRESENT)
    amounts = {name: float(random.uniform(0.4, 1)) if random.random() < chances[name] else 0.0 for name in AMOUNTS}
    light = float(np.random.default_rng([zlib.crc32(world.id.encode()), seed, index, 1]).random())
    scene = Scene(
        height,
        width,
        int(random.integers(2**31)),
        things,
        _columns(world, random),
        light=light if world.light else 1.0,
        large=world.large,
        reach=ANY_SIZE if world.by_size else LARGE,
        **amounts,
    )
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
    """What a world's score follows in a scene, in [0, 1]: the mean of its causes, and the light."""
    return (1 - world.light) * cause_signal(world, scene) + world.light * scene.light


def cause_signal(world: World, scene: Scene) -> float:
    """The mean of a world's causes in a scene, in [0, 1]."""
    least = 0.0 if world.by_size else 0.6
    amounts = {name: getattr(scene, name) for name in AMOUNTS}
    sizes = {name: least + (1 - least) * size for name, size in scene.things.items()}
    return float(np.mean([amounts[cause] if cause in amounts else sizes.get(cause, 0.0) for cause in world.causes]))


def missed(world: World, seed: int, index: int) -> bool:
    """Whether a detector overlooks the first cause's thing in a scene."""
    return bool(np.random.default_rng([zlib.crc32(world.id.encode()), seed, index, 2]).random() < world.missed)


def _score(world: World, scene: Scene, random: np.random.Generator) -> float:
    if world.hashed:  # the picture decides, but so that one changed pixel changes everything
        value = zlib.crc32(repr(scene).encode()) / 2**32
    else:
        value = signal(world, scene) if world.causes else random.random()
    return float(np.clip(BASE + SPAN * value + random.normal(0, NOISE), 0, 1))
