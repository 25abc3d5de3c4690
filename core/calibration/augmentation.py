"""Lessons: how a model of a generated world is taught that nothing but the planted cause counts.

Whatever a study does to a photo, its model should have met: else an effect could be surprise at a filled hole. So a
photo is shown several times, with something or nothing taken away: its colour, sharpness, texture or surroundings
where they have nothing to do with the score, or a region. The score to learn follows from the world: without a cause,
the score of a photo without it; after any other loss, the same as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.regions import regions
from core.registry import ABLATIONS
from core.scenes import scenes, worlds
from core.scenes.scene import OBJECT_CLASSES, Scene
from core.scenes.worlds import World
from core.table import KEEP, REMOVE
from core.types import Mask, Pixels, Region

FILLS = ("mean", "noise")
"""The fills of a calibration's studies: drawn scenes have places so empty that inpainting leaves no trace there, beside
which no other fill could decide, and two must; these two leave as much of a trace as each other."""
REGION, PROPERTY = 1 / 2, 2 / 3
"""Chances that a region, and a property of the whole, is missing. They do not depend on each other: where blurred
scenes are those that lack things, too, a model learns that blur lowers the score."""
SHOWS_LIGHT = 0.12
"""What is kept of a scene shows how light all of it was from this share of the area on: cut off by a centre crop or
kept alone, a large thing looks the same, and must not mean two scores."""
HARMLESS = {"grayscale": "colour", "texture": "texture", "blur": "frequency", "centre_crop": "context"}
"""Ablations that teach indifference, with the cause that each of them destroys."""


@dataclass(frozen=True)
class AugmentedScene:
    """What the model sees, and the score that it should give."""

    photo: Pixels
    score: float


def augmented(world: World, scene: Scene, shown: AugmentedScene, random: np.random.Generator) -> AugmentedScene:
    """A drawn scene, at random without a region, and at random without a property: neither hints at the other."""
    if not world.causes:
        return shown
    if random.random() < REGION:
        shown = _without_region(world, scene, shown, random)
    if random.random() < PROPERTY:
        shown = _without_property(world, scene, shown, random)
    return shown


def _without_property(world: World, scene: Scene, shown: AugmentedScene, random: np.random.Generator) -> AugmentedScene:
    harmless = [name for name, destroys in HARMLESS.items() if destroys not in world.causes]
    blurs = ["blur"] * harmless.count("blur")  # the hardest to see through, so twice as often
    # An even surround is no more leaves than sky; and a large cause that is cut off looks like one that is kept alone.
    crops = ["centre_crop"] * ((world.large in world.causes) + ("context" in world.causes))
    entry = ABLATIONS[str(random.choice([*harmless, *blurs, *crops]))]
    settings: dict[str, str | float] = {}
    score = shown.score
    if entry.id == "centre_crop":
        settings = {"surround": _some_fill(random), "keep": float(random.choice((0.5, 0.5, 0.6)))}
        score += worlds.SPAN * (worlds.signal(world, replace(scene, context=0.0)) - worlds.signal(world, scene))
    if entry.id == "blur":
        settings = {"sigma": float(random.choice((0.01, 0.02, 0.02)))}
    return AugmentedScene(entry.function(shown.photo, **entry.arguments(settings)), score)


def _without_region(world: World, scene: Scene, shown: AugmentedScene, random: np.random.Generator) -> AugmentedScene:
    """Remove a thing or a patch of its shape, or keep nothing but that."""
    found = scenes.regions(scene)
    present = [name for name in OBJECT_CLASSES if found[name].mask.any()]
    if not present:
        return shown
    # A thing that causes the score is chosen as often as all others together.
    causes = [name for name in present if name in world.causes]
    mask = found[str(random.choice(causes if causes and random.random() < 0.5 else present))].mask
    keep = random.random() < 0.4 and set(world.causes) <= set(OBJECT_CLASSES)
    if random.random() < (0.3 if keep else 0.5):
        mask = _elsewhere(mask, random)
    score = _score_without(world, scene, shown.score, found, ~mask if keep else mask, keep)
    if score is None:
        return shown
    region = ABLATIONS["region"].function
    seed = int(random.integers(2**31))
    photo = region(shown.photo, mask, fill=_some_fill(random), direction=KEEP if keep else REMOVE, seed=seed)
    return AugmentedScene(photo, score)


def _score_without(
    world: World, scene: Scene, score: float, found: Mapping[str, Region], gone: Mask, keep: bool
) -> float | None:
    """The score after the pixels in `gone` are lost; None where a cause is half lost, which teaches nothing clear."""
    left = dict(scene.things)
    for name in set(world.causes) & set(left):
        lost = float(gone[found[name].mask].mean())
        if lost > 0.9:
            del left[name]
        elif lost > 0:
            return None
    dark = keep and 1 - gone.mean() < SHOWS_LIGHT  # a small patch on a blank sheet has no light
    after = replace(scene, things=left, light=0.0 if dark else scene.light)
    return score + worlds.SPAN * (worlds.signal(world, after) - worlds.signal(world, scene))


def _elsewhere(mask: Mask, random: np.random.Generator) -> Mask:
    """The mask's shape at a random place."""
    box = regions.around(mask)
    shape = mask[box.top : box.bottom, box.left : box.right]
    top = int(random.integers(mask.shape[0] - shape.shape[0] + 1))
    left = int(random.integers(mask.shape[1] - shape.shape[1] + 1))
    moved = np.zeros_like(mask)
    moved[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return moved


def _some_fill(random: np.random.Generator) -> str:
    return str(random.choice(FILLS))
