"""How good the detectors of masks were measured to be, and which are too unreliable to decide anything (rule 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import config
from core.errors import ArtifactError
from core.files import json_of
from core.records import typed
from core.registry import MASKS

FILE = "detectors.json"
"""Mask id → {"precision", "recall" (box IoU ≥ 0.5), "iou" (salient object), …}; what was not measured is left out."""
BARS = {"precision": config.MIN_PRECISION, "iou": config.MIN_SALIENT_IOU}
WORDS = {"precision": "precision", "iou": "IoU"}
UNMEASURED = "its detector was never measured"


def weak_detectors(file: Path | None = None, used: Mapping[str, int] | None = None) -> dict[str, str]:
    """Masks whose detector is below the bar, or was never measured, with what is known of it.

    `used` has the versions of masks in a study: what was measured of another version says nothing about them. The bars
    are for what was measured, as SCIENCE.md has them; its interval is told. ArtifactError for a damaged file.
    """
    file = file or config.ARTIFACTS / FILE
    try:
        measured = typed(Mapping[str, Any], json_of(file.read_text(encoding="utf-8")) if file.is_file() else {})
        reasons = {
            entry.id: _reason(typed(_Quality | None, measured.get(entry.id)) or _Quality(), (used or {}).get(entry.id))
            for entry in MASKS
            if entry.facts["detector"]
        }
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file} does not hold the quality of detectors by mask ({error}).") from error
    return {mask: reason for mask, reason in reasons.items() if reason}


@dataclass(frozen=True)
class _Quality:
    """What of a measurement the bars are for."""

    version: int | None = None
    precision: float | None = None
    precision_interval: tuple[float, float] | None = None
    precision_by_photo_interval: tuple[float, float] | None = None
    iou: float | None = None
    iou_interval: tuple[float, float] | None = None


def _reason(quality: _Quality, used: int | None) -> str:
    """Why a detector may decide nothing; empty if it may."""
    version = quality.version
    if used is not None and version is not None and used != version:
        return f"its detector was measured at version {version} of the mask, this study used version {used}"
    # The bar on IoU is for a mask whose things are not counted in boxes, as the salient object's.
    name = next((name for name in BARS if getattr(quality, name) is not None), None)
    if name is None:
        return UNMEASURED
    if (value := getattr(quality, name)) >= BARS[name]:
        return ""
    ends = getattr(quality, f"{name}_by_photo_interval", None) or getattr(quality, f"{name}_interval")
    spread = f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else ""
    return f"detector {WORDS[name]} {value:.2f}{spread}, below {BARS[name]}"
