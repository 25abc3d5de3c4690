"""A drawing that a browser kept comes back as it was; everything else that comes back is refused in one sentence."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import MaskError
from core.paint import drawing_text, replay
from core.paint.drawing import Stroke, draw

HEIGHT, WIDTH = 40, 60
STROKES = (
    Stroke(((0.1, 0.2), (1 / 3, 0.5)), 0.07),
    Stroke(((0.2, 0.2), (0.5, 0.2), (0.4, 0.5)), filled=True),
    Stroke(((0.3, 0.3),), 0.05, erase=True),
)
STROKE = {"points": [[0.1, 0.2]], "thickness": 0.1, "filled": False, "erase": False}


@pytest.mark.parametrize("start", [None, np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 7 == 0])
def test_a_drawing_survives_its_text(start: np.ndarray | None) -> None:
    strokes, under = drawing_text.read(drawing_text.written(STROKES, start), HEIGHT, WIDTH)
    assert strokes == STROKES
    assert (draw(strokes, HEIGHT, WIDTH, under) == draw(STROKES, HEIGHT, WIDTH, start)).all()


def test_an_empty_drawing_stays_empty() -> None:
    assert drawing_text.read(drawing_text.written(()), HEIGHT, WIDTH) == ((), None)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "[]",
        "[" * 100_000,
        "x" * (drawing_text.MAX_LENGTH + 1),
        '{"strokes": 1}',
        json.dumps({"strokes": [STROKE] * 3_000}),
        json.dumps({"strokes": [STROKE | {"points": [[0.1, 0.1]] * 150_000}] * 2}),
        json.dumps({"strokes": [], "start": "no base64"}),
        json.dumps({"strokes": [], "start": {"a": 1}}),
        json.dumps({"strokes": [], "start": replay.mask_text(np.ones((WIDTH, HEIGHT), bool))}),
        *(
            json.dumps({"strokes": [STROKE | {name: value}]})
            for name, value in (
                ("points", []),
                ("points", "ab"),
                ("points", [[0.1]]),
                ("points", [[0.1, None]]),
                ("points", [[0.1, float("nan")]]),
                ("points", [[0.1, 10**400]]),
                ("points", [[0.1, 1e6]]),
                ("thickness", 3),
                ("thickness", True),
                ("thickness", None),
            )
        ),
        '{"strokes": [3]}',
    ],
)
def test_what_is_no_drawing_is_refused_in_one_sentence(text: Any) -> None:
    with pytest.raises(MaskError) as refused:
        drawing_text.read(text, HEIGHT, WIDTH)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


@given(
    some.recursive(
        some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5),
        lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    ),
    some.sampled_from(["strokes", "start", "points", "thickness", "filled", "erase"]),
)
def test_any_value_anywhere_gives_a_drawing_or_a_mask_error(value: Any, name: str) -> None:
    found = {"strokes": [STROKE | {name: value}], "start": None} | {name: value}
    with contextlib.suppress(MaskError):
        strokes, under = drawing_text.read(json.dumps(found), HEIGHT, WIDTH)
        draw(strokes, HEIGHT, WIDTH, under)
