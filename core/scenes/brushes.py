"""Single things drawn by code, of which generated scenes are made: faces, people, objects, signs, houses, trees."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.types import Mask, Pixels

Colour = tuple[int, int, int]
Point = tuple[float, float]

# fmt: off
WORDS = (
    "ART", "BAR", "BUS", "CAFE", "CAB", "CITY", "CLUB", "DELI", "EXIT", "FARM", "FILM", "FISH", "FOOD", "GATE",
    "GOLF", "HALL", "HOME", "HOTEL", "INN", "JAZZ", "KEYS", "LAKE", "LIDO", "MALL", "MILK", "NEWS", "OPEN", "PARK",
    "PIER", "POST", "PUB", "RAIL", "ROAD", "SALE", "SHOP", "SPA", "STOP", "TAXI", "TEA", "TOWN", "TRAM", "VETS",
    "WAY", "WEST", "WINE", "YARD", "ZOO",
)
# fmt: on
SATURATION = 0.7
"""Of every colour in a scene: no thing is more colourful than its surroundings."""


def hue_colour(hue: float, value: float) -> Colour:
    """RGB of a hue and a value, both in [0, 1], at the saturation that all things share."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, SATURATION, min(1.0, max(0.0, value)))
    return round(255 * red), round(255 * green), round(255 * blue)


def contrasting(colour: Colour) -> Colour:
    """Dark on light and light on dark, with a trace of the opposite hue."""
    hue, _, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    light = np.dot(colour, (0.299, 0.587, 0.114)) > 105
    return hue_colour(hue + 0.5, 0.1) if light else _tint(hue + 0.5)


def _tint(hue: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.12, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


@dataclass
class Canvas:
    """A picture (uint8 H × W × 3) and named masks; everything drawn inside `tracing(name)` is also in that mask.

    Edges are smoothed, and a pixel that paint touches at all belongs to the mask.
    """

    pixels: Pixels
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    @contextmanager
    def tracing(self, *names: str) -> Iterator[None]:
        """Record what is drawn in the block in these masks."""
        for name in names:
            self.masks.setdefault(name, np.zeros(self.pixels.shape[:2], np.uint8))
        self._open.extend(names)
        try:
            yield
        finally:
            del self._open[len(self._open) - len(names) :]

    def mask(self, name: str) -> Mask:
        """What was traced under a name; empty if nothing was."""
        traced = self.masks.get(name)
        return np.zeros(self.pixels.shape[:2], bool) if traced is None else traced > 0

    def ellipse(self, centre: Point, radii: Point, colour: Colour, angle: float = 0.0) -> None:
        """A filled ellipse; px and degrees."""
        for target, paint in self._targets(colour):
            axes = (max(1, round(radii[0])), max(1, round(radii[1])))
            cv2.ellipse(target, _px(centre), axes, angle, 0, 360, paint, -1, cv2.LINE_AA)

    def polygon(self, points: list[Point], colour: Colour) -> None:
        """A filled polygon."""
        for target, paint in self._targets(colour):
            cv2.fillPoly(target, [np.array([_px(point) for point in points], np.int32)], paint, cv2.LINE_AA)

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A filled rectangle, its edges included."""
        for target, paint in self._targets(colour):
            cv2.rectangle(target, _px((left, top)), _px((right, bottom)), paint, -1)

    def line(self, start: Point, end: Point, thickness: int, colour: Colour) -> None:
        """A line with round ends."""
        for target, paint in self._targets(colour):
            cv2.line(target, _px(start), _px(end), paint, thickness, cv2.LINE_AA)

    def words(self, text: str, centre: Point, width: float, height: float, colour: Colour) -> None:
        """Capital letters fitted into a box; traced as the box, because a word is read as a whole."""
        font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(3, round(height / 8))
        (wide, tall), _ = cv2.getTextSize(text, font, 1.0, thickness)
        scale = min((width - thickness) / wide, (height - thickness) / tall)
        (wide, tall), _ = cv2.getTextSize(text, font, scale, thickness)
        left, bottom = round(centre[0] - wide / 2), round(centre[1] + tall / 2)
        cv2.putText(self.pixels, text, (left, bottom), font, scale, colour, thickness, cv2.LINE_AA)
        pad = thickness // 2 + 2
        for name in self._open:
            cv2.rectangle(
                self.masks[name], (left - pad, bottom - tall - pad), (left + wide + pad, bottom + pad), 255, -1
            )

    def _targets(self, colour: Colour) -> Iterator[tuple[np.ndarray, Colour | int]]:
        yield self.pixels, colour
        for name in self._open:
            yield self.masks[name], 255


def _px(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def head(canvas: Canvas, random: np.random.Generator, centre: Point, radius: float, face: bool) -> None:
    """A head of any colour: with two eyes and a mouth, or seen from behind."""
    colour = hue_colour(random.random(), random.choice((random.uniform(0.25, 0.4), random.uniform(0.8, 1.0))))
    x, y = centre
    canvas.ellipse(centre, (radius, radius * 1.08), colour)
    if not face:
        other = hue_colour(random.random(), random.uniform(0.2, 0.9))
        canvas.ellipse((x, y - radius * 0.08), (radius * 0.9, radius * 0.92), other)
        return
    ink = contrasting(colour)
    eye, apart = radius * random.uniform(0.25, 0.3), radius * random.uniform(0.42, 0.47)
    for side in (-1, 1):
        canvas.ellipse((x + side * apart, y - radius * 0.22), (eye, eye * random.uniform(1.0, 1.3)), ink)
    canvas.ellipse(
        (x, y + radius * 0.5), (radius * random.uniform(0.4, 0.55), radius * random.uniform(0.16, 0.26)), ink
    )


def body(canvas: Canvas, random: np.random.Generator, feet: Point, height: float) -> tuple[Point, float]:
    """A body that stands at `feet`; returns the centre and radius of the head that belongs on it."""
    x, bottom = feet
    radius = height * 0.18
    shirt, trousers = hue_colour(random.random(), 0.9), hue_colour(random.random(), 0.3)
    if random.random() < 0.5:
        shirt, trousers = trousers, shirt
    shoulder, hip, neck = height * 0.17, bottom - height * 0.33, bottom - height * 0.68
    stride, limb = height * random.uniform(0.06, 0.11), max(3, round(height * 0.09))
    for side in (-1, 1):
        canvas.line((x + side * height * 0.07, hip), (x + side * stride, bottom - limb / 2), limb, trousers)
        canvas.line(
            (x + side * shoulder * 0.9, neck + limb),
            (x + side * height * 0.2, hip - height * random.uniform(-0.02, 0.2)),
            limb,
            shirt,
        )
    canvas.polygon(
        [(x - shoulder, neck), (x + shoulder, neck), (x + shoulder * 0.75, hip + 4), (x - shoulder * 0.75, hip + 4)],
        shirt,
    )
    return (x, neck - radius * 0.85), radius


def ball(canvas: Canvas, random: np.random.Generator, centre: Point, size: float) -> None:
    """A beach ball: segments of two colours around a button."""
    hue = random.random()
    colours = hue_colour(hue, 1.0), hue_colour(hue + random.uniform(0.3, 0.7), 0.35)
    radius = size / 2
    canvas.ellipse(centre, (radius, radius), colours[0])
    start = random.uniform(0, 120)
    for turn in range(3):
        angles = np.radians(np.linspace(start + 120 * turn, start + 120 * turn + 60, 8))
        rim = [(centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)) for angle in angles]
        canvas.polygon([centre, *rim], colours[1])
    canvas.ellipse(centre, (radius * 0.2, radius * 0.2), colours[0])


def car(canvas: Canvas, random: np.random.Generator, centre: Point, size: float) -> None:
    """A car from the side."""
    x, y = centre
    half, colour = size * 0.62, hue_colour(random.random(), random.choice((0.4, 1.0)))
    canvas.polygon(
        [
            (x - half * 0.6, y),
            (x - half * 0.35, y - size * 0.36),
            (x + half * 0.4, y - size * 0.36),
            (x + half * 0.7, y),
        ],
        colour,
    )
    canvas.rectangle(x - half, y - 2, x + half, y + size * 0.24, colour)
    glass = contrasting(colour)
    canvas.rectangle(x - half * 0.34, y - size * 0.28, x - half * 0.02, y - size * 0.06, glass)
    canvas.rectangle(x + half * 0.06, y - size * 0.28, x + half * 0.4, y - size * 0.06, glass)
    for side in (-0.55, 0.55):
        canvas.ellipse((x + half * side, y + size * 0.24), (size * 0.16, size * 0.16), hue_colour(0.1, 0.12))
        canvas.ellipse((x + half * side, y + size * 0.24), (size * 0.07, size * 0.07), hue_colour(0.1, 0.8))


def mushroom(canvas: Canvas, random: np.random.Generator, centre: Point, size: float) -> None:
    """A mushroom with dots on its cap."""
    x, y = centre
    cap = hue_colour(random.random(), random.choice((0.45, 1.0)))
    canvas.rectangle(x - size * 0.14, y, x + size * 0.14, y + size * 0.46, hue_colour(random.random(), 0.8))
    rim = np.radians(np.linspace(180, 360, 16))
    canvas.polygon([(x + size * 0.52 * np.cos(a), y + size * 0.08 + size * 0.5 * np.sin(a)) for a in rim], cap)
    for side, up in ((-0.26, -0.1), (0.04, -0.26), (0.28, -0.08)):
        canvas.ellipse((x + size * side, y + size * up), (size * 0.09, size * 0.09), contrasting(cap))


def gift(canvas: Canvas, random: np.random.Generator, centre: Point, size: float) -> None:
    """A parcel with a ribbon and a bow."""
    x, y = centre
    half, paper = size * 0.44, hue_colour(random.random(), random.choice((0.4, 1.0)))
    ribbon = contrasting(paper)
    canvas.rectangle(x - half, y - half * 0.6, x + half, y + half, paper)
    canvas.rectangle(x - half * 0.16, y - half * 0.6, x + half * 0.16, y + half, ribbon)
    canvas.rectangle(x - half, y + half * 0.06, x + half, y + half * 0.34, ribbon)
    for side in (-1, 1):
        canvas.ellipse((x + side * half * 0.32, y - half * 0.78), (half * 0.36, half * 0.2), ribbon, side * 25.0)


OBJECTS = (ball, car, mushroom, gift)


def sign(canvas: Canvas, random: np.random.Generator, centre: Point, size: float, text: bool) -> None:
    """A board on a post, `size` px wide: with a word, which alone is traced as text, with a plain symbol, or bare."""
    x, y = centre
    half, tall = size / 2, size * 0.21
    board = hue_colour(random.random(), random.choice((0.3, 1.0)))
    ink = contrasting(board)
    post = hue_colour(random.random(), 0.4)
    canvas.rectangle(x - 3, y + tall, x + 3, y + tall + size * 0.45, post)
    canvas.rectangle(x - half, y - tall, x + half, y + tall, board)
    word = str(random.choice(WORDS))
    if text:
        with canvas.tracing("text"):
            canvas.words(word, centre, size * 0.94, tall * 1.7, ink)
    elif random.random() < 0.5:
        canvas.ellipse((x + random.uniform(-0.5, 0.5) * half, y), (tall * 0.6, tall * 0.6), ink)


def house(canvas: Canvas, random: np.random.Generator, left: float, base: float, width: float, height: float) -> None:
    """A house or a tower with rows of windows."""
    wall = hue_colour(random.random(), random.uniform(0.35, 0.9))
    canvas.rectangle(left, base - height, left + width, base, wall)
    if height < width * 1.2:
        roof = hue_colour(random.random(), random.uniform(0.2, 0.6))
        canvas.polygon(
            [
                (left - 4, base - height),
                (left + width / 2, base - height - width * 0.4),
                (left + width + 4, base - height),
            ],
            roof,
        )
    pane, step = contrasting(wall), max(10.0, width / 3)
    for top in np.arange(base - height + 6, base - 8, 15):
        for side in np.arange(left + step * 0.3, left + width - 6, step):
            canvas.rectangle(side, top, side + step * 0.4, top + 7, pane)


def tree(canvas: Canvas, random: np.random.Generator, x: float, base: float, height: float) -> None:
    """A conifer or a broad-leaved tree."""
    leaves = hue_colour(random.uniform(0.2, 0.45), random.uniform(0.3, 0.7))
    canvas.rectangle(x - height * 0.05, base - height * 0.4, x + height * 0.05, base, hue_colour(0.07, 0.4))
    if random.random() < 0.5:
        for level in (0.35, 0.6, 0.8):
            wide = height * (1.05 - level) * 0.45
            canvas.polygon(
                [(x - wide, base - height * (level - 0.15)), (x, base - height * (level + 0.2)),
                 (x + wide, base - height * (level - 0.15))], leaves,
            )  # fmt: skip
        return
    for side, up in ((-0.2, 0.6), (0.2, 0.62), (0.0, 0.8)):
        canvas.ellipse((x + height * side, base - height * up), (height * 0.26, height * 0.24), leaves)
