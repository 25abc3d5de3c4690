"""An engine runs a model's forward pass; which one, and in which precision, is noted with every result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core import config
from core.errors import EngineError
from core.inference import exports
from core.photos.preprocess import Preset
from core.registry import ENGINES
from core.types import Pixels

Scored = tuple[np.ndarray, np.ndarray]
"""Scores float64 (N,) and penultimate features float32 (N × F)."""


@dataclass(frozen=True)
class Runner:
    """A started engine: squares (uint8 crop × crop × 3 each) to scores float64 (N,), with or without features."""

    scores: Callable[[Sequence[Pixels]], np.ndarray]
    scores_and_features: Callable[[Sequence[Pixels]], Scored]


def exported_runner(run: Callable[[np.ndarray], Scored]) -> Runner:
    """The Runner of an engine that runs an export, from what it computes of squares uint8 N × crop × crop × 3."""

    def scores_and_features(squares: Sequence[Pixels]) -> Scored:
        scores, features = run(np.stack(squares))
        return scores.astype(np.float64), features

    return Runner(lambda squares: scores_and_features(squares)[0], scores_and_features)


REFERENCE = "torch"
"""The engine that all others are compared with; the only one that needs no export."""


def cannot_start(label: str, file: Path, error: Exception) -> EngineError:
    """What is said of an export that an engine does not take."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return EngineError(f"{label} cannot run {file} ({reason}); choose --engine torch.")


@dataclass(frozen=True, eq=False)
class Model:
    """What an engine is given: the module with its preset, and the user's cache for an export of it."""

    module: nn.Module
    preset: Preset
    cache: Path = field(default_factory=lambda: config.CACHE / "engines")

    @property
    def device(self) -> torch.device:
        return next(self.module.parameters(), torch.empty(0)).device

    @cached_property
    def folder(self) -> Path:
        """The place of this model's export and of what was found out about it, named by its weights and preset."""
        return self.cache / exports.identity(self.module, self.preset)

    def onnx(self) -> Path:
        """The export, made if it is not there."""
        return exports.exported(self.module, self.preset, self.folder)


@dataclass(frozen=True, eq=False)
class Engine:
    """A registered engine at work on a model; what it starts for one caller, or for many at once, is kept."""

    id: str
    precision: str
    model: Model
    _started: dict[int, Runner] = field(default_factory=dict, repr=False)
    _starting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __str__(self) -> str:
        return f"{ENGINES[self.id].label}, {self.precision}"

    @classmethod
    def reference(cls, model: Model) -> Engine:
        """PyTorch, in the precision of the device that the model is on."""
        return cls(REFERENCE, ENGINES[REFERENCE].facts["precisions"](model.device)[-1], model)

    @property
    def runs_module(self) -> bool:
        """Whether it runs the module itself, with the hooks that somebody may have set."""
        return bool(ENGINES[self.id].facts["module"])

    def runner(self, callers: int = 1) -> Runner:
        """What runs the model for so many callers at once, started at first use."""
        with self._starting:
            if callers not in self._started:
                start = ENGINES[self.id].function
                self._started[callers] = start(self.model, callers, precision=self.precision)
            return self._started[callers]
