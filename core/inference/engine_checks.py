"""Does an engine compute what PyTorch does? Asked once per model, engine, precision and processor, on real photos."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.errors import EngineError
from core.files import digest, json_of, replacing
from core.inference.engine import Engine, Model, Runner
from core.inference.exports import ONNX
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.records import record
from core.registry import ENGINES
from core.sources.samples import samples
from core.types import Pixels


@dataclass(frozen=True)
class Tolerance:
    """How far scores may lie from PyTorch's at most, and in the mean; and features, as a share of their length."""

    most: float
    mean: float
    features: float


TOLERANCES = {"fp32": Tolerance(1e-5, 1e-5, 1e-4), "bf16": Tolerance(1e-3, 1e-4, 2e-2)}
"""By precision: what is far below any effect of interest."""


@dataclass(frozen=True)
class Checked:
    """How far an engine lies from PyTorch on the photos that were tried; `export` is the SHA-256 of what it reads."""

    most: float
    mean: float
    features: float
    photos: int
    export: str

    def within(self, limit: Tolerance) -> bool:
        """Whether all three distances are allowed; what is not a number is not."""
        return self.most <= limit.most and self.mean <= limit.mean and self.features <= limit.features


def check(engine: Engine) -> Checked:
    """Compare an engine with PyTorch, or read what was found when that was done; EngineError says what is too far off.

    An engine that cannot start is refused in the same way.
    """
    file = engine.model.folder / f"{engine.id}-{engine.precision}-{_circumstances(engine)}.json"
    found = _read(file, engine.model)
    if found is None:
        found = compare(_started(engine), engine.model)
        with replacing(file, shared=True) as temporary:
            temporary.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    limit = TOLERANCES[engine.precision]
    if not found.within(limit):
        raise EngineError(
            f"{engine} is refused for this model: its scores lie up to {found.most:.1g} from PyTorch's "
            f"(allowed: {limit.most:g}), {found.mean:.1g} in the mean ({limit.mean:g}), and its features "
            f"{found.features:.1g} ({limit.features:g}); choose --engine torch, or delete {engine.model.folder} to have"
            " it exported again."
        )
    return found


def _started(engine: Engine) -> Runner:
    """A runner of its own, so that nothing of it stays; an export that is there but damaged is made again, once."""
    try:
        return dataclasses.replace(engine, _started={}).runner()
    except EngineError:
        (engine.model.folder / ONNX).unlink(missing_ok=True)
        return dataclasses.replace(engine, _started={}).runner()


def compare(runner: Runner, model: Model) -> Checked:
    """Distances from PyTorch on parts of the packaged photos."""
    squares = sample_squares(model.preset)
    wanted, features = Engine.reference(model).runner().scores_and_features(squares)
    scores, others = runner.scores_and_features(squares)
    apart = scores - wanted
    lengths = np.maximum(np.linalg.norm(features, axis=1), 1e-9)
    return Checked(
        most=float(np.abs(apart).max()),
        mean=float(abs(apart.mean())),
        features=float((np.linalg.norm(others - features, axis=1) / lengths).max()),
        photos=len(squares),
        export=digest(model.folder / ONNX),
    )


def sample_squares(preset: Preset) -> Sequence[Pixels]:
    """What a model sees of the packaged photos: each whole, mirrored, and its left and right half."""
    squares = []
    for photo in samples().photos:
        pixels = photo.read()
        middle = pixels.shape[1] // 2
        squares += [pixels, pixels[:, ::-1], pixels[:, :middle], pixels[:, middle:]]
    return [preprocess.square(np.ascontiguousarray(pixels), preset) for pixels in squares]


def _circumstances(engine: Engine) -> str:
    """A hash of what may change an engine's numbers besides the model: its version, and the processor."""
    package = ENGINES[engine.id].facts["package"]
    return hashlib.sha256(f"{importlib.metadata.version(package)} {_processor()}".encode()).hexdigest()[:8]


def _processor() -> str:
    """Name and abilities of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


def _read(file: Path, model: Model) -> Checked | None:
    """What was found for the export that is there; None where it was not checked yet, or is another file."""
    try:
        found = record(Checked, json_of(file.read_text(encoding="utf-8")), only=True)
        return found if found.export == digest(model.folder / ONNX) else None
    except (OSError, KeyError, ValueError):
        return None
