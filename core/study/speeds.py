"""How fast studies were on this machine when they were measured, kept in the user's cache; a guess where none was."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from core import config
from core.errors import OutputError
from core.files import json_of, write_text
from core.records import typed
from core.study.cost import Speed

FILE = "speeds.json"
LATEST = 5
"""Measurements of a model that are remembered."""
GUESS = Speed(row_ms=60.0, open_ms=400.0)
"""What two cores take for ResNet-50 at 224 px without a fast engine, and to open a photo that nobody looked at."""


@dataclass(frozen=True)
class SpeedMeasurement:
    """What the first photos of one study took, in which engine, and on which day (ISO).

    `open_ms` is None where what is in them was known: from their labels, or from an earlier time.
    """

    engine: str
    day: str
    row_ms: float
    open_ms: float | None


@dataclass(frozen=True)
class Known:
    """A speed and what it rests on: the engine and day of the last measurement; both empty for a guess."""

    speed: Speed
    engine: str = ""
    day: str = ""


def remember(model: str, engine: str, row_ms: float, open_ms: float | None) -> None:
    """Keep what was measured of a model; where the cache cannot be written to, the next one asks in vain."""
    kept = _all()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    kept[model] = [*kept.get(model, []), SpeedMeasurement(engine, today, row_ms, open_ms)][-LATEST:]
    content = {name: [asdict(item) for item in found] for name, found in kept.items()}
    try:
        write_text(_file(), json.dumps(content, indent=1) + "\n")
    except (OSError, OutputError):
        return


def known(model: str) -> Known:
    """The speed of a model here: the middle one of those measured in its last engine, or the guess.

    How long it takes to open a photo does not depend on the model.
    """
    everything = _all()
    openings = [item.open_ms for found in everything.values() for item in found if item.open_ms is not None]
    opening = median(openings or [GUESS.open_ms])
    found = everything.get(model)
    if not found:
        return Known(Speed(GUESS.row_ms, opening))
    last = found[-1]
    rows = median(item.row_ms for item in found if item.engine == last.engine)
    return Known(Speed(rows, opening), last.engine, last.day)


def _file() -> Path:
    return config.CACHE / FILE


def _all() -> dict[str, list[SpeedMeasurement]]:
    """What is kept of each model; nothing where the file is missing or damaged."""
    try:
        content = typed(Mapping[str, tuple[SpeedMeasurement, ...]], json_of(_file().read_text(encoding="utf-8")))
        return {name: list(found) for name, found in content.items() if found}
    except (OSError, ValueError, KeyError):
        return {}
