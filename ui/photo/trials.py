"""What was tried in a visit: each mask with its answer, and the work that arrives after it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import streamlit as st

from core.paint.answer import Answer, answer
from core.paint.hosts import OnOtherPhotos
from core.paint.region_effect import Elsewhere, Painted, Treatment
from core.paint.sketch import Sketch
from core.types import Mask
from ui import log, resources
from ui.resources import Item
from ui.study import effects

MOST_TRIALS = 60
"""Tried masks that a visit keeps."""
PAUSE = 1.0
"""Seconds between two looks at how far the work is."""


@dataclass
class Stage:
    """Work that arrives piece by piece: what is there, and where the rest comes from.

    A visit's next run may start while its last one is still inside a piece, and no iterator may be entered twice: the
    next run waits for that piece, and goes on after it. With `last_only` a piece takes the place of the one before.
    """

    rest: Iterator[Any]
    made: list[Any] = field(default_factory=list)
    done: bool = False
    last_only: bool = False
    turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    def __iter__(self) -> Iterator[Any]:
        """Every piece: those that are there, and the others as they are computed."""
        place = 0
        while place < len(self.made) or self.more() or place < len(self.made):  # another run may have made the last
            yield self.made[place]
            place += 1

    def more(self) -> bool:
        """Compute the next piece; False when there is none."""
        with self.turn:
            for piece in self.rest:
                self.made[0 if self.last_only else len(self.made) :] = [piece]
                return True
            self.done = True
            return False


def growing(records: Iterator[Any]) -> Stage:
    """Work that tells all that is known by now, again and again; its first record is there at once, and empty."""
    return Stage(records, [next(records)], last_only=True)


@dataclass(eq=False)
class Trial:
    """One mask tried on one photo under one treatment by one model."""

    item: Item
    model: str
    mask: Mask
    how: Treatment
    sketch: Sketch
    answer: Answer
    stages: dict[str, Stage] = field(default_factory=dict)
    thumbnail: str = ""

    @property
    def done(self) -> Painted:
        return self.answer.done

    def stage(self, name: str, start: Callable[[], Stage]) -> Stage:
        """The work of that name, begun where it was not yet."""
        if name not in self.stages:
            self.stages.setdefault(name, start())  # another run of this visit may have begun it meanwhile
        return self.stages[name]

    @property
    def elsewhere(self) -> Elsewhere | None:
        """The same shape elsewhere, as far as it was tried; None where nobody asked."""
        return self.stages["controls"].made[-1] if "controls" in self.stages else None

    @property
    def controls(self) -> tuple[float, ...]:
        return self.elsewhere.others if self.elsewhere else ()


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
        with log.action("take a region away"):
            found = answer(resources.predictor(model), photo, mask, how, score, effects.reference_study())
        kept[key] = Trial(item, model, mask, how, sketch, found)
        for old in list(kept)[:-MOST_TRIALS]:
            del kept[old]
    return kept[key]


def say(found: Elsewhere | OnOtherPhotos) -> None:
    """What a comparison comes to, or, small, how far it is."""
    (st.markdown if found.complete else st.caption)(found.said)


def arrive(column: Any, stage: Stage, draw: Callable[[], None]) -> None:
    """Draw what is there, compute more and draw again now and then, until nothing more comes.

    A chart costs the browser more than a piece costs the model: it is drawn once in `PAUSE` seconds, and at the end.
    """
    place = column.empty()
    with place.container():
        draw()
    while not stage.done:
        seen = time.monotonic()
        while stage.more() and time.monotonic() - seen < PAUSE:
            pass
        with place.container():
            draw()
