"""A part of a map, drawn by a visitor: small enough for an address, and what lies inside compared with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import config
from core.errors import LatentError
from core.types import Interval

MOST_CORNERS = 60
MOST_PARTS = 6
"""An address bears no more outlines than these."""
FORM = "box:x0,y0,x1,y1 or lasso:x,y;x,y;x,y, several joined by |, each later one with + or - before it"
ADD, TAKE = "+", "-"


@dataclass(frozen=True)
class Outline:
    """A polygon in the coordinates of a layout: corners K × 2; a box has four. It adds photos, or takes them away."""

    corners: np.ndarray
    box: bool
    takes: bool = False

    def __str__(self) -> str:
        if self.box:
            (x0, y0), (x1, y1) = self.corners.min(axis=0), self.corners.max(axis=0)
            return f"box:{x0:.4g},{y0:.4g},{x1:.4g},{y1:.4g}"
        return "lasso:" + ";".join(f"{x:.4g},{y:.4g}" for x, y in self.corners)

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether points (N × 2) lie inside (N,), by the even-odd rule."""
        x, y = points[:, 0], points[:, 1]
        inside = np.zeros(len(points), dtype=bool)
        for (x0, y0), (x1, y1) in zip(self.corners, np.roll(self.corners, -1, axis=0), strict=True):
            if y0 != y1:
                inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        return inside


@dataclass(frozen=True)
class Selection:
    """Outlines in the order in which they were drawn: each adds the photos inside it, or takes them away."""

    outlines: tuple[Outline, ...]

    def __str__(self) -> str:
        first, *others = self.outlines
        return "|".join([str(first), *(f"{TAKE if part.takes else ADD}{part}" for part in others)])

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether points (N × 2) are selected (N,)."""
        inside = np.zeros(len(points), dtype=bool)
        for part in self.outlines:
            inside = inside & ~part.contains(points) if part.takes else inside | part.contains(points)
        return inside


def parse(text: str) -> Selection:
    """A selection from an address; LatentError names the form."""
    first, *others = text.split("|")
    try:
        if len(others) >= MOST_PARTS or any(not part.startswith((ADD, TAKE)) for part in others):
            raise ValueError(text)
        parts = [_outline(first, False), *(_outline(part[1:], part[0] == TAKE) for part in others)]
    except ValueError as error:
        raise LatentError(f"The selection {text[:60]!r} is not of the form {FORM}; draw it again.") from error
    return Selection(tuple(parts))


def _outline(text: str, takes: bool) -> Outline:
    """One outline; ValueError if it is none."""
    kind, _, rest = text.partition(":")
    if kind == "box":
        x0, y0, x1, y1 = (float(number) for number in rest.split(","))
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    elif kind == "lasso":
        corners = np.array([[float(number) for number in corner.split(",")] for corner in rest.split(";")])
    else:
        raise ValueError(kind)
    if not _usable(corners):
        raise ValueError(rest)
    return Outline(corners, kind == "box", takes)


def _usable(corners: np.ndarray) -> bool:
    return bool(corners.ndim == 2 and corners.shape[1] == 2 and len(corners) > 2 and np.isfinite(corners).all())


def drawn(sent: Any, before: Selection | None = None) -> Selection | None:
    """What a browser says was drawn, {"box": x0, y0, x1, y1} or {"lasso": corners}; None if it is neither.

    With "how", "+" or "-", it joins the selection `before`; LatentError if that has as many parts as an address bears.
    A lasso keeps as few corners as an address bears.
    """
    how = None
    try:
        if "box" in sent:
            x0, y0, x1, y1 = map(float, sent["box"])
            corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        else:
            corners = np.array(sent.get("lasso", ()), dtype=float)
            corners = corners[:: max(1, -(-len(corners) // MOST_CORNERS))]
        how = sent.get("how")
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        return None
    if not _usable(corners):
        return None
    outline = Outline(corners, "box" in sent, takes=how == TAKE)
    if how not in (ADD, TAKE) or before is None:
        return None if outline.takes else Selection((outline,))
    if len(before.outlines) >= MOST_PARTS:
        raise LatentError(f"A selection has at most {MOST_PARTS} outlines; press Escape to clear it, and draw anew.")
    return Selection((*before.outlines, outline))


def difference(inside: np.ndarray, outside: np.ndarray, seed: int = config.SEED) -> Interval:
    """Mean score of a group minus that of the rest, with its percentile bootstrap interval; LatentError if too few."""
    if min(len(inside), len(outside)) < 2:
        raise LatentError("At least 2 photos with a score are needed on each side to compare them; select more.")
    random = np.random.default_rng(seed)
    drawn = [
        np.array([random.choice(values, len(values)).mean() for _ in range(config.RESAMPLES)])
        for values in (inside, outside)
    ]
    tail = (1 - config.CONFIDENCE) / 2
    low, high = np.quantile(drawn[0] - drawn[1], [tail, 1 - tail])
    return Interval(float(inside.mean() - outside.mean()), float(low), float(high))
