"""How good the detectors of masks were measured to be, and which are too unreliable to decide anything (rule 5)."""

from __future__ import annotations

import json
from pathlib import Path

from core import config
from core.errors import ArtifactError

FILE = "detectors.json"
"""Mask id → {"precision", "recall" (box IoU ≥ 0.5), "iou" (salient object), …}; what was not measured is left out."""
BARS = {"precision": config.MIN_PRECISION, "iou": config.MIN_SALIENT_IOU}


def weak_detectors(file: Path | None = None) -> dict[str, str]:
    """Masks whose detector is below the bar, with what was measured; empty where nothing was.

    ArtifactError for a damaged file.
    """
    file = file or config.ARTIFACTS / FILE
    if not file.is_file():
        return {}
    try:
        measured = json.loads(file.read_text(encoding="utf-8"))
        found = [(mask, name, quality[name]) for mask, quality in measured.items() for name in BARS if name in quality]
        low = [(mask, name, float(value)) for mask, name, value in found if value is not None and value < BARS[name]]
    except (AttributeError, OSError, TypeError, ValueError) as error:
        raise ArtifactError(f"{file} does not hold the quality of detectors by mask ({error}).") from error
    return {mask: f"detector {name} {value:.2f}, below {BARS[name]}" for mask, name, value in low}
