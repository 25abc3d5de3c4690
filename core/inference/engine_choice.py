"""Which engine runs a model: the one that was asked for, or the fastest that this processor has."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence

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
    """The engine by name, in the fastest precision that agrees with PyTorch; `auto` takes the fastest engine too.

    For few `passes` no export is made. UnknownChoiceError names the engines; EngineError and MissingDependencyError say
    why the one that was asked for cannot be had.
    """
    if wanted != AUTO:
        return _named(model, wanted, precision)
    ready = passes >= WORTH or (model.folder / ONNX).is_file()
    for name, kind in _by_speed(precision) if ready and not torch.cuda.is_available() else ():
        engine = Engine(name, kind, model)
        try:
            return _checked(engine)
        except (LabError, OSError) as error:  # also a cache that cannot be written to, or a full disk
            log.info("%s", error)
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
    if precision == AUTO:
        return _fastest(model, name, able)
    kind = str(entry.arguments({"precision": precision})["precision"])
    if kind not in able:
        raise EngineError(f"{entry.label} has no {kind} of its own on this processor; choose from {', '.join(able)}.")
    return _checked(Engine(name, kind, model))


def _fastest(model: Model, name: str, precisions: Sequence[str]) -> Engine:
    """The engine in the last of its precisions that agrees with PyTorch; EngineError of the first where none does."""
    *others, last = precisions
    try:
        return _checked(Engine(name, last, model))
    except EngineError as error:
        if not others:
            raise
        log.info("%s", error)
        return _fastest(model, name, others)


def _checked(engine: Engine) -> Engine:
    if not engine.runs_module:
        check(engine)
    return engine
