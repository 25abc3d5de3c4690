"""Which engine runs a model: the one that was asked for, or the fastest that this processor has."""

from __future__ import annotations

import importlib.util
import logging

import torch

from core.errors import EngineError, LabError, MissingDependencyError
from core.inference.engine import REFERENCE, Engine, Model
from core.inference.engine_checks import check
from core.inference.exports import ONNX
from core.registry import ENGINES

log = logging.getLogger(__name__)

AUTO = "auto"
WORTH = 1_000
"""Forward passes from which making an export pays: it takes as long as some hundred passes."""


def choose(model: Model, wanted: str = AUTO, precision: str = AUTO, *, passes: int = WORTH) -> Engine:
    """The engine by name, checked; `auto` is the fastest one that is installed, native and agrees with PyTorch.

    For few `passes` no export is made. UnknownChoiceError names the engines; EngineError and MissingDependencyError say
    why the one that was asked for cannot be had.
    """
    if wanted != AUTO:
        return _named(model, wanted, precision)
    ready = passes >= WORTH or (model.folder / ONNX).is_file()
    for name, kind in _by_speed(precision) if ready and not torch.cuda.is_available() else ():
        engine = Engine(name, kind, model)
        try:
            if not engine.runs_module:
                check(engine)
            return engine
        except (LabError, OSError) as error:  # also a cache that cannot be written to, or a full disk
            log.warning("%s", error)
    return _named(model, REFERENCE, precision)


def available() -> list[tuple[str, str]]:
    """Engines and precisions that are installed and native here, the fastest first."""
    return _by_speed(AUTO)


def _by_speed(precision: str) -> list[tuple[str, str]]:
    found = [
        (entry.facts["speed"][kind], entry.id, kind)
        for entry in ENGINES
        if importlib.util.find_spec(entry.facts["package"])
        for kind in entry.facts["precisions"]()
        if precision in (AUTO, kind)
    ]
    return [(name, kind) for _, name, kind in sorted(found, key=lambda item: -item[0])]


def _named(model: Model, name: str, precision: str) -> Engine:
    entry = ENGINES[name]
    package = entry.facts["package"]
    if importlib.util.find_spec(package) is None:
        raise MissingDependencyError(f"{entry.label} is not installed; get it with: pip install {package}")
    able = entry.facts["precisions"]()
    kind = entry.arguments({"precision": precision})["precision"] if precision != AUTO else able[-1]
    if kind not in able:
        raise EngineError(f"{entry.label} has no {kind} of its own on this processor; choose from {', '.join(able)}.")
    engine = Engine(name, kind, model)
    if not engine.runs_module:
        check(engine)
    return engine
