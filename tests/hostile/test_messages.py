"""What a browser may send: drawings, stored drawings, places, selections, addresses, and replay files of others."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis import strategies as values

from core.errors import LabError, LatentError
from core.latent import selection
from core.paint import drawing, drawing_text, replay
from core.paint.region_effect import treatment
from tests.conftest import draw_photo
from tests.helpers.hostile import ODD, attack, bent, count, damaged
from ui import resources
from ui.map import selections
from ui.photo import boards

HEIGHT, WIDTH = 24, 32
LINE = {
    "type": "path", "left": 1, "top": 2, "width": 20, "height": 10, "scaleX": 1, "scaleY": 1, "angle": 0,
    "stroke": "rgba(217, 120, 45, 0.55)", "strokeWidth": 3, "originX": "left", "originY": "top",
    "path": [["M", 1, 2], ["Q", 3, 4, 5, 6], ["L", 20, 10]],
}  # fmt: skip
RECT = LINE | {"type": "rect", "fill": "#2f9e9ea0", "angle": 30}
POLYGON = LINE | {"type": "polygon", "points": [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 5, "y": 9}], "fill": "#fff"}
HOW = treatment({}, fill="blur", direction="remove", feather=0.0, seed=0)
RECORD = replay.Record(
    "a.png", "0" * 16, "resnet50", np.eye(HEIGHT, WIDTH, dtype=bool), HOW, 0.5, 0.4, 0.1, (0.01, -0.02)
)
DRAWING = {"version": "4.4.0", "objects": [LINE, RECT, POLYGON, LINE | {"type": "circle", "radius": 4}]}


def test_drawings() -> None:
    def take(sent: Any) -> None:
        mask = drawing.draw(drawing.strokes_of(sent, WIDTH), HEIGHT, WIDTH)
        assert mask.shape == (HEIGHT, WIDTH)
        assert mask.dtype == bool

    attack("drawings", 500, lambda draw: bent(DRAWING, draw), take)


def test_stored_drawings() -> None:
    strokes = drawing.strokes_of(DRAWING, WIDTH)
    good = drawing_text.written(strokes, np.eye(HEIGHT, WIDTH, dtype=bool))

    def make(draw: random.Random) -> Any:
        if draw.random() < 0.1:
            return draw.choice((*ODD, "[" * 100_000, '{"strokes":' * 9000))
        if draw.random() < 0.5:
            return json.dumps(bent(json.loads(good), draw))
        return damaged(good.encode(), [good.encode()], draw).decode("utf-8", "replace")

    def take(text: Any) -> None:
        found, start = drawing_text.read(text, HEIGHT, WIDTH)
        drawing.draw(found, HEIGHT, WIDTH, start)

    attack("stored drawings", 300, make, take)


def test_places() -> None:
    good: list[Any] = [[0.1, 0.2], [0.5, 0.5], [0.9, 0.1]]
    attack("places", 150, lambda draw: bent(good[0], draw), boards.place_of)
    attack("corners", 150, lambda draw: bent(good, draw), lambda told: boards.CanvasState().take_corners(told))


def test_messages_in_any_order() -> None:
    """A board is in a state that can be drawn, whatever comes when."""
    strokes = drawing.strokes_of(DRAWING, WIDTH)

    def make(draw: random.Random) -> list[str]:
        return [draw.choice(("undo", "redo", "fold", "close", "corners", "live", "put")) for _ in range(40)]

    def take(acts: list[str]) -> None:
        board = boards.CanvasState()
        for act in acts:
            match act:
                case "corners":
                    board.take_corners([[0.1, 0.1], [0.9, 0.2], [0.4, 0.8]])
                case "live":
                    board.live = (*board.live, strokes[0])
                case "put":
                    board.put(board.closed)
                case _:
                    getattr(board, act)()
            assert 0 < len(board.past) <= boards.MOST_STEPS + 1
        drawing.draw(board.closed.strokes, HEIGHT, WIDTH, board.closed.start)

    attack("orders", 100, make, take)


def test_selections_of_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    address: dict[str, str] = {}
    monkeypatch.setattr(st, "query_params", address)
    lasso = {"lasso": [[0, 0], [1, 0], [1, 1], [0, 2]], "how": "+"}
    good: tuple[Any, ...] = ({"box": [0, 1, 2, 3]}, lasso, {"box": [1, 1, 2, 2], "how": "-"}, {})

    def take(sent: Any) -> None:
        with suppress(LatentError):  # more outlines than an address bears
            selections.write(sent, "pixels-umap")
        if "select" in address:
            selection.parse(address["select"].partition("@")[2])

    attack("selections", 300, lambda draw: bent(draw.choice(good), draw), take)


WORDS = (
    "box:",
    "lasso:",
    "1,2",
    ";",
    ",",
    "nan",
    "inf",
    "1e999",
    "-",
    "generated",
    ":",
    "n=",
    "100000",
    "face",
    "/",
    "..",
)
TEXTS = (
    *WORDS,
    "samples/cat",
    "folder/",
    "etc",
    "seed=",
    "9" * 500,
    "\0",
    "%00",
    "٣",
    "=",
    "generated:face,n=5/",
)


def address(draw: random.Random) -> str:
    return "".join(draw.choice(TEXTS) for _ in range(draw.choice((1, 3, 6, 200))))


def test_addresses() -> None:
    def take(text: str) -> None:
        resources.handed_over.clear()
        resources.handed_over(text)
        selection.parse(text)

    attack("addresses", 300, address, take)


def test_replay_files() -> None:
    good = replay.to_json(RECORD)

    def make(draw: random.Random) -> str:
        if draw.random() < 0.02:
            return draw.choice(("[" * 100_000, '{"a":' * 100_000))
        if draw.random() < 0.6:
            return json.dumps(bent(json.loads(good), draw))
        return damaged(good.encode(), [good.encode()], draw).decode("utf-8", "replace")

    attack("replay files", 500, make, replay.from_json)


def test_zips_of_tries(tmp_path: Path) -> None:
    file = tmp_path / "tries.zip"
    good = replay.bundle([(RECORD, draw_photo(0, HEIGHT, WIDTH))] * 2)

    def make(draw: random.Random) -> bytes:
        data = damaged(good, [good], draw) if draw.random() < 0.4 else good
        end = data.find(b"PK\x01\x02")  # the list of what is in it, and where
        return data[:end] + damaged(data[end:], [good], draw) if draw.random() < 0.7 else data

    def take(data: bytes) -> None:
        file.write_bytes(data)
        replay.load_all(file)

    attack("ZIPs of tries", 300, make, take, tmp_path)


JSON = values.recursive(
    values.none() | values.booleans() | values.integers() | values.floats() | values.text(max_size=20),
    lambda inner: values.lists(inner, max_size=4) | values.dictionaries(values.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=count(150))
@given(JSON)
def test_anything_at_all(content: Any) -> None:
    """What nobody thought of: any JSON where a drawing, a place, a selection or a replay file is wanted."""
    for take in (
        lambda: drawing.strokes_of(content, WIDTH),
        lambda: drawing_text.read(json.dumps(content), HEIGHT, WIDTH),
        lambda: boards.corners_of(content),
        lambda: replay.from_json(json.dumps(content)),
    ):
        with suppress(LabError):  # any other error ends the test
            take()
