"""Large things in the middle of a generated scene, drawn so that they cover a given share of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from core.scenes import brushes
from core.scenes.brushes import Canvas, contrasting, hue_colour
from core.scenes.scene import Scene

START, STEPS = 150.0, 4
"""Size in px with which the search for the right one begins, and how often it is corrected."""
WORDS = ("GO", "IN", "NO", "OK", "ON", "TO", "UP", "WE")
"""Short enough to fill a large part of a picture."""


def draw_large(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    """The large thing of a scene, or what stands in its place where the scene does not hold it."""
    painters[scene.large](canvas, scene, leave_out)


def small_rest(scene: Scene) -> Scene:
    """The scene without its large thing, and without a face that belongs to a large person."""
    gone = {scene.large, "faces"} if scene.large == "people" else {scene.large}
    return replace(scene, things={name: size for name, size in scene.things.items() if name not in gone})


def _fitted(scene: Scene, share: float, paint: Callable[[Canvas, float], None]) -> float:
    """The size at which what is painted covers a share of the picture."""
    size = START
    for _ in range(STEPS):
        canvas = Canvas(np.zeros((scene.height, scene.width, 3), np.uint8))
        with canvas.tracing("all"):
            paint(canvas, size)
        size *= float(np.sqrt(share / max(canvas.mask("all").mean(), 1e-3)))
    return size


def _share(scene: Scene, part: int) -> float:
    """The share of the picture that the large thing covers; of one that is absent, what it would be at random."""
    size = scene.things.get(scene.large, scene.random(part).random())
    least, most = scene.reach
    return least + (most - least) * size


def _person(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    if "people" not in scene.things or "people" in leave_out:
        return

    face = "faces" in scene.things and "faces" not in leave_out

    def paint(onto: Canvas, height: float) -> None:
        whole = 1.027 * height  # from the sole to the top of the head
        floor = scene.height / 2 + whole / 2 if whole < scene.height - 16 else 8 + whole
        random = scene.random(2)
        centre, radius = brushes.body(onto, random, (scene.width / 2, floor), height)
        with onto.tracing(*(("faces",) if face else ())):
            brushes.head(onto, random, centre, radius, face)

    height = _fitted(scene, _share(scene, 2), paint)
    with canvas.tracing("people"):
        paint(canvas, height)


def _face(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    there = "faces" in scene.things
    if (there and "faces" in leave_out) or (not there and scene.random(21).random() < 0.5):
        return
    middle = (scene.width / 2, scene.height / 2)

    def paint(onto: Canvas, radius: float) -> None:
        brushes.head(onto, scene.random(2), middle, radius, there)

    radius = _fitted(scene, _share(scene, 22), paint)
    with canvas.tracing(*(("faces",) if there else ())):
        paint(canvas, radius)


def _object(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    if "salient" not in scene.things or "salient" in leave_out:
        return

    def paint(onto: Canvas, size: float) -> None:
        random = scene.random(3)
        draw_object = brushes.OBJECTS[random.integers(len(brushes.OBJECTS))]
        draw_object(onto, random, (scene.width / 2, scene.height / 2), size)

    size = _fitted(scene, _share(scene, 3), paint)
    with canvas.tracing("salient"):
        paint(canvas, size)


def _sign(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    """A board that fills the middle, with a word or bare: the board is there without a word too."""
    random, middle = scene.random(4), (scene.width / 2, scene.height / 2)
    word, board = str(random.choice(WORDS)), hue_colour(random.random(), random.choice((0.3, 1.0)))
    there = "text" in scene.things
    if not there and random.random() < 0.2:
        return

    widest = scene.width - 12.0

    def paint(onto: Canvas, width: float) -> None:
        width = min(width, widest)
        onto.words(word, middle, width, 0.8 * width, contrasting(board))

    width = min(_fitted(scene, _share(scene, 23), paint), widest)
    half, tall = width / 2 + 6, min(0.42 * width + 6, scene.height / 2 - 4)
    x, y = middle
    canvas.rectangle(x - half, y - tall, x + half, y + tall, board)
    if there and "text" not in leave_out:
        with canvas.tracing("text"):
            paint(canvas, width)


painters: dict[str, Callable[[Canvas, Scene, Collection[str]], None]] = {
    "people": _person,
    "faces": _face,
    "salient": _object,
    "text": _sign,
}
