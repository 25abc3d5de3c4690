"""The measured quality of detectors beside the effects that depend on them (rule 5); never imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from core.regions.detector_quality import UNMEASURED
from core.regions.detectors import MeasuredDetector, measurements
from core.types import Interval
from core.verdict.aggregates import Aggregates


def relied_on(found: Aggregates) -> tuple[str, ...]:
    """Masks that a detector guessed in some of a study's photos."""
    return tuple(dict.fromkeys(found.details.loc[depends(found.details), "mask"]))


def depends(details: pd.DataFrame) -> pd.Series:
    """Which rows of the details depend on a detector; where nothing is known of that, every row with a mask."""
    if "n_detected" not in details:
        return details["mask"].notna()
    return details["n_detected"] > 0


def quality_table(masks: Iterable[str]) -> pd.DataFrame:
    """A row per mask: what was measured of its detector, with 95 % intervals over photos; `… of … ones` by size."""
    known = {item.mask: item for item in measurements()}
    return pd.DataFrame([_row(mask, known.get(mask)) for mask in masks])


def _row(mask: str, item: MeasuredDetector | None) -> dict[str, Any]:
    if item is None:
        return {"mask": mask, "detector": UNMEASURED}
    sizes = {
        f"{label} of {size.size} ones": round(value.estimate, 2)
        for label, name in (("precision", "precision"), ("recall", "recall"), ("IoU", "iou"))
        for size in item.by_size
        if (value := getattr(size, name))
    }
    return {
        "mask": mask,
        "detector": item.detector,
        "measured on": f"{item.n_photos} photos with {item.n_things} {item.thing} ({item.photos})",
        "precision": _said(item.precision_by_photo or item.precision),
        "recall": _said(item.recall),
        "IoU": _said(item.iou),
        **sizes,
    }


def _said(value: Interval | None) -> str | None:
    return None if value is None else f"{value.estimate:.2f} [{value.low:.2f}, {value.high:.2f}]"


def quality_lines(masks: Iterable[str]) -> list[str]:
    """The same in plain text, a line per mask; none without a mask."""
    rows = quality_table(masks).to_dict("records")
    text = ["detectors that these effects depend on:"] if rows else []
    for row in rows:
        shown = ", ".join(f"{name} {value}" for name, value in row.items() if name != "mask" and not pd.isna(value))
        text.append(f"  {row['mask']}: {shown}")
    return text


def beside(row: Mapping[Any, Any], known: Mapping[str | None, MeasuredDetector]) -> str:
    """Detector's precision, recall and IoU in a few words for a row of effects with its details; empty without one.

    `known`: measurements by mask.
    """
    if not row.get("n_detected", 0) > 0:
        return ""
    item = known.get(row["mask"])
    figures = {} if item is None else {"precision": item.precision, "recall": item.recall, "IoU": item.iou}
    words = [f"{name} {value.estimate:.2f}" for name, value in figures.items() if value]
    said = f"detector {', '.join(words)}" if words else UNMEASURED
    return f"{said}, in {int(row['n_detected'])} photos"
