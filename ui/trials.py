"""What was tried in a visit: each mask with its answer, and the work that arrives after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import paint
from core.paint import Painted, Treatment
from core.types import Mask
from ui import resources
from ui.canvas import Sketch
from ui.resources import Item

MOST_TRIALS = 60
"""Tried masks that a visit keeps."""


@dataclass
class Stage:
    """Work that arrives piece by piece: what is there, and where the rest comes from."""

    rest: Iterator[Any]
    made: list[Any] = field(default_factory=list)
    done: bool = False

    def more(self) -> bool:
        """Compute the next piece; False when there is none."""
        for piece in self.rest:
            self.made.append(piece)
            return True
        self.done = True
        return False


@dataclass(eq=False)
class Trial:
    """One mask tried on one photo under one treatment by one model."""

    item: Item
    model: str
    mask: Mask
    how: Treatment
    sketch: Sketch
    done: Painted
    stages: dict[str, Stage] = field(default_factory=dict)
    thumbnail: str = ""

    @property
    def controls(self) -> list[float]:
        return self.stages["controls"].made if "controls" in self.stages else []


def trials() -> dict[str, Trial]:
    """Every mask tried in this visit, the latest last."""
    return st.session_state.setdefault("trials", {})


def attempt(item: Item, model: str, mask: Mask, how: Treatment, sketch: Sketch) -> Trial:
    """The trial of a mask, computed now or remembered; MaskError where there is nothing to paint away."""
    content = hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()[:24]
    key = f"{item.digest}-{model}-{content}-{how}"
    kept = trials()
    if key not in kept:
        photo = resources.working(item.digest, item)
        score = resources.working_score(model, item.digest, item)
        done = paint.paint(resources.predictor(model), photo, mask, how, score=score)
        kept[key] = Trial(item, model, mask, how, sketch, done)
        for old in list(kept)[:-MOST_TRIALS]:
            del kept[old]
    return kept[key]
