"""A part of a map, drawn by a visitor: small enough for an address, and what lies inside compared with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import config
from core.errors import LatentError
from core.types import Interval

MOST_CORNERS = 60
FORM = "box:x0,y0,x1,y1 or lasso:x,y;x,y;x,y"


@dataclass(frozen=True)
class Selection:
    """A polygon in the coordinates of a layout: corners K × 2; a box has four."""

    corners: np.ndarray
    box: bool

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


def parse(text: str) -> Selection:
    """A selection from an address; LatentError names the form."""
    kind, _, rest = text.partition(":")
    try:
        if kind == "box":
            x0, y0, x1, y1 = (float(number) for number in rest.split(","))
            corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        elif kind == "lasso":
            corners = np.array([[float(number) for number in corner.split(",")] for corner in rest.split(";")])
        else:
            raise ValueError(kind)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
            raise ValueError(rest)
    except ValueError as error:
        raise LatentError(f"The selection {text[:60]!r} is not of the form {FORM}; draw it again.") from error
    return Selection(corners, kind == "box")


def drawn(sent: Any) -> Selection | None:
    """What a browser says was drawn, {"box": x0, y0, x1, y1} or {"lasso": corners}; None if it is neither.

    A lasso keeps as few corners as an address bears.
    """
    try:
        if "box" in sent:
            x0, y0, x1, y1 = map(float, sent["box"])
            corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        else:
            corners = np.array(sent.get("lasso", ()), dtype=float)
            corners = corners[:: max(1, -(-len(corners) // MOST_CORNERS))]
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        return None
    usable = corners.ndim == 2 and corners.shape[1] == 2 and len(corners) > 2 and np.isfinite(corners).all()
    return Selection(corners, "box" in sent) if usable else None


def difference(inside: np.ndarray, outside: np.ndarray, seed: int = config.SEED) -> Interval:
    """Mean score of a group minus that of the rest, with its percentile bootstrap interval; LatentError if too few."""
    if min(len(inside), len(outside)) < 2:
        raise LatentError("At least 2 photos with a score are needed in the selection and outside it to compare them.")
    random = np.random.default_rng(seed)
    drawn = [
        np.array([random.choice(values, len(values)).mean() for _ in range(config.RESAMPLES)])
        for values in (inside, outside)
    ]
    tail = (1 - config.CONFIDENCE) / 2
    low, high = np.quantile(drawn[0] - drawn[1], [tail, 1 - tail])
    return Interval(float(inside.mean() - outside.mean()), float(low), float(high))
