"""A Plotly figure as an inline SVG that needs no script: the same marks at the same numbers, in a page to hand on.

It draws what the figures of this house hold (marks, lines, bars, intervals, bands, words), and refuses what it does not
know, so that no part of a figure is lost in silence. Text has the colour of the page, light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.plots import GREY
from core.verdict.axes import Axis, axis, is_number, longest_label
from core.verdict.html_parts import text

WIDTH = 680
LETTER = 7.2
"""About how wide a letter is, in px, at the size of labels."""
LEAST = 0.75
"""Share of its width below which a figure is not made smaller, but scrolled: its text stays readable."""
LABEL, SMALL = 13, 12
"""Sizes of text in px."""
BELOW, LEFT, RIGHT, LEGEND = 44, 56, 14, 24
Place = tuple[float, float]
DASHES = {"dash": "7 5", "dot": "2 4"}


@dataclass(frozen=True)
class _Frame:
    """Both axes of a drawing, and the height of the whole."""

    x: Axis
    y: Axis
    height: float

    def place(self, x: Any, y: Any) -> Place:
        return self.x.at(x), self.y.at(y)


def vector(figure: go.Figure, label: str, caption: str = "", width: int = WIDTH) -> str:
    """A figure as HTML: an SVG `width` px wide that fits its place, what it is in words, and a caption.

    `label` is read aloud in place of the picture; its numbers belong in a table beside it. ValueError for a kind of
    trace that is not known.
    """
    if strange := {trace.type for trace in figure.data} - {"bar", "scatter"}:
        raise ValueError(f"A trace of the kind {', '.join(sorted(strange))} cannot be drawn as a vector.")
    legend = _legend(figure, width)
    above = LEGEND * (1 + max((row for row, *_ in legend), default=-1)) + 8
    above += 16 if figure.layout.yaxis.title.text else 0
    numbers = LEFT if figure.layout.yaxis.visible is not False else 8
    left = max(numbers, 12 + longest_label(figure, LETTER))
    height = max(float(figure.layout.height), above + BELOW + 40)
    x = axis(figure, "x", left, width - RIGHT)
    frame = _Frame(x, axis(figure, "y", height - BELOW, above), height)
    drawn = [
        *(_shape(shape, frame) for shape in figure.layout.shapes),
        *_axes(frame),
        *(part for trace in figure.data for part in _trace(trace, figure, frame)),
        *(_words(note.x, note.y, note.text, frame, SMALL) for note in figure.layout.annotations),
        *(part for row, at, trace in legend for part in _entry(trace, at, 12 + LEGEND * row)),
    ]
    fits = f"max-width:{width}px;min-width:{LEAST * width:.0f}px"
    opened = f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{text(label)}" style="{fits}">'
    # A keyboard scrolls what is wider than the screen once the focus is on it.
    scrolled = '<div class="wide" role="region" aria-label="Figure" tabindex="0">'
    said = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return f'<figure class="chart">{scrolled}{opened}{"".join(drawn)}</svg></div>{said}</figure>'


def _axes(frame: _Frame) -> Iterator[str]:
    """Ticks with fine lines through them, and the titles: that of y stands above it, where it is read at once."""
    for tick in frame.x.ticks:
        place = frame.x.at(frame.x.names[int(tick.value)] if frame.x.names else tick.value)
        yield _line((place, frame.y.start), (place, frame.y.end), GREY, 0.25)
        yield _text(place, frame.y.start + 17, tick.words, SMALL, "middle")
    for tick in frame.y.ticks:
        place = frame.y.at(frame.y.names[int(tick.value)] if frame.y.names else tick.value)
        if not frame.y.names and frame.y.title:
            yield _line((frame.x.start, place), (frame.x.end, place), GREY, 0.25)
        yield _text(
            frame.x.start - 8, place + 4, tick.words, LABEL if frame.y.names else SMALL, "end", bold=tick.strong
        )
    if frame.x.title:
        yield _text((frame.x.start + frame.x.end) / 2, frame.height - 6, frame.x.title, LABEL, "middle")
    if frame.y.title:
        yield _text(2, frame.y.end - 9, frame.y.title, LABEL, "start")


def _shape(shape: Any, frame: _Frame) -> str:
    """A band or a line; a side that is a share of the axis runs over all of it."""
    xs, ys = (
        tuple(along.at(end) for end in (shape[f"{name}0"], shape[f"{name}1"]))
        if shape[f"{name}ref"] == name
        else (along.start, along.end)
        for name, along in (("x", frame.x), ("y", frame.y))
    )
    if shape.type == "line":
        return _line((xs[0], ys[0]), (xs[1], ys[1]), shape.line.color, 1.0, shape.line.width or 1, shape.line.dash)
    if shape.type != "rect":
        raise ValueError(f"A shape of the kind {shape.type} cannot be drawn as a vector.")
    return _rectangle(xs, ys, shape.fillcolor, shape.opacity)


def _trace(trace: Any, figure: go.Figure, frame: _Frame) -> Iterator[str]:
    return _bars(trace, figure, frame) if trace.type == "bar" else _scatter(trace, figure, frame)


def _scatter(trace: Any, figure: go.Figure, frame: _Frame) -> Iterator[str]:
    """Area, line, intervals and marks of a trace, each where its mode asks for it."""
    points = [(x, y) for x, y in zip(trace.x, trace.y, strict=True) if not _is_missing(x, y)]
    mode = trace.mode or "lines"
    if trace.fill == "toself":
        yield _area([frame.place(*point) for point in points], trace.fillcolor)
    elif trace.fill == "tonexty":
        before = figure.data[figure.data.index(trace) - 1]
        back = [frame.place(*point) for point in zip(before.x, before.y, strict=True)][::-1]
        yield _area([*(frame.place(*point) for point in points), *back], trace.fillcolor)
    if "lines" in mode and trace.line.width != 0:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (frame.place(*point) for point in points))
        yield f'<path d="{path}" fill="none" stroke="{trace.line.color}" stroke-width="2"{_dashed(trace.line.dash)}/>'
    yield from _intervals(trace, frame)
    for number, (x, y) in enumerate(zip(trace.x, trace.y, strict=True)):
        if _is_missing(x, y):
            continue
        if "markers" in mode:
            yield _mark(trace, number, frame.place(x, y), _said(trace, number))
        if "text" in mode:
            yield _words(x, y, trace.text[number], frame, trace.textfont.size or SMALL)


def _is_missing(x: Any, y: Any) -> bool:
    return not all(isinstance(value, str) or is_number(value) for value in (x, y))


def _said(trace: Any, number: int) -> str:
    """The numbers of a mark to the last digit, with its interval where it has one."""
    found = []
    for name in ("x", "y"):
        value, error = trace[name][number], trace[f"error_{name}"]
        told = value if isinstance(value, str) else repr(float(value))
        if error.array is not None and is_number(error.array[number]):
            told += f" [{float(value - error.arrayminus[number])!r}, {float(value + error.array[number])!r}]"
        found.append(told)
    return f"{trace.name or ''}: {found[1]}, {found[0]}".removeprefix(": ")


def _intervals(trace: Any, frame: _Frame) -> Iterator[str]:
    for name in ("x", "y"):
        error = trace[f"error_{name}"]
        for number, length in enumerate(() if error.array is None else error.array):
            x, y = trace.x[number], trace.y[number]
            if _is_missing(x, y) or not is_number(length):
                continue
            low, high = (trace[name][number] + end for end in (-error.arrayminus[number], length))
            ends = [(low, y), (high, y)] if name == "x" else [(x, low), (x, high)]
            start, end = (frame.place(*point) for point in ends)
            yield _line(start, end, error.color, 1.0, error.thickness or 1.5)


def _mark(trace: Any, number: int, place: Place, said: str) -> str:
    marker = trace.marker
    given = (marker.size or 6, marker.color or trace.line.color, marker.symbol or "circle")
    size, colour, symbol = (_one(value, number) for value in given)
    x, y, radius = *place, size / 2
    inside = f'fill="none" stroke="{colour}" stroke-width="2"' if symbol.endswith("-open") else f'fill="{colour}"'
    inside += "" if marker.opacity is None else f' opacity="{marker.opacity}"'
    title = f"<title>{text(said)}</title>"
    if symbol.startswith("diamond"):
        corners = (
            f"M{x - radius:.1f} {y:.1f}L{x:.1f} {y - radius:.1f}L{x + radius:.1f} {y:.1f}L{x:.1f} {y + radius:.1f}Z"
        )
        return f'<path d="{corners}" {inside}>{title}</path>'
    if not symbol.startswith("circle"):
        raise ValueError(f"A mark of the kind {symbol} cannot be drawn as a vector.")
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {inside}>{title}</circle>'


def _bars(trace: Any, figure: go.Figure, frame: _Frame) -> Iterator[str]:
    """Bars from 0, along x where they lie."""
    lies = trace.orientation == "h"
    usual = 1 - (figure.layout.bargap or 0.2)
    for number, (x, y) in enumerate(zip(trace.x, trace.y, strict=True)):
        if _is_missing(x, y):
            continue
        wide = usual if trace.width is None else _one(trace.width, number)
        along, across = (frame.x, frame.y) if lies else (frame.y, frame.x)
        value, where = (x, y) if lies else (y, x)
        middle, half = across.at(where), abs(across.end - across.start) / abs(across.high - across.low) * wide / 2
        length, sides = (along.at(0), along.at(value)), (middle - half, middle + half)
        said = _said(trace, number)
        opacity = trace.opacity if trace.opacity is not None else trace.marker.opacity
        yield _rectangle(*((length, sides) if lies else (sides, length)), trace.marker.color, opacity, said)
        if trace.text is not None:
            end = length[1] + (6 if length[1] >= length[0] else -6)
            yield _text(end, middle + 4, trace.text[number], SMALL, "start" if length[1] >= length[0] else "end")


def _legend(figure: go.Figure, width: int) -> list[tuple[int, float, Any]]:
    """Traces that have a name to show: in which row each stands, where it begins in px, and the trace."""
    if not figure.layout.showlegend:
        return []
    found: list[tuple[int, float, Any]] = []
    row, at = 0, 4.0
    for trace in figure.data:
        if not trace.name or trace.showlegend is False:
            continue
        room = 34 + LETTER * len(trace.name)
        if at > 4 and at + room > width:
            row, at = row + 1, 4.0
        found.append((row, at, trace))
        at += room
    return found


def _entry(trace: Any, x: float, y: float) -> Iterator[str]:
    if trace.fill:
        yield _rectangle((x, x + 14), (y - 6, y + 6), trace.fillcolor, None)
    elif "markers" in (trace.mode or ""):
        yield _mark(trace, 0, (x + 7, y), trace.name)
    else:
        yield _line((x, y), (x + 16, y), trace.line.color, 1.0, 2, trace.line.dash)
    yield _text(x + 20, y + 4, trace.name, SMALL, "start")


def _area(places: Sequence[Place], colour: str) -> str:
    return f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}Z" fill="{colour}"/>'


def _rectangle(xs: Sequence[float], ys: Sequence[float], colour: str, opacity: float | None, said: str = "") -> str:
    size = f'width="{abs(xs[1] - xs[0]):.1f}" height="{abs(ys[1] - ys[0]):.1f}"'
    seen = "" if opacity is None else f' opacity="{opacity}"'
    begun = f'<rect x="{min(xs):.1f}" y="{min(ys):.1f}" {size} fill="{colour}"{seen}'
    return f"{begun}><title>{text(said)}</title></rect>" if said else f"{begun}/>"


def _line(start: Place, end: Place, colour: str, opacity: float, wide: float = 1, dash: str | None = None) -> str:
    (x1, y1), (x2, y2) = start, end
    seen = "" if opacity == 1 else f' opacity="{opacity}"'
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{wide:g}"{seen}{_dashed(dash)}/>'


def _dashed(dash: str | None) -> str:
    return f' stroke-dasharray="{DASHES[dash]}"' if dash in DASHES else ""


def _words(x: Any, y: Any, words: str, frame: _Frame, size: float) -> str:
    across, down = frame.place(x, y)
    return _text(across, down + 4, words, size, "middle")


def _text(x: float, y: float, words: str, size: float, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="currentColor"{weight}>'
        f"{text(words)}</text>"
    )


def _one(value: Any, number: int) -> Any:
    """The value of one mark, where each has its own."""
    return value if isinstance(value, str | int | float) else value[number]
