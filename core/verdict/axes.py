"""An axis of a figure: which values it shows, where they lie in px, and what stands at its ticks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

TICKS = 6
"""About so many ticks on an axis of numbers."""
ROOM = 0.05
"""Share of the range that stays free on either side where a figure names no range."""
BROADER = 1.12
"""How much wider the letters of a heading are."""
BOLD = re.compile(r"</?b>")


@dataclass(frozen=True)
class Tick:
    """A place on an axis, and what stands there; `strong` for a heading."""

    value: float
    words: str
    strong: bool = False


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high`, drawn from `start` to `end` in px; names in order where they are categories."""

    low: float
    high: float
    start: float
    end: float
    names: tuple[str, ...]
    ticks: tuple[Tick, ...]
    title: str

    def at(self, value: Any) -> float:
        """Where a value, or a category, lies in px."""
        number = self.names.index(value) if self.names else float(value)
        return self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low)


def axis(figure: go.Figure, letter: str, start: float, end: float) -> Axis:
    """The axis x or y of a figure between two places in px: its own range and ticks, else those of what it shows."""
    layout = figure.layout[f"{letter}axis"]
    names = _names(figure, letter)
    low, high = layout.range or _range(figure, letter, names)
    if layout.autorange == "reversed":
        low, high = high, low
    return Axis(low, high, start, end, names, _ticks(layout, names, low, high), layout.title.text or "")


def longest_label(figure: go.Figure, letter: float) -> float:
    """How wide in px the longest name of a row is, where a letter is so wide; 0 where the y axis is one of numbers."""
    names = (*_names(figure, "y"), *(figure.layout.yaxis.ticktext or ()))
    return max((letter * len(BOLD.sub("", name)) * (BROADER if BOLD.search(name) else 1) for name in names), default=0)


def is_number(value: Any) -> bool:
    """Whether there is a value to draw at."""
    return not isinstance(value, str) and value is not None and math.isfinite(value)


def _names(figure: go.Figure, letter: str) -> tuple[str, ...]:
    """The categories of an axis in order; none where it has numbers."""
    given = figure.layout[f"{letter}axis"].categoryarray
    used = [value for trace in figure.data for value in _values(trace[letter]) if isinstance(value, str)]
    return tuple(given) if given is not None and len(given) else tuple(dict.fromkeys(used))


def _values(held: Any) -> Iterable[Any]:
    return () if held is None else held


def _range(figure: go.Figure, letter: str, names: Sequence[str]) -> tuple[float, float]:
    if names:
        return -0.5, len(names) - 0.5
    found = [float(value) for value in _shown(figure, letter) if is_number(value)] or [0.0]
    room = ROOM * (max(found) - min(found)) or 1.0
    return min(found) - room, max(found) + room


def _shown(figure: go.Figure, letter: str) -> Iterator[Any]:
    """Every value that must lie inside of the range: of marks, ends of intervals, bars, bands and lines."""
    for trace in figure.data:
        values = list(_values(trace[letter]))
        yield from values
        if trace.type == "bar" and (trace.orientation == "h") == (letter == "x"):
            yield 0
        elif trace.type == "bar" and trace.width is not None:
            sides = list(zip(values, _each(trace.width, len(values)), strict=True))
            yield from (value + side * wide / 2 for value, wide in sides for side in (-1, 1))
        error = trace[f"error_{letter}"]
        for name, sign in (("array", 1), ("arrayminus", -1)):
            yield from (
                value + sign * length
                for value, length in zip(values, _values(error[name]), strict=False)
                if is_number(length)
            )
    for shape in figure.layout.shapes:
        if shape[f"{letter}ref"] == letter:
            yield from (shape[f"{letter}0"], shape[f"{letter}1"])


def _each(value: Any, count: int) -> list[Any]:
    return [value] * count if isinstance(value, int | float) else list(value)


def _ticks(layout: Any, names: Sequence[str], low: float, high: float) -> tuple[Tick, ...]:
    if layout.visible is False:
        return ()
    if layout.tickvals is not None:
        return tuple(Tick(value, word) for value, word in zip(layout.tickvals, layout.ticktext, strict=True))
    if names:
        return tuple(Tick(place, BOLD.sub("", name), name != BOLD.sub("", name)) for place, name in enumerate(names))
    return tuple(Tick(value, f"{value:g}".replace("-", "−")) for value in round_values(*sorted((low, high))))


def round_values(low: float, high: float) -> list[float]:
    """About TICKS round numbers from low to high, which is the larger."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) + 0.0 for number in range(first, math.floor(high / step + 1e-9) + 1)]
