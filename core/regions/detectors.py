"""How far the detectors can be trusted: what `python -m benchmarks masks` measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core import config
from core.errors import ArtifactError
from core.files import json_of, write_text
from core.records import record, typed
from core.types import Interval

NAME = "detectors.json"
COMPARED = "compared"
INTERVALS = ("precision", "precision_by_photo", "recall", "iou")
SIZES = ("small", "medium", "large", "huge")
"""Of the short side of a thing's box: below 5 %, up to 15 %, up to 50 %, and above 50 % of the photo's short side."""


@dataclass(frozen=True)
class SizeQuality:
    """What was measured at one size, None where there is nothing of it or it does not apply.

    `recall` is of the true things of that size, `precision` of the found boxes of that size, both with Wilson's
    intervals; `iou` is the mean over photos whose true thing has that size.
    """

    size: str
    n_things: int
    recall: Interval | None = None
    n_found: int = 0
    precision: Interval | None = None
    iou: Interval | None = None


@dataclass(frozen=True)
class MeasuredDetector:
    """What a detector found in labelled photos that no choice was made on.

    `mask` is the mask it serves, or None for a detector that was only compared; precision and recall count things with
    an intersection over union of at least 0.5 (of masks for people, of boxes for faces and words), with Wilson's
    intervals, which take every thing for an independent draw;
    `precision_by_photo` resamples photos instead. `iou` is the mean intersection over union per photo of the mask with
    the true one. What does not apply is None. `milliseconds`: median computing time per photo,
    of all threads together, on the measuring machine. `version`: of the mask, None where it was not noted.
    """

    detector: str
    mask: str | None
    thing: str
    photos: str
    threshold: float | None
    n_photos: int
    n_things: int
    n_found: int
    precision: Interval | None
    precision_by_photo: Interval | None
    recall: Interval | None
    by_size: tuple[SizeQuality, ...]
    iou: Interval | None
    milliseconds: float
    version: int | None = None


def measurements(file: Path | None = None) -> tuple[MeasuredDetector, ...]:
    """Every measured detector, in the file's order; none without the file. ArtifactError if it is damaged."""
    file = file or config.ARTIFACTS / NAME
    if not file.is_file():
        return ()
    try:
        content = dict(typed(Mapping[str, Any], json_of(file.read_text(encoding="utf-8"))))
        compared = typed(tuple[Any, ...], content.pop(COMPARED))
        return tuple(map(_measured, (*content.values(), *compared)))
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"{file}: this file is damaged; make it again with: python -m benchmarks masks.") from error


@cache
def measured(mask: str) -> MeasuredDetector | None:
    """What was measured of the detector behind a mask; None where it is exact or nothing was measured."""
    return next((item for item in measurements() if item.mask == mask), None)


def save(rows: Sequence[MeasuredDetector], file: Path | None = None) -> None:
    """Write measurements: by mask, as `core.regions.detector_quality` reads them, and those that were only compared."""
    content: dict[str, Any] = {row.mask: _plain(row) for row in rows if row.mask}
    content[COMPARED] = [_plain(row) for row in rows if not row.mask]
    write_text(file or config.ARTIFACTS / NAME, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _plain(row: MeasuredDetector) -> dict[str, Any]:
    """A record with every interval as a number beside its two ends."""
    values = asdict(row) | {"by_size": [asdict(item) for item in row.by_size]}
    for name in INTERVALS:
        interval = getattr(row, name)
        values[name] = interval and interval.estimate
        values[f"{name}_interval"] = interval and [interval.low, interval.high]
    return values


def _measured(content: Any) -> MeasuredDetector:
    row = dict(typed(Mapping[str, Any], content))
    ends = {name: typed(tuple[float, float] | None, row.pop(f"{name}_interval")) for name in INTERVALS}
    intervals = {
        name: found and {"estimate": row[name], "low": found[0], "high": found[1]} for name, found in ends.items()
    }
    return record(MeasuredDetector, row | intervals, only=True)
