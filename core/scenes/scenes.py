"""Generated scenes: what one holds, its picture, and the exact place of every thing in it."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np

from core.scenes import brushes, large
from core.scenes.brushes import Canvas, hue_colour
from core.scenes.scene import OBJECT_CLASSES, Scene
from core.types import Mask, Pixels, Rect, Region

SIZES = ((256, 320), (256, 288), (288, 256), (320, 256))
"""Height × width in px."""
DARKEST = 0.55
"""Of the light of the brightest scene."""
CORNERS = ((0.14, 0.98), (0.86, 0.98), (0.14, 0.5))
"""Where the floor of small things is beside a large one, as shares of width and height."""
SPOT, MOTTLE = 10, 11.0
"""Width in px and standard deviation in grey levels of the strongest mottled texture."""


def draw(scene: Scene, leave_out: Collection[str] = ()) -> Pixels:
    """The picture of a scene, uint8 H × W × 3, without the things (mask ids) to leave out."""
    canvas = Canvas(np.empty((scene.height, scene.width, 3), np.uint8))
    _backdrop(canvas, scene)
    _foliage(canvas, scene)
    _things(canvas, scene, leave_out)
    return _finish(canvas.pixels, scene)


def regions(scene: Scene) -> dict[str, Region]:
    """Where every thing is, by mask id: exact to the pixel; words by the box around them."""
    canvas = Canvas(np.zeros((scene.height, scene.width, 3), np.uint8))
    _things(canvas, scene, ())
    masks = {name: canvas.mask(name) for name in OBJECT_CLASSES}
    if scene.large:  # what stands before it is not part of it
        before = [name for name in OBJECT_CLASSES if name != scene.large and (name, scene.large) != ("faces", "people")]
        masks[scene.large] &= ~np.any([masks[name] for name in before], axis=0)
    return {name: _region(mask) for name, mask in masks.items()}


def _region(mask: Mask) -> Region:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Region(mask)
    return Region(mask, (Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1),))


def _backdrop(canvas: Canvas, scene: Scene) -> None:
    """Sky, sun, clouds, hills, ground, houses and trees."""
    random, height, width = scene.random(0), scene.height, scene.width
    horizon = round(height * random.uniform(0.5, 0.62))
    sky = random.choice((random.uniform(0.5, 0.68), random.uniform(0.0, 0.12), random.uniform(0.8, 0.95)))
    top, low = hue_colour(sky, random.uniform(0.45, 0.8)), hue_colour(sky + random.uniform(-0.05, 0.05), 0.97)
    blend = np.linspace(0, 1, height)[:, None, None]
    canvas.pixels[:] = (np.array(top) * (1 - blend) + np.array(low) * blend).astype(np.uint8)
    canvas.ellipse(
        (random.uniform(0, width), random.uniform(10, 70)), (14, 14), hue_colour(random.uniform(0.1, 0.16), 1)
    )
    cloud = hue_colour(sky + 0.04, 1.0)
    for _ in range(random.integers(0, 4)):
        x, y = random.uniform(0, width), random.uniform(10, horizon * 0.6)
        for side in (-16, 0, 14):
            canvas.ellipse((x + side, y + random.uniform(-4, 4)), (18, 9), cloud)
    hill = random.uniform(0.2, 0.75)
    for value in (0.75, 0.6):
        across = np.linspace(0, width, 24)
        phase, waves, rise = random.uniform(0, 6), random.uniform(1, 3), random.uniform(6, 26)
        ridge = horizon - rise * (1 + np.sin(phase + waves * 2 * across / width * np.pi)) / 2
        outline = [(0, height), *zip(across.tolist(), ridge.tolist(), strict=True), (width, height)]
        canvas.polygon(outline, hue_colour(hill, value))
    canvas.rectangle(0, horizon, width, height, hue_colour(random.uniform(0.05, 0.45), random.uniform(0.45, 0.85)))
    _settle(canvas, random, horizon)
    for _ in range(random.integers(2, 7)):
        x, y = random.uniform(0, width), random.uniform(horizon + 12, height)
        canvas.ellipse((x, y), (random.uniform(8, 30), random.uniform(3, 8)), hue_colour(random.uniform(0, 0.45), 0.6))


def _settle(canvas: Canvas, random: np.random.Generator, horizon: int) -> None:
    """Houses and trees along the horizon."""
    width = canvas.pixels.shape[1]
    for _ in range(random.integers(0, 5)):
        left, base = random.uniform(-10, width - 20), horizon + random.uniform(0, 10)
        brushes.house(canvas, random, left, base, random.uniform(24, 44), random.uniform(22, 70))
    for _ in range(random.integers(0, 5)):
        brushes.tree(canvas, random, random.uniform(0, width), horizon + random.uniform(2, 16), random.uniform(28, 64))


def _foliage(canvas: Canvas, scene: Scene) -> None:
    """Leaves all around, as if looking out of a bush: the more, the higher the amount of context."""
    random, height, width = scene.random(1), scene.height, scene.width
    hue, leaves = random.random(), round(150 * scene.context)
    dark = random.random() < 0.5
    x, y = random.uniform(0, 1, (2, 600))
    edge = np.maximum(np.abs(x - 0.5), np.abs(y - 0.5))
    for place in np.flatnonzero(edge > 0.36)[:leaves]:
        value = random.uniform(0.08, 0.3) if dark else random.uniform(0.8, 1.0)
        centre = (x[place] * width, y[place] * height)
        canvas.ellipse(
            centre, (random.uniform(13, 20), random.uniform(7, 11)), hue_colour(hue, value), random.uniform(0, 180)
        )


def _things(canvas: Canvas, scene: Scene, leave_out: Collection[str]) -> None:
    if scene.large:
        large.draw_large(canvas, scene, leave_out)
        scene = large.small_rest(scene)
    place = {name: _spot(scene, column) for column, name in enumerate(scene.columns)}
    _somebody(canvas, scene, place["people"], leave_out)
    if "salient" in scene.things and "salient" not in leave_out:
        random = scene.random(3)
        draw_object = brushes.OBJECTS[random.integers(len(brushes.OBJECTS))]
        x, floor = place["salient"]
        size = 46 + 16 * scene.things["salient"]
        with canvas.tracing("salient"):
            draw_object(canvas, random, (x, floor - size / 2), size)
    random = scene.random(4)
    if scene.large != "text" and (random.random() < 0.8 or "text" in scene.things):
        x, floor = place["text"]
        size = 74 + 10 * scene.things.get("text", random.random())
        text = "text" in scene.things and "text" not in leave_out
        brushes.sign(canvas, random, (x, floor - size * 0.64), size, text)


def _spot(scene: Scene, column: int) -> tuple[float, float]:
    """Where a column's thing stands: x, and the floor below it."""
    random = scene.random(10 + column)
    if scene.large:
        across, down = CORNERS[column]
        return scene.width * across, scene.height * down - random.uniform(0, 4)
    x = scene.width * (1 + 2 * column) / 6
    if column == 1:
        return x, scene.height * 0.75 - random.uniform(2, 5)
    return x + random.uniform(-3, 3), scene.height * random.uniform(0.68, 0.96)


def _somebody(canvas: Canvas, scene: Scene, place: tuple[float, float], leave_out: Collection[str]) -> None:
    """A person with or without a face, a balloon with or without one, or nobody."""
    random = scene.random(2)
    face = "faces" in scene.things and "faces" not in leave_out
    x, floor = place
    if "people" in scene.things:
        if "people" in leave_out:
            return
        with canvas.tracing("people"):
            centre, radius = brushes.body(canvas, random, (x, floor), 100 + 16 * scene.things["people"])
            _head(canvas, random, centre, radius, face)
    elif "faces" in scene.things or (not scene.large and random.random() < 0.5):
        if "faces" in scene.things and not face:
            return
        radius = 20 + 6 * scene.things.get("faces", random.random())
        _head(canvas, random, (x, floor - radius - random.uniform(0, 50)), radius, face)


def _head(canvas: Canvas, random: np.random.Generator, centre: tuple[float, float], radius: float, face: bool) -> None:
    with canvas.tracing(*(("faces",) if face else ())):
        brushes.head(canvas, random, centre, radius, face)


def _finish(pixels: Pixels, scene: Scene) -> Pixels:
    """Colour, texture and fine lines, laid over the whole picture: as much inside of a thing as outside."""
    grey = pixels @ np.array((0.299, 0.587, 0.114), np.float32)
    finished = grey[..., None] + scene.colour * (pixels - grey[..., None])
    if scene.texture:
        finished += (MOTTLE * scene.texture * _mottle(scene))[..., None]
    if scene.frequency:
        strokes = _strokes(scene)
        finished[strokes > 0] = 245
        finished[strokes < 0] = 10
    finished *= DARKEST + (1 - DARKEST) * scene.light
    return np.clip(np.rint(finished), 0, 255).astype(np.uint8)


def _mottle(scene: Scene) -> np.ndarray:
    """Faint spots some 10 px wide, float32 H × W with unit variance: low in contrast, but coarse.

    Smoothing along surfaces wipes them out; a blur of 5 px leaves more than half.
    """
    random = scene.random(5)
    coarse = random.standard_normal((scene.height // SPOT + 3, scene.width // SPOT + 3), dtype=np.float32)
    spots = cv2.resize(coarse, None, fx=SPOT, fy=SPOT, interpolation=cv2.INTER_CUBIC)[: scene.height, : scene.width]
    return (spots - spots.mean()) / spots.std()


def _strokes(scene: Scene) -> np.ndarray:
    """Slanted pairs of a light (1) and a dark (−1) hairline, as of rain: int8 H × W, 0 between them."""
    random = scene.random(6)
    canvas = np.zeros((scene.height, scene.width), np.uint8)
    slant = random.uniform(-6, 6)
    for _ in range(round(420 * scene.frequency)):
        x, y, length = random.uniform(0, scene.width), random.uniform(-20, scene.height), random.uniform(14, 26)
        for shift, value in ((0, 1), (2, 2)):
            start, end = (round(x + shift), round(y)), (round(x + shift + slant), round(y + length))
            cv2.line(canvas, start, end, value, 1)
    return np.where(canvas == 2, -1, canvas).astype(np.int8)
